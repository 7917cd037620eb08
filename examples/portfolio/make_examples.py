"""Makes the example venue and its accounts: params.json, market.json, and one file an account.

    python examples/portfolio/make_examples.py

The rules are those of a live venue (Derive's PMRM_2, by its public parameters); every price,
volatility and account is invented, and drawn with a fixed seed, so the files come out the same on
every machine. What the demo needs is copied to zkmargin/data/portfolio.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from math import erf, exp, log, sqrt
from pathlib import Path
from random import Random
from typing import Any

Document = dict[str, Any]

FOLDER = Path(__file__).parent
PACKAGED = FOLDER.parents[1] / "zkmargin" / "data" / "portfolio"
#: What `zkmargin demo portfolio` runs on.
DEMO = ("params.json", "market.json", "account.json", "account-underwater.json")

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DAYS = {"ETH": (1, 2, 7, 14, 35, 70, 126, 217), "BTC": (1, 7, 14, 35, 70, 126)}
SPOTS = {"ETH": 3107.25, "BTC": 94213.5}
STEPS = {"ETH": (25, 50, 100, 200), "BTC": (500, 1000, 2500, 5000)}
STRIKES = 25

GRID = ("1.135", "1.09", "1.045", "1", "0.955", "0.91", "0.865")
TAILS = {
    "0.34": "0.21",
    "0.67": "0.42",
    "1.5": "0.2772",
    "2": "0.1386",
    "3": "0.0693",
    "4": "0.0462",
    "5": "0.03465",
    "6": "0.02772",
}


def scenarios() -> list[Document]:
    """33: a grid of spot and volatility, eight damped tails, two skews."""
    found = [("1.18", "up", "1")]
    found += [(shock, vol, "1") for shock in GRID for vol in ("up", "none", "down")]
    found += [("0.82", "up", "1")]
    found += [(shock, "up", damping) for shock, damping in TAILS.items()]
    found += [("1", "linear", "1"), ("1", "absolute", "1")]
    return [{"shock": s, "vol": v, "damping": d} for s, v, d in found]


def params() -> Document:
    return {
        "format": "zkmargin.portfolio-params/1",
        "venue": "1002",
        "quote": "USDC",
        "shape": {
            "size_classes": ["8", "16", "32", "64", "128"],
            "expiries": "8",
            "collaterals": "10",
            "underlyings": "1",
            "lanes": "34",
            "skews": "2",
            "rows": "1024",
            "market_underlyings": "3",
            "market_expiries": "24",
            "sum_bits": "56",
        },
        "buffers": ["0", "10000", "100000", "1000000"],
        "assets": {"BTC": "1", "ETH": "2", "USDC": "201", "wstETH": "202"},
        "underlyings": ["ETH", "BTC"],
        "collaterals": {
            "USDC": {"maintenance_haircut": "0.02", "initial_haircut": "0.03"},
            "ETH": {"maintenance_haircut": "0.03", "initial_haircut": "0.02", "cancels": "ETH"},
            "wstETH": {"maintenance_haircut": "0.05", "initial_haircut": "0.05", "cancels": "ETH"},
            "BTC": {"maintenance_haircut": "0.03", "initial_haircut": "0.02", "cancels": "BTC"},
        },
        "scenarios": scenarios(),
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
        "perpetual": {"maintenance": "0.015", "initial": "0.005"},
        "option": {"maintenance": "0.003", "initial": "0.002"},
        "confidence": {"threshold": "0.55", "margin": "1"},
        "peg": {"threshold": "0.98", "factor": "2"},
    }


# The market. --------------------------------------------------------------------------------------


def expiry_time(days: int) -> int:
    return int((NOW + timedelta(days=days)).replace(hour=8).timestamp())


def years(days: int) -> float:
    return (expiry_time(days) - NOW.timestamp()) / (365 * 86_400)


def forward(name: str, days: int) -> float:
    return round(SPOTS[name] * exp(0.06 * years(days)), 4)


def strikes(name: str, days: int) -> list[int]:
    """Strikes around the forward, on a grid that widens with time."""
    middle = forward(name, days)
    wide = middle * 1.6 * sqrt(years(days))
    step = next((s for s in STEPS[name] if s * STRIKES > wide), STEPS[name][-1])
    first = round(middle / step) - STRIKES // 2
    return [(first + i) * step for i in range(STRIKES)]


def volatility(name: str, days: int, strike: float) -> float:
    """An invented surface: higher in the wings, more so for short times."""
    t = years(days)
    k = log(strike / forward(name, days)) / sqrt(t)
    base = {"ETH": 0.58, "BTC": 0.46}[name]
    return round(base + 0.06 * exp(-3 * t) + 0.09 * k * k / (1 + 0.5 * abs(k)) - 0.02 * k, 4)


def market() -> Document:
    underlyings: Document = {}
    for name, spot in SPOTS.items():
        underlyings[name] = {
            "spot": f"{spot}",
            "confidence": "0.99",
            "perpetual": {
                "price": f"{spot * 1.0003:.2f}",
                "confidence": "0.98",
                "funding_index": {"ETH": "22.763233997520", "BTC": "3607.425274129645"}[name],
            },
            "expiries": [
                {
                    "expiry": str(expiry_time(days)),
                    "forward": f"{forward(name, days)}",
                    "rate": "0.045",
                    "confidence": "0.95",
                    "options": [
                        {"strike": str(strike), "vol": f"{volatility(name, days, strike)}"}
                        for strike in strikes(name, days)
                    ],
                }
                for days in DAYS[name]
            ],
        }
    return {
        "format": "zkmargin.portfolio-market/1",
        "venue": "1002",
        "timestamp": str(int(NOW.timestamp())),
        "stable": "0.9998",
        "underlyings": underlyings,
        "collaterals": {
            "USDC": {"price": "0.9998", "confidence": "1"},
            "ETH": {"price": "3107.25", "confidence": "0.99"},
            "wstETH": {"price": "3784.6305", "confidence": "0.97"},
            "BTC": {"price": "94213.5", "confidence": "0.99"},
        },
    }


# Accounts. ----------------------------------------------------------------------------------------


def option(days: int, moneyness: float, right: str, quantity: str) -> Document:
    """The listed ETH option nearest to a part of the forward."""
    wanted = forward("ETH", days) * moneyness
    strike = min(strikes("ETH", days), key=lambda listed: (abs(listed - wanted), listed))
    return {
        "underlying": "ETH",
        "expiry": str(expiry_time(days)),
        "strike": str(strike),
        "right": right,
        "quantity": quantity,
    }


def future(days: int, quantity: str) -> Document:
    return {"underlying": "ETH", "expiry": str(expiry_time(days)), "quantity": quantity}


def account(number: int, size_class: str, cash: str, **legs: list[Document]) -> Document:
    return {
        "format": "zkmargin.portfolio-account/1",
        "account": f"0x{number:040x}",
        "sequence": "18",
        "size_class": size_class,
        "cash": cash,
        **legs,
    }


def desk(cash: str, sequence: str = "18") -> Document:
    """The demo's account: strangles over three expiries, hedged, eight options in all."""
    found = account(
        0x5AF3C1E7B90D4A62F8E3174BDC06A95E2D8F7302,
        "8",
        cash,
        options=[
            option(14, 0.9, "P", "-310.5"),
            option(14, 1.1, "C", "-290"),
            option(14, 1.25, "C", "400"),
            option(35, 0.85, "P", "350.25"),
            option(35, 1.2, "C", "-220.75"),
            option(126, 1, "C", "150"),
            option(126, 1, "P", "-65.5"),
            option(126, 1.5, "C", "-180"),
        ],
        futures=[future(126, "-55.125")],
        perpetuals=[
            {"underlying": "ETH", "quantity": "87.4", "funding_index": "21.784652384964"},
        ],
        collateral=[
            {"asset": "USDC", "quantity": "350000"},
            {"asset": "ETH", "quantity": "40.5"},
        ],
    )
    return found | {"sequence": sequence}


