"""Params and market files of a portfolio venue as JSON trees: the live rules, drawn markets."""

from __future__ import annotations

import json
from math import exp, sqrt
from random import Random
from typing import Any

from circuits.margin.portfolio.market import PortfolioMarket
from circuits.margin.portfolio.params import PortfolioParams

Document = dict[str, Any]
NOW = 1_795_104_000
HOUR_8 = 1_795_075_200  # 08:00 UTC of that day
DAY = 86_400

_GRID = ("1.135", "1.09", "1.045", "1", "0.955", "0.91", "0.865")
_TAILS = {
    "0.34": "0.21",
    "0.67": "0.42",
    "1.5": "0.2772",
    "2": "0.1386",
    "3": "0.0693",
    "4": "0.0462",
    "5": "0.03465",
    "6": "0.02772",
}


def scenarios(lanes: int = 34, skews: int = 2) -> list[Document]:
    """The 33 scenarios of the live contract, or the first that so many lanes have room for."""
    found = [("1.18", "up", "1")]
    found += [(shock, vol, "1") for shock in _GRID for vol in ("up", "none", "down")]
    found += [("0.82", "up", "1")]
    found += [(shock, "up", damping) for shock, damping in _TAILS.items()]
    fixed = [entry for entry in found if entry[1] == "none" and entry[0] in ("1", "1.045", "0.955")]
    others = [entry for entry in found if entry not in fixed]
    found = [entry for entry in found if entry in fixed or entry in others[: lanes - 3 - skews]]
    found += [("1", "linear", "1"), ("1", "absolute", "1")][:skews]
    return [{"shock": s, "vol": v, "damping": d} for s, v, d in found]


def params_tree(**shape: int) -> Document:
    """params.json with the live rules and two underlyings."""
    sizes = {
        "expiries": 8,
        "collaterals": 10,
        "underlyings": 1,
        "lanes": 34,
        "skews": 2,
        "rows": 1024,
        "market_underlyings": 3,
        "market_expiries": 24,
        "sum_bits": 56,
        **shape,
    }
    return {
        "format": "zkmargin.portfolio-params/1",
        "venue": "11",
        "quote": "USDC",
        "shape": {
            "size_classes": ["32", "8", "128"],
            **{name: str(value) for name, value in sizes.items()},
        },
        "buffers": ["0", "1000", "25000"],
        "assets": {"BTC": "1", "ETH": "2", "USDC": "3", "wstETH": "4"},
        "underlyings": ["ETH", "BTC"],
        "collaterals": {
            "USDC": {
                "maintenance_haircut": "0.02",
                "initial_haircut": "0.03",
            },
            "wstETH": {
                "maintenance_haircut": "0.03",
                "initial_haircut": "0.010000000000000002",
                "cancels": "ETH",
            },
        },
        "scenarios": scenarios(sizes["lanes"], sizes["skews"]),
        "loss_factors": {"initial": "1", "maintenance": "0.8"},
        "vol_shock": {
            "range_up": "0.5",
            "range_down": "0.275",
            "short_term_power": "0.3",
            "long_term_power": "0.13",
            "min_vol_up": "0.45",
            "dte_floor": "86400",
        },
        "static_discount": {
            "long": {"base": "0.95", "rate_multiplier": "1", "rate_add": "0.08"},
            "short": {"base": "1.04", "rate_multiplier": "0.5", "rate_add": "0.08"},
        },
        "basis": {"spot_up": "1.045", "spot_down": "0.955", "add": "0.5", "multiplier": "2"},
        "skew": {
            "linear_base_cap": "0.15",
            "linear_cbase": "-0.05",
            "absolute_base_cap": "0.15",
            "absolute_cbase": "-0.05",
            "min_k_star": "0.01",
            "width_scale": "4",
            "vol_static": "0.6",
            "vol_slope": "-0.1",
        },
        "perpetual": {"maintenance": "0.015", "initial": "0.005000000000000001"},
        "option": {"maintenance": "0.003", "initial": "0.002"},
        "confidence": {"threshold": "0.55", "margin": "1"},
        "peg": {"threshold": "0.98", "factor": "2"},
    }


def market_tree(rng: Random, *, expiries: int = 4, strikes: int = 6) -> Document:
    """market.json of the two underlyings; `strikes` of each of `expiries` expiries of each."""
    underlyings: Document = {}
    for name, spot in (("BTC", 94_213.5), ("ETH", 3_107.25)):
        underlyings[name] = {
            "spot": f"{spot:.8f}",
            "confidence": rng.choice(("1", "0.5", "0.987654321987654321")),
            "perpetual": {
                "price": f"{spot * rng.uniform(0.998, 1.002):.8f}",
                "confidence": rng.choice(("1", "0.3")),
                "funding_index": f"{rng.uniform(-90, 90):.14f}",
            },
            "expiries": [_expiry(rng, spot, i, strikes) for i in range(expiries)],
        }
    return {
        "format": "zkmargin.portfolio-market/1",
        "venue": "11",
        "timestamp": str(NOW),
        "stable": rng.choice(("1.0001", "0.97")),
        "underlyings": underlyings,
        "collaterals": {
            "USDC": {"price": "0.9999", "confidence": "1"},
            "wstETH": {"price": "3725.12345678", "confidence": rng.choice(("1", "0.2"))},
        },
    }


def _expiry(rng: Random, spot: float, index: int, strikes: int) -> Document:
    days = (1, 2, 3, 9, 16, 30, 61, 93, 184, 275, 366, 457)[index % 12] + index // 12 * 500
    years = days / 365
    forward = spot * exp(0.05 * years) * rng.uniform(0.999, 1.001)
    step = spot * (0.02 if days < 20 else 0.05)
    options = []
    for i in range(strikes):
        strike = round(spot + (i - strikes // 2) * step * 8 / max(strikes, 8))
        vol = 0.55 + 0.3 * abs(strike / forward - 1) / sqrt(years)
        entry = {"strike": str(max(strike, 1))}
        if i % 5 == 4:
            entry |= {"call_vol": f"{vol:.4f}", "put_vol": f"{vol * 1.01:.4f}"}
        else:
            entry |= {"vol": f"{vol:.6f}"}
        options.append(entry)
    return {
        "expiry": str(HOUR_8 + days * DAY),
        "forward": f"{forward:.8f}",
        "forward_fixed": f"{forward * 0.25:.8f}" if index == 0 else "0",
        "rate": rng.choice(("0", "0.03", "0.10")),
        "confidence": rng.choice(("1", "0.4")),
        "options": options,
    }


def encoded(tree: Any) -> bytes:
    """A JSON tree as the bytes of a file."""
    return json.dumps(tree).encode()


def pair(
    seed: int = 1, *, expiries: int = 4, strikes: int = 6, **shape: int
) -> tuple[PortfolioMarket, PortfolioParams]:
    """A market and params that fit each other."""
    params = PortfolioParams.parse(encoded(params_tree(**shape)), "params.json")
    tree = market_tree(Random(seed), expiries=expiries, strikes=strikes)
    return PortfolioMarket.parse(encoded(tree), "market.json"), params
