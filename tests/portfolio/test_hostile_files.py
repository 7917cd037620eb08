"""Account and trade files altered anywhere and anyhow: read, or refused in one line without values.

python -m tests.portfolio.test_hostile_files --count 20000      the larger run
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cache
from random import Random
from typing import Any

from circuits.margin.portfolio.account import PortfolioAccount
from circuits.margin.portfolio.explain import explain_portfolio
from circuits.margin.portfolio.table import PortfolioEpoch
from circuits.margin.portfolio.trade import PortfolioTrade
from tests.portfolio.accounts import (
    account,
    account_tree,
    future,
    option,
    small_market,
    small_params,
)
from zk.errors import InputError

#: Long enough that no message holds it by chance.
CANARY = "7654321987654.32198765"
STRANGE: tuple[Any, ...] = (
    *(None, True, 0, 1.5, -3, float("inf"), [], {}, "", " ", "0", "-0", "1", "-1", "1e9", "+1"),
    *("0x10", "NaN", "1_000", "٣", "1\n", "\ud800", "\0", CANARY, f"-{CANARY}", "9" * 79, "9" * 81),
    *("ETH", "BTC", "C", "P", "2", "8", "128", "0." + "0" * 7 + "1", "4294967295", "2814749.767"),
    *([CANARY], {CANARY: CANARY}, [[[]]], {"asset": "ETH"}, "ETH-PERP", "x" * 10_000),
)


@cache
def epoch() -> PortfolioEpoch:
    return PortfolioEpoch.build(small_market(), small_params())


def trade_tree() -> dict[str, Any]:
    return {
        "format": "zkmargin.portfolio-trade/1",
        "cash": "-10.5",
        "options": [option(0, 1, "P", "-1") | {"price": "3.5"}, option(1, 2, "C", "2")],
        "futures": [future(0, "1")],
        "perpetuals": [{"underlying": "ETH", "quantity": "0.5", "price": "3000"}],
        "collateral": [{"asset": "USDC", "quantity": "-5"}],
    }


def places(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every path of a tree but the root."""
    if path:
        yield path
    if isinstance(tree, dict | list):
        for key in tree if isinstance(tree, dict) else range(len(tree)):
            yield from places(tree[key], (*path, key))


def altered(tree: Any, rng: Random) -> Any:
    """One to three alterations: a value replaced, removed, repeated, or a key renamed."""
    made = deepcopy(tree)
    for _ in range(rng.randrange(1, 4)):
        *above, last = rng.choice(list(places(made)))
        parent = made
        for key in above:
            parent = parent[key]
        kind = rng.randrange(5)
        if kind == 0:
            del parent[last]
        elif kind == 1 and isinstance(parent, list):
            parent.extend([deepcopy(parent[last])] * rng.choice((1, 2, 9)))
        elif kind == 2 and isinstance(parent, dict):
            parent[rng.choice((CANARY, "price", "funding_index", "strike"))] = parent.pop(last)
        else:
            parent[last] = deepcopy(rng.choice(STRANGE))
        if not made:
            return made
    return made


def data(tree: Any, rng: Random) -> bytes:
    """A tree as bytes, which may be damaged as well."""
    text = json.dumps(tree).encode()
    if rng.random() < 0.1:
        cut = rng.randrange(len(text))
        text = text[:cut] + bytes(rng.choices(range(256), k=rng.randrange(3))) + text[cut + 1 :]
    return text


def use_account(text: bytes) -> None:
    found = PortfolioAccount.parse(text, "account.json")
    repr(found)
    explain_portfolio(found.book(small_params()), epoch(), small_params())


def use_trade(text: bytes) -> None:
    params = small_params()
    book = account(size_class="8").book(params)
    after = PortfolioTrade.parse(text, "trade.json").after(book, params, epoch())
    explain_portfolio(after, epoch(), params)


def hostile(count: int, seed: int) -> tuple[int, int]:
    """(read, refused) of so many altered files; any other outcome raises."""
    rng = Random(seed)
    read = refused = 0
    kinds: list[tuple[dict[str, Any], Callable[[bytes], None]]] = [
        (account_tree(), use_account),
        (trade_tree(), use_trade),
    ]
    for i in range(count):
        tree, use = kinds[i % 2]
        text = data(altered(tree, rng), rng)
        try:
            use(text)
            read += 1
        except InputError as error:
            refused += 1
            check(str(error))
    return read, refused


def check(words: str) -> None:
    """A message is one line and holds nothing of the file."""
    assert "\n" not in words
    assert len(words) < 400, words
    assert "7654321" not in words, words


def test_altered_files_are_read_or_refused() -> None:
    read, refused = hostile(1500, 1)
    assert read > 20
    assert refused > 500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=2)
    options = parser.parse_args()
    print("{} read, {} refused, none otherwise".format(*hostile(options.count, options.seed)))


if __name__ == "__main__":
    main()
