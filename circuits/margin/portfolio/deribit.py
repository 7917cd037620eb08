"""A market file from Deribit's public book summaries: anybody with a curl can build an epoch.

Source: Deribit's API documentation, public/get_book_summary_by_currency (kind option, one response
for each currency). Of an option's entry these fields are read, with this meaning:

    instrument_name           ETH-27DEC24-4000-C: underlying, expiry at 08:00 UTC, strike, right
                              (linear ones XRP_USDC-27DEC24-2d1-C: the currency dropped, d a point)
    underlying_price          the expiry's forward: the median of its options', because entries of
                              one response are milliseconds apart
    underlying_index          must name the same expiry, or index_price
    mark_iv                   volatility in percent; call and put of a strike keep each its own
    interest_rate             the expiry's rate per year (median); below zero it counts as zero
    estimated_delivery_price  the index: the underlying's spot (median)
    mark_price                in the coin; only compared with Black-76 at mark_iv
    creation_timestamp        milliseconds; the latest is the market's time

An X-PERPETUAL among them is the perpetual at its mark_price; other futures are passed over, for the
model takes an expiry's forward from its options. Deribit publishes no confidences and no funding
index: they are given, as are the stable coin's price and the prices of other collaterals.
Nothing is guessed: an entry that lacks a field, or contradicts itself, is refused by its name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final

from circuits.margin.constants import PRICE_PLACES
from circuits.margin.decimals import format_decimal
from circuits.margin.documents import PORTFOLIO_MARKET_FORMAT
from circuits.margin.portfolio.black76 import prices
from circuits.margin.portfolio.deribit_entries import Entry, Perpetual, read_entries
from circuits.margin.portfolio.market import PUT, PortfolioMarket
from circuits.margin.portfolio.params import PortfolioParams
from circuits.margin.portfolio.rules import PLACES, UNIT
from circuits.margin.portfolio.shocks import discount
from zk.errors import InputError

#: Entries of one response may lie this far apart, in milliseconds.
MAX_SPREAD: Final = 60_000
#: Forwards of one expiry's options may differ from their median by this part of it.
MAX_DRIFT: Final = Fraction(1, 100)
#: mark_price may differ from Black-76 by this part of the forward.
MARK_TOLERANCE: Final = Fraction(5, 1000)
_FINE: Final = 10**12


@dataclass(frozen=True)
class Given:
    """What Deribit does not publish, as decimal strings; `prices` of collaterals in dollars."""

    confidence: str = "1"
    stable: str = "1"
    prices: Mapping[str, str] = field(default_factory=dict)
    funding_index: str = "0"


def market_file(
    responses: Sequence[tuple[bytes, str]], params: PortfolioParams, given: Given
) -> bytes:
    """The bytes of a market.json from responses (each with its file's name for messages)."""
    options: list[Entry] = []
    perpetuals: dict[str, Perpetual] = {}
    for data, file in responses:
        found, others = read_entries(data, file)
        options += found
        for other in others:
            if other.asset in perpetuals:
                taken = perpetuals[other.asset].name
                raise InputError(f"is a perpetual on the asset of {taken}: keep one", other.name)
            perpetuals[other.asset] = other
    if not options:
        raise InputError("no response has an option: ask for kind=option")
    _refuse_twice(options)
    now = _time(options) // 1000
    underlyings = {}
    for asset in sorted({entry.asset for entry in options}):
        mine = [entry for entry in options if entry.asset == asset]
        if asset not in params.underlyings:
            raise InputError(f"{mine[0].name}: {asset} is not one of the params' underlyings")
        underlyings[asset] = _underlying(mine, now, perpetuals.get(asset), given)
    for asset in params.underlyings:
        if asset not in underlyings:
            raise InputError(f"no response has options on {asset}: give its response too")
    tree = {
        "format": PORTFOLIO_MARKET_FORMAT,
        "venue": str(params.venue),
        "timestamp": str(now),
        "stable": given.stable,
        "underlyings": underlyings,
        "collaterals": {
            name: {"price": _held(name, underlyings, given), "confidence": given.confidence}
            for name in params.collaterals
        },
    }
    data = (json.dumps(tree, indent=1) + "\n").encode("ascii")
    PortfolioMarket.parse(data).fit(params, params.shape)
    return data


def _refuse_twice(options: Sequence[Entry]) -> None:
    """One entry for each option, whatever it is called: ETH and ETH_USDC are one underlying."""
    seen: dict[tuple[str, int, int, str], str] = {}
    for entry in options:
        key = (entry.asset, entry.expiry, entry.strike, entry.right)
        if key in seen:
            raise InputError(f"is the same option as {seen[key]}: keep one", entry.name)
        seen[key] = entry.name


def _time(options: Sequence[Entry]) -> int:
    """The latest entry's time; entries must be of one moment."""
    latest = max(entry.time for entry in options)
    for entry in options:
        if latest - entry.time > MAX_SPREAD:
            raise InputError(
                f"is over {MAX_SPREAD // 1000} seconds older than the latest entry: ask again",
                entry.name,
            )
    return latest


def _underlying(
    entries: Sequence[Entry], now: int, perpetual: Perpetual | None, given: Given
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "spot": _price(_median([entry.spot for entry in entries])),
        "confidence": given.confidence,
    }
    if perpetual is not None:
        found["perpetual"] = {
            "price": _price(perpetual.mark),
            "confidence": given.confidence,
            "funding_index": given.funding_index,
        }
    found["expiries"] = [
        _one_expiry([entry for entry in entries if entry.expiry == expiry], now, given)
        for expiry in sorted({entry.expiry for entry in entries})
    ]
    return found


def _one_expiry(entries: Sequence[Entry], now: int, given: Given) -> dict[str, Any]:
    forward = _median([entry.forward for entry in entries])
    rate = _median([entry.rate for entry in entries])
    strikes: dict[int, dict[str, str]] = {}
    for entry in sorted(entries, key=lambda entry: (entry.strike, entry.right)):
        if entry.expiry <= now:
            raise InputError("has expired at the latest entry's time", entry.name)
        if abs(entry.forward - forward) > forward * MAX_DRIFT:
            problem = f"underlying_price is over 1 % from {_price(forward)}, its expiry's median"
            raise InputError(problem, entry.name)
        _compare(entry, now, forward, rate)
        side = "call_vol" if entry.right == "C" else "put_vol"
        strikes.setdefault(entry.strike, {})[side] = _plain(entry.vol, PLACES)
    return {
        "expiry": str(entries[0].expiry),
        "forward": _price(forward),
        "rate": _plain(rate, PLACES),
        "confidence": given.confidence,
        "options": [
            {"strike": format_decimal(strike, PRICE_PLACES), **_vols(vols)}
            for strike, vols in strikes.items()
        ],
    }


def _vols(vols: dict[str, str]) -> dict[str, str]:
    """One volatility where call and put have the same."""
    same = len(vols) == 2 and vols["call_vol"] == vols["put_vol"]
    return {"vol": vols["call_vol"]} if same else vols


def _compare(entry: Entry, now: int, forward: Fraction, rate: Fraction) -> None:
    """Refuse an entry whose mark_price is not Black-76 at its mark_iv: misread, or stale."""
    if entry.mark is None:
        return
    seconds = entry.expiry - now
    pair = prices(
        seconds,
        int(entry.vol * UNIT),
        int(forward * _FINE),
        entry.strike * 10**4,
        discount(int(rate * UNIT), seconds),
    )
    value = Fraction(pair[PUT if entry.right == "P" else 0], _FINE)
    if abs(value - entry.mark) > forward * MARK_TOLERANCE:
        raise InputError("mark_price is not what mark_iv and underlying_price give", entry.name)


def _held(name: str, underlyings: Mapping[str, Any], given: Given) -> str:
    """A collateral's price: given, or an underlying's spot."""
    if name in given.prices:
        return given.prices[name]
    if name not in underlyings:
        raise InputError(f"{name} is a collateral of the params without a price here: give one")
    price: str = underlyings[name]["spot"]
    return price


def _median(values: Sequence[Fraction]) -> Fraction:
    """The middle one, the lower of two: a value that somebody published."""
    return sorted(values)[(len(values) - 1) // 2]


def _price(value: Fraction) -> str:
    """To the nearest 1e-8."""
    return _plain(value, PRICE_PLACES)


def _plain(value: Fraction, places: int) -> str:
    """A decimal without an exponent, to the nearest of so many places."""
    return format_decimal(round(value * 10**places), places)
