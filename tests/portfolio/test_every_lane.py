"""Every scenario decides where it is the worst, and a leg that is not used is worth nothing.

A random market's worst scenario is one of a few, and of the others' rows a random book shows
nothing. Here each lane in turn is the worst, then the basis, and the claim turns at one unit of
cash.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from random import Random

import pytest

from circuits.margin.constants import MAINTENANCE
from circuits.margin.portfolio.book import PortfolioBook
from circuits.margin.portfolio.constants import DAMPING_ONE, SHOCK_ONE
from circuits.margin.portfolio.model import portfolio_margin
from circuits.margin.portfolio.portfolio import STATEMENTS
from circuits.margin.portfolio.records import LaneEntry, ScenarioRecord
from circuits.margin.portfolio.table import PortfolioEpoch
from tests.portfolio.agreement import LAST
from tests.portfolio.books import random_book
from tests.portfolio.raw import SHAPE, Forgery, market

BOTH = pytest.mark.parametrize("statement", list(STATEMENTS))
BASIS = SHAPE.lanes


def with_lanes(lanes: list[LaneEntry]) -> PortfolioEpoch:
    return replace(market(), scenarios=ScenarioRecord(tuple(lanes)))


@cache
def book() -> PortfolioBook:
    """Full to the last option and expiry, with as many of the rest as the market allows."""
    rng = Random(1)
    found = [random_book(market(), SHAPE, rng, full=True) for _ in range(60)]
    return max(found, key=lambda b: (len(b.collaterals), len(b.perpetuals), len(b.futures)))


def worst(at: PortfolioEpoch) -> int:
    (part,) = portfolio_margin(book(), at, MAINTENANCE).underlyings
    return part.worst


@cache
def decided_by(lane: int) -> PortfolioEpoch:
    """The market with one lane that counts, moved by a third to where the book loses; or none."""
    still = [LaneEntry(SHOCK_ONE + 7 * i, 0) for i in range(SHAPE.lanes)]
    basis = with_lanes(still)
    if lane == BASIS:
        assert worst(basis) < 0
        return basis
    found = []
    for shock in (SHOCK_ONE * 2 // 3, SHOCK_ONE * 4 // 3):
        lanes = [*still]
        lanes[lane] = LaneEntry(shock, DAMPING_ONE - 3)
        found.append(with_lanes(lanes))
    least = min(found, key=worst)
    assert worst(least) < worst(basis)
    return least


@BOTH
@pytest.mark.parametrize("lane", range(SHAPE.lanes + 1))
def test_every_lane_decides_where_it_is_the_worst(statement: str, lane: int) -> None:
    at = decided_by(lane)
    for place, refused in (("line", None), ("under", LAST[statement])):
        forged = Forgery.honest(statement, book(), place, at)
        assert forged.refusal() == refused


@BOTH
def test_an_unused_leg_has_no_perpetual(statement: str) -> None:
    """Of no underlying, at the prover's own price."""
    empty = PortfolioBook(1, 2, SHAPE, 0)
    for short in (0, 1):
        forged = Forgery.honest(statement, empty)
        assert forged.sealed().refusal() is None
        forged.values["underlying"][0].update(magnitude=10**8, short=short, price=10**8)
        refusal = forged.sealed().refusal()
        assert refusal is not None
        assert "an unused leg has no perpetual" in refusal
