"""Sums of points, transforms, hashes and pairings: the twin's half of zk/engine.py's kernels.

Source: transforms by Cooley, Tukey (1965) on galois arrays; the pairing is py_ecc's, raised to the
power that iden3's tools (and Fuentes-Castaneda, Knapp, Rodriguez-Henriquez, SAC 2011) use.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from zk import field
from zk.errors import EngineError
from zk.field import Limbs, Q, R, U, to_limbs
from zk.grain import FULL_ROUNDS, PARTIAL_ROUNDS, mds_matrix, round_constants
from zk.reference import arrays
from zk.reference.groups import G1, G2, Group, Point, Points, bn128, msm, mul_fixed

# --- curve


def msm_g1(points: Limbs, scalars: Limbs) -> Limbs:
    """The sum of scalars[i] * points[i] in G1."""
    return _msm(G1, points, scalars)


def msm_g2(points: Limbs, scalars: Limbs) -> Limbs:
    """The sum of scalars[i] * points[i] in G2."""
    return _msm(G2, points, scalars)


def _msm(g: Group, points: Limbs, scalars: Limbs) -> Limbs:
    ps, ks = arrays.points_in(g, points), arrays.scalars_in(scalars)
    if len(ps) != len(ks):
        raise EngineError(f"{len(ps)} points and {len(ks)} scalars")
    out: Limbs = arrays.points_out(g, [msm(g, ps, ks)])[0]
    return out


def mul_g1(point: Limbs, scalars: Limbs) -> Limbs:
    """scalars[i] * point for all i."""
    return _mul(G1, point, scalars)


def mul_g2(point: Limbs, scalars: Limbs) -> Limbs:
    """scalars[i] * point for all i."""
    return _mul(G2, point, scalars)


def _mul(g: Group, point: Limbs, scalars: Limbs) -> Limbs:
    products = mul_fixed(g, arrays.point_in(g, point), arrays.scalars_in(scalars))
    return arrays.points_out(g, products)


def first_bad_g1(points: Limbs) -> int | None:
    """The first point that is not canonical or not on the curve; infinity is good."""
    return arrays.first_bad(G1, points)


def first_bad_g2(points: Limbs) -> int | None:
    """The first point that is not canonical, on the curve and in the subgroup; infinity is good."""
    return arrays.first_bad(G2, points)


# --- pairing

# arkworks and ffjavascript raise to 2u(6u^2 + 3u + 1) (q^12 - 1) / r, py_ecc to (q^12 - 1) / r.
_NORMALISE = 2 * U * (6 * U * U + 3 * U + 1)


def pairing(g1: Limbs, g2: Limbs) -> list[int]:
    """e(g1, g2) as 12 integers, in the order and normalisation of snarkjs's vk_alphabeta_12."""
    p = arrays.good_points(G1, _row(G1, g1))
    q = arrays.good_points(G2, _row(G2, g2))
    value = bn128.final_exponentiate(miller(p, q)) ** _NORMALISE
    # py_ecc writes Fq12 as Fq[w] with w^6 = 9 + i, we as Fq2[v][w] with v = w^2: the coefficient
    # x + y i of w^m is (x - 9 y) w^m + y w^(m + 6).
    c = [int(coefficient) for coefficient in value.coeffs]
    out = []
    for m in (0, 2, 4, 1, 3, 5):
        out += [(c[m] + 9 * c[m + 6]) % Q, c[m + 6]]
    return out


def pairing_check(g1: Limbs, g2: Limbs) -> bool:
    """Whether the product of e(g1[i], g2[i]) is one."""
    ps, qs = arrays.good_points(G1, g1), arrays.good_points(G2, g2)
    if len(ps) != len(qs):
        raise EngineError(f"{len(ps)} points of G1 and {len(qs)} of G2")
    return product_is_one(ps, qs)


def product_is_one(ps: Points, qs: Points) -> bool:
    """The same for points that are known to be good."""
    return bool(bn128.final_exponentiate(miller(ps, qs)) == bn128.FQ12.one())


def miller(ps: Points, qs: Points) -> Any:
    """The product of the Miller loops, not yet exponentiated."""
    value = bn128.FQ12.one()
    for p, q in zip(ps, qs, strict=True):
        if p is not None and q is not None:
            value *= bn128.pairing(_projective(q), _projective(p), final_exponentiate=False)
    return value


