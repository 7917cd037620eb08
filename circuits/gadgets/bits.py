"""Bits of a value that may be any field element, or whose width exceeds what is asked for.

`ConstraintSystem.bits` decomposes below R / 2, where the weighted sum of the bits is the value and
nothing else. A decomposition of 254 bits has two answers for many values; the one in a given
interval is found here.

Source: the strict decomposition of Zcash's Sapling circuit (Hopwood et al., protocol
specification, A.3.2.2), with a lower end added.
"""

from __future__ import annotations

from collections.abc import Sequence

from circuits.gadgets.logic import all_of
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.types import Bool, Field, LinearCombination, Uint, add_lc, bit, integer
from zk.errors import CompileError
from zk.field import R


def from_bits(cs: ConstraintSystem, bits: Sequence[Bool]) -> Uint:
    """Return sum 2^i bits[i], least significant first.

    Requires: fewer than 253 bits.   Cost: none.
    """
    total: LinearCombination = {}
    for i, b in enumerate(bits):
        total = add_lc(total, bit(cs, b, "from_bits").lc, 1 << i)
    return cs.proven(Field(cs, total), 0, (1 << len(bits)) - 1)


def bytes_to_bits(cs: ConstraintSystem, data: Sequence[Uint]) -> list[Bool]:
    """Return the bits of bytes in the order of transmission: most significant first in each.

    Requires: nothing.   Cost: 8 a byte; none where a byte's range was shown by its bits.
    """
    return [b for byte in data for b in reversed(cs.bits(byte, 8))]


def low_bits(cs: ConstraintSystem, x: Uint, count: int) -> list[Bool]:
    """Return bits 0 .. count - 1 of x, which may have more.

    Requires: nothing beyond the types.   Cost: the bits of x.
    """
    integer(cs, x, "low_bits", Uint)
    n = x.bits
    if n <= count:
        return cs.bits(x, count)
    # Every bit but the top one is a wire, the top one what is left: the weighted sum is x by
    # construction, and x < 2^n < R / 2 has one such sum. The top bit is not used again, so the
    # terms of x spread no further; in ConstraintSystem.bits that is bit 0.
    bits = [cs.assert_bool(b) for b in cs.hint_bits(x, n - 1)]
    # What is left is 2^(n - 1) times the top bit.
    rest = _less_weighted(x.lc, bits, 0)
    cs.row(rest, add_lc(rest, {0: 1 << (n - 1)}, -1), {})
    return bits[:count]


def bits_between(cs: ConstraintSystem, x: Field, low: int, high: int) -> list[Bool]:
    """Return the bits, least significant first, of the integer v in [low, high] with v = x mod r.

    Proves that there is one. Bits that low and high share from the top are constants.

    Requires: 0 <= low <= high < low + r, so that v is unique.
    Cost: one for each bit that is not constant, and up to 2 for each run of ones in `high` and of
    zeros in `low` below it: about 90 for each end of 254 random bits.
    """
    if not 0 <= low <= high < low + R:
        raise CompileError("bits_between takes 0 <= low <= high < low + r", cs.source_line())
    n = max(high.bit_length(), 1)
    free = (low ^ high).bit_length()  # bits below the common prefix
    prefix = high >> free << free
    if free == 0:
        cs.assert_equal(x, low)
        return [Bool(cs, {0: 1} if low >> i & 1 else {}) for i in range(n)]
    bits = _hinted_bits(cs, Field(cs, x.lc) - prefix, low - prefix, high - prefix, free)
    top = bits[free - 1] = cs.assert_bool(bits[free - 1])
    # Where v agrees with `high` so far, a bit that is 0 in `high` must be 0; where it agrees with
    # `low` so far, one that is 1 in `low` must be 1. By induction from the top, `at_high` is 1
    # exactly if v's prefix is that of `high`, and else v's prefix is below it; so for `at_low`.
    at_high, at_low = _Prefix(cs, top), _Prefix(cs, ~top)
    for i in reversed(range(free - 1)):
        least = at_low.value().lc if low >> i & 1 else {}
        most = at_high.value().lc if not high >> i & 1 else {}
        # (b - least) (1 - most - b) = 0: b in {0, 1} where both are 0, b = 0 where most = 1, b = 1
        # where least = 1. Not both are 1: the prefixes of `low` and `high` differ at the top.
        b = Bool(cs, bits[i].lc)
        cs.row(add_lc(b.lc, least, -1), add_lc(add_lc({0: 1}, most, -1), b.lc, -1), {})
        if high >> i & 1:
            at_high.narrow(b)
        if not low >> i & 1:
            at_low.narrow(~b)
        bits[i] = b
    shared = [Bool(cs, {0: 1} if high >> i & 1 else {}) for i in range(free, n)]
    return [*(Bool(cs, b.lc) for b in bits), *shared]


def _hinted_bits(
    cs: ConstraintSystem, offset: Field, least: int, most: int, count: int
) -> list[Field]:
    """Fields with sum 2^i b_i = offset by construction; nothing says yet that they are bits.

    The hints are those of the integer V in [least, most] with V = offset mod r.
    """
    if most < R:
        # V is the canonical integer. Bit 0 is what is left.
        high = cs.hint_bits(offset, count - 1, 1) if count > 1 else []
        return [Field(cs, _less_weighted(offset.lc, high, 1)), *high]
    # V may exceed r, but not twice: V' = (V - bit 0) / 2 is canonical, once bit 0 is known. Of the
    # V with the parity of `least`, (V - least) / 2 lies in [0, r / 2); of the others it lies in
    # (r / 2, r).
    half = (R + 1) // 2
    odd = least & 1
    other = cs.hint_less((offset - least) * half, Field(cs, {}))
    low = 1 - other if odd else other
    rest = (offset - low) * half
    # Bit 1 is what is left of V'.
    high = cs.hint_bits(rest, count - 2, 1)
    return [low, Field(cs, _less_weighted(rest.lc, high, 1)), *high]


def _less_weighted(lc: LinearCombination, bits: Sequence[Field], first: int) -> LinearCombination:
    """lc - sum 2^(first + i) bits[i], of wires that are new to it."""
    rest = dict(lc)
    for i, b in enumerate(bits, start=first):
        (wire,) = b.lc
        rest[wire] = -(1 << i) % R
    return rest


class _Prefix:
    """The bit [v agrees with a bound from the top so far], a conjunction made when it is read."""

    def __init__(self, cs: ConstraintSystem, first: Bool) -> None:
        self.cs = cs
        self.pending = [first]

    def narrow(self, b: Bool) -> None:
        self.pending.append(b)

    def value(self) -> Bool:
        self.pending = [all_of(self.cs, self.pending)]
        return self.pending[0]
