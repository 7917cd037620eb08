"""Risk parameters of a venue: what is listed, requirement and haircut tiers, the buffer menu.

Sources of the fields: Hyperliquid's margin tiers (`max_leverage` per notional tier; the initial
rate is its reciprocal, the maintenance rate half of it) and Binance's collateral ratios (a marginal
rate per value tier). Rates are rounded once, to ppm: requirements up, haircuts down. Deductions are
derived from the rounded rates (`tiers.py`), so neighbouring lines meet.

`digest` binds all of it: a circuit sees rates only through rows of an epoch whose root contains it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Final

from circuits.margin.checker import Choice, Decimal, List, Map, Object, Place, Schema
from circuits.margin.constants import (
    BOUNDARY_BITS,
    BOUNDARY_PLACES,
    BUFFER_BITS,
    DIGEST_BITS,
    RATE_ONE,
    RATE_PLACES,
)
from circuits.margin.documents import (
    ASSET,
    ASSET_ID,
    MAX_LISTINGS,
    NAME,
    PARAMS_FORMAT,
    TIME,
    VENUE,
    checked,
    load,
    published,
    tag,
)
from circuits.margin.instrument import COLLATERAL, FUTURE, KINDS, Instrument
from circuits.margin.jsonfile import PARAMS_LIMIT
from circuits.margin.shape import MAX_ROWS, MAX_TIERS, SIZE_CLASSES, TINY_CLASS, Shape, slots
from circuits.margin.tiers import TierTable
from zk.errors import InputError

_LEVERAGE_PLACES: Final = 6
_RATE_UP: Final = Decimal(RATE_PLACES, 1, RATE_ONE, "a rate from 0 to 1", rounding="up")
_RATE_DOWN: Final = Decimal(RATE_PLACES, 0, RATE_ONE, "a rate from 0 to 1", rounding="down")
_ABOVE: Final = Decimal(
    BOUNDARY_PLACES, 0, (1 << BOUNDARY_BITS) - 1, "an amount of the quote currency"
)
_LEVERAGE: Final = Decimal(
    _LEVERAGE_PLACES, 10**_LEVERAGE_PLACES, 1000 * 10**_LEVERAGE_PLACES, "a leverage, 1 or more"
)
_COUNT: Final = Decimal(0, 1, MAX_TIERS, "a number of tiers")

_SPEC: Final = Object(
    {
        "format": tag(PARAMS_FORMAT),
        "venue": VENUE,
        "quote": ASSET,
        "shape": Object(
            {
                "size_classes": List(Choice((*SIZE_CLASSES, TINY_CLASS)), 4, least=1),
                "requirement_tiers": _COUNT,
                "haircut_tiers": _COUNT,
                "rows": Decimal(0, 1, MAX_ROWS, "a number of rows"),
            }
        ),
        "buffers": List(
            Decimal(0, 0, (1 << BUFFER_BITS) - 1, "an amount in whole quote units"), 256, least=1
        ),
        "assets": Map(ASSET, ASSET_ID, 65_535, least=1),
        "margin_tiers": Map(
            NAME,
            List(
                Object(
                    {"above": _ABOVE},
                    {"max_leverage": _LEVERAGE, "initial": _RATE_UP, "maintenance": _RATE_UP},
                ),
                MAX_TIERS,
                least=1,
            ),
            MAX_LISTINGS,
        ),
        "haircut_tiers": Map(
            NAME,
            List(Object({"above": _ABOVE, "rate": _RATE_DOWN}), MAX_TIERS, least=1),
            MAX_LISTINGS,
        ),
        "instruments": Map(
            NAME,
            Object(
                {"asset": ASSET, "kind": Choice(tuple(KINDS)), "margin_tiers": NAME},
                {"expiry": TIME},
            ),
            MAX_LISTINGS,
        ),
        "collaterals": Map(ASSET, Object({"haircut_tiers": NAME}), MAX_LISTINGS),
    }
)


@dataclass(frozen=True)
class Listing:
    """An instrument that can be traded, with its two requirement tables."""

    name: str
    instrument: Instrument
    initial: TierTable
    maintenance: TierTable


@dataclass(frozen=True)
class CollateralListing:
    """An asset that counts as collateral, with its haircut table."""

    name: str
    instrument: Instrument
    haircut: TierTable


@dataclass(frozen=True, repr=False)
class RiskParams:
    """A venue's checked parameters; `load` or `parse` makes one."""

    venue: int
    quote: str
    size_classes: tuple[str, ...]
    requirement_tiers: int
    haircut_tiers: int
    capacity: int  # rows of the market's table
    buffers: tuple[int, ...]
    assets: Mapping[str, int]
    instruments: Mapping[str, Listing]
    collaterals: Mapping[str, CollateralListing]
    file: str = ""

    def __repr__(self) -> str:
        return f"<RiskParams of venue {self.venue}, digest {self.digest:064x}>"

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> RiskParams:
        """Read params.json."""
        return cls.parse(*load(path, PARAMS_LIMIT))

    @classmethod
    def parse(cls, data: bytes, file: str = "") -> RiskParams:
        """Check the bytes of a params.json."""
        return _resolve(checked(data, file, PARAMS_FORMAT, _SPEC, PARAMS_LIMIT), Place(file), file)

    @property
    def shape(self) -> Shape:
        """The shape of the first size class listed, the venue's default."""
        return self.shape_for(self.size_classes[0])

    def shape_for(self, size_class: str) -> Shape:
        """The shape of one of the size classes the venue offers."""
        if size_class not in self.size_classes:
            offered = ", ".join(self.size_classes)
            raise InputError(f"these params do not offer this size class (they offer {offered})")
        return Shape(
            *slots(size_class),
            requirement_tiers=self.requirement_tiers,
            haircut_tiers=self.haircut_tiers,
            rows=self.capacity,
        )

    @cached_property
    def digest(self) -> int:
        """SHA-256 of the canonical encoding, top three bits cleared."""
        return int.from_bytes(sha256(self.encoding()).digest(), "big") % (1 << DIGEST_BITS)

    def encoding(self) -> bytes:
        """The canonical encoding: what the rounded parameters mean, whatever way they were written.

        The format's name, a newline, then JSON without spaces, keys sorted, integers only: rates in
        ppm, boundaries in 1e-2; listings sorted by instrument key.
        """
        content = {
            "assets": dict(self.assets),
            "buffers": self.buffers,
            "collaterals": [
                [entry.name, entry.instrument.key, entry.haircut.boundaries, entry.haircut.rates]
                for entry in sorted(self.collaterals.values(), key=lambda e: e.instrument.key)
            ],
            "instruments": [
                [
                    entry.name,
                    entry.instrument.key,
                    entry.initial.boundaries,
                    entry.initial.rates,
                    entry.maintenance.rates,
                ]
                for entry in sorted(self.instruments.values(), key=lambda e: e.instrument.key)
            ],
            "quote": self.quote,
            "shape": [
                sorted(self.size_classes),
                self.requirement_tiers,
                self.haircut_tiers,
                self.capacity,
            ],
            "venue": self.venue,
        }
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return f"{PARAMS_FORMAT}\n{text}".encode("ascii")

    def name_of(self, key: int) -> str:
        """The listed name of an instrument or collateral key."""
        try:
            return self._names[key]
        except KeyError:
            raise InputError("these params list no instrument with this key") from None

    @cached_property
    def _names(self) -> Mapping[int, str]:
        names = {entry.instrument.key: entry.name for entry in self.instruments.values()}
        names |= {entry.instrument.key: entry.name for entry in self.collaterals.values()}
        return MappingProxyType(names)

    def buffer(self, amount: int) -> int:
        """`amount` (whole quote units) if the menu has it; a free buffer would leak equity."""
        if amount not in self.buffers:
            menu = ", ".join(str(buffer) for buffer in self.buffers)
            raise InputError(f"the buffer must be one of the menu: {menu}")
        return amount


