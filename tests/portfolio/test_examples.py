"""The example accounts are what their README says, and prove what they should."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from circuits.margin.instrument import FUTURE, OPTION, Instrument
from circuits.margin.portfolio.account import PortfolioAccount
from circuits.margin.portfolio.exact_market import (
    Legs,
    OptionLeg,
    reference_account,
    reference_market,
)
from circuits.margin.portfolio.explain import Terms, explain_portfolio
from circuits.margin.portfolio.market import PortfolioMarket
from circuits.margin.portfolio.params import PortfolioParams
from circuits.margin.portfolio.reference import evaluate
from circuits.margin.portfolio.statement import (
    PortfolioClaim,
    PortfolioLiquidationClaim,
    portfolio_meets,
)
from circuits.margin.portfolio.table import PortfolioEpoch
from circuits.margin.portfolio.trade import PortfolioTrade
from circuits.margin.statement import Domain
from examples.portfolio import make_examples
from tests.portfolio.accounts import SECRET
from zk.compiler.compiled import CompiledCircuit
from zk.compiler.lower import compile
from zk.errors import UnsatisfiedConstraint

FOLDER = Path(make_examples.__file__).parent
SMALL = ("account", "covered-call", "calendar", "box")
GOOD = (*SMALL, "market-maker")
BUFFER = 100_000


@cache
def params() -> PortfolioParams:
    return PortfolioParams.load(FOLDER / "params.json")


@cache
def epoch() -> PortfolioEpoch:
    return PortfolioEpoch.build(PortfolioMarket.load(FOLDER / "market.json"), params())


def account(name: str) -> PortfolioAccount:
    path = FOLDER / f"{name}.json"
    return PortfolioAccount.parse(path.read_bytes(), str(path), secret=SECRET)


@cache
def terms(name: str) -> Terms:
    return explain_portfolio(account(name).book(params()), epoch(), params())


@cache
def circuit(options: int) -> CompiledCircuit:
    return compile(portfolio_meets(params().shape_for(options)))


def claim(mode: str = "IM", buffer: int = 0) -> PortfolioClaim:
    market = PortfolioMarket.load(FOLDER / "market.json")
    return PortfolioClaim(Domain(), params(), market, mode, buffer)


def test_the_files_are_as_made() -> None:
    for name, document in make_examples.documents().items():
        assert (FOLDER / name).read_text() == make_examples.text(document) + "\n", name
        assert json.loads((FOLDER / name).read_text()) == document


def test_the_market_has_rows_for_two_underlyings_and_four_collaterals() -> None:
    assert (len(epoch().rows), len(epoch().expiries)) == (14 * 50 + 4, 14)
    assert len(params().rules.scenarios) == 33


@pytest.mark.parametrize("name", GOOD)
def test_every_example_meets_initial_margin(name: str) -> None:
    assert terms(name).distance("IM") > 0
    assert claim().holds(account(name).book(params()))


@pytest.mark.parametrize("name", [*GOOD, "account-underwater"])
def test_the_margin_is_the_reference_models(name: str) -> None:
    """What the files come to without an epoch's roundings, at 1e-18: within charge and 1e-5."""
    book, market = account(name).book(params()), PortfolioMarket.load(FOLDER / "market.json")
    dated = [(leg, Instrument.from_key(leg.key)) for leg in (*book.options, *book.futures)]
    legs = Legs(
        cash=book.cash,
        perpetual=sum(leg.quantity for leg in book.perpetuals),
        settled=sum(leg.funding for leg in book.perpetuals),
        options=tuple(
            OptionLeg(found.expiry, found.strike, found.right, leg.quantity)
            for leg, found in dated
            if found.kind == OPTION
        ),
        futures=tuple((found.expiry, leg.quantity) for leg, found in dated if found.kind == FUTURE),
        collaterals=tuple((params().asset(h.underlying), h.quantity) for h in book.collaterals),
    )
    result = evaluate(
        reference_market(market, "ETH"),
        params().rules,
        reference_account(market, params(), "ETH", legs),
    )
    finer = 10 ** (43 - 18)
    for mode, exact in (("IM", result.im), ("MM", result.mm)):
        error = terms(name).margin[mode] - exact * finer
        assert abs(error) <= terms(name).charge[mode] + 10**38
        # Nobody proves what the reference refuses.
        assert terms(name).distance(mode) <= exact * finer
    (part,) = terms(name).underlyings
    for (_, mine), pnl in zip(part.scenarios, result.scenario_pnl, strict=True):
        assert abs(mine - pnl * finer) <= 10**41


