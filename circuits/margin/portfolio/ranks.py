"""The order of the account's option slots: which expiry each is of, strikes that rise, pairs.

Notation: slot i is of expiry e_i, has r_i = 2 strike + right, 0 for a call and 1 for a put; its key
is 2^65 prefix(e_i) + r_i. Slots are in key order, used ones first:

    code_i = e_i + 1, or 0 where slot i is not used; same_i = [code_i = code_(i-1)], used slots only
    gap_i  = r_i - same_i (r_(i-1) + 1), in [0, 2^49)

So r_i rises strictly within an expiry, from at least 0; the gaps of an expiry, each and 1, add up
to its last r and 1, which is at most 2^49. A key under another expiry's prefix has an r outside of
that. A call and the put of its strike have r and r + 1, r even.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from circuits.gadgets.compare import assert_le, is_zero
from circuits.gadgets.lanes import Lanes, unpack
from circuits.margin.portfolio import constants as c
from circuits.margin.portfolio.legs import OptionSlot
from circuits.margin.portfolio.sums import field_total
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.types import Bool, Field, Uint
from zk.field import R

#: 2 strike + right of a listed option.
RANK_BITS = c.PRICE_BITS + 1


@dataclass(frozen=True)
class Ranks:
    """Of each slot: whether it is used, its expiry's number from 1 (0 unused), its r, its key, and
    whether it is the put of the strike of which the slot before is the call.
    """

    used: list[Bool]
    codes: list[Uint]
    ranks: list[Uint]
    keys: list[Field]
    paired: list[Bool]


def ranked(
    cs: ConstraintSystem,
    slots: Sequence[OptionSlot],
    prefixes: Sequence[Uint],
    listed: Sequence[Bool],
) -> Ranks:
    """Constrain expiries and strikes of the slots; `listed` says which expiries are used.

    Refuses a slot of an unused expiry, a gap among used slots, keys that do not rise.
    """
    used: list[Bool] = []
    codes: list[Uint] = []
    gaps: list[Uint] = []
    paired: list[Bool] = []
    right = none = cs.assert_bool(cs.constant(0))  # of the slot before
    rank: Field = Field(cs, none.lc)
    for i, slot in enumerate(slots):
        with cs.obligation(f"option[{i}]"):
            with cs.obligation("the slot is of one expiry, or of none"):
                used.append(cs.assert_bool(field_total(cs, slot.expiry)))
                # At most one bit is 1.
                number = field_total(cs, [bit * (e + 1) for e, bit in enumerate(slot.expiry)])
                codes.append(cs.proven(number, 0, len(prefixes)))
            same = _same(cs, used, codes) if i else none
            with cs.obligation("the strike is above the one before it"):
                gap = slot.strike_right - Field(cs, same.lc) * (rank + 1)
                gaps.append(cs.assert_range(gap, RANK_BITS))
            with cs.obligation("the put of the call before it"):
                # r_i = r_(i-1) + 1 exactly if same_i and gap_i = 0, and then r_(i-1) is even if its
                # right is 0. With same_i, r_i = gap_i + r_(i-1) + 1: its lowest bit, too.
                follows = same & ~right if i else none
                paired.append(follows & is_zero(cs, gap) if i else none)
                lowest = cs.bits(gap, RANK_BITS)[0]
                right = lowest ^ follows if i else lowest
            rank = slot.strike_right
    for e, known in enumerate(listed):
        with cs.obligation(f"options of expiry[{e}]"), cs.obligation("it is used if it has any"):
            cs.assert_product(field_total(cs, [slot.expiry[e] for slot in slots]), ~known, 0)
    with cs.obligation("the last strike of an expiry is below the next one's keys"):
        _assert_ends(cs, slots, gaps)
    # Shown above: gaps are not negative and the last r of an expiry is below 2^49. Where a slot is
    # not used, same_i is 0 and r_i the gap.
    ranks = [cs.proven(slot.strike_right, 0, (1 << RANK_BITS) - 1) for slot in slots]
    keys = []
    for i, (slot, r) in enumerate(zip(slots, ranks, strict=True)):
        with cs.obligation(f"option[{i}]"):
            chosen = [bit * prefix for bit, prefix in zip(slot.expiry, prefixes, strict=True)]
            keys.append(Field(cs, field_total(cs, chosen).lc) * (1 << c.STRIKE_RIGHT_BITS) + r)
    return Ranks(used, codes, ranks, keys, paired)


def _assert_ends(cs: ConstraintSystem, slots: Sequence[OptionSlot], gaps: Sequence[Uint]) -> None:
    """The gaps of an expiry, each and 1, add up to at most 2^49.

    The sums of several expiries stand side by side in one element: a slot's factor there is
    2^(W e), which is linear in its bits, so that one product a slot serves them all.
    """
    bound = len(slots) << RANK_BITS  # of a sum of so many terms
    width = bound.bit_length() + 1
    together = (R.bit_length() - 2) // width
    for first in range(0, len(slots[0].expiry), together):
        ends = range(first, min(first + together, len(slots[0].expiry)))
        total = Field(cs, {})
        for slot, gap in zip(slots, gaps, strict=True):
            places = [slot.expiry[e] * (1 << width * (e - first)) for e in ends]
            total = total + field_total(cs, places) * Field(cs, (gap + 1).lc)
        for end in unpack(cs, Lanes(cs, total, width, ((0, bound),) * len(ends))):
            assert_le(cs, end, 1 << RANK_BITS)


def _same(cs: ConstraintSystem, used: Sequence[Bool], codes: Sequence[Uint]) -> Bool:
    """Whether the last slot is of the expiry of the one before; expiries never fall."""
    before, code = codes[-2:]
    n = code.hi
    with cs.obligation("a slot is used only if the one before it is"):
        cs.assert_product(used[-1], ~used[-2], 0)
    with cs.obligation("expiries rise"):
        unused = ~used[-1]
        same = cs.assert_bool(cs.hint_equal(code - unused, before))
        cs.assert_product(same, Field(cs, (code - before).lc), 0)
        # Used: 0 if same, else code - before - 1, negative if they are equal or fall. Not used:
        # n - before + same, where same would be a gap of -1 below.
        rise = code - before - 1 + same + unused * (n + 1)
        cs.assert_range(Field(cs, rise.lc), (n + 1).bit_length())
    return same
