"""Account files of a portfolio venue as JSON trees, over the markets of `files.py`."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Any

from circuits.margin.commitment import SecretKey
from circuits.margin.portfolio.account import PortfolioAccount
from circuits.margin.portfolio.market import PortfolioMarket
from circuits.margin.portfolio.params import PortfolioParams
from tests.portfolio.files import Document, encoded, market_tree, params_tree

ACCOUNT_ID = "0x" + "ab" * 20
SECRET = SecretKey(987_654_321)

#: A shape small enough that its circuit compiles and proves in a moment.
SMALL = {
    "expiries": 2,
    "collaterals": 2,
    "lanes": 34,
    "rows": 60,
    "market_underlyings": 2,
    "market_expiries": 6,
}


def small_params_tree() -> Document:
    """The live rules with a class of 2 options beside one of 8."""
    tree = params_tree(**SMALL)
    tree["shape"]["size_classes"] = ["2", "8"]
    return tree


@cache
def small_market_tree() -> Document:
    return market_tree(Random(3), expiries=3, strikes=4)


@cache
def small_params() -> PortfolioParams:
    return PortfolioParams.parse(encoded(small_params_tree()), "params.json")


@cache
def small_market() -> PortfolioMarket:
    return PortfolioMarket.parse(encoded(small_market_tree()), "market.json")


def option(place: int, strike: int, right: str, quantity: str, name: str = "ETH") -> Document:
    """An option of the small market, by the places of its expiry and strike."""
    expiry = small_market_tree()["underlyings"][name]["expiries"][place]
    return {
        "underlying": name,
        "expiry": expiry["expiry"],
        "strike": expiry["options"][strike]["strike"],
        "right": right,
        "quantity": quantity,
    }


def future(place: int, quantity: str, name: str = "ETH") -> Document:
    expiry = small_market_tree()["underlyings"][name]["expiries"][place]["expiry"]
    return {"underlying": name, "expiry": expiry, "quantity": quantity}


def account_tree(**members: Any) -> Document:
    """account.json of a covered short call with a put, a future, a perpetual and collaterals."""
    return {
        "format": "zkmargin.portfolio-account/1",
        "account": ACCOUNT_ID,
        "sequence": "7",
        "size_class": "2",
        "cash": "25000.5",
        "options": [option(1, 3, "C", "-4.25"), option(0, 1, "P", "3")],
        "futures": [future(1, "2.5")],
        "perpetuals": [{"underlying": "ETH", "quantity": "-1.5", "funding_index": "-12.5"}],
        "collateral": [
            {"asset": "wstETH", "quantity": "6.125"},
            {"asset": "USDC", "quantity": "1500"},
        ],
        **members,
    }


def account(secret: SecretKey | None = SECRET, **members: Any) -> PortfolioAccount:
    return PortfolioAccount.parse(encoded(account_tree(**members)), "account.json", secret=secret)
