"""Points of Baby Jubjub: addition, the cofactor, multiples of constant and of private points.

Source: Bernstein, Birkner, Joye, Lange, Peters, "Twisted Edwards Curves" (2008), for both forms of
the curve and the map between them; Eisentraeger, Lauter, Montgomery, "Fast Elliptic Curve
Arithmetic" (2003), for 2 P + Q without the y of P + Q; the signed windows are Hopwood's, of Zcash.

Notation: a x^2 + y^2 = 1 + d x^2 y^2 is the Edwards form, v^2 = u^3 + M u^2 + u the Montgomery
form, u = (1 + y) / (1 - y), v = u / x; l the prime order of the subgroup, -(u, v) = (u, -v).

Edwards addition holds for all points, at 6 constraints. Montgomery addition takes 3, and where both
points have the same u its slope would be the prover's to choose, or none: every use says why that
cannot be. No claim rests on a scalar being random.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from circuits.gadgets.bits import bits_between
from zk import babyjubjub
from zk.babyjubjub import ORDER, A, D, Point
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.types import Bool, Field, bit
from zk.errors import CompileError
from zk.field import R

M = 2 * (A + D) // (A - D)  # 168698; the coefficient of v^2, 4 / (a - d), is 1
WINDOW = 3  # bits of a constant point's window


@dataclass(frozen=True)
class EdwardsPoint:
    """A point of the curve, shown to be one."""

    x: Field
    y: Field

    def __neg__(self) -> EdwardsPoint:
        return EdwardsPoint(-self.x, self.y)


@dataclass(frozen=True)
class MontgomeryPoint:
    """A point of the curve other than the identity, which this form lacks."""

    u: Field
    v: Field

    def __neg__(self) -> MontgomeryPoint:
        return MontgomeryPoint(self.u, -self.v)


class PrimeOrderPoint(MontgomeryPoint):
    """A point of order l; `clear_cofactor` makes them."""


# Edwards form -----------------------------------------------------------------------------------


def add(cs: ConstraintSystem, p: EdwardsPoint, q: EdwardsPoint) -> EdwardsPoint:
    """Return p + q.

    Requires: nothing beyond the types.   Cost: 6 constraints.
    """
    (x, to_x), (y, to_y) = _sum(p, q)
    # a is a square and d is none, so neither divisor is 0 on the curve: the quotients are bound.
    return EdwardsPoint(_quotient(cs, x, to_x), _quotient(cs, y, to_y))


def assert_sum(
    cs: ConstraintSystem, p: EdwardsPoint, q: EdwardsPoint, total: tuple[Field, Field]
) -> None:
    """total = p + q, so it is a point of the curve.

    Requires: nothing beyond the types.   Cost: 6 constraints.
    """
    # As in `add`: one pair of coordinates fulfils these.
    for coordinate, (numerator, divisor) in zip(total, _sum(p, q), strict=True):
        cs.assert_product(divisor, Field(cs, coordinate.lc), numerator)


def _sum(p: EdwardsPoint, q: EdwardsPoint) -> list[tuple[Field, Field]]:
    """Numerator and divisor of the sum's x and y. Four constraints."""
    one, other = p.x * q.y, p.y * q.x
    cross = (p.y - A * p.x) * (q.x + q.y)
    product = D * (one * other)
    return [(one + other, 1 + product), (cross - other + A * one, 1 - product)]


def double(cs: ConstraintSystem, p: EdwardsPoint) -> EdwardsPoint:
    """Return 2 p.

    Requires: nothing beyond the types.   Cost: 5 constraints.
    """
    square_x, square_y, product = p.x * p.x, p.y * p.y, p.x * p.y
    # a x^2 + y^2 = 1 + d (x y)^2 and 2 - that: the divisors of `add`, never 0.
    divisor = A * square_x + square_y
    return EdwardsPoint(
        _quotient(cs, 2 * product, divisor), _quotient(cs, square_y - A * square_x, 2 - divisor)
    )


# Montgomery form --------------------------------------------------------------------------------


def clear_cofactor(cs: ConstraintSystem, point: tuple[Field, Field]) -> PrimeOrderPoint:
    """Return 8 (x, y); (x, y) is a point of the curve and 8 (x, y) is not the identity.

    Requires: nothing.   Cost: 16 constraints.
    """
    x, y = (Field(cs, coordinate.lc) for coordinate in point)
    # y = 1 leaves no u. Else u is bound, and u = -1 is impossible: -1 + y = 1 + y.
    u = _quotient(cs, 1 + y, 1 - y)
    v = cs.hint_quotient(u, x)
    cs.assert_product(v, x, u)
    # (u, v) is on the Montgomery curve. If u != 0 then v != 0, x = u / v and y = (u - 1) / (u + 1):
    # (x, y) is its image, a point of the Edwards curve. If u = 0 then v = 0 and doubling fails.
    square = u * u
    cs.assert_product(v, v, u * (square + M * u + 1))
    p = MontgomeryPoint(u, v)
    for known in (square, None, None):
        # v = 0 is a point of order 2, u = 0, the only one since M^2 - 4 is no square: the slope's
        # row is 0 = 1. So none of p, 2 p, 4 p has order 2, and 8 p is not the identity: a multiple
        # of 8, it has order l.
        p = _double(cs, p, known)
    return PrimeOrderPoint(p.u, p.v)


