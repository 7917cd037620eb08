"""A venue's market at one moment: marks, funding indices and collateral prices.

`market.json` is public data that anybody can compare with the venue's feed. Together with the
params it gives the rows of an epoch: one row for every listed, unexpired instrument and every
collateral, no more and no fewer, because an account that holds a missing row could not prove
anything.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from circuits.margin.checker import Decimal, Map, Object, Place, Schema
from circuits.margin.constants import (
    FUNDING_OFFSET,
    FUNDING_PLACES,
    PRICE_BITS,
    PRICE_PLACES,
    ROW_COLLATERAL,
    ROW_INSTRUMENT,
)
from circuits.margin.documents import (
    ASSET,
    MARKET_FORMAT,
    MAX_LISTINGS,
    NAME,
    TIME,
    VENUE,
    checked,
    load,
    published,
    tag,
)
from circuits.margin.epoch import Epoch, Row
from circuits.margin.instrument import FUTURE
from circuits.margin.jsonfile import MARKET_LIMIT
from circuits.margin.params import Listing, RiskParams

_PRICE: Final = Decimal(
    PRICE_PLACES, 1, (1 << PRICE_BITS) - 1, "a price above zero in the quote currency"
)
# Published indices are floored to the unit (toward minus infinity), whatever their sign.
_INDEX: Final = Decimal(
    FUNDING_PLACES, -FUNDING_OFFSET, FUNDING_OFFSET - 1, "a funding index", rounding="down"
)

_SPEC: Final = Object(
    {
        "format": tag(MARKET_FORMAT),
        "venue": VENUE,
        "timestamp": TIME,
        "instruments": Map(NAME, Object({"mark": _PRICE}, {"funding_index": _INDEX}), MAX_LISTINGS),
        "collaterals": Map(ASSET, Object({"price": _PRICE}), MAX_LISTINGS),
    }
)


@dataclass(frozen=True)
class Quote:
    """An instrument's mark (1e-8) and funding index (1e-12; None for a future)."""

    mark: int
    funding: int | None


@dataclass(frozen=True, repr=False)
class Market:
    """A checked market; `load` or `parse` makes one."""

    venue: int
    timestamp: int
    instruments: Mapping[str, Quote]
    collaterals: Mapping[str, int]
    file: str = ""

    def __repr__(self) -> str:
        return f"<Market of venue {self.venue} at {self.timestamp}>"

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Market:
        """Read market.json."""
        return cls.parse(*load(path, MARKET_LIMIT))

    @classmethod
    def parse(cls, data: bytes, file: str = "") -> Market:
        """Check the bytes of a market.json."""
        content: dict[str, Any] = checked(data, file, MARKET_FORMAT, _SPEC, MARKET_LIMIT)
        quotes = {
            name: Quote(entry["mark"], entry.get("funding_index"))
            for name, entry in content["instruments"].items()
        }
        prices = {name: entry["price"] for name, entry in content["collaterals"].items()}
        return cls(
            venue=content["venue"],
            timestamp=content["timestamp"],
            instruments=MappingProxyType(quotes),
            collaterals=MappingProxyType(prices),
            file=file,
        )

    def rows(self, params: RiskParams) -> list[Row]:
        """The epoch's rows, sorted by key; InputError unless market and params fit each other."""
        at = Place(self.file)
        if self.venue != params.venue:
            raise at.key("venue").error("is another venue than the params are of")
        rows = self._instrument_rows(params, at.key("instruments"))
        prices = at.key("collaterals")
        for name in self.collaterals:
            if name not in params.collaterals:
                raise prices.key(name).error("is not a collateral of the params: remove it")
        for name, collateral in params.collaterals.items():
            if name not in self.collaterals:
                raise prices.error(f"{name!r} is a collateral of the params and has no price here")
            key = collateral.instrument.key
            rows.append(Row(ROW_COLLATERAL, key, self.collaterals[name], 0, (collateral.haircut,)))
        if len(rows) > params.capacity:
            raise at.error(f"gives {len(rows)} rows, the params have room for {params.capacity}")
        return sorted(rows, key=lambda row: row.key)

    def _instrument_rows(self, params: RiskParams, at: Place) -> list[Row]:
        for name in self.instruments:
            if name not in params.instruments:
                raise at.key(name).error("is not an instrument of the params: remove it")
        rows = []
        for name, listing in params.instruments.items():
            quote = self.instruments.get(name)
            if self._expired(listing):
                # Gone at expiry: an expired future that still opened would be margin without risk.
                if quote is not None:
                    raise at.key(name).error("has expired at the market's time: remove it")
            elif quote is None:
                raise at.error(f"{name!r} is listed and has no mark here: add it")
            else:
                rows.append(_row(listing, quote, at.key(name)))
        return rows

    def _expired(self, listing: Listing) -> bool:
        expiry = listing.instrument.expiry
        return expiry != 0 and expiry <= self.timestamp

    def epoch(self, params: RiskParams) -> Epoch:
        """The epoch of this market under these params: rows, tree, root."""
        return Epoch(
            rows=tuple(self.rows(params)),
            requirement_tiers=params.requirement_tiers,
            haircut_tiers=params.haircut_tiers,
            capacity=params.capacity,
            params_digest=params.digest,
            timestamp=self.timestamp,
            venue=self.venue,
        )


def market_schema() -> Schema:
    """The published JSON schema of market.json."""
    return published(_SPEC, "zkmargin market", "A venue's market at one moment; docs/files.md.")


def _row(listing: Listing, quote: Quote, at: Place) -> Row:
    is_future = listing.instrument.kind == FUTURE
    if is_future and quote.funding is not None:
        raise at.key("funding_index").error("a future has no funding: remove it")
    if not is_future and quote.funding is None:
        raise at.error("'funding_index' is missing: a perpetual has one")
    tables = (listing.initial, listing.maintenance)
    return Row(ROW_INSTRUMENT, listing.instrument.key, quote.mark, quote.funding or 0, tables)
