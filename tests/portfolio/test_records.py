"""Rows and records: their field elements, their ranges, and what feeds round to."""

from __future__ import annotations

from dataclasses import fields, replace
from decimal import Decimal
from fractions import Fraction
from math import ceil
from random import Random

import pytest

from circuits.margin.instrument import COLLATERAL, OPTION, Instrument, collateral
from circuits.margin.portfolio.elements import decode
from circuits.margin.portfolio.feeds import (
    charge_rate,
    collateral_rows,
    expiry_records,
    scenario_record,
    underlying_records,
)
from circuits.margin.portfolio.market import PortfolioMarket
from circuits.margin.portfolio.params import PortfolioParams
from circuits.margin.portfolio.records import (
    CollateralRow,
    ExpiryRecord,
    LaneEntry,
    OptionRow,
    Record,
    Row,
    ScenarioRecord,
    UnderlyingRecord,
    prefix,
)
from circuits.margin.portfolio.rules import UNIT
from tests.portfolio.files import encoded, market_tree, pair, params_tree
from zk.errors import InputError
from zk.field import R

KEY = Instrument(513, OPTION, 2**32 - 1, 2**48 - 1, 1).key
OPTION_ROW = OptionRow(KEY, (*range(33), 2**48 - 1), -(10**8), 2**48 - 1)
HELD = CollateralRow(collateral(7), 2**48 - 1, 20_000, 50_000, 513)
EXPIRY = ExpiryRecord(prefix(513, 9), 1, 2, 3, 4, 5, 6, 7)
UNDERLYING = UnderlyingRecord(513, 1, 2, -3, 4, 5, 6, 7, 8, 9, 10, 11)
SCENARIOS = ScenarioRecord((LaneEntry(1_000_000, 0), LaneEntry(2**24 - 1, 10**6)))
ALL: list[Row | Record] = [OPTION_ROW, HELD, EXPIRY, UNDERLYING, SCENARIOS]


def names(record: ExpiryRecord | UnderlyingRecord) -> list[str]:
    return [field.name for field in fields(record)]


def test_the_elements_are_the_documented_ones() -> None:
    words = OPTION_ROW.elements()
    assert words[0] == KEY + (17 << 120)
    assert words[1:3] == [0 + (1 << 112), 2 + (3 << 112)]
    assert words[17] == 32 + ((2**48 - 1) << 112)
    assert words[18] == 0 + ((2**48 - 1) << 112)  # delta -1 is 0
    assert len(words) == 19
    assert HELD.elements() == [
        collateral(7) + (18 << 120) + (513 << 128),
        2**48 - 1,
        20_000,
        50_000,
    ]
    assert HELD._replace(cancels=0).elements()[0] == collateral(7) + (18 << 120)
    assert SCENARIOS.elements() == [20 << 120, 10**6 << 20, 10**6 + ((2**24 - 1) << 20)]
    funding = 2**95 - 3
    assert UNDERLYING.elements() == [513 + (21 << 120), 1, 2, funding, *range(4, 12)]
    assert EXPIRY.elements() == [(513 << 36) + (3 << 32) + 9 + (22 << 120), *range(1, 8)]
    assert (EXPIRY.underlying, EXPIRY.expiry) == (513, 9)
    assert prefix(513, 2**32 - 1) == KEY >> 65


@pytest.mark.parametrize("content", ALL, ids=lambda content: type(content).__name__)
def test_elements_read_back(content: Row | Record) -> None:
    assert decode(content.elements()) == content
    assert all(0 <= element < R for element in content.elements())


@pytest.mark.parametrize("content", ALL, ids=lambda content: type(content).__name__)
def test_elements_of_another_tag_or_length_read_as_nothing_else(content: Row | Record) -> None:
    first, *rest = content.elements()
    own = first >> 120
    for tag in {*range(15, 27), own}:
        for changed in (rest, [*rest, 0], rest[:-1]):
            if tag == own and changed is rest:
                continue
            try:
                found = decode([first % 2**120 + (tag << 120), *changed])
            except InputError:
                continue
            # Only a row of other length or a collateral of the other kind still reads, as itself.
            assert found.elements() == [first % 2**120 + (tag << 120), *changed]
            assert found != content


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (OPTION_ROW._replace(values=(2**48,) * 34), "lane 0 is wider than 48 bits"),
        (OPTION_ROW._replace(values=(0, -1) * 17), "lane 1 is wider"),
        (OPTION_ROW._replace(delta=10**8 + 1), "delta"),
        (OPTION_ROW._replace(delta=-(10**8) - 1), "delta"),
        (OPTION_ROW._replace(vega=2**48), "vega"),
        (OPTION_ROW._replace(key=collateral(7)), "tag is not that of the key's kind"),
        (OPTION_ROW._replace(key=2**117), "no instrument"),
        (OPTION_ROW._replace(key=0), "no instrument"),
        (HELD._replace(price=0), "price"),
        (HELD._replace(price=2**48), "price"),
        (HELD._replace(maintenance=50_001), "do not rise"),
        (HELD._replace(initial=2**32), "32 bits"),
        (HELD._replace(key=KEY), "tag is not"),
    ],
)
def test_a_row_outside_its_ranges_has_a_fault(row: Row, fault: str) -> None:
    assert fault in row.fault()
    assert OPTION_ROW.fault() == HELD.fault() == ""