def params_schema() -> Schema:
    """The published JSON schema of params.json."""
    return published(_SPEC, "zkmargin params", "Risk parameters of a venue; docs/files.md.")


def _resolve(content: dict[str, Any], at: Place, file: str) -> RiskParams:
    """From checked fields to linked listings: what needs more than one field is checked here."""
    shape = content["shape"]
    size_classes: list[str] = shape["size_classes"]
    if len(set(size_classes)) != len(size_classes):
        raise at.key("shape").key("size_classes").error("lists a class twice: keep one")
    buffers: list[int] = content["buffers"]
    if buffers[0] != 0 or any(a >= b for a, b in pairwise(buffers)):
        raise at.key("buffers").error('must begin with "0" and rise')
    assets: dict[str, int] = content["assets"]
    _refuse_twice(assets, at.key("assets"), "number")
    margin_at, haircut_at = at.key("margin_tiers"), at.key("haircut_tiers")
    tables = {
        name: _requirement(tiers, shape["requirement_tiers"], margin_at.key(name))
        for name, tiers in content["margin_tiers"].items()
    }
    haircuts = {
        name: _haircut(tiers, shape["haircut_tiers"], haircut_at.key(name))
        for name, tiers in content["haircut_tiers"].items()
    }
    instruments = {}
    for name, entry in content["instruments"].items():
        place = at.key("instruments").key(name)
        kind = KINDS[entry["kind"]]
        if (kind == FUTURE) != ("expiry" in entry):
            raise place.error("a future has an expiry, a perpetual has none")
        asset = _known(entry["asset"], assets, place.key("asset"), "assets")
        initial, maintenance = _known(
            entry["margin_tiers"], tables, place.key("margin_tiers"), "margin_tiers"
        )
        key = Instrument(asset, kind, entry.get("expiry", 0))
        instruments[name] = Listing(name, key, initial, maintenance)
    _refuse_twice(
        {name: entry.instrument.key for name, entry in instruments.items()},
        at.key("instruments"),
        "asset, kind and expiry",
    )
    collaterals = {}
    for name, entry in content["collaterals"].items():
        place = at.key("collaterals").key(name)
        asset = _known(name, assets, place, "assets")
        table = _known(
            entry["haircut_tiers"], haircuts, place.key("haircut_tiers"), "haircut_tiers"
        )
        collaterals[name] = CollateralListing(name, Instrument(asset, COLLATERAL), table)
    return RiskParams(
        venue=content["venue"],
        quote=content["quote"],
        size_classes=tuple(size_classes),
        requirement_tiers=shape["requirement_tiers"],
        haircut_tiers=shape["haircut_tiers"],
        capacity=shape["rows"],
        buffers=tuple(buffers),
        assets=MappingProxyType(assets),
        instruments=MappingProxyType(instruments),
        collaterals=MappingProxyType(collaterals),
        file=file,
    )


