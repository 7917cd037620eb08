"""A venue's market at one moment: spots, forwards, volatilities, rates and confidences.

`market.json` is public data that anybody can compare with the venue's feeds. With the params it
gives an epoch: a row for every option listed here and for every collateral, and a record for every
underlying and expiry. Notation: prices and strikes are integers of 1e-8, the funding index of
1e-12 (floored), volatilities, rates, confidences and the stable coin's price of 1e-18.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from circuits.margin.checker import Decimal, List, Map, Object, Place, Schema
from circuits.margin.constants import FUNDING_OFFSET, FUNDING_PLACES, PRICE_PLACES
from circuits.margin.documents import (
    ASSET,
    PORTFOLIO_MARKET_FORMAT,
    TIME,
    VENUE,
    checked,
    load,
    published,
    tag,
)
from circuits.margin.instrument import OPTION, Instrument
from circuits.margin.jsonfile import MARKET_LIMIT
from circuits.margin.portfolio.constants import PRICE_BITS
from circuits.margin.portfolio.names import expiry_name
from circuits.margin.portfolio.params import PortfolioParams
from circuits.margin.portfolio.params_fields import MAX_ASSETS
from circuits.margin.portfolio.rules import PLACES, UNIT
from circuits.margin.portfolio.shape import MAX_ROWS, PortfolioShape

#: 1800 %; an option is refused above it, so that no volatility leaves Black-76's domain.
MAX_VOL: Final = 18 * UNIT
CALL: Final = 0
PUT: Final = 1

_PRICE: Final = Decimal(
    PRICE_PLACES, 1, (1 << PRICE_BITS) - 1, "a price above zero in the quote currency"
)
_PART: Final = Decimal(PRICE_PLACES, 0, (1 << PRICE_BITS) - 1, "a part of a price")
_INDEX: Final = Decimal(
    FUNDING_PLACES, -FUNDING_OFFSET, FUNDING_OFFSET - 1, "a funding index", rounding="down"
)
_CONFIDENCE: Final = Decimal(PLACES, 0, UNIT, "a feed's confidence from 0 to 1")
_VOL: Final = Decimal(PLACES, 1, MAX_VOL, "a volatility such as 0.65, above zero and at most 18")
_RATE: Final = Decimal(PLACES, 0, 2 * UNIT, "a rate per year from 0 to 2")
_STABLE: Final = Decimal(PLACES, UNIT // 100, 100 * UNIT, "the quote currency's price in dollars")

_SPEC: Final = Object(
    {
        "format": tag(PORTFOLIO_MARKET_FORMAT),
        "venue": VENUE,
        "timestamp": TIME,
        "stable": _STABLE,
        "underlyings": Map(
            ASSET,
            Object(
                {
                    "spot": _PRICE,
                    "confidence": _CONFIDENCE,
                    "expiries": List(
                        Object(
                            {
                                "expiry": TIME,
                                "forward": _PRICE,
                                "rate": _RATE,
                                "confidence": _CONFIDENCE,
                                "options": List(
                                    Object(
                                        {"strike": _PRICE},
                                        {"vol": _VOL, "call_vol": _VOL, "put_vol": _VOL},
                                    ),
                                    MAX_ROWS,
                                ),
                            },
                            {"forward_fixed": _PART},
                        ),
                        128,
                    ),
                },
                {
                    "perpetual": Object(
                        {"price": _PRICE, "confidence": _CONFIDENCE, "funding_index": _INDEX}
                    )
                },
            ),
            MAX_ASSETS,
            least=1,
        ),
        "collaterals": Map(ASSET, Object({"price": _PRICE, "confidence": _CONFIDENCE}), MAX_ASSETS),
    }
)


@dataclass(frozen=True)
class Strike:
    """A strike and the volatilities of its call and its put; None where the one is not listed."""

    strike: int
    call_vol: int | None
    put_vol: int | None


@dataclass(frozen=True)
class Expiry:
    """An expiry's feeds. `forward` is what moves with spot and `forward_fixed` together."""

    expiry: int
    forward: int
    forward_fixed: int
    rate: int
    confidence: int
    options: tuple[Strike, ...]  # sorted by strike

    @property
    def forward_variable(self) -> int:
        return self.forward - self.forward_fixed


@dataclass(frozen=True)
class Perpetual:
    price: int
    confidence: int
    funding: int


@dataclass(frozen=True)
class Underlying:
    """An underlying's feeds; its expiries sorted by time."""

    spot: int
    confidence: int
    perpetual: Perpetual | None
    expiries: tuple[Expiry, ...]


@dataclass(frozen=True)
class HeldAsset:
    """A collateral's feed, in dollars."""

    price: int
    confidence: int


@dataclass(frozen=True)
class Listed:
    """One option of the market."""

    key: int
    expiry: Expiry
    strike: int
    right: int
    vol: int