@pytest.mark.parametrize(
    ("record", "name"),
    [(EXPIRY, name) for name in names(EXPIRY)] + [(UNDERLYING, name) for name in names(UNDERLYING)],
)
def test_a_record_outside_its_ranges_is_refused(
    record: ExpiryRecord | UnderlyingRecord, name: str
) -> None:
    bits = dict(zip(names(record), record.widths, strict=True))[name]
    low = -(2**95) if name == "funding" else 0
    for value in (low - 1, low + 2**bits):
        with pytest.raises(InputError, match=f"{name}: does not fit {bits} bits"):
            replace(record, **{name: value})


def test_a_scenario_outside_its_ranges_is_refused() -> None:
    for entry in (LaneEntry(0, 0), LaneEntry(2**24, 0), LaneEntry(1, 10**6 + 1), LaneEntry(1, -1)):
        with pytest.raises(InputError, match=r"lanes\[0\]"):
            ScenarioRecord((entry,))


def test_rates_and_charges_round_up_and_prices_down() -> None:
    tree = params_tree()
    tree["loss_factors"]["initial"] = "1.00000000001"
    tree["scenarios"][0]["damping"] = "0.9999991"
    tree["perpetual"]["maintenance"] = "0.0150000000001"
    params = PortfolioParams.parse(encoded(tree))
    market = market_tree(Random(5))
    market["stable"] = "0.97"
    market["collaterals"]["wstETH"]["confidence"] = "0.2"
    market["underlyings"]["ETH"]["confidence"] = "0.51234567891"
    market["underlyings"]["ETH"]["perpetual"]["confidence"] = "0.3"
    market["underlyings"]["ETH"]["expiries"][0]["confidence"] = "0.4"
    found = PortfolioMarket.parse(encoded(market))
    expiries = expiry_records(found, params)
    btc, eth = underlying_records(found, params, expiries)
    # mF grows by (0.98 - 0.97) * 2 while the stable coin is below its threshold.
    assert eth.loss_initial == btc.loss_initial == 1_020_001
    assert eth.loss_maintenance == 800_000
    assert eth.perpetual_maintenance == 15_001
    # 0.005000000000000001 + (1 - 0.3) * 1.
    assert eth.perpetual_initial == 705_001
    assert (eth.option_maintenance, eth.option_initial) == (3_000, 2_000)
    first = next(e for e in expiries if e.underlying == 2)
    assert first.confidence_rate == 600_000
    assert first.confidence_rate_perpetual == 700_000
    assert scenario_record(params.rules, params.shape).lanes[3] == LaneEntry(1_180_000, 10**6)
    usdc, wsteth = collateral_rows(found, params)
    assert usdc.price == int(Fraction("0.9999") / Fraction("0.97") * 10**8)
    assert usdc.maintenance == 20_000
    # The least confidence of its own feed and of all spots: ETH's.
    assert usdc.initial == ceil((Fraction("0.05") + 1 - Fraction("0.51234567891")) * 10**6)
    assert wsteth.initial == ceil((Fraction("0.040000000000000002") + Fraction("0.8")) * 10**6)
    assert (usdc.cancels, wsteth.cancels) == (0, 2)
    for record, expiry in zip(expiries, found.underlyings["BTC"].expiries, strict=False):
        years = Fraction(expiry.expiry - found.timestamp, 365 * 86_400)
        exact = (Fraction("0.5") + 2 * years) * 10**12
        assert exact - Fraction(1, 10**5) <= record.basis_factor < exact + 1
        assert record.forward_variable == expiry.forward - expiry.forward_fixed


def test_discounts_are_the_formulas_to_the_last_place() -> None:
    market, params = pair(6)
    records = iter(expiry_records(market, params))
    for feed in market.underlyings.values():
        for expiry in feed.expiries:
            record = next(records)
            years = Decimal(expiry.expiry - market.timestamp) / (365 * 86_400)
            rate = Decimal(expiry.rate) / UNIT
            long = Decimal("0.95") * (-years * (rate + Decimal("0.08"))).exp()
            short = Decimal("1.04") * (years * (rate / 2 + Decimal("0.08"))).exp()
            short = min(short, (years * rate).exp())
            # The contract cuts after each step, at 1e-18: a few of its places, none of ours.
            assert abs(record.discount_long - long * 10**15) < Decimal("0.6")
            assert abs(record.discount_short - short * 10**15) < Decimal("0.6")


