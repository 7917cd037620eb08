"""Deribit's book summaries as a market: the sample becomes an epoch, what is unfit is named."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

from circuits.margin.portfolio.deribit import Given, market_file
from circuits.margin.portfolio.market import PortfolioMarket
from circuits.margin.portfolio.names import option_name
from circuits.margin.portfolio.params import PortfolioParams
from circuits.margin.portfolio.records import OptionRow
from circuits.margin.portfolio.table import PortfolioEpoch
from tests.portfolio.files import encoded, params_tree
from zk.errors import InputError

EXAMPLES = Path(__file__).parents[2] / "examples" / "portfolio"
SAMPLE = EXAMPLES / "deribit_sample.json"
HELD = Given(prices={"USDC": "0.9999", "wstETH": "3725.5"})
NAME = "ETH-27NOV26-3100-C"


@pytest.fixture(scope="module")
def params() -> PortfolioParams:
    return PortfolioParams.parse(encoded(params_tree() | {"underlyings": ["ETH"]}))


def sample() -> Any:
    return json.loads(SAMPLE.read_bytes())


def entry(tree: Any, name: str = NAME) -> Any:
    return next(item for item in tree["result"] if item["instrument_name"] == name)


def market(tree: Any, params: PortfolioParams, given: Given = HELD) -> PortfolioMarket:
    return PortfolioMarket.parse(market_file([(encoded(tree), "d.json")], params, given))


def test_the_sample_is_what_the_script_makes_and_says_that_it_is_synthetic() -> None:
    made = runpy.run_path(str(EXAMPLES / "make_deribit_sample.py"))["sample"]()
    tree = sample()
    assert "Synthetic sample" in tree["note"]
    assert "not Deribit's numbers" in tree["note"]
    assert len(tree["result"]) == 500
    assert tree["note"] == made["note"]
    for here, there in zip(tree["result"], made["result"], strict=True):
        assert here.keys() == there.keys()
        for key, value in here.items():
            if isinstance(value, float):  # the last digit may be another on another libm
                assert value == pytest.approx(there[key], abs=2e-4)
            else:
                assert value == there[key]


def test_the_sample_becomes_an_epoch(params: PortfolioParams) -> None:
    tree = sample()
    found = market(tree, params)
    assert found.timestamp == max(item["creation_timestamp"] for item in tree["result"]) // 1000
    eth = found.underlyings["ETH"]
    assert (eth.spot, eth.perpetual, len(eth.expiries)) == (310_725_000_000, None, 10)
    assert all(expiry.expiry % 86_400 == 8 * 3600 for expiry in eth.expiries)
    epoch = PortfolioEpoch.build(found, params)
    assert len(epoch.rows) == 502
    marks = {item["instrument_name"]: item["mark_price"] for item in tree["result"]}
    for option in found.options(params):
        name = option_name("ETH", option.expiry.expiry, option.strike, option.right)
        row = epoch.by_key[option.key]
        assert isinstance(row, OptionRow)
        in_coin = row.values[0] / option.expiry.forward
        assert in_coin == pytest.approx(marks.pop(name), abs=6e-5)
    assert not marks


def test_the_order_of_entries_does_not_matter(params: PortfolioParams) -> None:
    tree = sample()
    given = market_file([(encoded(tree), "")], params, HELD)
    tree["result"].reverse()
    assert market_file([(encoded(tree), "")], params, HELD) == given
    # A bare list, and the same in two files, are the same market.
    first, second = tree["result"][:123], tree["result"][123:]
    assert market_file([(encoded(first), "a"), (encoded(second), "b")], params, HELD) == given


def test_what_is_given_is_used(params: PortfolioParams) -> None:
    given = Given("0.4", "0.999", {"USDC": "1", "wstETH": "3000"}, "-12.5")
    tree = sample()
    perpetual = {"instrument_name": "ETH-PERPETUAL", "mark_price": 3108.1}
    future = {"instrument_name": "ETH-25DEC26", "mark_price": 3120}
    tree["result"] += [perpetual, future]
    found = market(tree, params, given)
    eth = found.underlyings["ETH"]
    assert found.stable == 999 * 10**15
    assert {eth.confidence, *(e.confidence for e in eth.expiries)} == {4 * 10**17}
    assert found.collaterals["wstETH"].price == 3000 * 10**8
    assert eth.perpetual is not None
    assert (eth.perpetual.price, eth.perpetual.funding) == (310_810_000_000, -125 * 10**11)


def test_a_collateral_that_is_an_underlying_has_its_spot() -> None:
    tree = params_tree() | {"underlyings": ["ETH"], "collaterals": {}}
    tree["collaterals"]["ETH"] = {
        "maintenance_haircut": "0.1",
        "initial_haircut": "0.1",
        "cancels": "ETH",
    }
    found = market(sample(), PortfolioParams.parse(encoded(tree)), Given())
    assert found.collaterals["ETH"].price == found.underlyings["ETH"].spot


def test_call_and_put_keep_each_its_volatility(params: PortfolioParams) -> None:
    tree = sample()
    put = entry(tree, NAME[:-1] + "P")
    put["mark_iv"] = 63.75
    tree["result"].remove(entry(tree, "ETH-27NOV26-3150-P"))
    found = market(tree, params)
    options = {o.strike // 10**8: o for o in found.underlyings["ETH"].expiries[3].options}
    strike = options[3100]
    assert strike.put_vol == 6375 * 10**14
    assert strike.call_vol == round(entry(tree)["mark_iv"] * 100) * 10**14
    assert options[3150].put_vol is None
    assert options[3150].call_vol is not None


def test_forward_spot_and_rate_are_medians(params: PortfolioParams) -> None:
    tree = sample()
    mine = [item for item in tree["result"] if "-27NOV26-" in item["instrument_name"]]
    assert len(mine) == 50
    for i, item in enumerate(mine):
        item["underlying_price"] = 3110 + (i * 7 % 50) / 100  # 3110.00 .. 3110.49, out of order
        item["interest_rate"] = (i * 3 % 50 - 20) / 10_000  # the median is 4e-4
    for i, item in enumerate(tree["result"]):
        item["estimated_delivery_price"] = 3100 + (i * 7 % 500) / 100
    eth = market(tree, params).underlyings["ETH"]
    # Of an even number the lower of the two in the middle: a value that somebody published.
    assert eth.expiries[3].forward == 311_024_000_000
    assert eth.expiries[3].rate == 4 * 10**14
    assert eth.spot == 310_249_000_000
    for item in mine:
        item["interest_rate"] = -0.02
    assert market(tree, params).underlyings["ETH"].expiries[3].rate == 0


def test_a_mark_price_within_half_a_percent_of_the_forward_is_taken(
    params: PortfolioParams,
) -> None:
    for change, taken in ((0.0048, True), (-0.0048, True), (0.0052, False), (-0.0052, False)):
        tree = sample()
        entry(tree)["mark_price"] += change
        if taken:
            market(tree, params)
            continue
        with pytest.raises(InputError, match="mark_price is not what"):
            market(tree, params)


def test_numbers_are_taken_as_written(params: PortfolioParams) -> None:
    text = json.dumps(sample()).replace('"interest_rate": 0.0', '"interest_rate": 1.25e-3')
    found = PortfolioMarket.parse(market_file([(text.encode(), "")], params, HELD))
    assert {e.rate for e in found.underlyings["ETH"].expiries} == {125 * 10**13}


def linear(tree: Any) -> Any:
    """The same options as linear ones: another name, mark_price in the quote currency."""
    for item in tree["result"]:
        item["instrument_name"] = item["instrument_name"].replace("ETH-", "ETH_USDC-")
        item["mark_price"] *= item["underlying_price"]
    return tree


def test_linear_options_and_strikes_with_a_point(params: PortfolioParams) -> None:
    inverse = market(sample(), params)
    tree = linear(sample())
    assert market(tree, params).underlyings == inverse.underlyings
    entry(tree, "ETH_USDC-27NOV26-3100-C")["instrument_name"] = "ETH_USDC-27NOV26-3100d5-C"
    strikes = [o.strike for o in market(tree, params).underlyings["ETH"].expiries[3].options]
    assert 310_050_000_000 in strikes


BAD: list[tuple[dict[str, Any], str]] = [
    ({"mark_iv": None}, "has no mark_iv"),
    ({"mark_iv": 0}, "mark_iv is not above zero"),
    ({"mark_iv": "63.1"}, "has no mark_iv"),
    ({"mark_iv": 1801}, "over 1800 percent"),
    ({"mark_iv": 0.63}, "mark_price is not what mark_iv"),
    ({"mark_price": 0.9}, "mark_price is not what mark_iv"),
    ({"underlying_price": None}, "has no underlying_price"),
    ({"underlying_price": -1}, "underlying_price is not above zero"),
    ({"underlying_price": 1e400}, "NaN|has no underlying_price"),
    ({"underlying_price": 3300}, "over 1 % from 3110.7423, its expiry's median"),
    ({"underlying_index": "ETH-4DEC26"}, "underlying_index is of another expiry"),
    ({"underlying_index": None}, "underlying_index is of another expiry"),
    ({"interest_rate": None}, "has no interest_rate"),
    ({"estimated_delivery_price": None}, "has no estimated_delivery_price"),
    ({"creation_timestamp": None}, "has no creation_timestamp"),
    ({"creation_timestamp": 1_795_175_000_000}, "over 60 seconds older"),
]


@pytest.mark.parametrize(("change", "rule"), BAD)
def test_an_unfit_entry_is_refused_by_its_name(
    params: PortfolioParams, change: dict[str, Any], rule: str
) -> None:
    tree = sample()
    entry(tree).update(change)
    with pytest.raises(InputError, match=rule) as caught:
        market(tree, params)
    assert caught.value.path == NAME


@pytest.mark.parametrize("field", ["mark_iv", "underlying_price", "creation_timestamp"])
def test_an_absent_field_is_refused_by_name(params: PortfolioParams, field: str) -> None:
    tree = sample()
    del entry(tree)[field]
    with pytest.raises(InputError, match=f"{NAME}: has no {field}"):
        market(tree, params)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("ETH-31FEB27-3100-C", "has no such day"),
        ("ETH-27XXX26-3100-C", "has no such day"),
        ("ETH-20NOV26-3100-C", "has expired"),
        ("ETH-27NOV26-0-C", "neither an option nor a future"),
        ("ETH-27NOV26-3100-X", "neither an option nor a future"),
        ("ETH-CS-27NOV26-3100_3200", "neither an option nor a future"),
        ("ETH_USDC", "neither an option nor a future"),
        ("ETH_USDC-27NOV26-3150-C", "is the same option as ETH.*-27NOV26-3150-C"),
        ("DOGE-27NOV26-3100-C", "DOGE is not one of the params' underlyings"),
    ],
)
def test_an_unfit_name_is_refused(params: PortfolioParams, name: str, rule: str) -> None:
    tree = sample()
    item = entry(tree)
    item["instrument_name"] = name
    if name.count("-") == 3:
        item["underlying_index"] = f"ETH-{name.split('-')[1]}"
    if "same option" in rule:
        item["mark_price"] = None
    with pytest.raises(InputError, match=rule):
        market(tree, params)


def test_what_is_missing_is_said(params: PortfolioParams) -> None:
    both = PortfolioParams.parse(encoded(params_tree()))
    with pytest.raises(InputError, match="no response has options on BTC: give its response too"):
        market(sample(), both)
    with pytest.raises(InputError, match="USDC is a collateral of the params without a price"):
        market(sample(), params, Given())
    with pytest.raises(InputError, match="no response has an option"):
        market([], params)
    tree = sample()
    for name in ("ETH-PERPETUAL", "ETH_USDC-PERPETUAL"):
        tree["result"].append({"instrument_name": name, "mark_price": 1})
    with pytest.raises(InputError, match="USDC-PERPETUAL: is a perpetual on the asset of ETH-"):
        market(tree, params)
    for given in (Given("1.5", prices=HELD.prices), Given(stable="x", prices=HELD.prices)):
        with pytest.raises(InputError, match=r"confidence|stable"):
            market(sample(), params, given)


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "is empty"),
        (b"{", "is not JSON"),
        (b'{"error": {"code": 1}}', "has no list 'result'"),
        (b'{"result": {}}', "has no list 'result'"),
        (b'{"result": [], "result": []}', "has no list 'result'"),
        (b'{"result": [1]}', r"result\[0\]: has no instrument_name"),
        (b'{"result": [{}]}', r"result\[0\]: has no instrument_name"),
        (b'{"result": [{"instrument_name": "a b"}]}', r"result\[0\]: has no instrument_name"),
        (b"[" * 10**5, "nested"),
    ],
)
def test_what_is_no_answer_of_deribit(params: PortfolioParams, data: bytes, rule: str) -> None:
    with pytest.raises(InputError, match=rule) as caught:
        market_file([(data, "d.json")], params, HELD)
    assert caught.value.file == "d.json"


@pytest.mark.parametrize("text", ["1" * 41, "1e999999999", "1e-999999999", "NaN", "Infinity"])
def test_absurd_numbers_are_refused_quickly(params: PortfolioParams, text: str) -> None:
    usual = '"underlying_price": 3110.7423'
    data = json.dumps(sample()).replace(usual, f'"underlying_price": {text}')
    with pytest.raises(InputError, match="has no underlying_price"):
        market_file([(data.encode(), "")], params, HELD)
