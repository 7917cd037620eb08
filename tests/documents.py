"""Random params, market and account files that fit each other, as JSON trees."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from circuits.margin.decimals import format_decimal
from tests.strategies import shape_of

Document = dict[str, Any]


def documents(rng: Random, size_class: str, *, used: int, held: int) -> tuple[Document, ...]:
    """(params, market, account) as JSON trees: a venue as its files would have it, shuffled."""
    shape = shape_of(size_class)
    assets = {f"A{i}": str(asset) for i, asset in enumerate(rng.sample(range(1, 65_536), 2 * 64))}
    margin_tiers = {f"m{i}": _margin_tiers(rng, shape.requirement_tiers) for i in range(5)}
    haircut_tiers = {f"h{i}": _haircut_tiers(rng, shape.haircut_tiers) for i in range(4)}
    now = rng.randint(10**9, 2**31)
    instruments: Document = {}
    quotes: Document = {}
    room = min(2 * shape.positions, shape.rows // 2)
    for i, asset in enumerate(rng.sample(sorted(assets), room)):
        entry = {"asset": asset, "margin_tiers": rng.choice(sorted(margin_tiers))}
        quote = {"mark": _decimal(rng, 9, 8)}
        if i % 2:
            entry |= {"kind": "future", "expiry": str(now + rng.randint(1, 2**30))}
        else:
            entry |= {"kind": "perpetual"}
            quote |= {"funding_index": rng.choice(("", "-")) + _decimal(rng, 6, 12)}
        instruments[f"{asset}-{i}"], quotes[f"{asset}-{i}"] = entry, quote
    gone = {"asset": "A0", "margin_tiers": "m0", "kind": "future", "expiry": str(now)}
    instruments["GONE"] = gone
    held_assets = rng.sample(sorted(assets), min(2 * shape.collaterals, shape.rows // 2))
    params: Document = {
        "format": "zkmargin.params/1",
        "venue": "3",
        "quote": "USD",
        "shape": {
            "size_classes": [size_class],
            "requirement_tiers": str(shape.requirement_tiers),
            "haircut_tiers": str(shape.haircut_tiers),
            "rows": str(shape.rows),
        },
        "buffers": ["0", "1000"],
        "assets": assets,
        "margin_tiers": margin_tiers,
        "haircut_tiers": haircut_tiers,
        "instruments": instruments,
        "collaterals": {
            a: {"haircut_tiers": rng.choice(sorted(haircut_tiers))} for a in held_assets
        },
    }
    market: Document = {
        "format": "zkmargin.market/1",
        "venue": "3",
        "timestamp": str(now),
        "instruments": quotes,
        "collaterals": {a: {"price": _decimal(rng, 9, 8)} for a in held_assets},
    }
    positions = []
    for name in rng.sample(sorted(quotes), used):
        position = {"instrument": name, "quantity": rng.choice(("", "-")) + _decimal(rng, 9, 8)}
        if "funding_index" in quotes[name]:
            position["funding_index"] = rng.choice(("", "-")) + _decimal(rng, 6, 12)
        positions.append(position)
    account: Document = {
        "format": "zkmargin.account/1",
        "account": str(rng.getrandbits(160)),
        "sequence": str(rng.getrandbits(64)),
        "size_class": size_class,
        "cash": rng.choice(("", "-")) + _decimal(rng, 12, 8),
        "positions": positions,
        "collateral": [
            {"asset": a, "quantity": _decimal(rng, 9, 8)} for a in rng.sample(held_assets, held)
        ],
    }
    return params, market, account


def _decimal(rng: Random, whole: int, places: int) -> str:
    """A decimal string above zero, of any length up to these."""
    value = rng.randint(1, 10 ** rng.randint(1, whole + places))
    return format_decimal(min(value, 10 ** (whole + places) - 1), places)


def _margin_tiers(rng: Random, tiers: int) -> list[Document]:
    """Rising requirement tiers, written as leverages or as rates with more decimals than ppm."""
    n = rng.randint(1, tiers)
    above = [0, *sorted(rng.sample(range(1, 10**10), n - 1))]
    if rng.random() < 0.5:
        leverages = sorted(rng.sample(range(1, 101), n), reverse=True)
        pairs = zip(above, leverages, strict=True)
        return [{"above": format_decimal(a, 2), "max_leverage": str(lev)} for a, lev in pairs]
    initial = sorted(rng.randint(10**7, 10**9) for _ in range(n))
    return [
        {
            "above": format_decimal(a, 2),
            "initial": format_decimal(rate, 9),
            "maintenance": format_decimal(rate * 2 // 3, 9),
        }
        for a, rate in zip(above, initial, strict=True)
    ]


def _haircut_tiers(rng: Random, tiers: int) -> list[Document]:
    n = rng.randint(1, tiers)
    above = [0, *sorted(rng.sample(range(1, 10**10), n - 1))]
    rates = sorted((rng.randint(0, 10**9) for _ in range(n)), reverse=True)
    return [
        {"above": format_decimal(a, 2), "rate": format_decimal(rate, 9)}
        for a, rate in zip(above, rates, strict=True)
    ]


def encoded(tree: Any) -> bytes:
    """A JSON tree as the bytes of a file."""
    return json.dumps(tree).encode()