def test_without_a_perpetual_its_price_is_zero_and_its_confidence_counts_for_nothing() -> None:
    tree = market_tree(Random(5))
    del tree["underlyings"]["ETH"]["perpetual"]
    tree["underlyings"]["ETH"]["confidence"] = "0.5"
    params = PortfolioParams.parse(encoded(params_tree()))
    market = PortfolioMarket.parse(encoded(tree))
    expiries = expiry_records(market, params)
    _, eth = underlying_records(market, params, expiries)
    assert (eth.perpetual_price, eth.funding, eth.perpetual_initial) == (0, 0, 505_001)
    for record in expiries:
        if record.underlying == 2:
            assert record.confidence_rate == record.confidence_rate_perpetual


@pytest.mark.parametrize("seed", range(40))
def test_the_charge_is_kappa_rounded_up(seed: int) -> None:
    rng = Random(seed)
    loss = rng.randint(10**5, 10**7)
    weights = [(rng.randint(0, 10**6), rng.randint(0, 10 ** rng.choice((6, 7)))) for _ in range(5)]
    rate = rng.choice((0, 10**5, 3 * 10**7))
    expiries = [
        replace(
            EXPIRY,
            discount_long=rng.randint(0, 2 * 10**15),
            discount_short=rng.randint(0, 2 * 10**15),
            basis_factor=rng.randint(0, 10**13),
            forward_variable=(variable := rng.randint(0, 1 << rng.choice((30, 47)))),
            forward=variable + 1,
        )
        for _ in range(rng.randint(0, 3))
    ]
    shock = rng.randint(1, 2 * 10**6)  # of the basis, less 1
    discounts = [max(e.discount_long, e.discount_short) for e in expiries]
    damping = max(Fraction(d, 10**6) for d, _ in weights)
    scenario = damping * (Fraction(max(discounts, default=0), 10**15) + 1)
    largest = Fraction(max((e.basis_factor for e in expiries), default=0), 10**12)
    forward = max((e.forward_variable for e in expiries), default=0)
    last_place = Fraction(6, 5) * largest + Fraction(forward * shock, 10**6 * 10**12)
    factor = Fraction(loss, 10**6)
    moved = max(Fraction(d * s, 10**12) for d, s in weights)
    kappa = max(
        1 + factor * max(scenario, 2 * largest, last_place),
        max(Fraction(1), Fraction(rate, 10**6)) + factor * moved,
    )
    assert charge_rate(loss, weights, expiries, rate, shock) == ceil(kappa * 10**14 / 10**8)


def test_under_the_live_rules_kappa_is_that_of_the_specification() -> None:
    market, params = pair(7)
    expiries = expiry_records(market, params)
    for record in underlying_records(market, params, expiries):
        own = [e for e in expiries if e.underlying == record.underlying]
        largest = max(max(e.discount_long, e.discount_short) for e in own)
        basis = max(e.basis_factor for e in own)
        for loss, charge in (
            (record.loss_initial, record.charge_initial),
            (record.loss_maintenance, record.charge_maintenance),
        ):
            term = max(Fraction(largest, 10**15) + 1, 2 * Fraction(basis, 10**12))
            assert charge == ceil((1 + Fraction(loss, 10**6) * term) * 10**6)


def test_an_expiry_beyond_what_a_record_holds_is_named() -> None:
    tree = market_tree(Random(5))
    tree["underlyings"]["BTC"]["expiries"][-1]["expiry"] = str(2**32 - 1)
    params = PortfolioParams.parse(encoded(params_tree()))
    market = PortfolioMarket.parse(encoded(tree), "market.json")
    with pytest.raises(InputError, match=r"BTC.7FEB06T062815: no record can hold it: basis_fact"):
        expiry_records(market, params)


def test_a_collateral_too_dear_is_named() -> None:
    tree = market_tree(Random(5))
    tree["collaterals"]["wstETH"]["price"] = "2800000"
    market = PortfolioMarket.parse(encoded(tree | {"stable": "0.97"}), "market.json")
    with pytest.raises(InputError, match=r"collaterals.wstETH.price: over the stable's price"):
        collateral_rows(market, pair()[1])


def test_every_key_of_the_market_is_of_its_kind() -> None:
    market, params = pair()
    kinds = {Instrument.from_key(option.key).kind for option in market.options(params)}
    assert kinds == {OPTION}
    assert {Instrument.from_key(row.key).kind for row in collateral_rows(market, params)} == {
        COLLATERAL
    }
    assert UNIT == 10**18
