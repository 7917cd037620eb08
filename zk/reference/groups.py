"""G1 and G2 of BN254 on integers: batched affine sums, windows for one base, buckets for many.

Source: curve constants from py_ecc; Montgomery, "Speeding the Pollard and Elliptic Curve Methods of
Factorization" (1987), for the shared inversion; Pippenger (1976) for the buckets. Notation: a point
is (x, y) or None for infinity; a coordinate is an int in G1, a pair (c0, c1) = c0 + c1 i in G2.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from zk.field import Q, R


def _py_ecc() -> Any:
    """The module. It lifts Python's recursion limit to 100,000, at which a deeply nested JSON file
    overflows the stack and ends the process: the limit is put back.
    """
    limit = sys.getrecursionlimit()
    try:
        return import_module("py_ecc.optimized_bn128")
    finally:
        sys.setrecursionlimit(limit)


#: Its types say too little to be checked against.
bn128: Any = _py_ecc()

Point = Any  # (x, y) or None
Points = list[Point]

_WINDOW = 8  # bits of a digit
_WINDOWS = 32  # 8 * 32 > 254
_MASK = (1 << _WINDOW) - 1
_FEW = 100  # points checked one by one


@dataclass(frozen=True)
class Group:
    """One of the two curves y^2 = x^3 + b over its coordinate field."""

    limbs: int  # of a point
    generator: Point
    b: Any
    plus: Callable[[Any, Any], Any]
    minus: Callable[[Any, Any], Any]
    times: Callable[[Any, Any], Any]
    invert: Callable[[list[Any]], list[Any]]
    zero: Any


def _inverses(values: list[int]) -> list[int]:
    """1 / x for nonzero x mod Q, one inversion for all."""
    products, product = [], 1
    for value in values:
        products.append(product)
        product = product * value % Q
    rest = pow(product, -1, Q)
    out = [0] * len(values)
    for i in range(len(values) - 1, -1, -1):
        out[i] = rest * products[i] % Q
        rest = rest * values[i] % Q
    return out


Pair = tuple[int, int]


def _times2(a: Pair, b: Pair) -> Pair:
    return (a[0] * b[0] - a[1] * b[1]) % Q, (a[0] * b[1] + a[1] * b[0]) % Q


def _inverses2(values: list[Pair]) -> list[Pair]:
    # 1 / (a + b i) = (a - b i) / (a^2 + b^2); the norm is zero only for zero, as -1 is no square.
    norms = _inverses([(a * a + b * b) % Q for a, b in values])
    return [(a * n % Q, -b * n % Q) for (a, b), n in zip(values, norms, strict=True)]


def affine(point: Any) -> Point:
    """py_ecc's projective point in our form."""
    if bn128.is_inf(point):
        return None
    x, y = bn128.normalize(point)
    if isinstance(x, bn128.FQ):
        return int(x), int(y)
    return tuple((int(c.coeffs[0]), int(c.coeffs[1])) for c in (x, y))


G1 = Group(
    limbs=8,
    generator=affine(bn128.G1),
    b=int(bn128.b),
    plus=lambda a, b: (a + b) % Q,
    minus=lambda a, b: (a - b) % Q,
    times=lambda a, b: a * b % Q,
    invert=_inverses,
    zero=0,
)
G2 = Group(
    limbs=16,
    generator=affine(bn128.G2),
    b=(int(bn128.b2.coeffs[0]), int(bn128.b2.coeffs[1])),
    plus=lambda a, b: ((a[0] + b[0]) % Q, (a[1] + b[1]) % Q),
    minus=lambda a, b: ((a[0] - b[0]) % Q, (a[1] - b[1]) % Q),
    times=_times2,
    invert=_inverses2,
    zero=(0, 0),
)


def add_many(g: Group, ps: Sequence[Point], qs: Sequence[Point]) -> Points:
    """p + q for each pair; equal, opposite and infinite points included."""
    out: Points = [None] * len(ps)
    lanes, tops, bottoms = [], [], []
    for i, (p, q) in enumerate(zip(ps, qs, strict=True)):
        if p is None or q is None:
            out[i] = q if p is None else p
            continue
        if p[0] != q[0]:
            top, bottom = g.minus(q[1], p[1]), g.minus(q[0], p[0])
        elif p[1] == q[1] and p[1] != g.zero:
            square = g.times(p[0], p[0])
            top, bottom = g.plus(g.plus(square, square), square), g.plus(p[1], p[1])
        else:
            continue
        lanes.append(i)
        tops.append(top)
        bottoms.append(bottom)
    for i, top, bottom in zip(lanes, tops, g.invert(bottoms), strict=True):
        (px, py), (qx, _) = ps[i], qs[i]
        slope = g.times(top, bottom)
        x = g.minus(g.minus(g.times(slope, slope), px), qx)
        out[i] = x, g.minus(g.times(slope, g.minus(px, x)), py)
    return out


