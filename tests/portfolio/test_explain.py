"""A margin term by term adds up to the margin; a trade moves what it says, and nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from random import Random
from typing import Any

import jsonschema
import pytest

from circuits.margin.constants import INITIAL, MAINTENANCE
from circuits.margin.portfolio.book import PortfolioBook
from circuits.margin.portfolio.constants import CASH_SCALE
from circuits.margin.portfolio.explain import BASIS, Terms, explain_portfolio
from circuits.margin.portfolio.model import liquidatable, meets, portfolio_margin
from circuits.margin.portfolio.table import PortfolioEpoch
from circuits.margin.portfolio.trade import PortfolioTrade
from circuits.margin.schema_files import FOLDER
from tests.portfolio.accounts import (
    account,
    future,
    option,
    small_market,
    small_market_tree,
    small_params,
)
from tests.portfolio.books import random_book
from tests.portfolio.files import encoded, pair
from zk.errors import InputError

UNIT = 10**8


@cache
def epoch() -> PortfolioEpoch:
    return PortfolioEpoch.build(small_market(), small_params())


def total(terms: Terms, mode: str) -> int:
    """The margin, from its terms."""
    found = terms.mark_to_market - terms.haircut[mode]
    for part in terms.underlyings:
        kinds = part.contingencies[mode]
        found += part.at_risk(mode) - kinds.perpetual - kinds.options - kinds.confidence
    return found


@pytest.mark.parametrize("underlyings", [1, 2])
def test_the_terms_add_up_to_the_margin(underlyings: int) -> None:
    market, params = pair(3, expiries=4, strikes=4, underlyings=underlyings)
    at = PortfolioEpoch.build(market, params)
    rng = Random(11)
    for _ in range(12):
        book = random_book(at, params.shape_for(8), rng)
        terms = explain_portfolio(book, at, params)
        for mode, number in (("IM", INITIAL), ("MM", MAINTENANCE)):
            found = portfolio_margin(book, at, number)
            assert total(terms, mode) == terms.margin[mode] == found.margin
            assert terms.charge[mode] == found.charge
            assert (terms.distance(mode, 1000) >= 0) == meets(book, at, number, 1000)
            for part in terms.underlyings:
                assert min(vars(part.contingencies[mode]).values()) >= 0
        assert terms.is_liquidatable == liquidatable(book, at)
        for part in terms.underlyings:
            outcomes = {str(scenario): pnl for scenario, pnl in part.scenarios}
            assert len(outcomes) == len(params.rules.scenarios)
            assert (outcomes | {BASIS: part.basis})[part.binds] == part.worst
            assert part.worst == min(*outcomes.values(), part.basis)


def test_the_scenarios_are_in_the_order_of_the_params() -> None:
    terms = explain_portfolio(account().book(small_params()), epoch(), small_params())
    (part,) = terms.underlyings
    assert [scenario for scenario, _ in part.scenarios] == list(small_params().rules.scenarios)
    assert (part.name, repr(part)[:7]) == ("ETH", "<circui")
    assert "25000" not in repr(terms)


# Trades. ------------------------------------------------------------------------------------------


def trade(**members: Any) -> PortfolioTrade:
    tree = {"format": "zkmargin.portfolio-trade/1", **members}
    schema = json.loads((FOLDER / "portfolio-trade.schema.json").read_text())
    jsonschema.validate(tree, schema, cls=jsonschema.Draft202012Validator)
    return PortfolioTrade.parse(encoded(tree), "trade.json")


def book(**members: Any) -> PortfolioBook:
    return account(size_class="8", **members).book(small_params())


def after(of: PortfolioBook, **members: Any) -> PortfolioBook:
    return trade(**members).after(of, small_params(), epoch())


def test_no_trade_changes_nothing() -> None:
    assert after(book()) == book()


def test_a_trade_at_a_price() -> None:
    found = after(book(), options=[option(1, 3, "C", "1") | {"price": "10.5"}], cash="-100")
    (before,) = [leg for leg in book().options if leg.quantity < 0]
    (now,) = [leg for leg in found.options if leg.key == before.key]
    assert now.quantity == before.quantity + UNIT
    assert found.cash == book().cash - 110_50000000
    assert len(found.options) == 2
    closed = after(book(), options=[option(1, 3, "C", "4.25") | {"price": "0"}])
    assert (len(closed.options), closed.cash) == (1, book().cash)


def test_a_trade_at_the_mark_keeps_the_mark_to_market() -> None:
    """Up to the unit of cash that is floored; margins move, because the risk does."""
    of = book()
    found = after(
        of,
        options=[option(0, 2, "C", "-1.5"), option(0, 1, "P", "-3")],
        futures=[future(1, "-1"), future(0, "0.3")],
        perpetuals=[{"underlying": "ETH", "quantity": "2"}],
    )
    old, new = (explain_portfolio(b, epoch(), small_params()) for b in (of, found))
    assert 0 <= old.mark_to_market - new.mark_to_market < CASH_SCALE
    assert new.margin["IM"] != old.margin["IM"]
    assert (len(found.options), len(found.futures)) == (2, 2)


def test_a_traded_perpetual_is_settled() -> None:
    of = book()
    (record,) = [r for r in epoch().underlyings if r.underlying == 2]
    found = after(of, perpetuals=[{"underlying": "ETH", "quantity": "1.5", "price": "0"}])
    assert found.perpetuals == ()
    owed = of.perpetuals[0].quantity * (record.funding - of.perpetuals[0].funding)
    assert found.cash == of.cash + -owed // 10**12
    held = after(of, perpetuals=[{"underlying": "ETH", "quantity": "1"}]).perpetuals[0]
    assert (held.quantity, held.funding) == (-UNIT // 2, record.funding)


def test_collateral_is_deposited_and_withdrawn() -> None:
    of = book()
    found = after(of, collateral=[{"asset": "USDC", "quantity": "-1500"}])
    assert [leg.underlying for leg in found.collaterals] == [4]
    assert found.cash == of.cash
    more = after(of, collateral=[{"asset": "wstETH", "quantity": "0.125"}])
    assert [leg.quantity for leg in more.collaterals if leg.cancels] == [6_25000000]


@pytest.mark.parametrize(
    ("members", "path", "rule"),
    [
        ({"collateral": [{"asset": "USDC", "quantity": "-1500.1"}]}, "collateral[0]", "more than"),
        ({"options": [option(0, 0, "C", "1")] * 2}, "options[1]", "add the two up"),
        (
            {"options": [option(0, 0, "C", "1") | {"strike": "777"}]},
            "options[0]",
            "no row for this option",
        ),
        (
            {"options": [option(0, 0, "C", "1") | {"expiry": small_market_tree()["timestamp"]}]},
            "options[0]",
            "has expired",
        ),
        (
            {"options": [option(i, j, r, "1") for i in (0, 1) for j in range(4) for r in "CP"]},
            "options",
            "has more entries than size class 8",
        ),
        ({"options": [option(2, 0, "C", "1")]}, "", "more than 2 expiries"),
        ({"futures": [future(0, "92000000000")]}, "", "must be below 2^56"),
        (
            {"futures": [future(1, "92233720368.54775807")]},
            "futures[0]",
            "at most 63 bits",
        ),
    ],
)
def test_a_bad_trade_is_refused_at_its_path(members: Any, path: str, rule: str) -> None:
    with pytest.raises(InputError) as caught:
        after(book(), **members)
    assert rule in caught.value.message
    assert (caught.value.path, caught.value.file) == (path, "trade.json")
    assert "777" not in str(caught.value)


def test_a_trade_has_no_text() -> None:
    assert repr(trade(cash="12345.678")) == "<PortfolioTrade>"


def test_the_sequence_stays() -> None:
    """A what-if is no write: the ledger's next sequence number is not the trade's business."""
    assert after(book(), cash="1") == replace(book(), cash=book().cash + UNIT)
