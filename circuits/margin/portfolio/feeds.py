"""An epoch's records, and its collateral rows, from the feeds of a market.

Source: the project's margin specification, "Model P", and the margin library of Derive's PMRM_2.
Everything that rounds, rounds here, once: a price and a value weight down, a rate, a factor and a
charge up, a discount to the nearest. What rounds a value against holders rounds it in favour of
those who owe, so `charge` covers the last place of the rows for both.

    charge = kappa * declared error of a value (1e-8)
    kappa  = 1 + mF max(max_s damping_s (max_e max(discounts) + 1), 2 max_e basis factor)
             and at least max(1, max_c rate_c) + mF max_s damping_s |shock_s - 1|
             and at least 1 + mF (1.2 max_e basis factor + 1e-12 max_b,e |shock_b - 1| forward_e)

s over the scenarios, e over the underlying's expiries, c over the collaterals, b over the basis'
two shocks; mF and the rates of the mode; a forward in units of 1e-8, what moves with spot of it.
The second line is what the last place of a collateral's price can do, the third that of a basis
factor, with 0.6 for what a value itself is off by; under rules and prices that anybody has the
first is the largest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from circuits.margin.instrument import COLLATERAL, Instrument
from circuits.margin.portfolio.constants import (
    BASIS_PLACES,
    CHARGE_PLACES,
    DAMPING_PLACES,
    DISCOUNT_ONE,
    DISCOUNT_PLACES,
    FACTOR_PLACES,
    PRICE_BITS,
    SHOCK_PLACES,
    TABLE_ERROR,
    VALUE_PLACES,
)
from circuits.margin.portfolio.lanes import lanes
from circuits.margin.portfolio.market import Expiry, PortfolioMarket, Underlying
from circuits.margin.portfolio.names import expiry_name
from circuits.margin.portfolio.params import PortfolioParams
from circuits.margin.portfolio.records import (
    CollateralRow,
    ExpiryRecord,
    LaneEntry,
    ScenarioRecord,
    UnderlyingRecord,
    prefix,
)
from circuits.margin.portfolio.rules import PLACES, UNIT, Rules
from circuits.margin.portfolio.shape import PortfolioShape
from circuits.margin.portfolio.shocks import basis_factor, discount, static_discounts
from zk.errors import InputError

_FACTOR_UNIT: Final = 10 ** (PLACES - FACTOR_PLACES)
_BASIS_UNIT: Final = 10 ** (PLACES - BASIS_PLACES)
_DISCOUNT_UNIT: Final = 10 ** (PLACES - DISCOUNT_PLACES)
_DAMPING_UNIT: Final = 10 ** (PLACES - DAMPING_PLACES)
_SHOCK_UNIT: Final = 10 ** (PLACES - SHOCK_PLACES)


def scenario_record(rules: Rules, shape: PortfolioShape) -> ScenarioRecord:
    """The scenario of every lane. Dampings round up: the worst PnL is never above zero."""
    return ScenarioRecord(
        tuple(
            LaneEntry(
                lane.scenario.shock // _SHOCK_UNIT,  # params have no finer shock
                _up(lane.scenario.damping, _DAMPING_UNIT),
            )
            for lane in lanes(rules, shape)
        )
    )


def expiry_records(market: PortfolioMarket, params: PortfolioParams) -> tuple[ExpiryRecord, ...]:
    """One record for each expiry of each underlying, sorted by prefix."""
    return tuple(
        _expiry_record(market, params.rules, name, number, expiry)
        for name, number in params.underlyings.items()
        for expiry in market.underlyings[name].expiries
    )


def underlying_records(
    market: PortfolioMarket, params: PortfolioParams, expiries: Sequence[ExpiryRecord]
) -> tuple[UnderlyingRecord, ...]:
    """One record for each underlying, sorted by number; the charge needs the expiries' records."""
    rules = params.rules
    below = max(0, rules.peg.at - market.stable)
    loss_initial = _up(rules.loss_initial * UNIT + below * rules.peg.factor, UNIT * _FACTOR_UNIT)
    loss_maintenance = _up(rules.loss_maintenance, _FACTOR_UNIT)
    weights = [
        (_up(scenario.damping, _DAMPING_UNIT), abs(scenario.shock - UNIT) // _SHOCK_UNIT)
        for scenario in rules.scenarios
    ]
    held = collateral_rows(market, params)
    rate_initial = max((row.initial for row in held), default=0)
    rate_maintenance = max((row.maintenance for row in held), default=0)
    moved = max(rules.basis.spot_up - UNIT, UNIT - rules.basis.spot_down) // _SHOCK_UNIT
    found = []
    for name, number in params.underlyings.items():
        feed = market.underlyings[name]
        perpetual = feed.perpetual
        own = [e for e in expiries if e.underlying == number]
        initial = rules.perpetual.initial * UNIT + _confidence(rules, _with_perpetual(feed))
        found.append(
            UnderlyingRecord(
                underlying=number,
                spot=feed.spot,
                perpetual_price=perpetual.price if perpetual else 0,
                funding=perpetual.funding if perpetual else 0,
                loss_initial=loss_initial,
                loss_maintenance=loss_maintenance,
                perpetual_maintenance=_up(rules.perpetual.maintenance, _FACTOR_UNIT),
                perpetual_initial=_up(initial, UNIT * _FACTOR_UNIT),
                option_maintenance=_up(rules.option.maintenance, _FACTOR_UNIT),
                option_initial=_up(rules.option.initial, _FACTOR_UNIT),
                charge_initial=charge_rate(loss_initial, weights, own, rate_initial, moved),
                charge_maintenance=charge_rate(
                    loss_maintenance, weights, own, rate_maintenance, moved
                ),
            )
        )
    return tuple(found)


def collateral_rows(market: PortfolioMarket, params: PortfolioParams) -> list[CollateralRow]:
    """A row for each collateral. Its price is in the quote currency, so divided by the stable's."""
    spots = min(feed.confidence for feed in market.underlyings.values())
    rows = []
    for name, rule in params.collaterals.items():
        feed = market.collaterals[name]
        price = feed.price * UNIT // market.stable
        if not 0 < price < 1 << PRICE_BITS:
            raise InputError(
                f"over the stable's price is zero or does not fit {PRICE_BITS} bits of 1e-8",
                f"collaterals.{name}.price",
                market.file,
            )
        whole = (rule.haircut.maintenance + rule.haircut.initial) * UNIT
        charged = whole + _confidence(params.rules, min(feed.confidence, spots))
        rows.append(
            CollateralRow(
                key=Instrument(params.assets[name], COLLATERAL).key,
                price=price,
                maintenance=_up(rule.haircut.maintenance, _FACTOR_UNIT),
                initial=_up(charged, UNIT * _FACTOR_UNIT),
                cancels=rule.cancels,
            )
        )
    return rows


def charge_rate(
    loss: int,
    weights: Sequence[tuple[int, int]],
    expiries: Sequence[ExpiryRecord],
    rate: int,
    moved: int,
) -> int:
    """kappa times the declared error, up.

    `loss`, the scenarios' `weights` (damping, |shock - 1|), the collaterals' largest `rate` and
    `moved`, the larger |shock - 1| of the basis, have unit 1e-6.
    """
    largest = max((max(e.discount_long, e.discount_short) for e in expiries), default=0)
    basis = max((e.basis_factor for e in expiries), default=0)
    # What is multiplied by the loss factor stands at 1e-21, so kappa at 1e-27.
    places = DAMPING_PLACES + DISCOUNT_PLACES
    one = 10 ** (places + FACTOR_PLACES)
    scenario = max(damping for damping, _ in weights) * (largest + DISCOUNT_ONE)
    option = one + loss * max(scenario, 2 * basis * 10 ** (places - BASIS_PLACES))
    cancelled = max(damping * shock for damping, shock in weights)
    held = max(one, rate * 10**places) + loss * cancelled * 10 ** (
        places - DAMPING_PLACES - SHOCK_PLACES
    )
    # An option moves by no more than its forward does; a factor is less than a unit too large.
    forward = max((e.forward_variable for e in expiries), default=0)
    last_place = forward * moved * 10 ** (places - BASIS_PLACES - SHOCK_PLACES)
    based = one + loss * (12 * basis * 10 ** (places - BASIS_PLACES - 1) + last_place)
    unit = 10 ** (places + FACTOR_PLACES + VALUE_PLACES - CHARGE_PLACES)
    return _up(max(option, held, based) * TABLE_ERROR, unit)


def _expiry_record(
    market: PortfolioMarket, rules: Rules, name: str, number: int, expiry: Expiry
) -> ExpiryRecord:
    seconds = expiry.expiry - market.timestamp
    feed = market.underlyings[name]
    try:
        held, owed = static_discounts(
            rules.discount_long,
            rules.discount_short,
            expiry.rate,
            seconds,
            discount(expiry.rate, seconds),
        )
        return ExpiryRecord(
            prefix=prefix(number, expiry.expiry),
            discount_long=(held + _DISCOUNT_UNIT // 2) // _DISCOUNT_UNIT,
            discount_short=(owed + _DISCOUNT_UNIT // 2) // _DISCOUNT_UNIT,
            basis_factor=_up(basis_factor(rules.basis, seconds), _BASIS_UNIT),
            forward_variable=expiry.forward_variable,
            forward=expiry.forward,
            confidence_rate=_rate(rules, min(feed.confidence, expiry.confidence)),
            confidence_rate_perpetual=_rate(rules, min(_with_perpetual(feed), expiry.confidence)),
        )
    except InputError as error:
        place = f"underlyings.{name}.{expiry_name(expiry.expiry)}"
        what = f"{error.path} {error.message}" if error.path else error.message
        raise InputError(f"no record can hold it: {what}", place, market.file) from None


def _with_perpetual(feed: Underlying) -> int:
    """The confidence of spot and perpetual together; without one, of spot."""
    return min(feed.confidence, feed.perpetual.confidence if feed.perpetual else UNIT)


def _confidence(rules: Rules, confidence: int) -> int:
    """(1 - confidence) * factor below the threshold, else 0; unit 1e-36."""
    if confidence >= rules.confidence.at:
        return 0
    return (UNIT - confidence) * rules.confidence.factor


def _rate(rules: Rules, confidence: int) -> int:
    return _up(_confidence(rules, confidence), UNIT * _FACTOR_UNIT)


def _up(value: int, unit: int) -> int:
    """value / unit, rounded up."""
    return -(-value // unit)
