"""The third-party portfolios in the circuit: each at its line and one unit of cash beside it.

Quantised to 1e-8, as files. The constraints hold on the right side of the model's line alone (minus
the charge for meets, plus it for liquidatable), and where they do, the reference model at 1e-18
agrees: meets is never proven where the contract refuses, nor liquidatable where it does not.

    python -m pytest -m slow tests/portfolio/test_third_party.py     every case; else a few
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from circuits.margin.constants import INITIAL, MAINTENANCE
from circuits.margin.portfolio.shape import smallest
from circuits.margin.portfolio.table import PortfolioEpoch
from tests.portfolio.agreement import LAST, LIQUIDATABLE, MEETS, first_broken, values
from tests.portfolio.books import placed
from tests.portfolio.test_epoch_error import book_of
from tests.portfolio.test_exact_market import answers, quantised

#: 1e-8 and 1e-18.
_CASH = 10**10
CLAIMS = ((MEETS, INITIAL), (MEETS, MAINTENANCE), (LIQUIDATABLE, MAINTENANCE))


def put_to_the_circuit(indices: range) -> None:
    for case, found in quantised()[indices.start : indices.stop : indices.step]:
        epoch = PortfolioEpoch.build(found.market, found.params)
        book = book_of(found, found.params)
        shape = replace(book.shape, options=smallest(len(book.options)))
        book = replace(book, shape=shape)
        exact = dict(zip((INITIAL, MAINTENANCE), answers(found), strict=True))
        for statement, mode in CLAIMS:
            for place in ("line", "under"):
                at = placed(book, epoch, statement, mode, 0, place, Random(0))
                broken = first_broken(statement, shape, values(at, epoch, statement, mode, 0))
                assert broken == (None if place == "line" else LAST[statement]), case.name
                if broken is None:
                    margin = exact[mode] + (at.cash - book.cash) * _CASH
                    true = margin >= 0 if statement == MEETS else margin < 0
                    assert true, f"{case.name}: {statement} where the contract says otherwise"


def test_some_cases() -> None:
    put_to_the_circuit(range(0, 56, 9))


@pytest.mark.slow
def test_every_case() -> None:
    put_to_the_circuit(range(56))