def _requirement(tiers: list[dict[str, int]], most: int, at: Place) -> tuple[TierTable, TierTable]:
    """(initial, maintenance) of one entry of margin_tiers."""
    boundaries = _boundaries(tiers, most, at)
    initial, maintenance = [], []
    for i, tier in enumerate(tiers):
        if tier.keys() == {"above", "max_leverage"}:
            # 1 / leverage and 1 / (2 leverage), each rounded up to ppm on its own.
            scaled = RATE_ONE * 10**_LEVERAGE_PLACES
            initial.append(-(-scaled // tier["max_leverage"]))
            maintenance.append(-(-scaled // (2 * tier["max_leverage"])))
        elif tier.keys() == {"above", "initial", "maintenance"}:
            initial.append(tier["initial"])
            maintenance.append(tier["maintenance"])
        else:
            raise at.index(i).error("must have either max_leverage, or initial and maintenance")
        if maintenance[-1] > initial[-1]:
            raise at.index(i).error("the maintenance rate must not exceed the initial rate")
        if i and (initial[-1] < initial[-2] or maintenance[-1] < maintenance[-2]):
            raise at.index(i).error("requirement rates must not fall from tier to tier")
    return TierTable(tuple(initial), boundaries), TierTable(tuple(maintenance), boundaries)


def _haircut(tiers: list[dict[str, int]], most: int, at: Place) -> TierTable:
    """One entry of haircut_tiers."""
    boundaries = _boundaries(tiers, most, at)
    rates = tuple(tier["rate"] for tier in tiers)
    for i, (before, after) in enumerate(pairwise(rates), start=1):
        if after > before:
            raise at.index(i).key("rate").error("haircut rates must not rise from tier to tier")
    return TierTable(rates, boundaries)


def _boundaries(tiers: list[dict[str, int]], most: int, at: Place) -> tuple[int, ...]:
    """Lower boundaries of all tiers but the first, which must start at zero."""
    if len(tiers) > most:
        raise at.error(f"has more than {most} tiers, the number in shape")
    if tiers[0]["above"] != 0:
        raise at.index(0).key("above").error('the first tier must begin at "0"')
    for i, (before, after) in enumerate(pairwise(tiers), start=1):
        if after["above"] <= before["above"]:
            raise at.index(i).key("above").error("tiers must be sorted, each above the one before")
    return tuple(tier["above"] for tier in tiers[1:])


def _known(name: str, table: Mapping[str, Any], at: Place, section: str) -> Any:
    if name not in table:
        raise at.error(f"is not in {section}: add it there or correct the name")
    return table[name]


def _refuse_twice(values: Mapping[str, int], at: Place, what: str) -> None:
    """Two names must not stand for one number."""
    seen: dict[int, str] = {}
    for name, value in values.items():
        if value in seen:
            raise at.key(name).error(f"has the same {what} as {seen[value]}")
        seen[value] = name
