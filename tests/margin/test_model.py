"""The integer model against cases worked by hand, and against rationals computed from the files."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits.margin.book import Book, Holding, Position
from circuits.margin.constants import (
    CASH_SCALE,
    DEDUCTION_SCALE,
    INITIAL,
    MAINTENANCE,
    MODES,
    ROW_COLLATERAL,
    ROW_INSTRUMENT,
)
from circuits.margin.decimals import parse_decimal
from circuits.margin.inputs import Account, Epoch, Market, RiskParams, Row, TierTable
from circuits.margin.instrument import collateral, future, perpetual
from circuits.margin.model import (
    amount,
    book_liquidatable,
    book_meets,
    breakdown,
    explain,
    liquidatable,
    margin,
    meets,
)
from tests.documents import documents, encoded
from tests.margin.demo import DEMO, tree
from tests.strategies import (
    Case,
    cases,
    drawn_cases,
    haircut_tables,
    requirement_tables,
    shape_of,
)
from zk.errors import InputError

UNIT = 10**8  # of quantity, price, cash
QUOTE = 10**22  # one unit of the quote at the margin's scale

# Hyperliquid's BTC tiers at maintenance: 1/80 to 150M, 1/40 above.
BTC_MM = TierTable((12_500, 25_000), (150_000_000_00,))
BTC_IM = TierTable((25_000, 50_000), (150_000_000_00,))
# Binance's example of a tiered collateral ratio, 100 % to 100M, 97.5 % to 120M, 95 % to 150M.
BTC_HAIRCUT = TierTable((1_000_000, 975_000, 950_000), (100_000_000_00, 120_000_000_00))


def notional(quote: int | str) -> int:
    return parse_decimal(str(quote), 16)


def rows(*made: Row) -> dict[int, Row]:
    return {row.key: row for row in made}


def btc(mark: int, funding: int = 0) -> Row:
    return Row(ROW_INSTRUMENT, perpetual(1), mark * UNIT, funding, (BTC_IM, BTC_MM))


def book(cash: int, *positions: Position, collaterals: tuple[Holding, ...] = ()) -> Book:
    return Book(1, 1, "4+4", cash * UNIT, positions, collaterals)


# By hand.


@pytest.mark.parametrize(
    ("value", "required"),
    [
        (0, "0"),
        (1_000_000, "12500"),
        (150_000_000, "1875000"),
        # 150M at 1/80 is 1,875,000; the 50M above at 1/40 are 1,250,000 more.
        (200_000_000, "3125000"),
        ("150000000.0000000000000001", "1875000.0000000000000000025"),
    ],
)
def test_a_requirement_counts_each_tier_at_its_own_rate(value: int | str, required: str) -> None:
    assert amount(BTC_MM.exact(notional(value))) == required


def test_the_second_line_alone_would_be_a_forgery() -> None:
    rate, deduction = BTC_MM.lines()[1]
    assert rate * notional(1_000_000) - deduction * DEDUCTION_SCALE == -1_850_000 * QUOTE


def test_a_haircut_counts_each_tier_at_its_own_rate() -> None:
    # Binance's worked example: 120M of BTC count as 119.5M.
    assert BTC_HAIRCUT.exact(notional(120_000_000)) == 119_500_000 * QUOTE
    assert BTC_HAIRCUT.exact(notional(130_000_000)) == 129_000_000 * QUOTE
    assert BTC_HAIRCUT.exact(notional(7)) == 7 * QUOTE


def test_a_long_and_a_short_by_hand() -> None:
    table = rows(
        btc(100_000, funding=3 * 10**12),
        Row(ROW_INSTRUMENT, future(1, 1_800_000_000), 101_000 * UNIT, 0, (BTC_IM, BTC_MM)),
        Row(ROW_COLLATERAL, collateral(1), 100_000 * UNIT, 0, (BTC_HAIRCUT,)),
    )
    held = book(
        -900_000,
        Position(perpetual(1), 10 * UNIT, 1 * 10**12),  # 2 per unit of funding unpaid
        Position(future(1, 1_800_000_000), -1 * UNIT, 0),
        collaterals=(Holding(collateral(1), UNIT // 2),),
    )
    found = breakdown(held, table, MAINTENANCE)
    # -900,000 + 1,000,000 - 20 - 101,000 + 50,000 = 48,980; 1/80 of 1,101,000 = 13,762.5.
    assert found.equity == 48_980 * QUOTE
    assert amount(found.requirement) == "13762.5"
    assert amount(found.margin) == "35217.5"
    assert amount(breakdown(held, table, INITIAL).requirement) == "27525"
    assert [line.tier for line in found.positions] == [0, 0]
    assert found.binding() is found.positions[0]
    assert book_meets(held, table, MAINTENANCE, 35_217)
    assert not book_meets(held, table, MAINTENANCE, 35_218)
    assert found.spare_cash(35_000) == parse_decimal("217.5", 8)


def test_a_short_earns_what_a_long_pays() -> None:
    table = rows(btc(1, funding=5 * 10**12))
    long = breakdown(book(0, Position(perpetual(1), UNIT, 0)), table, MAINTENANCE)
    short = breakdown(book(0, Position(perpetual(1), -UNIT, 0)), table, MAINTENANCE)
    assert long.positions[0].funding == -5 * QUOTE
    assert short.positions[0].funding == 5 * QUOTE


def test_a_perpetual_and_a_future_on_one_asset_do_not_net() -> None:
    dated = Row(ROW_INSTRUMENT, future(1, 9), 100 * UNIT, 0, (BTC_IM, BTC_MM))
    held = book(0, Position(perpetual(1), UNIT, 0), Position(future(1, 9), -UNIT, 0))
    assert amount(breakdown(held, rows(btc(100), dated), MAINTENANCE).requirement) == "2.5"


def test_on_the_line_meets_and_is_not_liquidatable() -> None:
    # 1/80 of 80 is 1: cash -79 leaves equity 1.
    table, position = rows(btc(80)), Position(perpetual(1), UNIT, 0)
    held = book(-79, position)
    assert margin(held, table, MAINTENANCE) == 0
    assert book_meets(held, table, MAINTENANCE)
    assert not book_liquidatable(held, table)
    under = replace(held, cash=held.cash - 1)
    assert margin(under, table, MAINTENANCE) == -CASH_SCALE
    assert not book_meets(under, table, MAINTENANCE)
    assert book_liquidatable(under, table)


def test_on_the_line_from_files() -> None:
    params, market, account = documents(Random(1), "1+1", used=0, held=0)
    checked, table = RiskParams.parse(encoded(params)), Market.parse(encoded(market))
    for cash, above in (("1000", True), ("999.99999999", False)):
        on_line = Account.parse(encoded(account | {"cash": cash}))
        assert meets(on_line, table, checked, INITIAL, 1000) == above
    for cash, under in (("0", False), ("-0.00000001", True)):
        on_line = Account.parse(encoded(account | {"cash": cash}))
        assert liquidatable(on_line, table, checked) == under


def test_an_empty_account_stands_on_the_line() -> None:
    assert margin(book(0), {}, INITIAL) == 0
    assert book_meets(book(0), {}, INITIAL)
    assert not book_liquidatable(book(0), {})


def test_an_instrument_without_a_row_is_named_by_its_place() -> None:
    market = tree("market")
    params = RiskParams.load(DEMO / "params.json")
    expiry = params.instruments["BTC-25DEC26"].instrument.expiry
    for name, listing in params.instruments.items():
        if 0 < listing.instrument.expiry <= expiry:
            del market["instruments"][name]
    market["timestamp"] = str(expiry)
    later = Market.parse(encoded(market), "market.json")
    account = Account.parse((DEMO / "account.json").read_bytes(), "account.json")
    with pytest.raises(InputError, match=r"account\.json: positions\[1\]: .*expired"):
        meets(account, later, params, MAINTENANCE)


def test_the_buffer_comes_from_the_menu() -> None:
    files = (Account.load(DEMO / "account.json"), Market.load(DEMO / "market.json"))
    params = RiskParams.load(DEMO / "params.json")
    assert meets(*files, params, INITIAL, 5_000_000)
    with pytest.raises(InputError, match="one of the menu: 0, 10000"):
        meets(*files, params, INITIAL, 5_000_001)


def test_the_demo_accounts_stand_where_they_should() -> None:
    params, market = RiskParams.load(DEMO / "params.json"), Market.load(DEMO / "market.json")
    good = Account.load(DEMO / "account.json")
    bad = Account.load(DEMO / "account-underwater.json")
    for mode in MODES.values():
        assert meets(good, market, params, mode)
        assert not meets(bad, market, params, mode)
    found = explain(good, market, params, INITIAL)
    assert 13 * found.requirement < 10 * found.equity < 20 * found.requirement
    # More than one tier is in use, of requirements and of haircuts.
    assert {line.tier for line in found.positions} == {0, 1}
    assert {line.tier for line in found.collaterals} == {0, 1}
    assert liquidatable(bad, market, params)
    assert not liquidatable(good, market, params)


def test_the_breakdown_shows_nothing_by_itself() -> None:
    found = explain(
        Account.load(DEMO / "account.json"),
        Market.load(DEMO / "market.json"),
        RiskParams.load(DEMO / "params.json"),
        INITIAL,
    )
    shown = json.dumps([repr(found), repr(found.positions[0]), repr(found.collaterals[0])])
    assert str(found.positions[0].notional) not in shown
    assert str(found.cash) not in shown


# Properties.

values = st.integers(0, 2**127)


@settings(deadline=None)
@given(requirement_tables(), values)
def test_a_requirement_is_the_maximum_of_its_lines(table: TierTable, value: int) -> None:
    lines = [rate * value - cut * DEDUCTION_SCALE for rate, cut in table.lines()]
    assert table.exact(value) == max(lines)


@settings(deadline=None)
@given(haircut_tables(), values)
def test_a_haircut_is_the_minimum_of_its_lines(table: TierTable, value: int) -> None:
    lines = [rate * value - cut * DEDUCTION_SCALE for rate, cut in table.lines()]
    assert table.exact(value) == min(lines)


@settings(deadline=None)
@given(st.one_of(requirement_tables(), haircut_tables()), st.data())
def test_a_tier_function_is_continuous_and_monotone(table: TierTable, data: st.DataObject) -> None:
    points = sorted(data.draw(st.lists(values, min_size=2)))
    for boundary in table.boundaries:
        at = boundary * 10**14
        points += [max(at - 1, 0), at, at + 1]
        for side in (table.tier(max(at - 1, 0)), table.tier(at)):
            rate, cut = table.lines()[side]
            assert rate * at - cut * DEDUCTION_SCALE == table.exact(at)
    for low, high in pairwise(sorted(points)):
        step = table.exact(high) - table.exact(low)
        assert 0 <= step <= (high - low) * 10**6


@settings(deadline=None, max_examples=50)
@given(drawn_cases(shape_of("4+4")))
def test_what_any_book_obeys(case: Case) -> None:
    table, held = case.epoch.by_key, replace(case.book, cash=0)
    for mode in MODES.values():
        plain = breakdown(held, table, mode)
        assert margin(replace(held, cash=1), table, mode) == plain.margin + CASH_SCALE
        # A book is the sum of its slots: nothing nets.
        alone = [replace(held, positions=(p,), collaterals=()) for p in held.positions]
        alone += [replace(held, positions=(), collaterals=(c,)) for c in held.collaterals]
        assert sum(margin(one, table, mode) for one in alone) == plain.margin
        spare = plain.spare_cash(case.buffer)
        assert 0 <= plain.distance(case.buffer) - spare * CASH_SCALE < CASH_SCALE
    meets_now = book_meets(held, table, MAINTENANCE)
    assert book_liquidatable(held, table) == (not meets_now)


def test_cases_land_where_they_say() -> None:
    for size_class in ("1+1", "4+4", "16+8", "64+16"):
        found = list(cases(shape_of(size_class), 240, seed=3))
        below = sum(case.distance < 0 for case in found)
        assert below * 2 == len(found)
        for case in found:
            terms = breakdown(case.book, case.epoch.by_key, case.mode)
            if case.kind == "near":
                away = max(terms.requirement, QUOTE) // 10**6 + 2 * CASH_SCALE
                assert abs(case.distance) <= away
            elif case.kind == "line":
                assert 0 <= case.distance < CASH_SCALE
            elif case.kind == "under":
                assert -CASH_SCALE <= case.distance < 0
        on_line = [c for c in found if c.distance == 0 and c.kind == "line"]
        under = [c for c in found if c.distance == -CASH_SCALE and c.kind == "under"]
        assert {c.statement for c in on_line} == {c.statement for c in under}
        assert {c.statement for c in on_line} == {"meets", "liquidatable"}
        shape = shape_of(size_class)
        assert {len(c.book.positions) for c in found} == set(range(shape.positions + 1))
        assert {len(c.book.collaterals) for c in found} == set(range(shape.collaterals + 1))


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32), st.sampled_from(["1+1", "4+4", "16+8", "64+16"]))
def test_the_model_is_the_formula_on_the_files(seed: int, size_class: str) -> None:
    """A second reading of the files, in rationals and without any table of integers."""
    rng = Random(seed)
    shape = shape_of(size_class)
    used, held = rng.randint(0, shape.positions), rng.randint(0, shape.collaterals)
    params, market, account = documents(rng, size_class, used=used, held=held)
    checked = RiskParams.parse(encoded(params))
    files = (Account.parse(encoded(account)), Market.parse(encoded(market)), checked)
    for name, mode in MODES.items():
        found = explain(*files, mode)
        assert Fraction(found.equity, QUOTE) == _equity(params, market, account)
        assert Fraction(found.requirement, QUOTE) == _requirement(params, market, account, name)
        assert Fraction(found.margin, QUOTE) == Fraction(found.equity - found.requirement, QUOTE)
    assert liquidatable(*files) == (explain(*files, MAINTENANCE).margin < 0)
    # The epoch's rows give the same.
    epoch: Epoch = files[1].epoch(checked)
    assert margin(files[0].book(checked), epoch.by_key, INITIAL) == explain(*files, INITIAL).margin


def _equity(params: Any, market: Any, account: Any) -> Fraction:
    total = Fraction(account["cash"])
    for position in account["positions"]:
        quote = market["instruments"][position["instrument"]]
        quantity = Fraction(position["quantity"])
        total += quantity * Fraction(quote["mark"])
        if "funding_index" in quote:
            index = Fraction(quote["funding_index"]) - Fraction(position["funding_index"])
            total -= quantity * index
    for holding in account["collateral"]:
        value = Fraction(holding["quantity"]) * Fraction(
            market["collaterals"][holding["asset"]]["price"]
        )
        tiers = params["haircut_tiers"][params["collaterals"][holding["asset"]]["haircut_tiers"]]
        rates = [Fraction(floor(Fraction(tier["rate"]) * 10**6), 10**6) for tier in tiers]
        total += _marginal(value, [Fraction(tier["above"]) for tier in tiers], rates)
    return total


def _requirement(params: Any, market: Any, account: Any, mode: str) -> Fraction:
    total = Fraction(0)
    for position in account["positions"]:
        name = position["instrument"]
        mark = Fraction(market["instruments"][name]["mark"])
        tiers = params["margin_tiers"][params["instruments"][name]["margin_tiers"]]
        rates = []
        for tier in tiers:
            if "max_leverage" in tier:
                rate = 1 / (Fraction(tier["max_leverage"]) * (2 if mode == "MM" else 1))
            else:
                rate = Fraction(tier["maintenance" if mode == "MM" else "initial"])
            rates.append(Fraction(ceil(rate * 10**6), 10**6))
        above = [Fraction(tier["above"]) for tier in tiers]
        total += _marginal(abs(Fraction(position["quantity"])) * mark, above, rates)
    return total


def _marginal(value: Fraction, above: list[Fraction], rates: list[Fraction]) -> Fraction:
    """What of the value lies in each tier, at that tier's rate."""
    ends = [*above[1:], max(value, above[-1])]
    return sum(
        (
            max(min(value, end) - start, Fraction(0)) * rate
            for start, end, rate in zip(above, ends, rates, strict=True)
        ),
        Fraction(0),
    )