def to_edwards(cs: ConstraintSystem, p: MontgomeryPoint) -> EdwardsPoint:
    """Return the same point in Edwards form.

    Requires: an odd order.   Cost: 2 constraints.
    """
    # v = 0 has order 2. u = -1 would need v^2 = M - 2 = d, which is no square.
    return EdwardsPoint(_quotient(cs, p.u, p.v), _quotient(cs, p.u - 1, p.u + 1))


def _add(cs: ConstraintSystem, p: MontgomeryPoint, q: MontgomeryPoint) -> MontgomeryPoint:
    """p + q. Three constraints. Requires p != q, p != -q."""
    slope = _quotient(cs, q.v - p.v, q.u - p.u)
    u = slope * slope - M - p.u - q.u
    return MontgomeryPoint(u, slope * (p.u - u) - p.v)


def _double(
    cs: ConstraintSystem, p: MontgomeryPoint, square: Field | None = None
) -> MontgomeryPoint:
    """2 p. Four constraints, three with u^2 at hand. Unsatisfiable for v = 0."""
    square = p.u * p.u if square is None else square
    slope = _quotient(cs, 3 * square + 2 * M * p.u + 1, 2 * p.v)
    u = slope * slope - M - 2 * p.u
    return MontgomeryPoint(u, slope * (p.u - u) - p.v)


def _double_add(cs: ConstraintSystem, p: MontgomeryPoint, q: MontgomeryPoint) -> MontgomeryPoint:
    """(p + q) + p. Five constraints. Requires p != q, p != -q, 2 p != -q; p + q != p."""
    first = _quotient(cs, q.v - p.v, q.u - p.u)
    square = first * first
    middle = square - M - p.u - q.u
    # The slope through p and p + q, whose v is first (u_p - middle) - v_p.
    second = _quotient(cs, 2 * p.v, p.u - middle) - first
    # second^2 - M - u_p - middle, in fewer terms.
    u = second * second - square + q.u
    return MontgomeryPoint(u, second * (p.u - u) - p.v)


def _quotient(cs: ConstraintSystem, x: Field, y: Field) -> Field:
    """x / y; one constraint. If y were 0 nothing would bind it: the caller says why it is not."""
    quotient = cs.hint_quotient(x, y)
    cs.assert_product(quotient, y, x)
    return quotient


# Multiples of a private point -------------------------------------------------------------------

#: The multiple of l that `multiply` adds to its scalar, negated: h -> 21 l - h has 255 bits, the
#: top one always 1, and of all such multiples the cheapest ends.
_OFFSET = 21 * ORDER
#: Steps at the end, where a multiple of the point could exceed l / 2.
_COMPLETE = 5


def multiply(cs: ConstraintSystem, scalar: Field, point: PrimeOrderPoint) -> EdwardsPoint:
    """Return k point, k the integer in [0, r) that `scalar` is.

    Requires: nothing beyond the types.   Cost: 2,003 constraints, 436 of them for the bits.
    """
    # k point = H P for H = 21 l - k and P = -point. H has one decomposition in this interval.
    bits = bits_between(cs, _OFFSET - Field(cs, scalar.lc), _OFFSET - R + 1, _OFFSET)
    p = -point
    # With digits 2 b - 1, of +1 and -1, the accumulator after bit i + 1 is k_i P with
    # k_i = 2 floor(H / 2^(i + 1)) + 1, always odd. Bit 254 is 1: it starts at 3, not at 1, where
    # adding P would be a doubling. P has order l > 4, so P, 2 P differ, and are not opposite.
    acc = _add(cs, p, _double(cs, p))
    for i in range(len(bits) - 3, _COMPLETE - 1, -1):
        signed = MontgomeryPoint(p.u, _signed(bits[i + 1], p.v))
        # 3 <= k_(i+1) <= 21 l / 2^6 + 1 < l / 2 - 1: none of k - 1, k + 1, 2 k - 1, 2 k + 1 is a
        # multiple of l.
        acc = _double_add(cs, acc, signed)
    # 0 < k_5 < l: not the identity. From here on any multiple may occur, and addition is complete.
    total, p_edwards = to_edwards(cs, acc), to_edwards(cs, p)
    for i in reversed(range(_COMPLETE)):
        addend = EdwardsPoint(_signed(bits[i + 1], p_edwards.x), p_edwards.y)
        total = add(cs, double(cs, total), addend)
    # k_0 = H + 1 - b_0: subtract P where bit 0 is 0.
    even = 1 - Field(cs, bits[0].lc)
    last = EdwardsPoint(-(even * p_edwards.x), 1 + even * (p_edwards.y - 1))
    return add(cs, total, last)


