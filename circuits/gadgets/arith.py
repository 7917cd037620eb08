"""Signs, extremes, quotients and roots of integers whose widths their types know.

Source: the remainder method (gnark `std/math`, o1js `arithmetic.ts`): a quotient is hinted, and
both it and the remainder are range-checked, since the remainder alone binds nothing.
"""

from __future__ import annotations

from circuits.gadgets.compare import assert_le, assert_less, is_less
from circuits.gadgets.select import select
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.types import Bool, Field, Int, Uint, integer
from zk.errors import CompileError


def assert_in_range(cs: ConstraintSystem, x: Field, lo: int, hi: int) -> Int:
    """lo <= x <= hi; returns x with that interval.

    Requires: nothing.   Cost: twice the bits of hi - lo; once where that is 2^n - 1.
    """
    if lo > hi:
        raise CompileError(f"no integer lies in [{lo}, {hi}]", cs.source_line())
    offset = cs.assert_range(x - lo, (hi - lo).bit_length())
    assert_le(cs, offset, hi - lo)
    # x - lo was shown to be an integer in [0, hi - lo].
    return cs.number(x.lc, lo, hi)


def is_negative(cs: ConstraintSystem, x: Int) -> Bool:
    """Return the bit [x < 0].

    Requires: nothing beyond the types.   Cost: the bits of x, and 1.
    """
    return is_less(cs, x, 0)


def absolute(cs: ConstraintSystem, x: Int) -> Uint:
    """Return |x|.

    Requires: nothing beyond the types.   Cost: that of is_negative and 1.
    """
    integer(cs, x, "absolute")
    if isinstance(x, Uint):
        return x
    value = x - 2 * (is_negative(cs, x) * x)
    # x or -x, whichever is not negative.
    return cs.proven(value, 0, max(x.hi, -x.lo))


def minimum(cs: ConstraintSystem, x: Int, y: Int) -> Int:
    """Return the smaller of x and y.

    Requires: nothing beyond the types.   Cost: that of is_less and 1.
    """
    value = select(cs, is_less(cs, x, y), x, y)
    return cs.number(value.lc, min(x.lo, y.lo), min(x.hi, y.hi))


def maximum(cs: ConstraintSystem, x: Int, y: Int) -> Int:
    """Return the larger of x and y.

    Requires: nothing beyond the types.   Cost: that of is_less and 1.
    """
    value = select(cs, is_less(cs, x, y), y, x)
    return cs.number(value.lc, max(x.lo, y.lo), max(x.hi, y.hi))


def divide(cs: ConstraintSystem, x: Int, y: Uint | int) -> tuple[Int, Uint]:
    """Return floor(x / y) and the remainder in [0, y); y = 0 has no witness.

    Requires: nothing beyond the types.
    Cost: bits of the quotient and twice those of y, and 1. Where y is constant: bits of the
    quotient, and of the remainder once if y is a power of two, else twice.
    """
    integer(cs, x, "divide")
    if isinstance(y, int):
        if y < 1:
            raise CompileError("a constant divisor is above zero", cs.source_line())
        y = cs.proven(cs.constant(y), y, y)
    integer(cs, y, "divide", Uint)
    if y.hi == 0:
        raise CompileError("division by zero", cs.source_line())
    fixed = y.lo == y.hi
    remainder: Field
    if fixed:
        quotient = cs.hint_floor(x, y)
        remainder = Field(cs, x.lc) - quotient * y.lo  # nothing left to hint
    else:
        quotient, remainder = cs.hint_divide(x, y)
    least = max(y.lo, 1)
    lo = x.lo // (least if x.lo < 0 else y.hi)
    hi = x.hi // (least if x.hi >= 0 else y.hi)
    if lo < 0:
        bits = max((-lo - 1).bit_length(), hi.bit_length()) + 1
        q: Int = cs.assert_signed_range(quotient, bits)
    else:
        q = cs.assert_range(quotient, hi.bit_length())
    r = cs.assert_range(remainder, (y.hi - 1).bit_length())
    # 0 <= r < y and x = q y + r over the integers, for the intervals keep q y + r inside the field
    # (a product that could leave it does not compile): there is one such pair.
    assert_less(cs, r, y)
    if not fixed:
        cs.assert_product(q, y, x - r)
    else:
        integer(cs, q * y + r, "divide")  # by construction x; compiles only inside the field
    return cs.number(q.lc, max(q.lo, lo), min(q.hi, hi)), cs.proven(r, 0, y.hi - 1)


def square_root(cs: ConstraintSystem, x: Uint) -> Uint:
    """Return floor(sqrt(x)).

    Requires: nothing beyond the types.   Cost: 3 n + 3, n half the bits of x.
    """
    integer(cs, x, "square_root", Uint)
    n = (x.hi.bit_length() + 1) // 2
    root = cs.assert_range(cs.hint_sqrt(x), n)
    rest = cs.assert_range(x - root * root, n + 1)
    # 0 <= x - s^2 <= 2 s, so s^2 <= x < (s + 1)^2: there is one such s.
    cs.assert_range(2 * root - rest, n + 1)
    return root
