"""The book: a portfolio account's legs as they are committed, integers only, sorted by key.

`account.py` makes one from a file and a params' names; the model, the commitment and the circuit's
witness all start from it. It holds secrets: nothing here has a repr that shows a number other than
the account's id.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from circuits.margin.constants import (
    ACCOUNT_BITS,
    CASH_BITS,
    FUNDING_OFFSET,
    QUANTITY_BITS,
    SEQUENCE_BITS,
)
from circuits.margin.instrument import (
    COLLATERAL,
    FUTURE,
    OPTION,
    PERPETUAL,
    Instrument,
)
from circuits.margin.portfolio.constants import PRICE_BITS, STRIKE_RIGHT_BITS
from circuits.margin.portfolio.shape import SIZE_CLASSES, PortfolioShape
from zk.errors import InputError


@dataclass(frozen=True, repr=False)
class Leg:
    """What is held of one instrument: key, signed quantity (1e-8, never 0).

    `funding` is a perpetual's settled index (1e-12), 0 of any other; `cancels` the underlying with
    whose scenarios a collateral's price moves, 0 of any other. `source` is the place in the file it
    came from, for messages.
    """

    key: int
    quantity: int
    funding: int = 0
    cancels: int = 0
    source: str = field(default="", compare=False)

    def __repr__(self) -> str:
        return "<Leg>"

    def __post_init__(self) -> None:
        kind = Instrument.from_key(self.key).kind
        if not 0 < abs(self.quantity) < 1 << QUANTITY_BITS:
            raise InputError("a quantity is not zero and has at most 63 bits", self.source)
        if kind == COLLATERAL and self.quantity < 0:
            raise InputError("a collateral's quantity is above zero", self.source)
        if not -FUNDING_OFFSET <= self.funding < FUNDING_OFFSET:
            raise InputError("a funding index is a signed number of 96 bits", self.source)
        if kind == OPTION and (self.key & ((1 << STRIKE_RIGHT_BITS) - 1)) >> (PRICE_BITS + 1):
            raise InputError(f"a strike has at most {PRICE_BITS} bits", self.source)
        if self.funding and kind != PERPETUAL:
            raise InputError("only a perpetual has a settled funding index", self.source)

    @property
    def underlying(self) -> int:
        return Instrument.from_key(self.key).underlying

    @property
    def prefix(self) -> int:
        """What the record of an option's or future's expiry is found by."""
        instrument = Instrument.from_key(self.key)
        return Instrument(instrument.underlying, OPTION, instrument.expiry).key >> STRIKE_RIGHT_BITS


@dataclass(frozen=True, repr=False)
class PortfolioBook:
    """An account at one sequence number: cash (1e-8, signed) and its legs in key order."""

    account: int
    sequence: int
    shape: PortfolioShape
    cash: int
    perpetuals: tuple[Leg, ...] = ()
    futures: tuple[Leg, ...] = ()
    options: tuple[Leg, ...] = ()
    collaterals: tuple[Leg, ...] = ()

    def __repr__(self) -> str:
        return f"<PortfolioBook of account {self.account:#042x}>"

    def __post_init__(self) -> None:
        if not 0 <= self.account < 1 << ACCOUNT_BITS:
            raise InputError("an account id is an integer below 2^160", "account")
        if not 0 <= self.sequence < 1 << SEQUENCE_BITS:
            raise InputError("a sequence number is an integer below 2^64", "sequence")
        if not -(1 << CASH_BITS - 1) <= self.cash < 1 << CASH_BITS - 1:
            raise InputError("cash is a signed number of 96 bits", "cash")
        for name, kind in _KINDS.items():
            legs: tuple[Leg, ...] = getattr(self, name)
            keys = [leg.key for leg in legs]
            if any(Instrument.from_key(key).kind != kind for key in keys):
                raise InputError("an instrument of another kind", name)
            if any(a >= b for a, b in pairwise(keys)):
                raise InputError("legs must be sorted by key, each key once", name)
        self._check_room()

    def _check_room(self) -> None:
        shape = self.shape
        if len(self.options) > shape.options:
            larger = [size for size in SIZE_CLASSES if size >= len(self.options)]
            cure = f"use the class of {larger[0]} options" if larger else "close some of them"
            raise InputError(
                f"has more than {shape.options}, the size class's slots: {cure}", "options"
            )
        for name, found, room in (
            ("underlyings", len(self.underlyings), shape.underlyings),
            ("expiries", len(self.expiries), shape.expiries),
            ("collaterals", len(self.collaterals), shape.collaterals),
        ):
            if found > room:
                raise InputError(f"has more than {room}, the size class's room", name)
        if self.magnitude >> shape.sum_bits:
            raise InputError(
                "all quantities of options, futures and perpetuals together must be below "
                f"2^{shape.sum_bits} units of 1e-8"
            )
        for leg in self.collaterals:
            if leg.quantity >> shape.sum_bits:
                raise InputError(
                    f"a quantity must be below 2^{shape.sum_bits} units of 1e-8", leg.source
                )

    @property
    def legs(self) -> tuple[Leg, ...]:
        """All legs, as a file lists them."""
        return (*self.options, *self.futures, *self.perpetuals, *self.collaterals)

    @property
    def magnitude(self) -> int:
        """All quantities but those of collaterals, without their signs; 1e-8."""
        legs = (*self.perpetuals, *self.futures, *self.options)
        return sum(abs(leg.quantity) for leg in legs)

    @cached_property
    def underlyings(self) -> tuple[int, ...]:
        """Numbers of the underlyings of all legs, rising."""
        legs = (*self.perpetuals, *self.futures, *self.options)
        moved = {leg.cancels for leg in self.collaterals} - {0}
        return tuple(sorted({leg.underlying for leg in legs} | moved))

    @cached_property
    def expiries(self) -> tuple[int, ...]:
        """Prefixes of the expiries of futures and options, rising."""
        return tuple(sorted({leg.prefix for leg in (*self.futures, *self.options)}))


_KINDS = {
    "perpetuals": PERPETUAL,
    "futures": FUTURE,
    "options": OPTION,
    "collaterals": COLLATERAL,
}