def market_maker(seed: int = 5) -> Document:
    """60 options over 6 expiries, more sold than bought, hedged with futures and the perpetual."""
    rng = Random(seed)
    options = []
    for days in DAYS["ETH"][2:]:
        listed = strikes("ETH", days)
        for i in range(10):
            strike = listed[2 + 2 * i + rng.randrange(2)]
            size = rng.randrange(200, 3000) / 10
            sold = rng.random() < 0.55
            right = "C" if strike > forward("ETH", days) else "P"
            entry = option(days, 1, right, f"{-size if sold else size}")
            options.append(entry | {"strike": str(strike)})
    delta = sum(float(entry["quantity"]) * _delta(entry) for entry in options)
    quarter = round(-delta * 0.6, 1)
    return account(
        0x3D1E6,
        "64",
        "-1350000.75",
        options=options,
        futures=[future(35, f"{quarter}")],
        perpetuals=[
            {
                "underlying": "ETH",
                "quantity": f"{round(-delta - quarter, 2)}",
                "funding_index": "22.5",
            }
        ],
        collateral=[{"asset": "USDC", "quantity": "500000"}],
    )


def covered_call() -> Document:
    """Staked ether held, calls sold against it: what the ether gains, the calls lose."""
    return account(
        0xC0CA,
        "8",
        "-95000.5",
        options=[option(35, 1.1, "C", "-100")],
        collateral=[{"asset": "wstETH", "quantity": "85"}],
    )


