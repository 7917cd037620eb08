"""Full-size inputs for benchmarks: a table of 1,024 rows and an account that fills its class.

Everything is drawn from a fixed seed; the account meets its maintenance margin.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

VENUE = "77"
TIMESTAMP = 1_795_104_000  # 2026-11-20T08:00:00Z
ROWS = 1024
COLLATERALS = 44


def write_inputs(folder: Path, size_class: str, seed: int = 1, filled: float = 1.0) -> None:
    """params.json, market.json and account.json in `folder`, the share `filled` of slots used."""
    rng = random.Random(f"{size_class}/{seed}")
    positions, collaterals = map(int, size_class.split("+"))
    assets = [f"A{i:03}" for i in range(1, ROWS - COLLATERALS + 1)]
    marks = {asset: f"{rng.uniform(0.01, 90_000):.6f}" for asset in assets}
    _write(folder / "params.json", _params(assets, size_class))
    _write(folder / "market.json", _market(assets, marks, rng))
    account = _account(assets, marks, positions, collaterals, rng)
    account["positions"] = account["positions"][: round(filled * positions)]
    account["collateral"] = account["collateral"][: round(filled * collaterals)]
    _write(folder / "account.json", account)


def _params(assets: list[str], size_class: str) -> object:
    leverages = ("40", "25", "20", "15", "10", "5")
    tiers = [
        {"above": str(150_000_000 * i), "max_leverage": leverage}
        for i, leverage in enumerate(leverages)
    ]
    haircuts = [{"above": str(10_000_000 * i), "rate": f"{1 - 0.05 * i:.2f}"} for i in range(12)]
    return {
        "format": "zkmargin.params/1",
        "venue": VENUE,
        "quote": "USDC",
        "shape": {
            "size_classes": [size_class],
            "requirement_tiers": "6",
            "haircut_tiers": "12",
            "rows": str(ROWS),
        },
        "buffers": ["0"],
        "assets": {asset: str(i) for i, asset in enumerate(assets, start=1)},
        "margin_tiers": {"major": tiers},
        "haircut_tiers": {"major": haircuts},
        "instruments": {
            f"{asset}-PERP": {"asset": asset, "kind": "perpetual", "margin_tiers": "major"}
            for asset in assets
        },
        "collaterals": {asset: {"haircut_tiers": "major"} for asset in assets[:COLLATERALS]},
    }


def _market(assets: list[str], marks: dict[str, str], rng: random.Random) -> object:
    return {
        "format": "zkmargin.market/1",
        "venue": VENUE,
        "timestamp": str(TIMESTAMP),
        "instruments": {
            f"{asset}-PERP": {"mark": marks[asset], "funding_index": f"{rng.uniform(-9, 9):.9f}"}
            for asset in assets
        },
        "collaterals": {asset: {"price": marks[asset]} for asset in assets[:COLLATERALS]},
    }


def _account(
    assets: list[str], marks: dict[str, str], positions: int, collaterals: int, rng: random.Random
) -> dict[str, Any]:
    held = sorted(rng.sample(assets, positions))
    return {
        "format": "zkmargin.account/1",
        "account": str(rng.getrandbits(160)),
        "sequence": "1",
        "size_class": f"{positions}+{collaterals}",
        "cash": "100000000000",
        "positions": [
            {
                "instrument": f"{asset}-PERP",
                "quantity": f"{rng.choice((-1, 1)) * 3e8 / float(marks[asset]):.4f}",
                "funding_index": f"{rng.uniform(-9, 9):.9f}",
            }
            for asset in held
        ],
        "collateral": [
            {"asset": asset, "quantity": f"{3e7 / float(marks[asset]):.4f}"}
            for asset in assets[:collaterals]
        ],
    }


def _write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=1))
