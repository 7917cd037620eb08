"""The account's collaterals: their rows, what they are worth, and their haircuts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from circuits.gadgets.compare import assert_nonzero, is_equal
from circuits.gadgets.hash import poseidon
from circuits.gadgets.order import ordered_slots
from circuits.gadgets.select import assert_member, select
from circuits.margin.instrument import COLLATERAL, UNDERLYING_BITS, Instrument
from circuits.margin.portfolio import constants as c
from circuits.margin.portfolio.legs import Held, trusted
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.types import Bool, Field, Int, Uint

#: A collateral's key is its asset's number times ASSET_STEP, plus KEY_OF_ZERO.
ASSET_STEP = Instrument(2, COLLATERAL).key - Instrument(1, COLLATERAL).key
KEY_OF_ZERO = Instrument(1, COLLATERAL).key - ASSET_STEP


@dataclass(frozen=True)
class Collaterals:
    """What a statement reads of the slots."""

    assets: list[Uint]
    used: list[Bool]
    nodes: list[Field]  # what must stand in the epoch's cap where the slot is used
    value: Int  # 1e-16
    cancelling: list[Int]  # by underlying: value of those that move with its scenarios, 1e-16
    haircut: Int  # 1e-22
    moving: list[Int]  # by underlying: quantity of those that move with its scenarios, 1e-8
    charge: Int  # for the last place of the prices, 1e-22


def collaterals(
    cs: ConstraintSystem,
    slots: Sequence[Held],
    maintenance: Bool,
    underlyings: Sequence[Uint],
    listed: Sequence[Bool],
) -> Collaterals:
    """Constrain the slots; the caller shows that `nodes` stand in the cap.

    `underlyings` are the account's, if `listed`; what cancels another is refused.
    """
    with cs.obligation("collateral slots"):
        assets, used = ordered_slots(cs, [slot.asset for slot in slots], UNDERLYING_BITS)
    nodes = []
    value = haircut = charge = cs.constant(0)
    cancelling = moving = [cs.constant(0) for _ in underlyings]
    for i, slot in enumerate(slots):
        with cs.obligation(f"collateral[{i}]"):
            with cs.obligation("an empty slot is zero in every part"):
                cs.assert_product(~used[i], slot.quantity, 0)
            with cs.obligation("a used slot's quantity is not zero"):
                assert_nonzero(cs, slot.quantity, used[i])
            with cs.obligation("a used slot's price is not zero"):
                assert_nonzero(cs, slot.price, used[i])
            with cs.obligation("the slot's row is a child of the opened node"):
                row = poseidon(cs, [_first(cs, slot), slot.price, slot.maintenance, slot.initial])
                assert_member(cs, row, slot.siblings)
                nodes.append(poseidon(cs, slot.siblings))
            with cs.obligation("a haircut is at most 1"):
                kept = cs.assert_range(cs.constant(c.FACTOR_ONE) - slot.maintenance, 20)
            rate = select(
                cs,
                maintenance,
                c.FACTOR_ONE - kept,
                trusted(cs, slot.initial, c.FACTOR_BITS),
            )
            worth = slot.quantity * trusted(cs, slot.price, c.PRICE_BITS)
            value = value + worth
            with cs.obligation("the underlying it cancels is the account's"):
                # An unused leg has a number that no asset has.
                moves = [
                    is_equal(cs, slot.cancels, number + ~known * (1 << UNDERLYING_BITS))
                    for number, known in zip(underlyings, listed, strict=True)
                ]
                matched = sum((Field(cs, bit.lc) for bit in moves), Field(cs, {}))
                cs.assert_product(slot.cancels, Field(cs, {0: 1}) - matched, 0)
            cancelling = [total + bit * worth for total, bit in zip(cancelling, moves, strict=True)]
            moving = [total + bit * slot.quantity for total, bit in zip(moving, moves, strict=True)]
            haircut = haircut + worth * rate
            # A price is cut to 1e-8: a unit of it counts for value and haircut.
            charge = charge + slot.quantity * (rate + c.FACTOR_ONE)
    return Collaterals(assets, used, nodes, value, cancelling, haircut, moving, charge)


def _first(cs: ConstraintSystem, slot: Held) -> Field:
    """The row's first element: the key, the tag, and what it cancels."""
    key = Field(cs, slot.asset.lc) * ASSET_STEP + KEY_OF_ZERO
    return key + slot.cancels * (1 << c.CANCELS_LANE) + (c.ROW_HELD << c.TAG_LANE)