def _signed(b: Bool, x: Field) -> Field:
    """x where b = 1, else -x. One constraint."""
    return 2 * (Field(b.cs, b.lc) * x) - x


# Multiples of a constant point ------------------------------------------------------------------


def multiply_fixed(cs: ConstraintSystem, bits: Sequence[Bool], base: Point) -> EdwardsPoint:
    """Return (sum 2^i bits[i]) base, for a constant base of order l.

    Requires: at most 252 bits.   Cost: 2 a bit, and 2 or 3.
    """
    n = len(bits)
    if not 1 <= n <= 252:
        raise CompileError(f"multiply_fixed takes 1 to 252 bits, not {n}", cs.source_line())
    scalars = [Field(cs, bit(cs, b, "multiply_fixed").lc) for b in bits]
    if not babyjubjub.on_curve(base) or base == babyjubjub.IDENTITY or not _in_subgroup(base):
        raise CompileError("the base is not a point of the prime-order subgroup", cs.source_line())
    windows, last = _tables(base, n)
    # Window i holds k in 0 .. 7 and gives the point (2 k - 7) 8^i H, where 2 H = base. Of m
    # windows 8^m < l, so multiples below are as integers.
    points = [
        MontgomeryPoint(*_lookup(table, scalars[WINDOW * i : WINDOW * (i + 1)]))
        for i, table in enumerate(windows)
    ]
    while len(points) > 1:
        # Windows i .. j - 1 sum up to an odd multiple of 8^i below 8^j, and j .. k - 1 to an odd
        # multiple of 8^j, at least 8^j, below 8^k - 8^j + 1. Their sum and difference are not 0 and
        # below 8^m < l: the points are not the same and not opposite.
        pairs = zip(points[::2], points[1::2], strict=False)
        odd = points[len(points) & ~1 :]
        points = [_add(cs, p, q) for p, q in pairs] + odd
    final = EdwardsPoint(*_lookup(last, scalars[WINDOW * len(windows) :]))
    # The sum of the windows is an odd multiple of H below l: not the identity. The last table's
    # may be anything, and the addition is complete.
    return add(cs, to_edwards(cs, points[0]), final) if points else final


_in_subgroup = cache(babyjubjub.in_subgroup)


@cache
def _tables(base: Point, n: int) -> tuple[list[list[Point]], list[Point]]:
    """Montgomery points of the windows, then Edwards points for the last 1 to 3 bits.

    The windows add up to 2 S H - (8^m - 1) H for their bits' S; the last table makes up for it.
    """
    m = (n - 1) // WINDOW
    half = babyjubjub.multiply(base, (ORDER + 1) // 2)
    windows, power = [], half
    for _ in range(m):
        twice = babyjubjub.add(power, power)
        odd = [power]
        for _ in range(3):
            odd.append(babyjubjub.add(odd[-1], twice))
        signed = [babyjubjub.negate(p) for p in reversed(odd)] + odd
        windows.append([_montgomery(p) for p in signed])
        power = babyjubjub.add(odd[-1], power)
    # power is now 8^m H.
    step = babyjubjub.add(power, power)
    last = [babyjubjub.add(power, babyjubjub.negate(half))]
    for _ in range(1, 1 << (n - WINDOW * m)):
        last.append(babyjubjub.add(last[-1], step))
    return windows, last


def _montgomery(p: Point) -> Point:
    x, y = p
    u = (1 + y) * pow(1 - y, -1, R) % R
    return u, u * pow(x, -1, R) % R


def _lookup(table: Sequence[Point], bits: Sequence[Field]) -> tuple[Field, Field]:
    """The entry that 1 to 3 bits name. No constraint for one bit, one for two, three for three."""
    cs = bits[0].cs
    # Every function of two bits is linear in b0, b1 and b0 b1.
    basis = [Field(cs, {0: 1}), bits[0]]
    if len(bits) > 1:
        basis += [bits[1], bits[0] * bits[1]]
    x, y = (_interpolated(basis, [entry[i] for entry in table]) for i in range(2))
    if len(bits) < WINDOW:
        return x, y
    upper = [_interpolated(basis, [entry[i] for entry in table[len(basis) :]]) for i in range(2)]
    return x + bits[2] * (upper[0] - x), y + bits[2] * (upper[1] - y)


def _interpolated(basis: Sequence[Field], values: Sequence[int]) -> Field:
    """The combination of 1, b0, b1, b0 b1 that takes the first values of a table."""
    coefficients = [values[0], values[1] - values[0]]
    if len(basis) == 4:
        coefficients += [values[2] - values[0], values[3] - values[2] - values[1] + values[0]]
    total = basis[0] * 0
    for coefficient, term in zip(coefficients, basis, strict=True):
        total = total + term * coefficient
    return total
