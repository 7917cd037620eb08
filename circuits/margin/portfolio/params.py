"""Parameters of a portfolio margin venue: what it lists, its rules, its size classes and buffers.

The fields and their ranges are in `params_fields.py`, what they mean in `rules.py`. Decimals are
taken exactly: nothing is rounded here. What an epoch holds with fewer places is rounded when the
epoch is built (`records.py`).

`digest` binds all of it: a circuit sees rules only through an epoch whose root contains it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from functools import cached_property
from hashlib import sha256
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from circuits.margin.checker import Place, Schema
from circuits.margin.constants import DIGEST_BITS
from circuits.margin.documents import PORTFOLIO_PARAMS_FORMAT, checked, load, published
from circuits.margin.jsonfile import PARAMS_LIMIT
from circuits.margin.portfolio.constants import SHOCK_PLACES
from circuits.margin.portfolio.lanes import lanes
from circuits.margin.portfolio.params_fields import PARAMS_SPEC, SHAPE_FIELDS
from circuits.margin.portfolio.rules import (
    PLACES,
    SKEWS,
    UNIT,
    BasisRule,
    CollateralRule,
    Rates,
    Rules,
    Scenario,
    SkewRule,
    StaticDiscount,
    Threshold,
    VolShock,
)
from circuits.margin.portfolio.shape import PortfolioShape
from zk.errors import InputError


@dataclass(frozen=True, repr=False)
class PortfolioParams:
    """A venue's checked parameters; `load` or `parse` makes one."""

    venue: int
    quote: str
    size_classes: tuple[int, ...]  # option slots; the first is the venue's default
    shape: PortfolioShape  # of the default class
    buffers: tuple[int, ...]
    assets: Mapping[str, int]
    underlyings: Mapping[str, int]  # name to number, sorted by number
    collaterals: Mapping[str, CollateralRule]
    rules: Rules
    file: str = ""

    def __repr__(self) -> str:
        return f"<PortfolioParams of venue {self.venue}, digest {self.digest:064x}>"

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> PortfolioParams:
        """Read params.json."""
        return cls.parse(*load(path, PARAMS_LIMIT))

    @classmethod
    def parse(cls, data: bytes, file: str = "") -> PortfolioParams:
        """Check the bytes of a params.json."""
        content = checked(data, file, PORTFOLIO_PARAMS_FORMAT, PARAMS_SPEC, PARAMS_LIMIT)
        return _resolve(content, Place(file), file)

    def shape_for(self, options: int) -> PortfolioShape:
        """The shape of one of the size classes the venue offers."""
        if options not in self.size_classes:
            offered = ", ".join(str(n) for n in self.size_classes)
            raise InputError(f"these params do not offer this size class (they offer {offered})")
        return PortfolioShape(options, **_sizes(self.shape))

    @cached_property
    def digest(self) -> int:
        """SHA-256 of the canonical encoding, top three bits cleared."""
        return int.from_bytes(sha256(self.encoding()).digest(), "big") % (1 << DIGEST_BITS)

    def encoding(self) -> bytes:
        """The canonical encoding: what the parameters mean, whatever way they were written.

        The format's name, a newline, then JSON without spaces, keys sorted, integers only: decimals
        in 1e-18, a group of `rules.py` as the list of its fields, collaterals sorted by number.
        """
        content = {
            "assets": dict(self.assets),
            "buffers": self.buffers,
            "collaterals": [
                [self.assets[name], name, *astuple(rule.haircut), rule.cancels]
                for name, rule in sorted(self.collaterals.items(), key=self._number)
            ],
            "quote": self.quote,
            "rules": astuple(self.rules),
            "shape": [sorted(self.size_classes), *_sizes(self.shape).values()],
            "underlyings": list(self.underlyings.values()),
            "venue": self.venue,
        }
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return f"{PORTFOLIO_PARAMS_FORMAT}\n{text}".encode("ascii")

    def _number(self, item: tuple[str, CollateralRule]) -> int:
        return self.assets[item[0]]

    def asset(self, number: int) -> str:
        """The name of an asset's number, or the number itself if it has none."""
        return self._names.get(number, str(number))

    @cached_property
    def _names(self) -> Mapping[int, str]:
        return MappingProxyType({number: name for name, number in self.assets.items()})

    def buffer(self, amount: int) -> int:
        """`amount` (whole quote units) if the menu has it; a free buffer would leak equity."""
        if amount not in self.buffers:
            menu = ", ".join(str(buffer) for buffer in self.buffers)
            raise InputError(f"the buffer must be one of the menu: {menu}")
        return amount


def portfolio_params_schema() -> Schema:
    """The published JSON schema of a portfolio params.json."""
    about = "Parameters of a portfolio margin venue; docs/portfolio-files.md."
    return published(PARAMS_SPEC, "zkmargin portfolio params", about)


def _sizes(shape: PortfolioShape) -> dict[str, int]:
    """Everything of a shape but the size class."""
    return {name: getattr(shape, name) for name in SHAPE_FIELDS}


