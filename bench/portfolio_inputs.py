"""Full-size portfolio inputs for benchmarks: 960 options over 8 expiries, an account without a gap.

Rules are those of examples/portfolio; the rest is drawn from a fixed seed. The account meets its
maintenance margin.
"""

from __future__ import annotations

import json
import random
from math import exp, sqrt
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).parent.parent / "examples" / "portfolio"
DAYS = (2, 9, 16, 37, 65, 128, 219, 310)
STRIKES = 60
HELD = ("USDC", "ETH", *(f"T{i}" for i in range(8)))


def write_portfolio(folder: Path, options: int, seed: int = 1) -> None:
    """params.json, market.json and account.json of a size class in `folder`."""
    rng = random.Random(f"portfolio {options} {seed}")
    params = json.loads((EXAMPLES / "params.json").read_text())
    params["underlyings"] = ["ETH"]
    params["shape"]["market_expiries"] = "16"
    params["assets"] = {"ETH": "2", "USDC": "201"} | {name: f"{300 + i}" for i, name in _others()}
    haircuts = {"maintenance_haircut": "0.05", "initial_haircut": "0.05"}
    params["collaterals"] = {name: haircuts | {"cancels": "ETH"} for name in HELD}
    del params["collaterals"]["USDC"]["cancels"]
    market = json.loads((EXAMPLES / "market.json").read_text())
    now = int(market["timestamp"])
    feed = market["underlyings"]["ETH"]
    spot = float(feed["spot"])
    market["underlyings"] = {"ETH": feed | {"expiries": [_expiry(now, d, spot) for d in DAYS]}}
    market["collaterals"] = {name: {"price": "1000", "confidence": "1"} for name in HELD}
    market["collaterals"]["ETH"]["price"] = feed["spot"]
    listed = [
        {"underlying": "ETH", "expiry": e["expiry"], "strike": o["strike"], "right": right}
        for e in market["underlyings"]["ETH"]["expiries"]
        for o in e["options"]
        for right in "CP"
    ]
    held = sorted(_drawn(rng, listed, options), key=listed.index)
    account = {
        "format": "zkmargin.portfolio-account/1",
        "account": f"{0xBE9C4:#042x}",
        "sequence": "1",
        "size_class": str(options),
        "cash": "50000000",
        "options": [leg | {"quantity": _quantity(rng)} for leg in held],
        "futures": [
            {"underlying": "ETH", "expiry": e["expiry"], "quantity": _quantity(rng)}
            for e in market["underlyings"]["ETH"]["expiries"]
        ],
        "perpetuals": [{"underlying": "ETH", "quantity": "-31.5", "funding_index": "1.25"}],
        "collateral": [{"asset": name, "quantity": "12.5"} for name in HELD],
    }
    for name, content in (("params", params), ("market", market), ("account", account)):
        path = folder / f"{name}.json"
        path.write_text(json.dumps(content))
        path.chmod(0o600)


def _others() -> list[tuple[int, str]]:
    return [(i, name) for i, name in enumerate(HELD) if name not in ("ETH", "USDC")]


def _expiry(now: int, days: int, spot: float) -> dict[str, Any]:
    years = days / 365
    forward = spot * exp(0.05 * years)
    step = 25 if days < 40 else 75
    first = round(spot / step) * step - step * STRIKES // 2
    strikes = [first + step * i for i in range(STRIKES)]
    return {
        "expiry": str(now - now % 86_400 + 28_800 + 86_400 * days),
        "forward": f"{forward:.8f}",
        "rate": "0.045",
        "confidence": "1",
        "options": [
            {"strike": str(k), "vol": f"{0.6 + 0.3 * abs(k / forward - 1) / sqrt(years):.6f}"}
            for k in strikes
        ],
    }


def _drawn(rng: random.Random, listed: list[Any], count: int) -> list[Any]:
    """`count` options, of every expiry at least one."""
    shuffled = rng.sample(listed, len(listed))
    first = {leg["expiry"]: leg for leg in shuffled}
    rest = [leg for leg in shuffled if leg not in first.values()]
    return [*first.values(), *rest][:count]


def _quantity(rng: random.Random) -> str:
    return f"{rng.choice((1, -1)) * rng.randrange(1, 4000) / 100:.2f}"
