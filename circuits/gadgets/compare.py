"""Comparison of integers whose widths their types know.

Source: the n + 1 bit method of every R1CS library (gnark `std/math/bits`, circomlib `LessThan`),
with the width taken from the operands' intervals instead of a parameter.
"""

from __future__ import annotations

from zk.compiler.frontend import ConstraintSystem
from zk.compiler.types import Bool, Field, Int, add_lc, constant_of, integer


def is_zero(cs: ConstraintSystem, x: Field) -> Bool:
    """Return the bit [x = 0].

    Requires: nothing.   Cost: 2 constraints; none for a constant.
    """
    constant = constant_of(x.lc)
    if constant is not None:
        return cs.assert_bool(cs.constant(int(constant == 0)))
    inverse = cs.hint_inverse(x)
    # x = 0 forces bit = 1 - 0 = 1 whatever the hint; x != 0 forces bit = 0 by the second row, and
    # then the first holds for inverse = 1 / x alone.
    bit = Field(cs, add_lc({0: 1}, (x * inverse).lc, -1))
    cs.assert_product(bit, x, 0)
    return Bool(cs, bit.lc)


def is_equal(cs: ConstraintSystem, x: Field, y: Field | int) -> Bool:
    """Return the bit [x = y].

    Requires: nothing.   Cost: 2 constraints.
    """
    return is_zero(cs, Field(cs, x.lc) - y)


def assert_nonzero(cs: ConstraintSystem, x: Field, when: Bool | None = None) -> None:
    """x is not 0; with `when`, only if that bit is 1.

    Requires: nothing for soundness; where `when` is 0 the program finds a witness for x = 0 alone.
    Cost: 1 constraint.
    """
    # A zero x gives 0 = target, which fails where target is 1.
    target = cs.constant(1) if when is None else when
    cs.assert_product(x, cs.hint_inverse(x), target)


def is_less(cs: ConstraintSystem, x: Int, y: Int | int) -> Bool:
    """Return the bit [x < y].

    Requires: nothing beyond the types; n = bits of the difference.   Cost: n + 1 constraints.
    """
    integer(cs, x, "is_less")
    integer(cs, x if isinstance(y, int) else y, "is_less")
    difference = x - y
    n = max(difference.hi.bit_length(), (-difference.lo - 1).bit_length())
    # x - y lies in [-2^n, 2^n), so x - y + 2^n lies in [0, 2^(n+1)) and its bit n is 0 exactly when
    # x < y.
    return ~cs.bits(difference + (1 << n), n + 1)[n]


def is_le(cs: ConstraintSystem, x: Int, y: Int | int) -> Bool:
    """Return the bit [x <= y].

    Requires: nothing beyond the types.   Cost: that of is_less.
    """
    return is_less(cs, x - 1, y)


def assert_le(cs: ConstraintSystem, x: Int, y: Int | int) -> None:
    """x <= y.

    Requires: nothing beyond the types.   Cost: the bits of the largest difference.
    """
    integer(cs, x, "assert_le")
    integer(cs, x if isinstance(y, int) else y, "assert_le")
    cs.assert_non_negative(cs.constant(0) + y - x)


def assert_less(cs: ConstraintSystem, x: Int, y: Int | int) -> None:
    """x < y.

    Requires: nothing beyond the types.   Cost: the bits of the largest difference.
    """
    assert_le(cs, x + 1, y)
