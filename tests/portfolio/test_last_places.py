"""The last place of a basis factor is charged: no solvent account is liquidatable for a rounding.

An epoch rounds a basis factor up to 1e-12, against the account. Of a dear underlying under a wide
shock that is worth more than all that values are off by, and `liquidatable` must not gain from it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from random import Random

import pytest

from circuits.margin.instrument import FUTURE, OPTION, Instrument
from circuits.margin.portfolio.book import Leg, PortfolioBook
from circuits.margin.portfolio.constants import STRIKE_RIGHT_BITS
from circuits.margin.portfolio.exact_market import (
    Legs,
    OptionLeg,
    reference_account,
    reference_market,
)
from circuits.margin.portfolio.market import PortfolioMarket
from circuits.margin.portfolio.params import PortfolioParams
from circuits.margin.portfolio.records import OptionRow
from circuits.margin.portfolio.reference import evaluate
from circuits.margin.portfolio.table import PortfolioEpoch
from tests.portfolio.agreement import LAST, LIQUIDATABLE, first_broken, values
from tests.portfolio.files import encoded, market_tree, params_tree
from tests.portfolio.test_epoch_error import check

PRICE = "1200000"
NAME, NUMBER = "BTC", 1
QUANTITY = -1000 * 10**8


@cache
def venue() -> tuple[PortfolioMarket, PortfolioParams, PortfolioEpoch]:
    """An underlying of more than a million, the spot of the basis tripled."""
    params = params_tree(expiries=1, collaterals=1, lanes=8, skews=0, rows=20, market_expiries=4)
    params["basis"] |= {"spot_up": "3", "spot_down": "0.3"}
    params["scenarios"] = params["scenarios"][:3]
    market = market_tree(Random(5), expiries=2, strikes=1)
    for feed in market["underlyings"].values():
        feed |= {"spot": PRICE, "perpetual": feed["perpetual"] | {"price": PRICE}}
        for expiry in feed["expiries"]:
            options = [{"strike": PRICE, "vol": "0.5"}]
            expiry |= {"forward": PRICE, "forward_fixed": "0", "options": options}
    rules = PortfolioParams.parse(encoded(params))
    feeds = PortfolioMarket.parse(encoded(market))
    return feeds, rules, PortfolioEpoch.build(feeds, rules)


def short(kind: int, expiry: int) -> tuple[PortfolioBook, Legs]:
    """A book that is short a future, or a call, and the same for the reference."""
    _, params, epoch = venue()
    book = PortfolioBook(account=1, sequence=0, shape=params.shape_for(8), cash=0)
    if kind == FUTURE:
        leg = Leg(Instrument(NUMBER, FUTURE, expiry).key, QUANTITY)
        return replace(book, futures=(leg,)), Legs(futures=((expiry, QUANTITY),))
    prefix = Instrument(NUMBER, OPTION, expiry).key >> STRIKE_RIGHT_BITS
    row = next(
        row
        for row in epoch.rows
        if isinstance(row, OptionRow) and row.key >> STRIKE_RIGHT_BITS == prefix
    )
    option = Instrument.from_key(row.key)
    legs = Legs(options=(OptionLeg(expiry, option.strike, option.right, QUANTITY),))
    return replace(book, options=(Leg(row.key, QUANTITY),)), legs


@pytest.mark.parametrize("kind", [FUTURE, OPTION])
@pytest.mark.parametrize("number", [0, 1])
def test_a_solvent_account_is_not_liquidatable(kind: int, number: int) -> None:
    """Cash that leaves the account a unit above its maintenance margin, by the market itself."""
    market, params, epoch = venue()
    book, legs = short(kind, market.underlyings[NAME].expiries[number].expiry)

    def margins(cash: int) -> tuple[int, int]:
        account = reference_account(market, params, NAME, replace(legs, cash=cash))
        found = evaluate(reference_market(market, NAME), params.rules, account)
        assert found.worst_name == "basis"
        return found.im, found.mm

    cash = -(margins(0)[1] // 10**10) + 1
    assert 0 < margins(cash)[1] <= 2 * 10**10
    book = replace(book, cash=cash)
    check(book, epoch, *margins(cash))
    made = values(book, epoch, LIQUIDATABLE, 1, 0)
    assert first_broken(LIQUIDATABLE, book.shape, made) == LAST[LIQUIDATABLE]
