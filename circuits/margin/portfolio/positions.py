"""Statements about an account's positions: what holds them to the commitment and the epoch.

Source: the project's margin specification, "Statements". For a statement that does not value
collaterals: `positions` shows obligations 1 to 4 of `portfolio.py`, of collaterals only that their
words are the commitment's. What is left to a statement is its own rule:
docs/write-your-own-margin-model.md goes on from here.
"""

from __future__ import annotations

from dataclasses import dataclass

from circuits.margin.portfolio.commitment import HELD_TOGETHER
from circuits.margin.portfolio.committed import CommittedPortfolio, Order
from circuits.margin.portfolio.expiries import future
from circuits.margin.portfolio.opening import (
    assert_epoch,
    assert_opened,
    expiry_words,
    option_words,
    underlying_words,
)
from circuits.margin.portfolio.options import Slots, opened, unpacked, weighted
from circuits.margin.portfolio.shape import PortfolioShape
from circuits.networks import switches
from zk.compiler.declare import private
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.types import Field, Int


@dataclass(frozen=True)
class Positions:
    """The account's positions, each in order and each with what the epoch says of it."""

    order: Order  # underlyings with their perpetuals, expiries
    slots: Slots  # options
    futures: list[Int]  # by expiry: the quantity


class PortfolioPositions(CommittedPortfolio):
    """The committed account's options, futures and perpetuals, opened against the epoch."""

    held_word: list[Field] = private(count="held_words")  # collaterals, as the commitment has them
    timestamp: Field = private()
    venue: Field = private()
    cap: list[Field] = private(count="cap_entries")
    crossed: list[Field] = private(count="switches")  # what leaves each switch above

    def __init__(self, shape: PortfolioShape) -> None:
        super().__init__(shape)
        self.lanes = shape.lanes
        self.held_words = -(-shape.collaterals // HELD_TOGETHER)
        openings = shape.underlyings + shape.expiries + shape.options
        self.switches = switches(openings + shape.cap_entries)

    def positions(self, cs: ConstraintSystem) -> Positions:
        """The account's positions: committed, none twice, none that the epoch does not list."""
        order = self.ordered(cs)
        slots = opened(cs, self.option, order.prefixes, order.used)
        futures = []
        for e, leg in enumerate(self.expiry):
            with cs.obligation(f"expiry[{e}]"):
                futures.append(future(cs, leg, order.used[e]))
        with cs.obligation("the commitment opens to the account"):
            words = [
                *underlying_words(cs, self.underlying, order.assets),
                *expiry_words(cs, self.expiry, order.prefixes),
                *option_words(cs, self.option, slots.ranks),
                *self.held_word,
            ]
            self.assert_committed(cs, words)
        with cs.obligation("every used leg opens the epoch"):
            header = [self.params_digest, self.timestamp, self.venue]
            assert_epoch(cs, self.cap, header, self.epoch_root)
            nodes = zip(slots.nodes, slots.ranks.used, strict=True)
            assert_opened(cs, [*self.records(cs, order), *nodes], self.cap, self.crossed)
        self.assert_magnitudes(cs)
        return Positions(order, slots, futures)

    def values(self, cs: ConstraintSystem, held: Positions) -> list[Int]:
        """What all options together are worth in every lane, 1e-16: one sum, unpacked once."""
        words = weighted(cs, held.slots.quantities, [slot.words for slot in self.option])
        with cs.obligation("values in the scenarios"):
            return [value for value, _ in unpacked(cs, words, self.shape.sum_bits)]
