"""Groth16 on integers: the twin of engine/core/src/{keygen,prove,verify}.rs.

Source: Groth (2016), section 3.2; the QAP and the coset form of snarkjs. Notation: n the domain's
size, H = <w_n>, g = w_2n; A_i, B_i, C_i the polynomials of wire i at tau; gamma = 1. tau, delta, r
and s come from `secrets` (the OS, by rejection) and from nowhere else.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import numpy as np

from zk.errors import EngineError
from zk.field import Limbs, R, from_limbs, root_of_unity, to_limbs
from zk.groth16 import COEFFICIENT, Proof, ProvingKey, VerifyingKey
from zk.r1cs import R1CS
from zk.reference import arrays
from zk.reference.groups import G1, G2, Group, Point, Points, add, msm, mul, mul_fixed, negate
from zk.reference.kernels import product_is_one, transform
from zk.reference.witness import system_rows

_RECORD_FACTOR = pow(2, 512, R)  # what a coefficient record's value carries
_RECORD_INVERSE = pow(_RECORD_FACTOR, -1, R)


def _random_scalar() -> int:
    """Uniform in [1, r)."""
    return 1 + secrets.randbelow(R - 1)


def keygen(r1cs: R1CS, alpha: int, beta: int) -> ProvingKey:
    """A key for known alpha and beta; tau and delta are drawn here and forgotten."""
    if not (0 < alpha < R and 0 < beta < R):
        raise EngineError("alpha and beta: integers from 1 to r - 1 are needed")
    rows_a, rows_b, rows_c = (part.rows for part in system_rows(r1cs))
    n, publics = r1cs.domain_size, r1cs.n_publics + 1
    # One row more for the constant wire and for every public signal.
    rows_a = rows_a + [[(wire, 1)] for wire in range(publics)]
    delta = _random_scalar()
    tau = _random_scalar()
    while pow(tau, 2 * n, R) == 1:
        tau = _random_scalar()

    basis = _lagrange(tau, n)
    a, b, c = ([0] * r1cs.n_wires for _ in range(3))
    for column, rows in ((a, rows_a), (b, rows_b), (c, rows_c)):
        for row, at_tau in zip(rows, basis, strict=False):
            for wire, coefficient in row:
                column[wire] = (column[wire] + coefficient * at_tau) % R
    mixed = [(beta * x + alpha * y + z) % R for x, y, z in zip(a, b, c, strict=True)]
    inverse = pow(delta, -1, R)
    private = [value * inverse % R for value in mixed[publics:]]
    h = [value * inverse % R for value in _lagrange(tau, 2 * n)[1::2]]

    def times(g: Group, scalars: list[int]) -> Limbs:
        return arrays.points_out(g, mul_fixed(g, g.generator, scalars))

    alpha1, beta1, delta1 = times(G1, [alpha, beta, delta])
    beta2, gamma2, delta2 = times(G2, [beta, 1, delta])
    vk = VerifyingKey(alpha1, beta2, gamma2, delta2, ic=times(G1, mixed[:publics]))
    records = [
        (matrix, i, wire, coefficient)
        for i, row in enumerate(rows_a)
        for matrix, terms in ((0, row), (1, rows_b[i] if i < len(rows_b) else []))
        for wire, coefficient in terms
    ]
    coefficients = np.empty(len(records), COEFFICIENT)
    for k, name in enumerate(("matrix", "row", "wire")):
        coefficients[name] = [record[k] for record in records]
    coefficients["value"] = to_limbs(record[3] * _RECORD_FACTOR % R for record in records)
    return ProvingKey(
        vk=vk,
        beta1=beta1,
        delta1=delta1,
        n_wires=r1cs.n_wires,
        domain_size=n,
        coefficients=coefficients,
        a=times(G1, a),
        b1=times(G1, b),
        b2=times(G2, b),
        c=times(G1, private),
        h=times(G1, h),
    )


def _lagrange(tau: int, n: int) -> list[int]:
    """L_j(tau) = (tau^n - 1) / n * w^j / (tau - w^j) for j < n."""
    root, factor = root_of_unity(n), (pow(tau, n, R) - 1) * pow(n, -1, R) % R
    out, point = [], 1
    for _ in range(n):
        out.append(factor * point * pow(tau - point, -1, R) % R)
        point = point * root % R
    return out


def prove(pk: ProvingKey, witness: Limbs) -> Proof:
    """A proof for a witness; r and s are drawn here."""
    w = arrays.scalars_in(witness, "witness")
    n, wires, publics = pk.domain_size, pk.n_wires, pk.vk.n_public + 1
    if len(w) != wires or publics > wires:
        raise EngineError(f"{len(w)} values for {wires} wires")
    if w[0] != 1:
        raise EngineError("the witness does not start with 1")
    a, b1, b2, c, h = (
        _exactly(g, points, count, what)
        for g, points, count, what in (
            (G1, pk.a, wires, "a"),
            (G1, pk.b1, wires, "b1"),
            (G2, pk.b2, wires, "b2"),
            (G1, pk.c, wires - publics, "c"),
            (G1, pk.h, n, "h"),
        )
    )
    alpha1, beta1, delta1 = (
        arrays.finite_point(G1, point, "key") for point in (pk.vk.alpha1, pk.beta1, pk.delta1)
    )
    beta2, delta2 = (arrays.finite_point(G2, p, "key") for p in (pk.vk.beta2, pk.vk.delta2))
    quotient = _quotient(pk, w)
    sums = (
        msm(G1, a, w),
        msm(G1, b1, w),
        msm(G2, b2, w),
        add(G1, msm(G1, c, w[publics:]), msm(G1, h, quotient)),
    )
    return blinded(sums, (alpha1, beta1, delta1), (beta2, delta2))


def blinded(
    sums: tuple[Point, Point, Point, Point],
    in_g1: tuple[Point, Point, Point],
    in_g2: tuple[Point, Point],
) -> Proof:
    """The proof from the witness's sums in A, B1, B2 and C with H; r and s are drawn here."""
    (alpha1, beta1, delta1), (beta2, delta2) = in_g1, in_g2
    r, s = _random_scalar(), _random_scalar()
    proof_a = _sum(G1, [alpha1, sums[0], mul(G1, delta1, r)])
    proof_b = _sum(G2, [beta2, sums[2], mul(G2, delta2, s)])
    b_in_g1 = _sum(G1, [beta1, sums[1], mul(G1, delta1, s)])
    proof_c = _sum(
        G1,
        [
            sums[3],
            mul(G1, proof_a, s),
            mul(G1, b_in_g1, r),
            negate(G1, mul(G1, delta1, r * s % R)),
        ],
    )
    return Proof(
        a=arrays.points_out(G1, [proof_a])[0],
        b=arrays.points_out(G2, [proof_b])[0],
        c=arrays.points_out(G1, [proof_c])[0],
    )


