"""Reading a list at a private index."""

from __future__ import annotations

from collections.abc import Sequence

from circuits.gadgets.compare import assert_less
from circuits.gadgets.select import select
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.types import Bool, Field, Uint, integer
from zk.errors import CompileError


def one_hot(cs: ConstraintSystem, bits: Sequence[Bool]) -> list[Bool]:
    """Return 2^n bits of which one is 1: that at the index whose bits, lowest first, are given.

    Requires: nothing beyond the types.   Cost: 2^n - n - 1.
    """
    if not bits:
        raise CompileError("an index of no bits", cs.source_line())
    hot = [~bits[0], bits[0]]
    for bit in bits[1:]:
        # The bits so far sum to 1, so those with this bit 1 sum to it: one product less.
        high = [bit & x for x in hot[1:]]
        rest: Field = Field(cs, bit.lc)
        for x in high:
            rest = rest - Field(cs, x.lc)
        first = Bool(cs, rest.lc)  # bit & hot[0]
        upper = [first, *high]
        # x - (bit & x) = ~bit & x, a bit.
        lower = [Bool(cs, (x - y).lc) for x, y in zip(hot, upper, strict=True)]
        hot = lower + upper
    return hot


def lookup(cs: ConstraintSystem, index: Uint, values: Sequence[Field]) -> Field:
    """Return values[index]; an index beyond the list has no witness. An Int where all are.

    Requires: nothing beyond the types.   Cost: len(values) - 1 and the bits of the index; as many
    again where the length is no power of two.
    """
    integer(cs, index, "lookup", Uint)
    if not values:
        raise CompileError("an empty list has no values", cs.source_line())
    n = (len(values) - 1).bit_length()
    if n == 0:
        cs.assert_equal(index, 0)
        return values[0]
    bits = cs.bits(index, n)
    if len(values) != 1 << n:
        assert_less(cs, cs.proven(index, 0, (1 << n) - 1), len(values))
    level = list(values)
    for bit in bits:
        # An odd one out is chosen only by indices beyond the list, which were refused.
        pairs = [
            select(cs, bit, level[i + 1], level[i]) if i + 1 < len(level) else level[i]
            for i in range(0, len(level), 2)
        ]
        level = pairs
    return level[0]