def calendar() -> Document:
    """The near call sold, the far one bought at one strike."""
    far = option(35, 1, "C", "200")
    near = {**option(7, 1, "C", "-200"), "strike": far["strike"]}
    return account(0xCA1E, "8", "8000", options=[near, far])


def box() -> Document:
    """Four options that are a loan: whatever happens, they pay the distance of the strikes."""
    low, high = option(70, 0.9, "C", "40"), option(70, 1.1, "C", "-40")
    legs = [low, high, {**low, "right": "P", "quantity": "-40"}]
    legs.append({**high, "right": "P", "quantity": "40"})
    return account(0xB0C5, "8", "-20000", options=legs)


def trade() -> Document:
    """For --what-if on account.json: one short strangle bought back, at prices."""
    return {
        "format": "zkmargin.portfolio-trade/1",
        "options": [
            {**option(14, 0.9, "P", "310.5"), "price": "31.5"},
            {**option(14, 1.1, "C", "290"), "price": "39"},
        ],
    }


def _delta(entry: Document) -> float:
    """Black-76's delta, undiscounted, to hedge with."""
    days = next(d for d in DAYS["ETH"] if str(expiry_time(d)) == entry["expiry"])
    strike, t = float(entry["strike"]), years(days)
    spread = volatility("ETH", days, strike) * sqrt(t)
    d1 = log(forward("ETH", days) / strike) / spread + spread / 2
    call = (1 + erf(d1 / sqrt(2))) / 2
    return call if entry["right"] == "C" else call - 1


# Files. -------------------------------------------------------------------------------------------


def documents() -> dict[str, Document]:
    """Every file by its name."""
    return {
        "params.json": params(),
        "market.json": market(),
        "account.json": desk("-185000.25"),
        "account-underwater.json": desk("-512000.25", "19"),
        "market-maker.json": market_maker(),
        "covered-call.json": covered_call(),
        "calendar.json": calendar(),
        "box.json": box(),
        "trade.json": trade(),
    }


def text(document: Any, indent: str = "") -> str:
    """JSON with what fits on a line on one line."""
    line = json.dumps(document)
    if len(indent) + len(line) <= 110 or not isinstance(document, dict | list):
        return line
    inner = indent + " "
    if isinstance(document, dict):
        parts = [f"{json.dumps(key)}: {text(item, inner)}" for key, item in document.items()]
    else:
        parts = [text(item, inner) for item in document]
    opened, closed = ("{", "}") if isinstance(document, dict) else ("[", "]")
    return f"{opened}\n{inner}" + f",\n{inner}".join(parts) + f"\n{indent}{closed}"


def main() -> None:
    for name, document in documents().items():
        content = text(document) + "\n"
        (FOLDER / name).write_text(content, encoding="ascii")
        if name in DEMO:
            PACKAGED.mkdir(parents=True, exist_ok=True)
            (PACKAGED / name).write_text(content, encoding="ascii")


if __name__ == "__main__":
    main()
