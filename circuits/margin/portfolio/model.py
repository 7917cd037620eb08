"""Portfolio margin in plain integers, from an epoch's rows: what the circuit computes.

Source: the project's margin specification, "Model P". Everything is exact: `reference.py` says what
a venue's contract computes of the market itself, and differs by what the epoch rounds, which the
charge covers. Units: `constants.py`; margins at 1e-43, PnL and basis at 1e-37.
"""

from __future__ import annotations

from dataclasses import dataclass

from circuits.margin.constants import INITIAL, MAINTENANCE
from circuits.margin.portfolio import constants as c
from circuits.margin.portfolio.book import Leg, PortfolioBook
from circuits.margin.portfolio.commitment import rank
from circuits.margin.portfolio.records import (
    CollateralRow,
    ExpiryRecord,
    OptionRow,
    UnderlyingRecord,
)
from circuits.margin.portfolio.table import PortfolioEpoch
from zk.errors import InputError


@dataclass(frozen=True, repr=False)
class ExpiryPart:
    """An expiry's values in every lane (1e-16), its changes (1e-31) and its basis (1e-34)."""

    prefix: int
    values: tuple[int, ...]
    changes: tuple[int, ...]
    basis: int
    mark: int  # of options and future, 1e-16
    notional: int  # what moves with spot of the future, 1e-16
    magnitude: int  # of the options, 1e-8


@dataclass(frozen=True, repr=False)
class UnderlyingPart:
    """An underlying's PnL in every lane and its basis (1e-37); contingencies at 1e-22."""

    underlying: int
    expiries: tuple[ExpiryPart, ...]
    profits: tuple[int, ...]
    basis: int
    naked: int  # short options without a long at their strike, 1e-8
    contingency: int  # of perpetual and options in the mode asked for, 1e-22
    charge: int  # 1e-22
    factor: int  # 1e-6

    @property
    def worst(self) -> int:
        """x: the least of the PnLs and the basis."""
        return min(self.basis, *self.profits)

    @property
    def worst_lane(self) -> int:
        """The lane of x, or the number of lanes if it is the basis."""
        return min(range(len(self.profits) + 1), key=lambda i: ([*self.profits, self.basis][i], -i))


@dataclass(frozen=True, repr=False)
class PortfolioMargin:
    """All of a book's margin in one mode; values and sums at 1e-43. Secret: it has no repr."""

    underlyings: tuple[UnderlyingPart, ...]
    cash: int
    value: int  # of all legs, without cash
    haircut: int  # of collaterals, 1e-22
    price_charge: int  # for the last place of the collaterals' prices, 1e-22

    @property
    def margin(self) -> int:
        """What is left above the requirement, before the charge."""
        at_risk = sum(part.factor * part.worst for part in self.underlyings)
        contingency = self.haircut + sum(part.contingency for part in self.underlyings)
        return self.cash + self.value + at_risk - contingency * c.RATE_SCALE

    @property
    def charge(self) -> int:
        """What the epoch's values may be off by."""
        charged = self.price_charge + sum(part.charge for part in self.underlyings)
        return charged * c.CHARGE_SCALE


def portfolio_margin(book: PortfolioBook, epoch: PortfolioEpoch, mode: int) -> PortfolioMargin:
    """Every part of a book's margin; InputError if the epoch lacks a row or record of a leg."""
    collaterals = [(leg, _collateral(epoch, leg)) for leg in book.collaterals]
    cancelling: dict[int, tuple[int, int]] = {}  # by underlying: value, quantity
    value = haircut = price_charge = 0
    for leg, row in collaterals:
        worth = leg.quantity * row.price
        value += worth
        rate = row.initial if mode == INITIAL else row.maintenance
        haircut += worth * rate
        price_charge += leg.quantity * (rate + c.FACTOR_ONE)
        if row.cancels:
            before = cancelling.get(row.cancels, (0, 0))
            cancelling[row.cancels] = before[0] + worth, before[1] + leg.quantity
    owed = 0
    parts = []
    for number in book.underlyings:
        record = epoch.open_underlying(number).record
        perpetual = next((leg for leg in book.perpetuals if leg.underlying == number), None)
        moves = cancelling.pop(number, (0, 0))
        part = _underlying(book, epoch, record, perpetual, moves, mode)
        parts.append(part)
        value += sum(e.mark for e in part.expiries)
        if perpetual:
            value += perpetual.quantity * record.perpetual_price
            owed += perpetual.quantity * (record.funding - perpetual.funding)
    if cancelling:
        raise InputError("holds a collateral that moves with an underlying it does not list")
    total = value * c.VALUE_SCALE - owed * c.FUNDING_SCALE
    return PortfolioMargin(tuple(parts), book.cash * c.CASH_SCALE, total, haircut, price_charge)


