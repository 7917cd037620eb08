"""What a portfolio statement says in public, and how a book becomes its private inputs.

Source: the project's margin specification, "Statements". The public inputs are those of the linear
model, in its order (`circuits.margin.statement`), the domain included: a digest tells the circuits
apart. A claim is about files, `listed` says which legs of a book the epoch lacks, each by its place
in the account's file.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from circuits.margin.constants import ACCOUNT_BITS, MAINTENANCE, MODES
from circuits.margin.instrument import COLLATERAL, FUTURE, OPTION, PERPETUAL, Instrument
from circuits.margin.portfolio.book import Leg, PortfolioBook
from circuits.margin.portfolio.commitment import commitment as committed
from circuits.margin.portfolio.constants import BUFFER_SCALE
from circuits.margin.portfolio.exposure import Exposure, GreekLimit, exposures
from circuits.margin.portfolio.inputs import book_inputs, position_inputs
from circuits.margin.portfolio.market import PortfolioMarket
from circuits.margin.portfolio.model import PortfolioMargin, portfolio_margin
from circuits.margin.portfolio.params import PortfolioParams
from circuits.margin.portfolio.records import CollateralRow, OptionRow
from circuits.margin.portfolio.shape import PortfolioShape
from circuits.margin.portfolio.table import PortfolioEpoch, table_shape
from circuits.margin.statement import PUBLIC_INPUTS, Domain, publics
from zk.errors import DigestMismatch, InputError

if TYPE_CHECKING:
    from circuits.margin.portfolio.greeks import GreekLimits
    from circuits.margin.portfolio.portfolio import MeetsPortfolio, PortfolioLiquidatable

Values = dict[str, Any]

MEETS = "portfolio meets"
LIQUIDATABLE = "portfolio liquidatable"
GREEKS = "portfolio greeks"


def portfolio_meets(shape: PortfolioShape) -> MeetsPortfolio:
    """The circuit of `PortfolioClaim` for a shape."""
    from circuits.margin.portfolio.portfolio import MeetsPortfolio

    return MeetsPortfolio(shape)


def portfolio_liquidatable(shape: PortfolioShape) -> PortfolioLiquidatable:
    """The circuit of `PortfolioLiquidationClaim` for a shape."""
    from circuits.margin.portfolio.portfolio import PortfolioLiquidatable

    return PortfolioLiquidatable(shape)


def greek_limits(shape: PortfolioShape) -> GreekLimits:
    """The circuit of `GreekClaim` for a shape."""
    from circuits.margin.portfolio.greeks import GreekLimits

    return GreekLimits(shape)


@dataclass(frozen=True)
class _Claim:
    """What all claims share: the place, the parameters and the market they are about."""

    domain: Domain
    params: PortfolioParams
    market: PortfolioMarket | PortfolioEpoch  # or the table that was published of it

    statement: ClassVar[str]
    last_input: ClassVar[str]

    @cached_property
    def epoch(self) -> PortfolioEpoch:
        """The market's committed table under these parameters."""
        return epoch_under(self.market, self.params)

    def publics(self, circuit_digest: int, account: int, commitment: int) -> list[int]:
        """The six public inputs, in order."""
        return publics(
            self.domain.value(circuit_digest),
            account,
            commitment,
            self.epoch.root,
            self.params.digest,
            self._own_input(),
        )

    def inputs(
        self, shape: PortfolioShape, book: PortfolioBook, salt: int, circuit_digest: int
    ) -> Values:
        """Every input of the circuit for a book; secret. InputError names a leg without a row."""
        if book.shape != shape:
            raise InputError(
                f"the account is of the class of {book.shape.size_class}, the circuit of "
                f"{shape.size_class}: use the circuit of the account's class"
            )
        listed(book.legs, self.epoch)
        made = self.publics(circuit_digest, book.account, committed(book, salt))
        values = self._opened(book, salt)
        values |= dict(zip((*PUBLIC_INPUTS, self.last_input), made, strict=True))
        return values | self._private(book)

    def _opened(self, book: PortfolioBook, salt: int) -> Values:
        return book_inputs(book, salt, self.epoch)

    def margin(self, book: PortfolioBook) -> PortfolioMargin:
        """Every part of a book's margin in the claim's mode; secret."""
        listed(book.legs, self.epoch)
        return portfolio_margin(book, self.epoch, self._mode())

    def holds(self, book: PortfolioBook) -> bool:
        """Whether the claim is true of a book, by the integer model."""
        raise NotImplementedError

    def _own_input(self) -> int:
        raise NotImplementedError

    def _mode(self) -> int:
        return MAINTENANCE

    def _private(self, book: PortfolioBook) -> Values:
        raise NotImplementedError


