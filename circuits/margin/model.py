"""Linear cross margin in plain integers: the specification that the circuits are tested against.

Source: the project's margin specification, "Model L". Notation: q a signed quantity, m the mark or
price, F the market's funding index, f the account's settled one, haircut_c and requirement_p the
tier functions of a row.

    equity      = cash + sum_p q m - sum_p q (F - f) + sum_c haircut_c(q m)
    requirement = sum_p requirement_p(|q| m)            at IM or at MM
    margin      = equity - requirement

    meets         margin - buffer >= 0
    liquidatable  margin < 0 at MM

Every amount below is an exact integer at 1e-22 of the quote currency unless a comment says
otherwise; nothing is divided and nothing is rounded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from circuits.margin.account import Account
from circuits.margin.book import Book, Holding, Position
from circuits.margin.constants import (
    BUFFER_SCALE,
    CASH_SCALE,
    FUNDING_SCALE,
    MAINTENANCE,
    MARGIN_PLACES,
    ROW_COLLATERAL,
    ROW_INSTRUMENT,
    VALUE_SCALE,
)
from circuits.margin.decimals import format_decimal
from circuits.margin.epoch import Row
from circuits.margin.market import Market
from circuits.margin.params import RiskParams
from zk.errors import InputError

Rows = Mapping[int, Row]  # an epoch's rows by key


@dataclass(frozen=True, repr=False)
class PositionLine:
    """One position's part: `value` q m and `funding` -q (F - f) in equity, and its requirement."""

    position: Position
    row: Row
    notional: int  # unit 1e-16
    value: int
    funding: int
    tier: int
    requirement: int


@dataclass(frozen=True, repr=False)
class CollateralLine:
    """One collateral's part: `value` q m, and what the haircut leaves of it."""

    holding: Holding
    row: Row
    value: int
    tier: int
    counted: int


@dataclass(frozen=True, repr=False)
class Breakdown:
    """A book's margin at one mode, term by term; for the owner's own eyes."""

    mode: int
    cash: int
    positions: tuple[PositionLine, ...]
    collaterals: tuple[CollateralLine, ...]

    @property
    def equity(self) -> int:
        lines = sum(line.value + line.funding for line in self.positions)
        return self.cash + lines + sum(line.counted for line in self.collaterals)

    @property
    def requirement(self) -> int:
        return sum(line.requirement for line in self.positions)

    @property
    def margin(self) -> int:
        return self.equity - self.requirement

    def distance(self, buffer: int = 0) -> int:
        """How far the margin is above the line (below it, if negative), after the buffer."""
        return self.margin - buffer * BUFFER_SCALE

    def spare_cash(self, buffer: int = 0) -> int:
        """The distance in whole units of cash, floored: what could be withdrawn, or minus what is
        missing."""
        return self.distance(buffer) // CASH_SCALE

    def binding(self) -> PositionLine | None:
        """The position with the largest requirement: the first to look at."""
        return max(self.positions, key=lambda line: line.requirement, default=None)


def breakdown(book: Book, rows: Rows, mode: int) -> Breakdown:
    """Every term of the inequality; InputError if the rows lack an instrument of the book."""
    return Breakdown(
        mode=mode,
        cash=book.cash * CASH_SCALE,
        positions=tuple(_position(position, rows, mode) for position in book.positions),
        collaterals=tuple(_collateral(holding, rows) for holding in book.collaterals),
    )


def margin(book: Book, rows: Rows, mode: int) -> int:
    """equity - requirement."""
    return breakdown(book, rows, mode).margin


def book_meets(book: Book, rows: Rows, mode: int, buffer: int = 0) -> bool:
    """Whether the book's margin at `mode` is at least `buffer` (whole quote units)."""
    return breakdown(book, rows, mode).distance(buffer) >= 0


def book_liquidatable(book: Book, rows: Rows) -> bool:
    """Whether the book is under water: maintenance margin strictly below zero."""
    return margin(book, rows, MAINTENANCE) < 0


def meets(account: Account, market: Market, params: RiskParams, mode: int, buffer: int = 0) -> bool:
    """`book_meets` from files; the buffer must be on the params' menu."""
    params.buffer(buffer)
    return explain(account, market, params, mode).distance(buffer) >= 0


def liquidatable(account: Account, market: Market, params: RiskParams) -> bool:
    """`book_liquidatable` from files."""
    return explain(account, market, params, MAINTENANCE).margin < 0


def explain(account: Account, market: Market, params: RiskParams, mode: int) -> Breakdown:
    """`breakdown` from files; errors name the account's file."""
    rows = {row.key: row for row in market.rows(params)}
    try:
        return breakdown(account.book(params), rows, mode)
    except InputError as error:
        raise (error if error.file else error.in_file(account.file)) from None


def amount(value: int) -> str:
    """An amount at 1e-22 as an exact decimal string."""
    return format_decimal(value, MARGIN_PLACES)


def _position(position: Position, rows: Rows, mode: int) -> PositionLine:
    row = _row(rows, position.key, position.source, ROW_INSTRUMENT)
    table = row.tables[mode]
    notional = abs(position.quantity) * row.mark
    return PositionLine(
        position=position,
        row=row,
        notional=notional,
        value=position.quantity * row.mark * VALUE_SCALE,
        # Longs pay while the index rises.
        funding=-position.quantity * (row.funding - position.funding) * FUNDING_SCALE,
        tier=table.tier(notional),
        requirement=table.exact(notional),
    )


def _collateral(holding: Holding, rows: Rows) -> CollateralLine:
    row = _row(rows, holding.key, holding.source, ROW_COLLATERAL)
    (table,) = row.tables
    value = holding.quantity * row.mark
    return CollateralLine(
        holding=holding,
        row=row,
        value=value * VALUE_SCALE,
        tier=table.tier(value),
        counted=table.exact(value),
    )


def _row(rows: Rows, key: int, source: str, tag: int) -> Row:
    row = rows.get(key)
    if row is None or row.tag != tag:
        message = "the market has no row for this instrument (not listed, or expired)"
        raise InputError(message, source)
    return row
