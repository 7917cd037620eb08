"""Honest claims in which the bits of a range are ones, or every other one: none is refused.

What the rows of a wide range say of its high bits no claim about a market asks: they are 0 there.
Here the final inequality holds by far, and the worst that a prover names is as far below the
scenarios as its range allows, by patterns of ones.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from random import Random

import pytest

from circuits.margin.constants import CASH_BITS, FUNDING_OFFSET, MAINTENANCE
from circuits.margin.portfolio.book import PortfolioBook
from circuits.margin.portfolio.constants import CASH_SCALE, FUNDING_SCALE
from circuits.margin.portfolio.model import portfolio_margin
from circuits.margin.portfolio.portfolio import STATEMENTS
from circuits.margin.portfolio.table import PortfolioEpoch
from tests.margin.tamper import Wiring, wiring
from tests.portfolio.agreement import LAST, MEETS, circuit, first_broken, values
from tests.portfolio.any_epoch import any_book, any_epoch
from tests.portfolio.raw import SHAPE
from zk.compiler.witness import Op

BOTH = pytest.mark.parametrize("statement", list(STATEMENTS))


def bits(statement: str, words: str) -> int:
    """The width of the first range of an obligation."""
    found: Wiring = wiring(circuit(statement, SHAPE))
    wires = set(found.hints(Op.BITS, words))
    return 1 + max(n for op, dst, n, _, _ in found.code if op == Op.BITS and dst in wires)


def patterns(width: int) -> list[int]:
    ones = (1 << width) - 1
    return [ones, ones // 3, ones - ones // 3]


@cache
def extreme(statement: str, seed: int) -> tuple[PortfolioEpoch, PortfolioBook]:
    """A perpetual whose funding is worth as much as any can, over a book of few contracts."""
    rng = Random(f"extreme {seed}")
    at = any_epoch(SHAPE, rng)
    gain = statement == MEETS
    funding = -FUNDING_OFFSET if gain else FUNDING_OFFSET - 1
    (record,) = at.underlyings
    book = any_book(at, SHAPE, rng, 30)
    (leg,) = book.perpetuals
    left = (1 << SHAPE.sum_bits) - 1 - book.magnitude
    leg = replace(leg, quantity=abs(leg.quantity) + left, funding=0)
    prices = {"perpetual_price": 1, "perpetual_maintenance": 0, "loss_maintenance": 1}
    record = replace(record, funding=funding, charge_maintenance=0, **prices)
    return replace(at, underlyings=(record,)), replace(book, perpetuals=(leg,))


def moved(
    book: PortfolioBook, at: PortfolioEpoch, statement: str, distance: int
) -> tuple[PortfolioBook, int]:
    """The book with funding and cash that put it this far from its line; and what is missing."""

    def missing(of: PortfolioBook) -> int:
        found = portfolio_margin(of, at, MAINTENANCE)
        if statement == MEETS:
            return distance - (found.margin - found.charge)
        return -distance - 1 - (found.margin + found.charge)

    (leg,) = book.perpetuals
    settled = leg.funding + missing(book) // (leg.quantity * FUNDING_SCALE)
    settled = max(-FUNDING_OFFSET, min(FUNDING_OFFSET - 1, settled))
    book = replace(book, perpetuals=(replace(leg, funding=settled),))
    limit = 1 << CASH_BITS - 1
    cash = max(-limit, min(limit - 1, book.cash + missing(book) // CASH_SCALE))
    book = replace(book, cash=cash)
    return book, missing(book)


@BOTH
def test_a_claim_that_holds_by_as_much_as_its_range(statement: str) -> None:
    width = bits(statement, LAST[statement])
    reached = 0
    for seed in range(3):
        at, base = extreme(statement, seed)
        for top in (width, width - 1, width - 2):
            for distance in patterns(top):
                book, left = moved(base, at, statement, distance)
                reached = max(reached, distance - left)
                found = first_broken(statement, SHAPE, values(book, at, statement, MAINTENANCE, 0))
                assert found is None, (seed, top)
    assert reached >> width - 2


def test_a_worst_as_far_below_as_its_range() -> None:
    """A prover of `meets` may name any x below the true one; each scenario's range allows it."""
    width = bits(MEETS, "the worst is at most value")
    told = 0
    for seed in range(3):
        at, base = extreme(MEETS, seed)
        book, _ = moved(base, at, MEETS, 1 << width + 8)
        (part,) = portfolio_margin(book, at, MAINTENANCE).underlyings
        outcomes = [*part.profits, part.basis]
        made = values(book, at, MEETS, MAINTENANCE, 0)
        for distance in patterns(width):
            for outcome in outcomes:
                x = outcome - distance
                if all(0 <= other - x < 1 << width for other in outcomes):
                    assert first_broken(MEETS, SHAPE, made | {"worst": [x]}) is None
                    told += 1
        far = {"worst": [max(outcomes) - (1 << width)]}
        assert "the worst is at most value" in (first_broken(MEETS, SHAPE, made | far) or "")
    assert told > 20