@dataclass(frozen=True)
class PortfolioClaim(_Claim):
    """The account meets its margin at `mode` (IM or MM) with `buffer` whole quote units to spare.

    The buffer must be on the parameters' public menu.
    """

    mode: str = "MM"
    buffer: int = 0

    statement = MEETS
    last_input = "claim"

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise InputError(f"must be one of {', '.join(MODES)}", "mode")
        self.params.buffer(self.buffer)

    def holds(self, book: PortfolioBook) -> bool:
        found = self.margin(book)
        return found.margin - found.charge >= self.buffer * BUFFER_SCALE

    def _own_input(self) -> int:
        return MODES[self.mode] + (self.buffer << 8)

    def _mode(self) -> int:
        return MODES[self.mode]

    def _private(self, book: PortfolioBook) -> Values:
        found = portfolio_margin(book, self.epoch, self._mode())
        unused = book.shape.underlyings - len(found.underlyings)
        return {
            "maintenance": self._mode(),
            "buffer": self.buffer,
            "worst": [part.worst for part in found.underlyings] + [0] * unused,
        }


@dataclass(frozen=True)
class PortfolioLiquidationClaim(_Claim):
    """The account is below its maintenance margin; `liquidator` is who may act on it."""

    liquidator: int = 0

    statement = LIQUIDATABLE
    last_input = "liquidator"

    def __post_init__(self) -> None:
        if not 0 <= self.liquidator < 1 << ACCOUNT_BITS:
            raise InputError("an address is an integer below 2^160", "liquidator")

    def holds(self, book: PortfolioBook) -> bool:
        found = self.margin(book)
        return found.margin + found.charge < 0

    def _own_input(self) -> int:
        return self.liquidator

    def _private(self, book: PortfolioBook) -> Values:
        """One scenario or the basis of each underlying: the worst; of an unused leg any."""
        found = portfolio_margin(book, self.epoch, MAINTENANCE)
        lanes = [part.worst_lane for part in found.underlyings]
        lanes += [0] * (book.shape.underlyings - len(lanes))
        count = book.shape.lanes + 1
        return {"choice": [int(i == lane) for lane in lanes for i in range(count)]}


def epoch_under(
    market: PortfolioMarket | PortfolioEpoch, params: PortfolioParams
) -> PortfolioEpoch:
    """A market's epoch, or a published one; DigestMismatch if that is of other params."""
    if isinstance(market, PortfolioMarket):
        return PortfolioEpoch.build(market, params)
    if market.params_digest != params.digest or market.shape != table_shape(params.shape):
        raise DigestMismatch("the table is of other params: give those it was made with")
    return market


@dataclass(frozen=True)
class GreekClaim(_Claim):
    """Net delta and vega of the account's underlyings, or of the one named, are within limits."""

    limit: GreekLimit

    statement = GREEKS
    last_input = "claim"

    def exposures(self, book: PortfolioBook) -> tuple[Exposure, ...]:
        """Net delta and vega of each underlying; secret."""
        listed(book.legs, self.epoch)
        return exposures(book, self.epoch)

    def holds(self, book: PortfolioBook) -> bool:
        return all(self.limit.holds(found) for found in self.exposures(book))

    def _own_input(self) -> int:
        return self.limit.claim

    def _opened(self, book: PortfolioBook, salt: int) -> Values:
        return position_inputs(book, salt, self.epoch)

    def _private(self, book: PortfolioBook) -> Values:
        limit = self.limit
        return {
            "scope": limit.underlying,
            "delta_limit": limit.delta,
            "vega_limit": limit.vega,
        }


def listed(legs: Iterable[Leg], epoch: PortfolioEpoch) -> None:
    """InputError, at the leg's place in its file, if the epoch lacks what a leg needs."""
    for leg in legs:
        problem = _problem(leg, epoch)
        if problem:
            raise InputError(problem, leg.source)


def _problem(leg: Leg, epoch: PortfolioEpoch) -> str:
    instrument = Instrument.from_key(leg.key)
    if instrument.expiry and instrument.expiry <= epoch.timestamp:
        return "has expired at the market's time: the ledger settles it before anything is proven"
    row = epoch.by_key.get(leg.key)
    if instrument.kind == OPTION and not isinstance(row, OptionRow):
        return "the market has no row for this option (not listed)"
    if instrument.kind == COLLATERAL and not isinstance(row, CollateralRow):
        return "the market has no row for this collateral (not listed)"
    if instrument.kind == FUTURE and all(leg.prefix != e.prefix for e in epoch.expiries):
        return "the market does not list this future's expiry"
    priced = {record.underlying: record.perpetual_price for record in epoch.underlyings}
    if instrument.kind == PERPETUAL and not priced.get(leg.underlying):
        return "the market has no perpetual on this underlying"
    return ""