def meets(book: PortfolioBook, epoch: PortfolioEpoch, mode: int, buffer: int) -> bool:
    """The claim of `MeetsPortfolio`; `buffer` in whole quote units."""
    found = portfolio_margin(book, epoch, mode)
    return found.margin - found.charge >= buffer * c.BUFFER_SCALE


def liquidatable(book: PortfolioBook, epoch: PortfolioEpoch) -> bool:
    """The claim of `PortfolioLiquidatable`, at maintenance margin."""
    found = portfolio_margin(book, epoch, MAINTENANCE)
    return found.margin + found.charge < 0


def _underlying(
    book: PortfolioBook,
    epoch: PortfolioEpoch,
    record: UnderlyingRecord,
    perpetual: Leg | None,
    cancelling: tuple[int, int],
    mode: int,
) -> UnderlyingPart:
    number = record.underlying
    expiries = []
    doubt = 0
    for prefix in book.expiries:
        if prefix >> c.PREFIX_BITS - 16 != number:
            continue
        found = epoch.open_expiry(prefix).record
        expiries.append(_expiry(book, epoch, found))
        rate = found.confidence_rate_perpetual if perpetual else found.confidence_rate
        doubt += expiries[-1].magnitude * rate
    lanes = epoch.scenarios.lanes
    notional = cancelling[0] + sum(e.notional for e in expiries)
    quantity = perpetual.quantity if perpetual else 0
    notional += quantity * record.perpetual_price
    profits = []
    for i, lane in enumerate(lanes):
        moved = notional * (lane.shock - c.SHOCK_ONE) * c.NOTIONAL_SHOCK_SCALE
        profits.append((sum(e.changes[i] for e in expiries) + moved) * lane.damping)
    naked = _naked(book, number)
    charged = abs(quantity) * record.perpetual_maintenance + naked * record.option_maintenance
    if mode == INITIAL:
        charged += abs(quantity) * record.perpetual_initial + naked * record.option_initial + doubt
    futures = [leg for leg in book.futures if leg.underlying == number]
    magnitude = abs(quantity) + cancelling[1] + sum(e.magnitude for e in expiries)
    magnitude += sum(abs(leg.quantity) for leg in futures)
    rate, factor = record.charge_maintenance, record.loss_maintenance
    if mode == INITIAL:
        rate, factor = record.charge_initial, record.loss_initial
    return UnderlyingPart(
        underlying=number,
        expiries=tuple(expiries),
        profits=tuple(profits),
        basis=sum(e.basis for e in expiries) * c.BASIS_SCALE,
        naked=naked,
        contingency=charged * record.spot,
        charge=magnitude * rate,
        factor=factor,
    )


def _expiry(book: PortfolioBook, epoch: PortfolioEpoch, record: ExpiryRecord) -> ExpiryPart:
    held = [leg for leg in book.options if leg.prefix == record.prefix]
    lanes = epoch.scenarios.lanes
    values = [0] * len(lanes)
    for leg in held:
        for i, value in enumerate(_option(epoch, leg).values):
            values[i] += leg.quantity * value
    mark = values[c.LANE_MARK]
    changes = []
    for i, value in enumerate(values):
        discount = record.discount_long if value >= 0 else record.discount_short
        change = value * discount - mark * c.DISCOUNT_ONE
        changes.append(-abs(change) if i >= len(lanes) - epoch.shape.skews else change)
    future = next((leg.quantity for leg in book.futures if leg.prefix == record.prefix), 0)
    notional = future * record.forward_variable
    ends = [
        (values[lane] - mark) * c.SHOCK_ONE + notional * (lanes[lane].shock - c.SHOCK_ONE)
        for lane in (c.LANE_UP, c.LANE_DOWN)
    ]
    return ExpiryPart(
        prefix=record.prefix,
        values=tuple(values),
        changes=tuple(changes),
        basis=min(*ends, 0) * record.basis_factor,
        mark=mark + future * record.forward,
        notional=notional,
        magnitude=sum(abs(leg.quantity) for leg in held),
    )


def _naked(book: PortfolioBook, underlying: int) -> int:
    """Shorts of every strike that no long of the strike covers; 1e-8."""
    strikes: dict[tuple[int, int], int] = {}
    for leg in book.options:
        if leg.underlying == underlying:
            strike = leg.prefix, rank(leg.key) >> 1
            strikes[strike] = strikes.get(strike, 0) + leg.quantity
    return sum(-net for net in strikes.values() if net < 0)


def _option(epoch: PortfolioEpoch, leg: Leg) -> OptionRow:
    row = epoch.by_key.get(leg.key)
    if not isinstance(row, OptionRow):
        raise InputError(
            "the epoch has no row for this option (not listed, or expired)", leg.source
        )
    return row


def _collateral(epoch: PortfolioEpoch, leg: Leg) -> CollateralRow:
    row = epoch.by_key.get(leg.key)
    if not isinstance(row, CollateralRow):
        raise InputError("the epoch has no row for this collateral", leg.source)
    return row
