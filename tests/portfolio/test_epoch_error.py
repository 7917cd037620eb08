"""What an epoch rounds is covered by its charge: the model over its rows beside the reference.

Each third-party case, and drawn books, as files: the reference model evaluates the market itself
at 1e-18, the integer model what the epoch's rows and records hold. For the claims to be safe,
margin - charge must not exceed the reference, and margin + charge at maintenance, which is what
`liquidatable` looks at, must not be below it.

At initial margin, which only `meets` looks at, rates of params or confidences that are finer than
1e-6 go against the account beyond the charge.
"""

from __future__ import annotations

from random import Random

import pytest

from circuits.margin.constants import INITIAL, MAINTENANCE
from circuits.margin.instrument import COLLATERAL, OPTION, PERPETUAL, Instrument
from circuits.margin.portfolio.book import Leg, PortfolioBook
from circuits.margin.portfolio.constants import MARGIN_PLACES
from circuits.margin.portfolio.exact_market import (
    Legs,
    OptionLeg,
    reference_account,
    reference_market,
)
from circuits.margin.portfolio.market import PortfolioMarket
from circuits.margin.portfolio.model import portfolio_margin
from circuits.margin.portfolio.params import PortfolioParams
from circuits.margin.portfolio.reference import evaluate, total
from circuits.margin.portfolio.rules import UNIT
from circuits.margin.portfolio.table import PortfolioEpoch
from tests.portfolio.books import random_book
from tests.portfolio.files import pair
from tests.portfolio.test_exact_market import quantised
from tests.portfolio.vector_files import NAME, Files

#: From 1e-43 to 1e-18.
_COARSER = 10 ** (MARGIN_PLACES - 18)
#: The reference cuts each product toward zero, and Black-76 has an error of its own: 1e-8 USD.
_REFERENCE = 10**10


def book_of(found: Files, params: PortfolioParams) -> PortfolioBook:
    """The legs of a case's one underlying as a book."""
    legs, number = found.legs, 2
    options: dict[int, int] = {}
    for leg in legs.options:
        key = Instrument(number, OPTION, leg.expiry, leg.strike, leg.right).key
        options[key] = options.get(key, 0) + leg.quantity
    perpetual = Instrument(number, PERPETUAL).key
    return PortfolioBook(
        account=1,
        sequence=0,
        shape=params.shape_for(128),
        cash=legs.cash,
        perpetuals=(Leg(perpetual, legs.perpetual, legs.settled),) if legs.perpetual else (),
        options=tuple(Leg(key, quantity) for key, quantity in sorted(options.items()) if quantity),
        collaterals=tuple(
            Leg(key, quantity, cancels=cancels)
            for key, quantity, cancels in sorted(
                (
                    Instrument(params.assets[asset], COLLATERAL).key,
                    quantity,
                    params.collaterals[asset].cancels,
                )
                for asset, quantity in legs.collaterals
            )
        ),
    )


def check(book: PortfolioBook, epoch: PortfolioEpoch, im: int, mm: int) -> int:
    """Both margins beside the reference's; what the maintenance margins differ by (1e-18)."""
    initial = portfolio_margin(book, epoch, INITIAL)
    maintenance = portfolio_margin(book, epoch, MAINTENANCE)
    for found, exact in ((initial, im), (maintenance, mm)):
        low = (found.margin - found.charge) // _COARSER
        assert low <= exact + _REFERENCE, "meets is more lenient than the contract"
    high = -(-(maintenance.margin + maintenance.charge) // _COARSER)
    assert high >= mm - _REFERENCE, "liquidatable is more severe than the contract"
    return abs(maintenance.margin // _COARSER - mm)


def test_third_party_cases_lie_within_the_charge():
    for case, found in quantised():
        epoch = PortfolioEpoch.build(found.market, found.params)
        account = reference_account(found.market, found.params, NAME, found.legs)
        exact = evaluate(reference_market(found.market, NAME), found.params.rules, account)
        book = book_of(found, found.params)
        wrong = check(book, epoch, exact.im, exact.mm)
        assert wrong < UNIT // 1000, case.name
        # And the contract itself, beside the book as it was before it was cut to 1e-8.
        for mode, name in ((INITIAL, "initial_margin"), (MAINTENANCE, "maintenance_margin")):
            if case.name.startswith("large"):
                margin = portfolio_margin(book, epoch, mode).margin // _COARSER
                answer = case.expected[name]
                assert abs(margin - answer) <= max(abs(answer) // 10**6, UNIT // 1000), case.name


def _legs_of(book: PortfolioBook, params: PortfolioParams, number: int, *, first: bool) -> Legs:
    options, futures, collaterals = [], [], []
    for leg in book.options:
        i = Instrument.from_key(leg.key)
        if i.underlying == number:
            options.append(OptionLeg(i.expiry, i.strike, i.right, leg.quantity))
    for leg in book.futures:
        i = Instrument.from_key(leg.key)
        if i.underlying == number:
            futures.append((i.expiry, leg.quantity))
    for leg in book.collaterals:
        if leg.cancels == number or (first and not leg.cancels):
            collaterals.append((params.asset(leg.underlying), leg.quantity))
    perpetual = next((leg for leg in book.perpetuals if leg.underlying == number), None)
    return Legs(
        cash=book.cash if first else 0,
        perpetual=perpetual.quantity if perpetual else 0,
        settled=perpetual.funding if perpetual else 0,
        options=tuple(options),
        futures=tuple(futures),
        collaterals=tuple(collaterals),
    )


def _reference(
    market: PortfolioMarket, params: PortfolioParams, book: PortfolioBook
) -> tuple[int, int]:
    results = []
    for i, (name, number) in enumerate(params.underlyings.items()):
        legs = _legs_of(book, params, number, first=i == 0)
        account = reference_account(market, params, name, legs)
        results.append(evaluate(reference_market(market, name), params.rules, account))
    return total(results)


@pytest.mark.parametrize("seed", range(4))
def test_drawn_books_of_two_underlyings_lie_within_the_charge(seed: int):
    """Perpetuals, futures, options and collateral of two underlyings at once."""
    market, params = pair(seed, expiries=4, strikes=5, underlyings=2)
    epoch = PortfolioEpoch.build(market, params)
    rng = Random(seed)
    for _ in range(6):
        book = random_book(epoch, params.shape_for(32), rng, full=rng.random() < 0.3)
        im, mm = _reference(market, params, book)
        check(book, epoch, im, mm)
