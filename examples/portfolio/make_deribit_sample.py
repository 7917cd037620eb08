"""Makes deribit_sample.json: what Deribit's book summaries look like, with invented numbers.

    python examples/portfolio/make_deribit_sample.py

The shape is that of public/get_book_summary_by_currency?currency=ETH&kind=option (Deribit's API
documentation); no number in it was ever published by anybody, and the file says so. 500 options:
10 expiries of 25 strikes. A surface of volatilities gives mark_iv, Black-76 gives mark_price. For
the real thing:

    curl 'https://www.deribit.com/api/v2/public/get_book_summary_by_currency?currency=ETH&kind=option'
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from math import erf, exp, log, sqrt
from pathlib import Path
from random import Random
from typing import Any

FILE = Path(__file__).with_name("deribit_sample.json")
NOTE = (
    "Synthetic sample: made by examples/portfolio/make_deribit_sample.py in the shape of Deribit's "
    "public/get_book_summary_by_currency. These are not Deribit's numbers, nor any market's."
)
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
INDEX = 3107.25
DAYS = (1, 2, 3, 7, 14, 35, 70, 126, 217, 308)
STRIKES = 25
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def sample(seed: int = 1) -> dict[str, Any]:
    """The whole answer."""
    rng = Random(seed)
    stamp = int(NOW.timestamp() * 1000)
    rows = []
    for days in DAYS:
        expiry = (NOW + timedelta(days=days)).replace(hour=8)
        day = f"{expiry.day}{MONTHS[expiry.month - 1]}{expiry.year % 100}"
        years = (expiry - NOW).total_seconds() / (365 * 86_400)
        forward = round(INDEX * exp(0.06 * years), 4)
        # Dated futures exist for a few expiries; the others have a synthetic underlying.
        index = f"{'ETH' if days in (7, 35, 126, 217) else 'SYN.ETH'}-{day}"
        for strike in strikes(forward, years):
            iv = volatility(forward, strike, years)
            for right in "CP":
                rows.append(row(f"ETH-{day}-{strike}-{right}", index, forward, years, iv))
    rng.shuffle(rows)
    for entry in rows:
        entry["creation_timestamp"] = stamp + rng.randint(0, 400)
    return {"note": NOTE, "jsonrpc": "2.0", "result": rows, "testnet": False}


def strikes(forward: float, years: float) -> list[int]:
    """Strikes around the forward, on a grid that widens with time."""
    step = next(s for s in (25, 50, 100, 200) if s * STRIKES > forward * 1.6 * sqrt(years))
    middle = round(forward / step)
    return [(middle + i - STRIKES // 2) * step for i in range(STRIKES)]


def volatility(forward: float, strike: float, years: float) -> float:
    """An invented surface, in percent: higher in the wings, more so for short times."""
    k = log(strike / forward) / sqrt(years)
    return round(58 + 6 * exp(-3 * years) + 9 * k * k / (1 + 0.5 * abs(k)) - 2 * k, 2)


def row(name: str, index: str, forward: float, years: float, iv: float) -> dict[str, Any]:
    """One option's entry; prices are in the coin, on ticks of 0.0001."""
    strike, right = float(name.split("-")[2]), name[-1]
    mark = round(black_76(forward, strike, years, iv / 100, right) / forward, 4)
    bid, ask = round(max(mark - 0.0005, 0), 4), round(mark + 0.0005, 4)
    return {
        "instrument_name": name,
        "base_currency": "ETH",
        "quote_currency": "ETH",
        "underlying_index": index,
        "underlying_price": forward,
        "estimated_delivery_price": INDEX,
        "interest_rate": 0.0,
        "mark_iv": iv,
        "mark_price": mark,
        "bid_price": bid or None,
        "ask_price": ask,
        "mid_price": round((bid + ask) / 2, 5) if bid else None,
        "last": None,
        "high": None,
        "low": None,
        "price_change": None,
        "open_interest": 0.0,
        "volume": 0.0,
        "volume_usd": 0.0,
    }


def black_76(forward: float, strike: float, years: float, vol: float, right: str) -> float:
    """Undiscounted, as an exchange without an interest rate marks."""
    v = vol * sqrt(years)
    d1 = log(forward / strike) / v + v / 2
    call = forward * normal(d1) - strike * normal(d1 - v)
    return call if right == "C" else call - forward + strike


def normal(x: float) -> float:
    return (1 + erf(x / sqrt(2))) / 2


def text(seed: int = 1) -> str:
    """The file's content: one option on a line."""
    head, tail = json.dumps(sample(seed) | {"result": "@"}).split('"@"')
    lines = ",\n ".join(json.dumps(entry) for entry in sample(seed)["result"])
    return f"{head}[\n {lines}\n]{tail}\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="ascii")
