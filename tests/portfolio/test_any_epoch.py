"""Circuit and model agree over epochs whose fields lie anywhere in their widths.

Books are full, their magnitudes fill their width, and claims stand at their line or one unit beside
it, so that whatever a row adds too much or too little decides.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from random import Random

import pytest

from circuits.margin.constants import INITIAL, MAINTENANCE
from circuits.margin.portfolio.book import PortfolioBook
from circuits.margin.portfolio.constants import DAMPING_ONE
from circuits.margin.portfolio.exposure import LIMIT_SCALE, GreekLimit, exposures, within
from circuits.margin.portfolio.model import portfolio_margin
from circuits.margin.portfolio.portfolio import STATEMENTS
from circuits.margin.portfolio.records import LaneEntry, ScenarioRecord
from circuits.margin.portfolio.table import PortfolioEpoch
from tests.portfolio.agreement import CIRCUITS, GREEKS, LAST, MEETS, first_broken, values
from tests.portfolio.any_epoch import any_book, any_epoch, beside, option_keys
from tests.portfolio.books import holds, placed
from tests.portfolio.exposures import DELTA, VEGA, WIDEST, greek_values, on_the_line, tight
from tests.portfolio.raw import SHAPE

SEEDS = range(8)
SHAPES = {1: SHAPE, 2: replace(SHAPE, underlyings=2)}
UNDERLYINGS = pytest.mark.parametrize("underlyings", SHAPES)
BOTH = pytest.mark.parametrize("statement", list(STATEMENTS))


def agree(statement: str, at: PortfolioEpoch, base: PortfolioBook, mode: int, buffer: int) -> bool:
    """At the line and one unit beside it; whether both answers were seen."""
    answers = set()
    for place in ("line", "under"):
        book = placed(base, at, statement, mode, buffer, place, Random(0))
        true = holds(book, at, statement, mode, buffer)
        found = first_broken(statement, base.shape, values(book, at, statement, mode, buffer))
        assert found == (None if true else LAST[statement]), place
        answers.add(true)
    return len(answers) == 2


@BOTH
@UNDERLYINGS
def test_margin_is_that_of_the_model(statement: str, underlyings: int) -> None:
    shape, decided = SHAPES[underlyings], 0
    for seed in SEEDS:
        rng = Random(f"any {seed}")
        at = any_epoch(shape, rng)
        mode, buffer = (MAINTENANCE, 0) if statement != MEETS or seed % 2 else (INITIAL, 25_000)
        # A book that fills the width may need more cash than there is.
        book = any_book(at, shape, rng, 44 if seed % 4 else None)
        decided += agree(statement, at, book, mode, buffer)
    assert decided > len(SEEDS) // 2


@pytest.mark.parametrize("statement", list(CIRCUITS))
@UNDERLYINGS
@pytest.mark.parametrize("e", range(SHAPE.expiries))
def test_options_side_by_side(statement: str, underlyings: int, e: int) -> None:
    """Slots that are all of one expiry: the first of the second underlying, the last of the first.

    A call and its put stand first in the even slots, then in the odd; each is long and short.
    """
    shape = SHAPES[underlyings]
    for skipped, sign in ((0, 1), (0, -1), (1, 1), (1, -1)):
        rng = Random(f"beside {e} {skipped}")
        at = any_epoch(shape, rng, e + skipped)
        book = any_book(at, shape, rng, 40, beside(at, shape, e, skipped))
        options = tuple(replace(leg, quantity=sign * leg.quantity) for leg in book.options)
        book = replace(book, options=options)
        if statement == GREEKS:
            greeks_agree(at, book, 0)
        else:
            assert agree(statement, at, book, MAINTENANCE, 0)


@BOTH
@pytest.mark.parametrize("count", range(SHAPE.options))
def test_slots_that_are_not_used(statement: str, count: int) -> None:
    """The last used one of each expiry in turn."""
    rng = Random(f"some {count}")
    at = any_epoch(SHAPE, rng)
    for e in at.expiries:
        keys = [key for key in option_keys(at) if key >> 65 <= e.prefix]
        book = any_book(at, SHAPE, rng, 40, keys[len(keys) - count :])
        assert agree(statement, at, book, MAINTENANCE, 0)


@cache
def decided_by(underlyings: int, lane: int, drawn: int = 0) -> tuple[PortfolioEpoch, PortfolioBook]:
    """An epoch in which one lane counts, and a full book of which it is the worst."""
    shape = SHAPES[underlyings]
    for seed in range(100):
        rng = Random(f"lane {lane} {drawn} {seed}")
        at = any_epoch(shape, rng)
        lanes = [
            LaneEntry(entry.shock, DAMPING_ONE - 7 if i == lane else 0)
            for i, entry in enumerate(at.scenarios.lanes)
        ]
        # The basis may be dearer than any scenario.
        factor = {} if lane == shape.lanes else {"basis_factor": 0}
        at = replace(
            at,
            scenarios=ScenarioRecord(tuple(lanes)),
            expiries=tuple(replace(record, **factor) for record in at.expiries),
        )
        book = any_book(at, shape, rng, 36)
        parts = portfolio_margin(book, at, MAINTENANCE).underlyings
        if all(part.worst == [*part.profits, part.basis][lane] < 0 for part in parts):
            return at, book
    raise AssertionError("no book loses in this lane")


@BOTH
@UNDERLYINGS
@pytest.mark.parametrize("lane", range(SHAPE.lanes + 1))
def test_every_lane_is_the_worst_of_all_underlyings(
    statement: str, underlyings: int, lane: int
) -> None:
    at, book = decided_by(underlyings, lane)
    assert agree(statement, at, book, MAINTENANCE, 0)


def greeks_agree(at: PortfolioEpoch, book: PortfolioBook, number: int) -> None:
    """At the narrowest limits, and at each of them less one."""
    kept = tight(exposures(book, at), number)
    for limit, words in (
        (kept, None),
        (replace(kept, delta=max(kept.delta, 1) - 1), DELTA if kept.delta else None),
        (replace(kept, vega=max(kept.vega, 1) - 1), VEGA if kept.vega else None),
    ):
        assert within(book, at, limit) == (words is None)
        found = first_broken(GREEKS, book.shape, greek_values(book, at, limit))
        assert found is None if words is None else words in (found or "")


@UNDERLYINGS
def test_greeks_are_those_of_the_model(underlyings: int) -> None:
    shape = SHAPES[underlyings]
    for seed in SEEDS[:6]:
        rng = Random(f"any {seed}")
        at = any_epoch(shape, rng)
        book = any_book(at, shape, rng, 40 if seed % 2 else None)
        for number in (0, *book.underlyings):
            greeks_agree(at, book, number)


@UNDERLYINGS
def test_a_net_delta_to_the_last_unit(underlyings: int) -> None:
    """A whole number of contracts, and off it by one unit of 1e-8 either way."""
    shape, answers = SHAPES[underlyings], set()
    for seed in range(4):
        rng = Random(f"delta {seed}")
        at = any_epoch(shape, rng)
        book = any_book(at, shape, rng, 44)
        for off in (-1, 0, 1):
            line = on_the_line(book, at, off)
            (own, *_) = exposures(line, at)
            for whole in {abs(own.delta) // LIMIT_SCALE, -(-abs(own.delta) // LIMIT_SCALE)}:
                limit = GreekLimit(whole, WIDEST.vega, own.underlying)
                found = first_broken(GREEKS, shape, greek_values(line, at, limit))
                assert (found is None) == within(line, at, limit)
                answers.add(found is None)
    assert len(answers) == 2
