"""What the files of a portfolio venue hold, for `inspect`; of secret ones only what is public."""

from __future__ import annotations

import datetime
from typing import Any

Fields = dict[str, Any]


def moment(venue: int, timestamp: int) -> Fields:
    """When, and whose."""
    time = datetime.datetime.fromtimestamp(timestamp, datetime.UTC).isoformat()
    return {"venue": str(venue), "timestamp": str(timestamp), "time": time}


def account(path: str) -> Fields:
    from circuits.margin.portfolio.account import PortfolioAccount

    found = PortfolioAccount.load(path)
    return {
        "account": f"{found.account:#042x}",
        "size_class": str(found.size_class),
        "contents": "secret (--reveal shows them to the owner)",
    }


def trade(path: str) -> Fields:
    from circuits.margin.portfolio.trade import PortfolioTrade

    PortfolioTrade.load(path)
    return {"contents": "secret"}


def market(path: str, under: str | None) -> Fields:
    from circuits.margin.portfolio.market import PortfolioMarket
    from circuits.margin.portfolio.params import PortfolioParams
    from circuits.margin.portfolio.table import PortfolioEpoch

    found = PortfolioMarket.load(path)
    expiries = [expiry for u in found.underlyings.values() for expiry in u.expiries]
    fields = {
        **moment(found.venue, found.timestamp),
        "underlyings": list(found.underlyings),
        "expiries": len(expiries),
        "strikes": sum(len(expiry.options) for expiry in expiries),
        "collaterals": list(found.collaterals),
    }
    if under is not None:
        epoch = PortfolioEpoch.build(found, PortfolioParams.load(under))
        fields["epoch_root"] = str(epoch.root)
    return fields


def params(path: str) -> Fields:
    from circuits.margin.portfolio.params import PortfolioParams

    found = PortfolioParams.load(path)
    return {
        "venue": str(found.venue),
        "quote": found.quote,
        "size_classes": [str(size) for size in found.size_classes],
        "expiries": found.shape.expiries,
        "scenarios": len(found.rules.scenarios),
        "lanes": found.shape.lanes,
        "rows": found.shape.rows,
        "buffers": [str(buffer) for buffer in found.buffers],
        "underlyings": list(found.underlyings),
        "collaterals": list(found.collaterals),
        "params_digest": str(found.digest),
    }


def table(path: str) -> Fields:
    from circuits.margin.portfolio.table_file import PublishedTable

    found = PublishedTable.load(path)
    altered = next(found.altered(), None)
    sound = altered is None and found.computed_root() == found.root
    return {
        **moment(found.venue, found.timestamp),
        "rows": len(found.rows),
        "lanes": found.shape.lanes,
        "params_digest": str(found.params_digest),
        "epoch_root": str(found.root),
        "hashes": "right" if sound else f"wrong: {altered or 'root'}",
    }
