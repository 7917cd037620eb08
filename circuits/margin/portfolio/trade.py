"""A trade, and what a book is after it: the `--what-if` of an account's owner.

trade.json has the lists of account.json with signed quantities, each the change of one leg:

    options, futures, perpetuals   bought (above zero) or sold at `price`, at the market's mark if
                                   none is given; cash pays
    collateral                     deposited or withdrawn
    cash                           deposited or withdrawn

A traded perpetual is settled first: its unpaid funding goes to cash and its index becomes the
market's. Cash is floored once. A trade is as secret as the account.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from circuits.margin.checker import Decimal, List, Object, Place, Schema
from circuits.margin.constants import CASH_PLACES, FUNDING_PLACES, PRICE_PLACES, QUANTITY_PLACES
from circuits.margin.documents import PORTFOLIO_TRADE_FORMAT, checked, load, published, tag
from circuits.margin.instrument import FUTURE, OPTION, PERPETUAL, Instrument
from circuits.margin.jsonfile import ACCOUNT_LIMIT
from circuits.margin.portfolio.account import (
    CASH,
    LISTS,
    NAMED_BY,
    QUANTITY,
    Entry,
    assembled,
    leg_of,
    sorted_once,
)
from circuits.margin.portfolio.book import Leg, PortfolioBook
from circuits.margin.portfolio.constants import LANE_MARK, PRICE_BITS
from circuits.margin.portfolio.params import PortfolioParams
from circuits.margin.portfolio.records import OptionRow
from circuits.margin.portfolio.shape import MAX_ROWS
from circuits.margin.portfolio.statement import listed
from circuits.margin.portfolio.table import PortfolioEpoch
from zk.errors import InputError

_PRICE: Final = Decimal(PRICE_PLACES, 0, (1 << PRICE_BITS) - 1, "a price in the quote currency")
_SPEC: Final = Object(
    {"format": tag(PORTFOLIO_TRADE_FORMAT)},
    {
        "cash": CASH,
        **{
            name: List(
                Object(
                    {**NAMED_BY[name], "quantity": QUANTITY},
                    {} if name == "collateral" else {"price": _PRICE},
                ),
                MAX_ROWS,
            )
            for name in LISTS
        },
    },
)

# Quantity times price and quantity times index, brought to the finer of the two, then to cash.
_PRODUCT_PLACES: Final = QUANTITY_PLACES + FUNDING_PLACES
_PRICE_SCALE: Final[int] = 10 ** (FUNDING_PLACES - PRICE_PLACES)
_CASH_UNIT: Final[int] = 10 ** (_PRODUCT_PLACES - CASH_PLACES)


@dataclass(frozen=True, repr=False)
class PortfolioTrade:
    """A checked trade file; `load` or `parse` makes one."""

    cash: int
    changes: Mapping[str, tuple[Entry, ...]]
    file: str = ""

    def __repr__(self) -> str:
        return "<PortfolioTrade>"

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> PortfolioTrade:
        """Read trade.json."""
        return cls.parse(*load(path, ACCOUNT_LIMIT))

    @classmethod
    def parse(cls, data: bytes, file: str = "") -> PortfolioTrade:
        """Check the bytes of a trade.json."""
        content = checked(data, file, PORTFOLIO_TRADE_FORMAT, _SPEC, ACCOUNT_LIMIT, secret=True)
        changes = {name: tuple(content.get(name, ())) for name in LISTS}
        return cls(content.get("cash", 0), changes, file)

    def after(
        self, book: PortfolioBook, params: PortfolioParams, epoch: PortfolioEpoch
    ) -> PortfolioBook:
        """The book once the trade is done, in the same size class."""
        at = Place(self.file, secret=True)
        legs = dict(zip(LISTS, _lists(book), strict=True))
        paid = 0  # quantity times index, 1e-20
        try:
            for name in LISTS:
                legs[name], cost = self._changed(name, legs[name], params, epoch, at.key(name))
                paid += cost
        except InputError as error:
            raise (error if error.file else error.in_file(self.file)) from None
        cash = book.cash + self.cash + -paid // _CASH_UNIT
        return assembled(book.account, book.sequence, cash, book.shape.options, legs, params, at)

    def _changed(
        self,
        name: str,
        held: tuple[Leg, ...],
        params: PortfolioParams,
        epoch: PortfolioEpoch,
        at: Place,
    ) -> tuple[tuple[Leg, ...], int]:
        """The list `name` after the trade, and what that costs."""
        entries = [
            # A leg has a quantity above zero if it is a collateral's; the change has any sign.
            (
                leg_of(name, {**entry, "quantity": abs(entry["quantity"])}, params, at.index(i)),
                entry,
            )
            for i, entry in enumerate(self.changes[name])
        ]
        sorted_once([leg for leg, _ in entries], self.file)
        listed([leg for leg, _ in entries], epoch)
        found = {leg.key: leg for leg in held}
        cost = 0
        for leg, entry in entries:
            had = found.pop(leg.key, None)
            mark, funding = _market(leg, epoch)
            cost += entry["quantity"] * entry.get("price", mark) * _PRICE_SCALE
            quantity = entry["quantity"]
            if had is not None:
                quantity += had.quantity
                cost += had.quantity * (funding - had.funding)
            if name == "collateral" and quantity < 0:
                raise InputError("withdraws more than the account holds", leg.source)
            if quantity:
                found[leg.key] = replace(leg, quantity=quantity, funding=funding)
        return tuple(sorted(found.values(), key=lambda leg: leg.key)), cost


def portfolio_trade_schema() -> Schema:
    """The published JSON schema of a trade.json."""
    about = "Changes of a portfolio account's legs, for --what-if; docs/portfolio-files.md."
    return published(_SPEC, "zkmargin portfolio trade", about)


def _lists(book: PortfolioBook) -> tuple[tuple[Leg, ...], ...]:
    return book.options, book.futures, book.perpetuals, book.collaterals


def _market(leg: Leg, epoch: PortfolioEpoch) -> tuple[int, int]:
    """The mark of a leg that is listed (0 of a collateral: nobody pays), and its funding index."""
    kind = Instrument.from_key(leg.key).kind
    if kind == OPTION:
        row = epoch.by_key[leg.key]
        return (row.values[LANE_MARK] if isinstance(row, OptionRow) else 0), 0
    if kind == FUTURE:
        return epoch.open_expiry(leg.prefix).record.forward, 0
    if kind == PERPETUAL:
        record = epoch.open_underlying(leg.underlying).record
        return record.perpetual_price, record.funding
    return 0, 0
