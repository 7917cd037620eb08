"""Params and market files to exact integers: what is accepted, what is refused at which path."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from random import Random
from typing import Any

import jsonschema
import pytest

from circuits.margin.instrument import OPTION, Instrument
from circuits.margin.portfolio.lanes import lanes
from circuits.margin.portfolio.market import PortfolioMarket
from circuits.margin.portfolio.names import expiry_name, key_name, option_name
from circuits.margin.portfolio.params import PortfolioParams
from circuits.margin.portfolio.rules import UNIT, Scenario
from circuits.margin.schema_files import FOLDER
from tests.margin.demo import drop, put
from tests.portfolio.bad_files import MARKET, PARAMS, Bad
from tests.portfolio.files import DAY, HOUR_8, NOW, encoded, market_tree, pair, params_tree
from zk.errors import InputError

TREES = {"params": params_tree, "market": lambda: market_tree(Random(1))}


def resolve(name: str, tree: Any) -> None:
    """Read a file and see that it fits the other one."""
    data = encoded(tree)
    params = PortfolioParams.parse(
        data if name == "params" else encoded(params_tree()), "params.json"
    )
    market = data if name == "market" else encoded(market_tree(Random(1)))
    PortfolioMarket.parse(market, "market.json").fit(params, params.shape)


def schema(name: str) -> Any:
    return json.loads((FOLDER / f"portfolio-{name}.schema.json").read_text())


@pytest.mark.parametrize("bad", [*PARAMS, *MARKET], ids=lambda bad: ".".join(map(str, bad[1])))
def test_bad_input_is_refused_at_its_path(bad: Bad) -> None:
    name, where, value, path, rule, in_schema = bad
    tree = put(TREES[name](), where, value)
    with pytest.raises(InputError, match=re.escape(rule)) as caught:
        resolve(name, tree)
    assert path in caught.value.path
    assert bool(path) == bool(caught.value.path)
    assert caught.value.file == f"{name}.json"
    assert "\n" not in str(caught.value)
    assert jsonschema.Draft202012Validator(schema(name)).is_valid(tree) == (not in_schema)


@pytest.mark.parametrize("name", TREES)
def test_good_files_agree_with_the_schemas(name: str) -> None:
    tree = TREES[name]()
    resolve(name, tree)
    jsonschema.validate(tree, schema(name), cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize("name", TREES)
def test_every_missing_field_is_named(name: str) -> None:
    for key in TREES[name]():
        with pytest.raises(InputError, match=f"'{key}' is missing: add it"):
            resolve(name, drop(TREES[name](), (key,)))


def test_what_the_params_list_must_be_in_the_market() -> None:
    for path in (("underlyings", "BTC"), ("collaterals", "wstETH")):
        with pytest.raises(InputError, match=f"{path[0]}: '{path[1]}' is one of the params'"):
            resolve("market", drop(market_tree(Random(1)), path))


@pytest.mark.parametrize(
    ("shape", "rule"),
    [
        ({"rows": 97}, "gives 98 rows, the params have room for 97"),
        ({"market_expiries": 7}, "gives 8 expiries, the params have room for 7"),
    ],
)
def test_a_market_that_the_shape_has_no_room_for(shape: dict[str, int], rule: str) -> None:
    market, params = pair(**shape)
    with pytest.raises(InputError, match=rule):
        market.fit(params, params.shape)


def test_decimals_are_taken_exactly() -> None:
    params = PortfolioParams.parse(encoded(params_tree()))
    assert params.rules.perpetual.initial == 5_000_000_000_000_001
    assert params.collaterals["wstETH"].haircut.initial == 10_000_000_000_000_002
    assert params.rules.basis.spot_down == 955 * 10**15
    market = market_tree(Random(1))
    market["underlyings"]["ETH"]["confidence"] = "0.987654321987654321"
    assert PortfolioMarket.parse(encoded(market)).underlyings["ETH"].confidence == (
        987654321987654321
    )


def test_a_funding_index_is_floored_whatever_its_sign() -> None:
    for written, floor in (("1.0000000000019", 1_000_000_000_001), ("-0.0000000000001", -1)):
        tree = market_tree(Random(1))
        tree["underlyings"]["ETH"]["perpetual"]["funding_index"] = written
        perpetual = PortfolioMarket.parse(encoded(tree)).underlyings["ETH"].perpetual
        assert perpetual is not None
        assert perpetual.funding == floor


def test_strikes_and_expiries_are_sorted_whatever_their_order() -> None:
    tree = market_tree(Random(1))
    params = PortfolioParams.parse(encoded(params_tree()))
    straight = PortfolioMarket.parse(encoded(tree))
    for entry in tree["underlyings"].values():
        entry["expiries"].reverse()
        for expiry in entry["expiries"]:
            Random(2).shuffle(expiry["options"])
    shuffled = PortfolioMarket.parse(encoded(tree))
    keys = [option.key for option in shuffled.options(params)]
    assert keys == sorted(set(keys))
    assert len(keys) == 96
    assert list(straight.options(params)) == list(shuffled.options(params))


def test_call_and_put_have_a_volatility_each_or_share_one() -> None:
    tree = market_tree(Random(1), expiries=1, strikes=1)
    (expiry,) = tree["underlyings"]["ETH"]["expiries"]
    expiry["options"] = [
        {"strike": "3000", "vol": "0.5"},
        {"strike": "3100", "call_vol": "0.5", "put_vol": "0.6"},
        {"strike": "3200", "put_vol": "0.7"},
    ]
    params = PortfolioParams.parse(encoded(params_tree()))
    found = [
        (o.strike // 10**8, o.right, o.vol * 10 // UNIT)
        for o in PortfolioMarket.parse(encoded(tree)).options(params)
        if Instrument.from_key(o.key).underlying == 2
    ]
    assert found == [(3000, 0, 5), (3000, 1, 5), (3100, 0, 5), (3100, 1, 6), (3200, 1, 7)]


def test_the_digest_is_of_the_meaning() -> None:
    plain = PortfolioParams.parse(encoded(params_tree())).digest
    assert plain < 2**253
    respelled = params_tree()
    respelled["assets"] = dict(reversed(respelled["assets"].items()))
    respelled["underlyings"].reverse()
    respelled["shape"]["size_classes"].reverse()
    respelled["confidence"]["threshold"] = "0.550"
    assert PortfolioParams.parse(encoded(respelled)).digest == plain
    # Every leaf counts: another value, another digest.
    changed = 0
    for path, value in leaves(params_tree()):
        for other in others(value):
            tree = put(params_tree(), path, other)
            try:
                digest = PortfolioParams.parse(encoded(tree)).digest
            except InputError:
                continue
            assert digest != plain, path
            changed += 1
    assert changed > 100


def leaves(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[tuple[Any, ...], str]]:
    """All strings of a JSON tree with their paths."""
    if isinstance(tree, str):
        return [(path, tree)]
    items = tree.items() if isinstance(tree, dict) else enumerate(tree)
    return [leaf for key, value in items for leaf in leaves(value, (*path, key))]


def others(value: str) -> list[str]:
    """Values near a value."""
    if not re.fullmatch(r"-?[0-9.]+", value):
        return [name for name in ("none", "up", "down", "yes", "no", "EUR") if name != value]
    finer = value + ("000001" if "." in value else ".000001")
    return [finer, str(int(float(value)) + 2)]


def test_the_lanes_of_the_live_scenarios() -> None:
    params = PortfolioParams.parse(encoded(params_tree()))
    found = lanes(params.rules, params.shape)
    assert len(found) == 34
    assert [lane.scenario.shock for lane in found[:3]] == [UNIT, 1045 * 10**15, 955 * 10**15]
    assert [lane.scenario.vol for lane in found[:3]] == ["none"] * 3
    assert [lane.scenario.vol for lane in found[-2:]] == ["linear", "absolute"]
    assert [i for i, lane in enumerate(found) if not lane.used] == [31]
    counted = {lane.scenario for lane in found if lane.counted}
    assert counted == set(params.rules.scenarios)
    in_order = [s for s in params.rules.scenarios if s in [lane.scenario for lane in found[3:31]]]
    assert [lane.scenario for lane in found[3:31]] == in_order


def test_lanes_that_are_no_scenario_have_no_weight() -> None:
    tree = params_tree()
    tree["scenarios"] = [{"shock": "0.9", "vol": "up", "damping": "1"}]
    tree["shape"] |= {"lanes": "6", "skews": "1"}
    params = PortfolioParams.parse(encoded(tree))
    found = lanes(params.rules, params.shape)
    assert [lane.counted for lane in found] == [False, False, False, True, False, False]
    assert [lane.used for lane in found] == [True, True, True, True, False, False]
    assert all(lane.scenario.damping == 0 for lane in found if not lane.counted)
    # One skew lane takes whichever skew there is.
    for vol in ("linear", "absolute"):
        tree["scenarios"] = [{"shock": "1", "vol": vol, "damping": "1"}]
        params = PortfolioParams.parse(encoded(tree))
        assert lanes(params.rules, params.shape)[-1].scenario == Scenario(UNIT, vol)


def test_a_class_that_the_venue_does_not_offer() -> None:
    params = PortfolioParams.parse(encoded(params_tree()))
    assert params.shape_for(128) == replace(params.shape, options=128)
    with pytest.raises(InputError, match="they offer 32, 8, 128"):
        params.shape_for(64)
    assert params.buffer(1000) == 1000
    with pytest.raises(InputError, match="one of the menu: 0, 1000, 25000"):
        params.buffer(7)


def test_names_of_options() -> None:
    assert option_name("ETH", 1_735_286_400, 4000 * 10**8, 0) == "ETH-27DEC24-4000-C"
    assert option_name("SOL", HOUR_8 + DAY, 1255 * 10**7, 1) == "SOL-20NOV26-125.5-P"
    assert expiry_name(NOW) == "19NOV26T1600"
    assert expiry_name(NOW + 7) == "19NOV26T160007"
    key = Instrument(9, OPTION, 1_735_286_400, 4000 * 10**8, 1).key
    assert key_name(key, "ETH") == "ETH-27DEC24-4000-P"
