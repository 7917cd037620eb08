"""Choosing between values by a bit, and membership in a list without position."""

from __future__ import annotations

from collections.abc import Sequence

from zk.compiler.frontend import ConstraintSystem
from zk.compiler.types import Bool, Field, Int
from zk.compiler.types import bit as need_bit
from zk.errors import CompileError


def select(cs: ConstraintSystem, bit: Bool, if_one: Field, if_zero: Field) -> Field:
    """Return if_one where bit = 1, else if_zero; an Int where both are.

    Requires: nothing.   Cost: 1 constraint.
    """
    need_bit(cs, bit, "select")
    difference = Field(cs, if_one.lc) - Field(cs, if_zero.lc)
    value = Field(cs, if_zero.lc) + Field(cs, bit.lc) * difference
    if isinstance(if_one, Int) and isinstance(if_zero, Int):
        # The value is one of the two, so it lies in the hull of their intervals.
        return cs.number(value.lc, min(if_one.lo, if_zero.lo), max(if_one.hi, if_zero.hi))
    return value


def assert_member(
    cs: ConstraintSystem, x: Field, members: Sequence[Field], when: Bool | None = None
) -> None:
    """x equals one of `members`; with `when`, only if that bit is 1.

    Requires: nothing.   Cost: len(members) - 1 constraints, one more with `when`.
    """
    if not members:
        raise CompileError("an empty list has no members", cs.source_line())
    factors = [Field(cs, member.lc) - Field(cs, x.lc) for member in members]
    if when is not None:
        factors.insert(0, Field(cs, need_bit(cs, when, "when=").lc))
    if len(factors) == 1:
        cs.assert_equal(factors[0], 0)
        return
    # Fr has no zero divisors: the product is 0 exactly when a factor is.
    product = factors[0]
    for factor in factors[1:-1]:
        product = product * factor
    cs.assert_product(product, factors[-1], 0)
