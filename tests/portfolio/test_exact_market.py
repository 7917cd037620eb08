"""From files to the reference model: the third-party cases come through, and rows agree with it."""

from __future__ import annotations

from functools import cache

import pytest

from circuits.margin.portfolio.exact_market import (
    Legs,
    OptionLeg,
    reference_account,
    reference_market,
)
from circuits.margin.portfolio.market import CALL, PUT
from circuits.margin.portfolio.reference import evaluate
from circuits.margin.portfolio.rules import UNIT
from circuits.margin.portfolio.valuation import option_rows
from tests.portfolio.files import DAY, HOUR_8, pair
from tests.portfolio.vector_files import NAME, Files, files, representable
from tests.portfolio.vectors import Case, large_cases, small_cases
from zk.errors import InputError


@cache
def quantised() -> tuple[tuple[Case, Files], ...]:
    cases = [case for case in (*small_cases(), *large_cases()) if representable(case)]
    return tuple((case, files(case)) for case in cases)


def answers(found: Files) -> tuple[int, int]:
    market = reference_market(found.market, NAME)
    account = reference_account(found.market, found.params, NAME, found.legs)
    result = evaluate(market, found.params.rules, account)
    return result.im, result.mm


def test_all_but_seven_small_cases_fit_files():
    """The seven: an expired option, and dampings of 2 to 5."""
    assert len(quantised()) == 56
    assert sum(case.name.startswith("large") for case, _ in quantised()) == 24


def test_cases_come_through_files():
    """To 1e-6 USD where next to nothing was cut, else to what 1e-8 of each number is worth."""
    for case, found in quantised():
        im, mm = answers(found)
        bound = UNIT // 10**6 if case.name.startswith("large") else UNIT // 200
        assert abs(im - case.expected["initial_margin"]) <= bound, case.name
        assert abs(mm - case.expected["maintenance_margin"]) <= bound, case.name


def test_rows_are_the_reference_rounded_to_1e_8():
    """One option of an expiry at a time: its mark, basis values and plain scenarios."""
    market, params = pair(3, expiries=3, strikes=3)
    rows = {row.key: row for row in option_rows(market, params, params.shape)}
    seen = 0
    for listed in market.options(params):
        name = "ETH" if listed.key >> 101 == 2 else "BTC"
        leg = OptionLeg(listed.expiry.expiry, listed.strike, listed.right, 10**8)
        account = reference_account(market, params, name, Legs(options=(leg,)))
        result = evaluate(reference_market(market, name), params.rules, account).expiries[0]
        exact = (result.mark, result.value_up, result.value_down)
        for value, reference in zip(rows[listed.key].values, exact, strict=False):
            # Half a unit, and a thousandth for the arithmetic.
            assert abs(value * 10**10 - reference) <= 5_015_000_000
            seen += 1
    assert seen == 3 * len(rows) > 100


def test_a_perpetual_is_worth_its_price_less_unpaid_funding():
    market, params = pair(5)
    perpetual = market.underlyings["ETH"].perpetual
    assert perpetual is not None
    legs = Legs(perpetual=-3 * 10**8, settled=perpetual.funding - 7 * 10**12)
    account = reference_account(market, params, "ETH", legs)
    assert account.perp_cash == -3 * perpetual.price * 10**10 + 21 * UNIT
    assert account.perp_position == -3 * UNIT


def test_funding_owed_rounds_down():
    market, params = pair(5)
    perpetual = market.underlyings["ETH"].perpetual
    assert perpetual is not None
    for quantity, step in ((1, 1), (1, -1)):
        legs = Legs(perpetual=quantity, settled=perpetual.funding + step)
        cash = reference_account(market, params, "ETH", legs).perp_cash
        assert cash == quantity * perpetual.price * 100 + (0 if step > 0 else -1)


def test_collateral_is_divided_by_the_stable_and_as_sure_as_the_least_sure_spot():
    market, params = pair(2)
    legs = Legs(collaterals=(("wstETH", 2 * 10**8),))
    (held,) = reference_account(market, params, "ETH", legs).collaterals
    price = market.collaterals["wstETH"].price
    assert held.value == 2 * price * 10**10 * UNIT // market.stable
    spots = [entry.confidence for entry in market.underlyings.values()]
    assert held.confidence == min(market.collaterals["wstETH"].confidence, *spots)
    assert held.risk_cancelling


def test_futures_carry_their_time():
    market, params = pair(2)
    expiry = market.underlyings["BTC"].expiries[1]
    account = reference_account(market, params, "BTC", Legs(futures=((expiry.expiry, -5),)))
    assert account.futures[0].seconds == expiry.expiry - market.timestamp
    assert account.futures[0].amount == -5 * 10**10


def test_what_the_market_does_not_list_is_refused_by_name():
    market, params = pair(1)
    expiry = market.underlyings["ETH"].expiries[0].expiry
    strike = 12_345 * 10**8
    for legs, message in (
        (Legs(options=(OptionLeg(expiry, strike, PUT, 1),)), r"does not list ETH-.*-12345-P"),
        (Legs(options=(OptionLeg(HOUR_8 + 777 * DAY, strike, CALL, 1),)), "does not list ETH-"),
        (Legs(futures=((HOUR_8 + 777 * DAY, 1),)), "does not list ETH-"),
        (Legs(collaterals=(("DOGE", 1),)), "DOGE is no collateral"),
    ):
        with pytest.raises(InputError, match=message):
            reference_account(market, params, "ETH", legs)
    with pytest.raises(InputError, match="wstETH cancels risk of ETH: give it there"):
        reference_account(market, params, "BTC", Legs(collaterals=(("wstETH", 1),)))


def test_a_perpetual_that_the_market_lacks_is_refused():
    case, found = next(pair for pair in quantised() if not pair[0].account.perp_position)
    with pytest.raises(InputError, match="no perpetual of ETH"):
        reference_account(found.market, found.params, NAME, Legs(perpetual=1))
    assert case.market.perp_price == 0 or reference_market(found.market, NAME).perp_price == 0


def test_legs_have_no_repr():
    legs = Legs(cash=987654321, options=(OptionLeg(1, 2, 0, 987654321),))
    assert "987654321" not in repr(legs) + repr(legs.options)