def add(g: Group, p: Point, q: Point) -> Point:
    """p + q."""
    return add_many(g, [p], [q])[0]


def negate(g: Group, p: Point) -> Point:
    """-p."""
    return None if p is None else (p[0], g.minus(g.zero, p[1]))


@cache
def _table(g: Group, point: Point) -> list[Points]:
    """d * 2^(8 k) * point at [k][d]."""
    bases = [point]
    for _ in range(_WINDOWS - 1):
        base = bases[-1]
        for _ in range(_WINDOW):
            base = add(g, base, base)
        bases.append(base)
    columns: list[Points] = [[None] * _WINDOWS]
    for _ in range(_MASK):
        columns.append(add_many(g, columns[-1], bases))
    return [list(row) for row in zip(*columns, strict=True)]


def mul_fixed(g: Group, point: Point, scalars: Sequence[int]) -> Points:
    """scalar * point for each scalar, all in step."""
    sums: Points = [None] * len(scalars)
    for k, row in enumerate(_table(g, point)):
        sums = add_many(g, sums, [row[s >> _WINDOW * k & _MASK] for s in scalars])
    return sums


def mul(g: Group, point: Point, scalar: int) -> Point:
    """scalar * point, once."""
    total: Point = None
    for bit in bin(scalar)[2:]:
        total = add(g, total, total)
        if bit == "1":
            total = add(g, total, point)
    return total


def msm(g: Group, points: Points, scalars: Sequence[int]) -> Point:
    """The sum of scalars[i] * points[i]."""
    buckets: dict[int, Points] = {}
    for point, scalar in zip(points, scalars, strict=True):
        for k in range(_WINDOWS):
            digit = scalar >> _WINDOW * k & _MASK
            if digit:
                buckets.setdefault(k << _WINDOW | digit, []).append(point)
    while any(len(bucket) > 1 for bucket in buckets.values()):
        keys, ps, qs = [], [], []
        for key, bucket in buckets.items():
            for i in range(0, len(bucket) - 1, 2):
                keys.append(key)
                ps.append(bucket[i])
                qs.append(bucket[i + 1])
            buckets[key] = bucket[-1:] if len(bucket) % 2 else []
        for key, point in zip(keys, add_many(g, ps, qs), strict=True):
            buckets[key].append(point)
    # sum of d * bucket[d], for all windows in step: a sum of running sums from the top.
    running: Points = [None] * _WINDOWS
    totals: Points = [None] * _WINDOWS
    for digit in range(_MASK, 0, -1):
        column = [buckets.get(k << _WINDOW | digit, [None])[0] for k in range(_WINDOWS)]
        running = add_many(g, running, column)
        totals = add_many(g, totals, running)
    total = None
    for window in reversed(totals):
        for _ in range(_WINDOW):
            total = add(g, total, total)
        total = add(g, total, window)
    return total


def is_good(g: Group, points: Points) -> list[bool]:
    """On the curve and, in G2, of order r; infinity is good."""
    good = [p is None or _on_curve(g, p) for p in points]
    if g is G1:
        return good
    bases = [p if ok else None for p, ok in zip(points, good, strict=True)]
    if len(points) > _FEW and _all_of_order_r(bases):
        return good
    # r P by double-and-add, all in step.
    sums: Points = [None] * len(points)
    for bit in bin(R)[2:]:
        sums = add_many(g, sums, sums)
        if bit == "1":
            sums = add_many(g, sums, bases)
    return [ok and s is None for ok, s in zip(good, sums, strict=True)]


def _all_of_order_r(points: Points) -> bool:
    """Ten random sums with factors below 2^13 (Bellare, Garay, Rabin, EUROCRYPT 1998).

    The twist has h r points and no prime below 10069 divides h, so a sum misses a point that is not
    of order r with probability at most 2^-13.
    """
    for _ in range(10):
        total = msm(G2, points, [secrets.randbelow(1 << 13) for _ in points])
        if mul(G2, total, R) is not None:
            return False
    return True


def _on_curve(g: Group, p: Point) -> bool:
    cube = g.times(g.times(p[0], p[0]), p[0])
    return bool(g.times(p[1], p[1]) == g.plus(cube, g.b))