def _exactly(g: Group, points: Limbs, count: int, what: str) -> Points:
    out = arrays.points_in(g, points)
    if len(out) != count:
        raise EngineError(f"key.{what}: {len(out)} points, not {count}")
    return out


def _sum(g: Group, points: Points) -> Point:
    total: Point = None
    for point in points:
        total = add(g, total, point)
    return total


def _quotient(pk: ProvingKey, w: list[int]) -> list[int]:
    """a b - c on the odd coset gH; c is the polynomial that equals a b on H."""
    n = pk.domain_size
    if pk.coefficients.dtype != COEFFICIENT:
        raise EngineError("coefficients: an array of groth16.COEFFICIENT is needed")
    sums = [[0] * n, [0] * n]
    values = from_limbs(np.ascontiguousarray(pk.coefficients["value"]))
    triples = zip(
        *(pk.coefficients[key].tolist() for key in ("matrix", "row", "wire")), strict=True
    )
    for index, ((matrix, row, wire), value) in enumerate(zip(triples, values, strict=True)):
        if matrix > 1 or row >= n or wire >= len(w) or value >= R:
            raise EngineError(f"key.coefficients: record {index} is out of range")
        sums[matrix][row] += value * _RECORD_INVERSE % R * w[wire]
    a, b = ([value % R for value in column] for column in sums)
    return coset_product(a, b, [x * y % R for x, y in zip(a, b, strict=True)])


def coset_product(a: list[int], b: list[int], c: list[int]) -> list[int]:
    """a b - c on the odd coset, from the three on H."""
    shift = root_of_unity(2 * len(a))
    a, b, c = (transform(transform(x, inverse=True), shift=shift) for x in (a, b, c))
    return [(x * y - z) % R for x, y, z in zip(a, b, c, strict=True)]


def verify(vk: VerifyingKey, publics: Limbs, proof: Proof) -> bool:
    """Whether e(A, B) = e(alpha, beta) e(sum x_i IC_i, gamma) e(C, delta); points are checked."""
    alpha = arrays.finite_point(G1, vk.alpha1, "key.alpha1")
    beta, gamma, delta = (
        arrays.finite_point(G2, point, "key") for point in (vk.beta2, vk.gamma2, vk.delta2)
    )
    x = arrays.scalars_in(publics, "publics")
    if len(x) != vk.n_public:
        raise EngineError(f"{len(x)} public signals for another key")
    ic = [arrays.finite_point(G1, point, "key.ic") for point in vk.ic]
    a = arrays.finite_point(G1, proof.a, "proof.a")
    b = arrays.finite_point(G2, proof.b, "proof.b")
    c = arrays.finite_point(G1, proof.c, "proof.c")
    total = _sum(G1, [ic[0], *(mul(G1, p, k) for p, k in zip(ic[1:], x, strict=True))])
    return product_is_one([negate(G1, a), alpha, total, c], [b, beta, gamma, delta])


def verify_many(vk: VerifyingKey, publics: Limbs, proofs: Sequence[Proof]) -> int | None:
    """The first proof that does not hold, one after another."""
    if publics.shape != (len(proofs), vk.n_public, 4):
        raise EngineError(f"publics of shape {publics.shape} for {len(proofs)} proofs")
    verdicts = [verify(vk, x, proof) for x, proof in zip(publics, proofs, strict=True)]
    return verdicts.index(False) if False in verdicts else None
