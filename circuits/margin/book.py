"""The book: an account's slots as they are committed, integers only, sorted by instrument key.

`account.py` makes one from a file and a params' names; the model, the commitment and the circuit's
witness all start from it. It holds secrets: nothing here has a repr that shows a number other than
the account's id.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from circuits.margin.constants import (
    ACCOUNT_BITS,
    CASH_BITS,
    FUNDING_OFFSET,
    QUANTITY_BITS,
    SEQUENCE_BITS,
)
from circuits.margin.instrument import COLLATERAL, FUTURE, PERPETUAL, Instrument
from circuits.margin.shape import slots
from zk.errors import InputError


@dataclass(frozen=True, repr=False)
class Position:
    """A used position slot: key, signed quantity (1e-8, never 0), settled funding index (1e-12).

    `source` is the place in the file it came from, for messages.
    """

    key: int
    quantity: int
    funding: int
    source: str = field(default="", compare=False)

    def __repr__(self) -> str:
        return "<Position>"

    def __post_init__(self) -> None:
        if Instrument.from_key(self.key).kind not in (PERPETUAL, FUTURE):
            raise InputError("a position is of a perpetual or a future", self.source)
        if not 0 < abs(self.quantity) < 1 << QUANTITY_BITS:
            raise InputError("a quantity is not zero and has at most 63 bits", self.source)
        if not -FUNDING_OFFSET <= self.funding < FUNDING_OFFSET:
            raise InputError("a funding index is a signed number of 96 bits", self.source)


@dataclass(frozen=True, repr=False)
class Holding:
    """A used collateral slot: key and quantity (1e-8, above 0)."""

    key: int
    quantity: int
    source: str = field(default="", compare=False)

    def __repr__(self) -> str:
        return "<Holding>"

    def __post_init__(self) -> None:
        if Instrument.from_key(self.key).kind != COLLATERAL:
            raise InputError("a collateral slot holds a collateral", self.source)
        if not 0 < self.quantity < 1 << QUANTITY_BITS:
            raise InputError("a quantity is above zero and has at most 63 bits", self.source)


@dataclass(frozen=True, repr=False)
class Book:
    """An account at one sequence number: cash (1e-8, signed) and its used slots in key order."""

    account: int
    sequence: int
    size_class: str
    cash: int
    positions: tuple[Position, ...]
    collaterals: tuple[Holding, ...]

    def __repr__(self) -> str:
        return f"<Book of account {self.account:#042x}>"

    def __post_init__(self) -> None:
        if not 0 <= self.account < 1 << ACCOUNT_BITS:
            raise InputError("an account id is an integer below 2^160", "account")
        if not 0 <= self.sequence < 1 << SEQUENCE_BITS:
            raise InputError("a sequence number is an integer below 2^64", "sequence")
        if not -(1 << CASH_BITS - 1) <= self.cash < 1 << CASH_BITS - 1:
            raise InputError("cash is a signed number of 96 bits", "cash")
        _check_slots([p.key for p in self.positions], self.position_slots, "positions")
        _check_slots([c.key for c in self.collaterals], self.collateral_slots, "collateral")

    @property
    def position_slots(self) -> int:
        return slots(self.size_class)[0]

    @property
    def collateral_slots(self) -> int:
        return slots(self.size_class)[1]


def _check_slots(keys: list[int], room: int, name: str) -> None:
    """Used slots fit the class and are strictly increasing."""
    if len(keys) > room:
        raise InputError(f"has more than {room} entries, the size class's slots", name)
    if any(a >= b for a, b in pairwise(keys)):
        raise InputError("slots must be sorted by key, each key once", name)
