"""Files changed at random are read or refused with a reason: nothing else is ever raised."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from circuits.margin.portfolio.deribit import Given, market_file
from circuits.margin.portfolio.market import PortfolioMarket
from circuits.margin.portfolio.params import PortfolioParams
from circuits.margin.portfolio.table import PortfolioEpoch
from circuits.margin.portfolio.table_check import check
from circuits.margin.portfolio.table_file import PublishedTable, encode
from tests.portfolio.files import encoded, market_tree, pair, params_tree
from tests.portfolio.test_deribit import sample
from zk.errors import ZkError

MARKET, PARAMS = pair(3, expiries=2, strikes=2)
ETH_ONLY = PortfolioParams.parse(encoded(params_tree() | {"underlyings": ["ETH"]}))
GIVEN = Given(prices={"USDC": "1", "wstETH": "3700"})
ODD: list[Any] = [
    *("", "0", "-1", "-0", "0.5", "1", "2", "17", "18", "20", "22", "34", "40", "1e5", "9" * 30),
    *("4294967295", "2814749.76710655", "0.00000001", "1.000001", "115792089237316195423570985"),
    *("x", "C", "option", "collateral", "up", "linear", "none", "ETH", "BTC"),
    *(None, True, [], {}, 5, 1.5, -1, ["1"], {"a": "1"}),
]


def mutated(tree: Any, rng: Random) -> Any:
    """A copy with one to three parts replaced, removed, repeated or shuffled."""
    tree = copy.deepcopy(tree)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        where = rng.choice(places(tree))
        node = tree
        for step in where[:-1]:
            node = node[step]
        way = rng.random()
        if way < 0.7:
            node[where[-1]] = rng.choice(ODD)
        elif way < 0.8:
            del node[where[-1]]
        elif isinstance(node, list) and way < 0.9:
            node.insert(where[-1], copy.deepcopy(node[where[-1]]))
        elif isinstance(node, list):
            rng.shuffle(node)
    return tree


def places(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths of everything in a JSON tree."""
    items: list[Any] = []
    if isinstance(tree, dict):
        items = list(tree.items())
    elif isinstance(tree, list):
        items = list(enumerate(tree))
    found = [(*path, key) for key, _ in items]
    return found + [place for key, value in items for place in places(value, (*path, key))]


def read_params(data: bytes) -> None:
    PortfolioEpoch.build(MARKET, PortfolioParams.parse(data, "f"))


def read_market(data: bytes) -> None:
    assert PortfolioEpoch.build(PortfolioMarket.parse(data, "f"), PARAMS).root


def read_deribit(data: bytes) -> None:
    PortfolioMarket.parse(market_file([(data, "f")], ETH_ONLY, GIVEN))


def read_table(data: bytes) -> None:
    found = PublishedTable.parse(data, "f")
    wrong = list(check(found, MARKET, PARAMS))
    assert all("\n" not in str(finding) for finding in wrong)
    assert found.epoch(PARAMS).root == found.root
    assert not wrong  # what can be read without a complaint is the epoch


def deribit_tree() -> Any:
    tree = sample()
    tree["result"] = [e for e in tree["result"] if "27NOV26" in e["instrument_name"]]
    return tree


CASES: dict[str, tuple[Callable[[], Any], Callable[[bytes], None]]] = {
    "params": (params_tree, read_params),
    "market": (lambda: market_tree(Random(3), expiries=2, strikes=2), read_market),
    "deribit": (deribit_tree, read_deribit),
    "table": (lambda: json.loads(encode(PortfolioEpoch.build(MARKET, PARAMS))), read_table),
}


@pytest.mark.parametrize("name", CASES)
def test_a_mutated_file_is_read_or_refused(name: str) -> None:
    make, read = CASES[name]
    tree = make()
    read(encoded(tree))
    rng = Random(f"mutated {name}")
    refused = []
    for _ in range(80):
        try:
            read(encoded(mutated(tree, rng)))
        except ZkError as error:
            refused.append(str(error))
    assert len(refused) >= 20
    assert all("\n" not in line for line in refused)