def test_the_market_maker() -> None:
    book = account("market-maker").book(params())
    assert (len(book.options), len(book.expiries), book.shape.options) == (60, 6, 64)
    assert (len(book.futures), len(book.perpetuals)) == (1, 1)
    short = sum(leg.quantity < 0 for leg in book.options)
    assert 20 < short < 50
    # Without its future and its perpetual the book would lose more.
    bare = explain_portfolio(replace(book, futures=(), perpetuals=()), epoch(), params())
    assert bare.underlyings[0].worst < terms("market-maker").underlyings[0].worst < 0


def test_the_demos_accounts() -> None:
    good, poor = account("account").book(params()), account("account-underwater").book(params())
    assert (len(good.options), len(good.expiries)) == (8, 3)
    assert (good.legs, good.account) == (poor.legs, poor.account)
    assert poor.sequence == good.sequence + 1
    assert terms("account").distance("MM", BUFFER) > 0
    assert terms("account-underwater").is_liquidatable
    market = PortfolioMarket.load(FOLDER / "market.json")
    assert PortfolioLiquidationClaim(Domain(), params(), market, liquidator=5).holds(poor)


def test_the_covered_call_is_covered() -> None:
    """Without the staked ether that covers them, the calls lose when spot rises, and more."""
    found = account("covered-call")
    naked = PortfolioAccount(
        found.account, 1, 8, found.cash, {**found.legs, "collateral": ()}, SECRET
    )
    (covered,) = terms("covered-call").underlyings
    (bare,) = explain_portfolio(naked.book(params()), epoch(), params()).underlyings
    assert covered.binds == "spot x 0.82, vol up"
    assert bare.binds.startswith("spot x 1.18")
    rise = {str(scenario): pnl for scenario, pnl in covered.scenarios}["spot x 1.135, vol none"]
    assert rise > 0


def test_the_calendar_fears_a_move() -> None:
    (part,) = terms("calendar").underlyings
    outcomes = {str(scenario): pnl for scenario, pnl in part.scenarios}
    assert outcomes["spot x 1, vol up"] > outcomes["spot x 1.135, vol none"]
    assert part.binds.startswith(("spot x 1.135", "spot x 0.865"))


def test_the_box_is_a_loan() -> None:
    """Every undamped scenario but a skew costs the same to a few units: the static discount."""
    (part,) = terms("box").underlyings
    outcomes = [
        pnl
        for scenario, pnl in part.scenarios
        if scenario.damping == 10**18 and scenario.vol in ("up", "none", "down")
    ]
    assert max(outcomes) < 0
    assert max(outcomes) - min(outcomes) < 10 ** (43 - 3)
    assert all(found.options == 0 for found in part.contingencies.values())


def test_the_trade_frees_margin() -> None:
    book = account("account").book(params())
    after = PortfolioTrade.load(FOLDER / "trade.json").after(book, params(), epoch())
    assert len(after.options) == 6
    freed = explain_portfolio(after, epoch(), params()).margin["IM"] - terms("account").margin["IM"]
    assert freed > 0


@pytest.mark.parametrize("name", SMALL)
def test_the_examples_satisfy_the_circuit(name: str) -> None:
    of = account(name)
    made = circuit(8)
    values = claim().inputs(params().shape_for(8), of.book(params()), of.salt(), made.digest)
    made.check(made.witness(values))


def test_the_account_under_water_does_not() -> None:
    of = account("account-underwater")
    made = circuit(8)
    values = claim("MM").inputs(params().shape_for(8), of.book(params()), of.salt(), made.digest)
    with pytest.raises(UnsatisfiedConstraint, match="the margin covers the buffer"):
        made.check(made.witness(values))


@pytest.mark.slow
def test_the_market_maker_satisfies_the_circuit() -> None:
    of = account("market-maker")
    made = circuit(64)
    values = claim().inputs(params().shape_for(64), of.book(params()), of.salt(), made.digest)
    made.check(made.witness(values))
