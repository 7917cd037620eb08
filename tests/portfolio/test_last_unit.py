"""Every sum is exact to its last unit, at 1e-43: a unit of cash would hide a billion of them.

A prover of `meets` may name an x below the true worst, so that with a loss factor of one unit a
claim can be put on its line exactly; one less, or an x one above any scenario's PnL, is refused.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from circuits.margin.constants import INITIAL, MAINTENANCE
from circuits.margin.portfolio.constants import BUFFER_SCALE
from circuits.margin.portfolio.model import portfolio_margin
from tests.portfolio.agreement import LAST, MEETS, first_broken, values, worst
from tests.portfolio.any_epoch import any_book, any_epoch
from tests.portfolio.books import placed
from tests.portfolio.raw import SHAPE
from tests.portfolio.test_any_epoch import SHAPES, UNDERLYINGS, decided_by


@UNDERLYINGS
@pytest.mark.parametrize("lane", range(SHAPE.lanes + 1))
def test_the_worst_is_at_most_the_lane_that_decides(underlyings: int, lane: int) -> None:
    for drawn in range(4):
        at, book = decided_by(underlyings, lane, drawn)
        book = placed(book, at, MEETS, MAINTENANCE, 0, "line", Random(0))
        made = values(book, at, MEETS, MAINTENANCE, 0)
        x = worst(book, portfolio_margin(book, at, MAINTENANCE))
        for u in range(underlyings):
            above = made | {"worst": [own + (i == u) for i, own in enumerate(x)]}
            found = first_broken(MEETS, book.shape, above)
            assert found == f"underlying[{u}] / the worst is at most value {lane}"


@UNDERLYINGS
@pytest.mark.parametrize(("mode", "buffer"), [(INITIAL, 25_000), (MAINTENANCE, 0)])
def test_a_margin_is_exact(underlyings: int, mode: int, buffer: int) -> None:
    shape = SHAPES[underlyings]
    for seed in range(6):
        rng = Random(f"exact {seed}")
        at = any_epoch(shape, rng, 1 + seed % 3)
        one = {"loss_initial": 1, "loss_maintenance": 1}
        at = replace(at, underlyings=tuple(replace(u, **one) for u in at.underlyings))
        book = any_book(at, shape, rng, 40)
        book = placed(book, at, MEETS, mode, buffer, "line", rng)
        found = portfolio_margin(book, at, mode)
        left = found.margin - found.charge - buffer * BUFFER_SCALE
        made = values(book, at, MEETS, mode, buffer)
        x = worst(book, found)
        for u in range(underlyings):
            for more, refused in ((0, None), (1, LAST[MEETS])):
                below = [own - (left + more) * (i == u) for i, own in enumerate(x)]
                assert first_broken(MEETS, shape, made | {"worst": below}) == refused