def _projective(point: Point) -> Any:
    """Our affine point in py_ecc's form."""
    x, y = point
    if isinstance(x, int):
        return bn128.FQ(x), bn128.FQ(y), bn128.FQ.one()
    return bn128.FQ2(x), bn128.FQ2(y), bn128.FQ2.one()


def _row(g: Group, point: Limbs) -> Limbs:
    if point.shape != (g.limbs,):
        raise EngineError(f"points: uint64[{g.limbs}] is needed, not {list(point.shape)}")
    return point[np.newaxis]


# --- transforms


def ntt(values: Limbs, inverse: bool = False, shift: int = 1) -> Limbs:
    """The transform on shift * H, natural order in and out."""
    return to_limbs(transform(arrays.scalars_in(values, "values"), inverse, shift))


def transform(values: Sequence[int], inverse: bool = False, shift: int = 1) -> list[int]:
    """The same on integers."""
    n = len(values)
    if n == 0 or n & (n - 1) or n > 1 << field.TWO_ADICITY:
        raise EngineError(f"{n} elements: a power of two up to 2^{field.TWO_ADICITY} is needed")
    if not 0 < shift < R:
        raise EngineError("shift: an integer from 1 to r - 1 is needed")
    root = field.root_of_unity(n)
    if not inverse:
        return _evaluate(_scaled(values, 1, shift), root)
    coefficients = _evaluate(values, field.inverse(root))
    return _scaled(coefficients, field.inverse(n), field.inverse(shift))


@cache
def _fr() -> Any:
    """galois's Fr, told a generator and not to factor r - 1, which would never end."""
    import galois

    return galois.GF(R, primitive_element=field.GENERATOR, verify=False)


def _evaluate(coefficients: Sequence[int], root: int) -> list[int]:
    """The polynomial at root^0, root^1, ..., in n log n."""
    n = len(coefficients)
    log = n.bit_length() - 1
    reverse = [int(f"{i:0{log}b}"[::-1], 2) if log else 0 for i in range(n)]
    x = _fr()([coefficients[i] for i in reverse])
    half = 1
    while half < n:
        twiddles = _fr()(_scaled([1] * half, 1, pow(root, n // (2 * half), R)))
        blocks = x.reshape(-1, 2, half)
        low, high = blocks[:, 0, :], blocks[:, 1, :] * twiddles
        x = np.concatenate([low + high, low - high], axis=1).reshape(-1)
        half *= 2
    return [int(value) for value in x]


def _scaled(values: Sequence[int], first: int, ratio: int) -> list[int]:
    """values[i] * first * ratio^i."""
    out = []
    for value in values:
        out.append(value * first % R)
        first = first * ratio % R
    return out


# --- Poseidon


def poseidon(inputs: Limbs, state: Limbs | None = None) -> Limbs:
    """Row-wise Poseidon of uint64[n, k, 4]; `state` holds the n capacity lanes."""
    if inputs.ndim != 3 or inputs.shape[2] != 4 or inputs.dtype != np.uint64:
        shape = f"{inputs.dtype}{list(inputs.shape)}"
        raise EngineError(f"inputs: uint64[n, k, 4] is needed, not {shape}")
    n, k, _ = inputs.shape
    if k + 1 not in PARTIAL_ROUNDS:
        raise EngineError(f"Poseidon takes 1 to 16 inputs, not {k}")
    values = arrays.scalars_in(inputs.reshape(-1, 4), "inputs")
    states = [0] * n if state is None else arrays.scalars_in(state, "state")
    if len(states) != n:
        raise EngineError(f"{len(states)} initial states for {n} hashes")
    return to_limbs(_permute([states[i], *values[i * k : (i + 1) * k]])[0] for i in range(n))


def _permute(lanes: list[int]) -> list[int]:
    t = len(lanes)
    constants, matrix = round_constants(t), mds_matrix(t)
    last = FULL_ROUNDS + PARTIAL_ROUNDS[t] - 1
    for r in range(last + 1):
        lanes = [x + constants[r * t + i] for i, x in enumerate(lanes)]
        full = r < FULL_ROUNDS // 2 or r > last - FULL_ROUNDS // 2
        lanes = [pow(x, 5, R) if full or i == 0 else x for i, x in enumerate(lanes)]
        lanes = [sum(m * x for m, x in zip(row, lanes, strict=True)) % R for row in matrix]
    return lanes
