"""A book's margin term by term, for its owner: what every scenario costs, and which one binds.

The numbers are those of `model.py`, which are the circuit's; only their names and their scale are
made here. Notation: every amount is an exact integer of 1e-43 (`amount` writes it as a decimal).
All of it is secret, so nothing here has a repr.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from circuits.margin.constants import INITIAL, MAINTENANCE
from circuits.margin.decimals import format_decimal
from circuits.margin.portfolio import constants as c
from circuits.margin.portfolio.book import Leg, PortfolioBook
from circuits.margin.portfolio.lanes import lanes
from circuits.margin.portfolio.model import UnderlyingPart, portfolio_margin
from circuits.margin.portfolio.params import PortfolioParams
from circuits.margin.portfolio.records import UnderlyingRecord
from circuits.margin.portfolio.rules import Scenario
from circuits.margin.portfolio.statement import listed
from circuits.margin.portfolio.table import PortfolioEpoch

BASIS = "basis"

_FACTOR_SCALE = 10 ** (c.MARGIN_PLACES - c.PNL_PLACES)


@dataclass(frozen=True, repr=False)
class Contingencies:
    """What notionals cost, whatever the scenario; never negative. At IM confidences are in them."""

    perpetual: int
    options: int  # naked shorts
    confidence: int  # of the expiries' feeds, for options


@dataclass(frozen=True, repr=False)
class UnderlyingTerms:
    """An underlying's PnL in every scenario, and what IM and MM make of the worst."""

    name: str
    scenarios: tuple[tuple[Scenario, int], ...]  # in the order of the params
    basis: int
    worst: int
    binds: str  # the scenario, or the basis
    factor: dict[str, int]  # mF by mode, 1e-6
    contingencies: dict[str, Contingencies]

    def at_risk(self, mode: str) -> int:
        """mF times the worst: what the scenarios take from the margin, not above zero."""
        return self.worst * self.factor[mode] // 10**c.FACTOR_PLACES


@dataclass(frozen=True, repr=False)
class Terms:
    """All of a book's margin. `IM` and `MM` in the dicts; a margin is before the charge."""

    cash: int
    value: int  # of all legs, unsettled funding included
    underlyings: tuple[UnderlyingTerms, ...]
    haircut: dict[str, int]
    margin: dict[str, int]
    charge: dict[str, int]

    @property
    def mark_to_market(self) -> int:
        return self.cash + self.value

    def distance(self, mode: str, buffer: int = 0) -> int:
        """How far `meets` at this mode and buffer is from its line; not negative if it holds."""
        return self.margin[mode] - self.charge[mode] - buffer * c.BUFFER_SCALE

    @property
    def is_liquidatable(self) -> bool:
        return self.margin["MM"] + self.charge["MM"] < 0


def explain_portfolio(book: PortfolioBook, epoch: PortfolioEpoch, params: PortfolioParams) -> Terms:
    """Every term of a book's margin; InputError names a leg that the epoch lacks."""
    listed(book.legs, epoch)
    found = {
        "IM": portfolio_margin(book, epoch, INITIAL),
        "MM": portfolio_margin(book, epoch, MAINTENANCE),
    }
    of = found["MM"]
    parts = zip(found["IM"].underlyings, of.underlyings, strict=True)
    return Terms(
        cash=of.cash,
        value=of.value,
        underlyings=tuple(
            _underlying({"IM": initial, "MM": maintenance}, book, epoch, params)
            for initial, maintenance in parts
        ),
        haircut={mode: margin.haircut * c.RATE_SCALE for mode, margin in found.items()},
        margin={mode: margin.margin for mode, margin in found.items()},
        charge={mode: margin.charge for mode, margin in found.items()},
    )


def amount(value: int) -> str:
    """An amount at 1e-43 as an exact decimal string."""
    return format_decimal(value, c.MARGIN_PLACES)


def _underlying(
    parts: dict[str, UnderlyingPart],
    book: PortfolioBook,
    epoch: PortfolioEpoch,
    params: PortfolioParams,
) -> UnderlyingTerms:
    part = parts["MM"]  # profits and basis are the same at IM
    in_lanes = lanes(params.rules, epoch.shape)
    place = {lane.scenario: i for i, lane in enumerate(in_lanes) if lane.counted}
    scenarios = [(s, part.profits[place[s]] * _FACTOR_SCALE) for s in params.rules.scenarios]
    worst = part.worst_lane
    record = epoch.open_underlying(part.underlying).record
    perpetuals = [leg for leg in book.perpetuals if leg.underlying == part.underlying]
    return UnderlyingTerms(
        name=params.asset(part.underlying),
        scenarios=tuple(scenarios),
        basis=part.basis * _FACTOR_SCALE,
        worst=part.worst * _FACTOR_SCALE,
        binds=BASIS if worst == len(part.profits) else str(in_lanes[worst].scenario),
        factor={mode: found.factor for mode, found in parts.items()},
        contingencies={
            mode: _contingencies(found, perpetuals, record, mode) for mode, found in parts.items()
        },
    )


def _contingencies(
    part: UnderlyingPart, perpetuals: Sequence[Leg], record: UnderlyingRecord, mode: str
) -> Contingencies:
    """The part's contingency by what it is for."""
    rates = [record.perpetual_maintenance, record.option_maintenance]
    if mode == "IM":
        rates = [rates[0] + record.perpetual_initial, rates[1] + record.option_initial]
    scale = record.spot * c.RATE_SCALE
    perpetual = sum(abs(leg.quantity) for leg in perpetuals) * rates[0] * scale
    options = part.naked * rates[1] * scale
    rest = part.contingency * c.RATE_SCALE - perpetual - options
    return Contingencies(perpetual, options, rest)