@dataclass(frozen=True, repr=False)
class PortfolioMarket:
    """A checked market; `load` or `parse` makes one."""

    venue: int
    timestamp: int
    stable: int
    underlyings: Mapping[str, Underlying]
    collaterals: Mapping[str, HeldAsset]
    file: str = ""

    def __repr__(self) -> str:
        return f"<PortfolioMarket of venue {self.venue} at {self.timestamp}>"

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> PortfolioMarket:
        """Read market.json."""
        return cls.parse(*load(path, MARKET_LIMIT))

    @classmethod
    def parse(cls, data: bytes, file: str = "") -> PortfolioMarket:
        """Check the bytes of a market.json."""
        content = checked(data, file, PORTFOLIO_MARKET_FORMAT, _SPEC, MARKET_LIMIT)
        at = Place(file)
        now = content["timestamp"]
        underlyings = {
            name: _underlying(entry, now, name, at.key("underlyings").key(name))
            for name, entry in content["underlyings"].items()
        }
        held = {name: HeldAsset(**entry) for name, entry in content["collaterals"].items()}
        return cls(
            venue=content["venue"],
            timestamp=now,
            stable=content["stable"],
            underlyings=MappingProxyType(underlyings),
            collaterals=MappingProxyType(held),
            file=file,
        )

    def fit(self, params: PortfolioParams, shape: PortfolioShape) -> None:
        """InputError unless the market lists what the params do, and the shape has room for it."""
        at = Place(self.file)
        if self.venue != params.venue:
            raise at.key("venue").error("is another venue than the params are of")
        for field, listed in (
            ("underlyings", params.underlyings),
            ("collaterals", params.collaterals),
        ):
            place, here = at.key(field), getattr(self, field)
            for name in here:
                if name not in listed:
                    raise place.key(name).error(f"is not one of the params' {field}: remove it")
            for name in listed:
                if name not in here:
                    raise place.error(f"{name!r} is one of the params' {field}: add it here")
        expiries = sum(len(entry.expiries) for entry in self.underlyings.values())
        rows = len(self.collaterals) + sum(1 for _ in self.options(params))
        for found, room, what in (
            (len(self.underlyings), shape.market_underlyings, "underlyings"),
            (expiries, shape.market_expiries, "expiries"),
            (rows, shape.rows, "rows"),
        ):
            if found > room:
                raise at.error(f"gives {found} {what}, the params have room for {room}")

    def options(self, params: PortfolioParams) -> Iterator[Listed]:
        """All options, sorted by key."""
        for name, number in params.underlyings.items():
            for expiry in self.underlyings[name].expiries:
                for entry in expiry.options:
                    for right, vol in ((CALL, entry.call_vol), (PUT, entry.put_vol)):
                        if vol is not None:
                            key = Instrument(number, OPTION, expiry.expiry, entry.strike, right).key
                            yield Listed(key, expiry, entry.strike, right, vol)


def portfolio_market_schema() -> Schema:
    """The published JSON schema of a portfolio market.json."""
    about = "A portfolio margin venue's market at one moment; docs/portfolio-files.md."
    return published(_SPEC, "zkmargin portfolio market", about)


def _underlying(entry: dict[str, Any], now: int, name: str, at: Place) -> Underlying:
    place = at.key("expiries")
    expiries = [
        _expiry(item, now, name, place.index(i)) for i, item in enumerate(entry["expiries"])
    ]
    seen: dict[int, int] = {}
    for i, item in enumerate(expiries):
        if item.expiry in seen:
            raise place.index(i).error(f"is the same expiry as expiries[{seen[item.expiry]}]")
        seen[item.expiry] = i
    perpetual = entry.get("perpetual")
    return Underlying(
        spot=entry["spot"],
        confidence=entry["confidence"],
        perpetual=perpetual
        and Perpetual(perpetual["price"], perpetual["confidence"], perpetual["funding_index"]),
        expiries=tuple(sorted(expiries, key=lambda item: item.expiry)),
    )


def _expiry(entry: dict[str, Any], now: int, name: str, at: Place) -> Expiry:
    if entry["expiry"] <= now:
        # An expired option that still opened would be margin without risk.
        gone = f"{name}-{expiry_name(entry['expiry'])}"
        raise at.error(f"{gone} has expired at the market's time: remove it")
    fixed = entry.get("forward_fixed", 0)
    if fixed > entry["forward"]:
        raise at.key("forward_fixed").error("must not exceed the forward")
    options = [_strike(item, at.key("options").index(i)) for i, item in enumerate(entry["options"])]
    seen: dict[int, int] = {}
    for i, option in enumerate(options):
        if option.strike in seen:
            place = at.key("options").index(i)
            raise place.error(f"is the same strike as options[{seen[option.strike]}]")
        seen[option.strike] = i
    return Expiry(
        expiry=entry["expiry"],
        forward=entry["forward"],
        forward_fixed=fixed,
        rate=entry["rate"],
        confidence=entry["confidence"],
        options=tuple(sorted(options, key=lambda option: option.strike)),
    )


def _strike(entry: dict[str, int], at: Place) -> Strike:
    given = entry.keys() - {"strike"}
    if not given or ("vol" in given and len(given) > 1):
        raise at.error("must have either vol, or call_vol and put_vol (one alone lists one option)")
    both = entry.get("vol")
    return Strike(entry["strike"], entry.get("call_vol", both), entry.get("put_vol", both))
