"""What the account's commitment and the epoch's root are hashes of.

The same hashes as `commitment.py` and `table.py` make of integers. A commitment holds the legs in
words: an underlying with its perpetual in one, two expiries with their futures, two options, or
three collaterals in one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from circuits.gadgets.hash import poseidon, poseidon_sponge
from circuits.gadgets.lookup import assert_all_members
from circuits.gadgets.pack import pack
from circuits.margin import constants as linear
from circuits.margin.portfolio import constants as c
from circuits.margin.portfolio.legs import ExpiryLeg, Held, OptionSlot, UnderlyingLeg
from circuits.margin.portfolio.ranks import RANK_BITS, Ranks
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.types import Bool, Field, Uint

Lane = tuple[Uint, int]
T = TypeVar("T")


def underlying_words(
    cs: ConstraintSystem, legs: Sequence[UnderlyingLeg], assets: Sequence[Uint]
) -> list[Field]:
    """Asset, magnitude, sign and settled index of each leg."""
    words = []
    for leg, asset in zip(legs, assets, strict=True):
        index = leg.settled + linear.FUNDING_OFFSET
        lanes: list[Lane] = [
            (asset, c.ASSET_LANE),
            (leg.magnitude, linear.QUANTITY_BITS),
            (leg.short, 1),
            (cs.proven(index, 0, 2 * linear.FUNDING_OFFSET - 1), linear.FUNDING_LANE),
        ]
        words.append(pack(cs, lanes))
    return words


def expiry_words(
    cs: ConstraintSystem, legs: Sequence[ExpiryLeg], prefixes: Sequence[Uint]
) -> list[Field]:
    """Prefix, magnitude and sign of each leg, two to a word."""
    lanes: list[list[Lane]] = [
        [(prefix, c.PREFIX_LANE), (leg.magnitude, linear.QUANTITY_BITS), (leg.short, 1)]
        for leg, prefix in zip(legs, prefixes, strict=True)
    ]
    return [pack(cs, word) for word in _together(lanes, 2)]


def option_words(cs: ConstraintSystem, slots: Sequence[OptionSlot], ranks: Ranks) -> list[Field]:
    """Number of the expiry, strike and right, magnitude and sign of each slot, two to a word."""
    lanes: list[list[Lane]] = [
        [
            (code, c.CODE_LANE),
            (rank, RANK_BITS),
            (slot.magnitude, linear.QUANTITY_BITS),
            (slot.short, 1),
        ]
        for slot, code, rank in zip(slots, ranks.codes, ranks.ranks, strict=True)
    ]
    return [pack(cs, word) for word in _together(lanes, 2)]


def held_words(cs: ConstraintSystem, slots: Sequence[Held], assets: Sequence[Uint]) -> list[Field]:
    """Asset and quantity of each slot, three to a word."""
    lanes: list[list[Lane]] = [
        [(asset, c.ASSET_LANE), (slot.quantity, linear.QUANTITY_BITS)]
        for slot, asset in zip(slots, assets, strict=True)
    ]
    return [pack(cs, word) for word in _together(lanes, 3)]


def _together(lanes: Sequence[list[T]], count: int) -> Iterator[list[T]]:
    for i in range(0, len(lanes), count):
        yield [lane for part in lanes[i : i + count] for lane in part]


def assert_scenarios(
    cs: ConstraintSystem, damping: Sequence[Uint], shock: Sequence[Uint], cap: Sequence[Field]
) -> None:
    """The scenarios' record, which is the cap's first entry, holds these.

    An entry packs both, so both have a range: else another damping and the shock that makes up for
    it would open the same record.
    """
    record: list[Field] = [cs.constant(c.RECORD_SCENARIOS << c.TAG_LANE)]
    for damp, shocked in zip(damping, shock, strict=True):
        record.append(pack(cs, [(damp, c.SHOCK_LANE), (shocked, c.SHOCK_BITS)]))
    cs.assert_equal(poseidon_sponge(cs, record), cap[0])


def assert_epoch(
    cs: ConstraintSystem, cap: Sequence[Field], header: Sequence[Field], root: Field
) -> None:
    """`root` is of this cap and header."""
    tree = poseidon_sponge(cs, [cs.constant(c.TAG_CAP), *cap])
    cs.assert_equal(poseidon(cs, [cs.constant(c.TAG_EPOCH), tree, *header]), root)


def assert_opened(
    cs: ConstraintSystem,
    entries: Sequence[tuple[Field, Bool]],
    cap: Sequence[Field],
    crossed: Sequence[Field],
) -> None:
    """Each entry stands in the cap, if its bit is 1.

    Requires: entries of the cap that are pairwise distinct, which the epoch's root vouches for.
    """
    opened = [
        cap[0] + Field(cs, used.lc) * (Field(cs, entry.lc) - cap[0]) for entry, used in entries
    ]
    assert_all_members(cs, opened, cap, crossed)