def _resolve(content: dict[str, Any], at: Place, file: str) -> PortfolioParams:
    """From checked fields to linked parameters: what needs more than one field is checked here."""
    size_classes = tuple(int(name) for name in content["shape"].pop("size_classes"))
    if len(set(size_classes)) != len(size_classes):
        raise at.key("shape").key("size_classes").error("lists a class twice: keep one")
    try:
        shape = PortfolioShape(size_classes[0], **content["shape"])
    except InputError as error:
        raise at.key("shape").key(error.path).error(error.message) from None
    buffers: list[int] = content["buffers"]
    if buffers[0] != 0 or any(a >= b for a, b in pairwise(buffers)):
        raise at.key("buffers").error('must begin with "0" and rise')
    assets: dict[str, int] = content["assets"]
    _refuse_same_number(assets, at.key("assets"))
    for i, name in enumerate(content["underlyings"]):
        place = at.key("underlyings").index(i)
        _known(name, assets, place)
        if name in content["underlyings"][:i]:
            raise place.error("is listed twice: keep one")
    if len(content["underlyings"]) > shape.market_underlyings:
        raise at.key("underlyings").error(
            f"has more than {shape.market_underlyings} entries, the shape's market_underlyings"
        )
    rules = _rules(content, at)
    try:
        lanes(rules, shape)
    except InputError as error:
        raise at.key(error.path).error(error.message) from None
    underlyings = sorted(content["underlyings"], key=assets.__getitem__)
    return PortfolioParams(
        venue=content["venue"],
        quote=content["quote"],
        size_classes=size_classes,
        shape=shape,
        buffers=tuple(buffers),
        assets=MappingProxyType(assets),
        underlyings=MappingProxyType({name: assets[name] for name in underlyings}),
        collaterals=MappingProxyType(_collaterals(content, at)),
        rules=rules,
        file=file,
    )


def _rules(content: dict[str, Any], at: Place) -> Rules:
    """The groups of rules; a decimal with fewer places than 18 becomes one of 1e-18."""
    finer = 10 ** (PLACES - SHOCK_PLACES)
    loss, basis, confidence = content["loss_factors"], content["basis"], content["confidence"]
    if loss["maintenance"] > loss["initial"]:
        raise at.key("loss_factors").error("the maintenance factor must not exceed the initial one")
    for name in ("spot_up", "spot_down"):
        basis[name] *= finer
    return Rules(
        scenarios=_scenarios(content["scenarios"], finer, at.key("scenarios")),
        loss_initial=loss["initial"],
        loss_maintenance=loss["maintenance"],
        vol_shock=VolShock(**content["vol_shock"]),
        discount_long=StaticDiscount(**content["static_discount"]["long"]),
        discount_short=StaticDiscount(**content["static_discount"]["short"]),
        basis=BasisRule(**basis),
        skew=SkewRule(**content["skew"]),
        perpetual=Rates(**content["perpetual"]),
        option=Rates(**content["option"]),
        confidence=Threshold(confidence["threshold"], confidence["margin"]),
        peg=Threshold(content["peg"]["threshold"], content["peg"]["factor"]),
    )


def _scenarios(entries: list[dict[str, Any]], finer: int, at: Place) -> tuple[Scenario, ...]:
    seen: dict[tuple[int, str], int] = {}
    for i, entry in enumerate(entries):
        shock, vol = entry["shock"] * finer, entry["vol"]
        if vol in SKEWS and shock != UNIT:
            # The formula of a skew takes the forward as it is, so a shock would say nothing.
            raise at.index(i).key("shock").error('a skew scenario has the shock "1"')
        if (shock, vol) in seen:
            raise at.index(i).error(f"is the same scenario as scenarios[{seen[shock, vol]}]")
        seen[shock, vol] = i
    return tuple(Scenario(e["shock"] * finer, e["vol"], e["damping"]) for e in entries)


def _collaterals(content: dict[str, Any], at: Place) -> dict[str, CollateralRule]:
    found = {}
    for name, entry in content["collaterals"].items():
        place = at.key("collaterals").key(name)
        _known(name, content["assets"], place)
        rates = Rates(entry["maintenance_haircut"], entry["initial_haircut"])
        if rates.maintenance + rates.initial > UNIT:
            raise place.error("the two haircuts must not exceed 1 together")
        cancels = entry.get("cancels")
        if cancels is not None and cancels not in content["underlyings"]:
            raise place.key("cancels").error("is not one of the underlyings")
        number = content["assets"][cancels] if cancels is not None else 0
        found[name] = CollateralRule(rates, number)
    return found


def _known(name: str, assets: Mapping[str, int], at: Place) -> None:
    if name not in assets:
        raise at.error("is not in assets: add it there or correct the name")


def _refuse_same_number(assets: Mapping[str, int], at: Place) -> None:
    seen: dict[int, str] = {}
    for name, number in assets.items():
        if number in seen:
            raise at.key(name).error(f"has the same number as {seen[number]}")
        seen[number] = name
