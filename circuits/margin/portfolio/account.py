"""A portfolio account's file: id, sequence number, cash, options, futures, perpetuals, collateral.

All of it is secret. The file names underlyings and assets as the venue's params do; `book(params)`
turns names into keys, sorts, and takes from the params how many legs a size class has room for and
with which underlying a collateral's price moves. No message repeats a value of the file: it names
the path and the rule.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from circuits.margin.account import AccountId
from circuits.margin.checker import Choice, Decimal, List, Object, Place, Schema, Spec
from circuits.margin.commitment import SecretKey, salt
from circuits.margin.constants import (
    CASH_BITS,
    CASH_PLACES,
    FUNDING_OFFSET,
    FUNDING_PLACES,
    PRICE_PLACES,
    QUANTITY_BITS,
    QUANTITY_PLACES,
    SEQUENCE_BITS,
)
from circuits.margin.documents import (
    ASSET,
    PORTFOLIO_ACCOUNT_FORMAT,
    TIME,
    checked,
    load,
    published,
    tag,
)
from circuits.margin.instrument import OPTION, Instrument, collateral, future, perpetual
from circuits.margin.jsonfile import ACCOUNT_LIMIT
from circuits.margin.portfolio.book import Leg, PortfolioBook
from circuits.margin.portfolio.commitment import commitment
from circuits.margin.portfolio.constants import PRICE_BITS
from circuits.margin.portfolio.market import CALL, PUT
from circuits.margin.portfolio.params import PortfolioParams
from circuits.margin.portfolio.shape import MAX_ROWS, SIZE_CLASSES, TINY_OPTIONS, PortfolioShape
from zk.errors import InputError

Entry = dict[str, Any]

#: The lists of legs in a file, in the order in which people read them.
LISTS: Final = ("options", "futures", "perpetuals", "collateral")
_MOST_LEGS: Final = MAX_ROWS  # as many as an epoch has rows; what a class has room for is less
_RIGHTS: Final = {"C": CALL, "P": PUT}
_QUANTITY_MAX: Final = (1 << QUANTITY_BITS) - 1
_CASH_HALF: Final = 1 << CASH_BITS - 1

QUANTITY: Final = Decimal(
    QUANTITY_PLACES, -_QUANTITY_MAX, _QUANTITY_MAX, "a quantity, negative if short", nonzero=True
)
CASH: Final = Decimal(CASH_PLACES, -_CASH_HALF, _CASH_HALF - 1, "an amount in the quote")
_FUNDING: Final = Decimal(
    FUNDING_PLACES, -FUNDING_OFFSET, FUNDING_OFFSET - 1, "the funding index last settled"
)
_STRIKE: Final = Decimal(PRICE_PLACES, 1, (1 << PRICE_BITS) - 1, "a strike above zero")

#: What names the instrument of a leg, by list; a trade has the same.
NAMED_BY: Final[Mapping[str, Mapping[str, Spec]]] = {
    "options": {
        "underlying": ASSET,
        "expiry": TIME,
        "strike": _STRIKE,
        "right": Choice(tuple(_RIGHTS)),
    },
    "futures": {"underlying": ASSET, "expiry": TIME},
    "perpetuals": {"underlying": ASSET},
    "collateral": {"asset": ASSET},
}

_SPEC: Final = Object(
    {
        "format": tag(PORTFOLIO_ACCOUNT_FORMAT),
        "account": AccountId(),
        "sequence": Decimal(0, 0, (1 << SEQUENCE_BITS) - 1, "a sequence number"),
        "size_class": Choice(tuple(str(size) for size in (*SIZE_CLASSES, TINY_OPTIONS))),
        "cash": CASH,
    },
    {
        "options": List(Object({**NAMED_BY["options"], "quantity": QUANTITY}), _MOST_LEGS),
        "futures": List(Object({**NAMED_BY["futures"], "quantity": QUANTITY}), _MOST_LEGS),
        "perpetuals": List(
            Object({**NAMED_BY["perpetuals"], "quantity": QUANTITY, "funding_index": _FUNDING}),
            _MOST_LEGS,
        ),
        "collateral": List(
            Object(
                {
                    **NAMED_BY["collateral"],
                    "quantity": Decimal(QUANTITY_PLACES, 1, _QUANTITY_MAX, "a quantity above zero"),
                }
            ),
            _MOST_LEGS,
        ),
    },
)


@dataclass(frozen=True, repr=False)
class PortfolioAccount:
    """A checked account file; `load` or `parse` makes one. Its repr shows no number but the id."""

    account: int
    sequence: int
    size_class: int  # option slots
    cash: int
    legs: Mapping[str, tuple[Entry, ...]]  # entries of the file, by list; `book` resolves them
    secret: SecretKey | None = None
    file: str = ""

    def __repr__(self) -> str:
        return f"<PortfolioAccount {self.account:#042x}>"

    @classmethod
    def load(
        cls, path: str | os.PathLike[str], secret: str | os.PathLike[str] | None = None
    ) -> PortfolioAccount:
        """Read account.json, and the secret made by `key new` if a commitment will be needed."""
        key = SecretKey.load(secret) if secret is not None else None
        return cls.parse(*load(path, ACCOUNT_LIMIT), secret=key)

    @classmethod
    def parse(
        cls, data: bytes, file: str = "", *, secret: SecretKey | None = None
    ) -> PortfolioAccount:
        """Check the bytes of an account.json."""
        content = checked(data, file, PORTFOLIO_ACCOUNT_FORMAT, _SPEC, ACCOUNT_LIMIT, secret=True)
        return cls(
            account=content["account"],
            sequence=content["sequence"],
            size_class=int(content["size_class"]),
            cash=content["cash"],
            legs={name: tuple(content.get(name, ())) for name in LISTS},
            secret=secret,
            file=file,
        )

    def book(self, params: PortfolioParams) -> PortfolioBook:
        """The committed legs, sorted by key, in the shape that the params give the size class."""
        at = Place(self.file, secret=True)
        if self.size_class not in params.size_classes:
            offered = ", ".join(f'"{size}"' for size in params.size_classes)
            raise at.key("size_class").error(f"is not offered by these params: choose of {offered}")
        legs = {
            name: [
                leg_of(name, entry, params, at.key(name).index(i))
                for i, entry in enumerate(entries)
            ]
            for name, entries in self.legs.items()
        }
        for name, found in legs.items():
            legs[name] = sorted_once(found, self.file)
        return assembled(self.account, self.sequence, self.cash, self.size_class, legs, params, at)

    def salt(self) -> int:
        """The blinding of this account's commitment; needs the secret."""
        if self.secret is None:
            raise InputError(
                "needs the account's secret: give the file made by `key new`", file=self.file
            )
        return salt(self.secret, self.account, self.sequence)

    def commitment(self, params: PortfolioParams) -> int:
        """What the ledger or the contract holds of this account."""
        return commitment(self.book(params), self.salt())


def portfolio_account_schema() -> Schema:
    """The published JSON schema of a portfolio account.json."""
    about = "A portfolio margin account's legs; docs/portfolio-files.md."
    return published(_SPEC, "zkmargin portfolio account", about)


def leg_of(name: str, entry: Entry, params: PortfolioParams, at: Place) -> Leg:
    """The leg of an entry of the list `name`; of a perpetual without an index, settled at 0."""
    if name == "collateral":
        asset: str = entry["asset"]
        if asset not in params.collaterals:
            raise at.key("asset").error("is not a collateral of the params")
        cancels = params.collaterals[asset].cancels
        key = collateral(params.assets[asset])
        return Leg(key, entry["quantity"], cancels=cancels, source=at.path)
    if entry["underlying"] not in params.underlyings:
        raise at.key("underlying").error("is not an underlying of the params")
    number = params.underlyings[entry["underlying"]]
    if name == "perpetuals":
        funding = entry.get("funding_index", 0)
        return Leg(perpetual(number), entry["quantity"], funding, source=at.path)
    if name == "futures":
        return Leg(future(number, entry["expiry"]), entry["quantity"], source=at.path)
    right = _RIGHTS[entry["right"]]
    option = Instrument(number, OPTION, entry["expiry"], entry["strike"], right)
    return Leg(option.key, entry["quantity"], source=at.path)


def sorted_once(legs: Iterable[Leg], file: str) -> list[Leg]:
    """By key; InputError if an instrument is there twice."""
    found = sorted(legs, key=lambda leg: leg.key)
    for before, after in pairwise(found):
        if before.key == after.key:
            message = f"is the same instrument as {before.source}: add the two up"
            raise InputError(message, after.source, file)
    return found


def assembled(
    account: int,
    sequence: int,
    cash: int,
    size_class: int,
    legs: Mapping[str, Iterable[Leg]],
    params: PortfolioParams,
    at: Place,
) -> PortfolioBook:
    """The book of sorted legs; InputError names the next size class if this one has no room."""
    shape = params.shape_for(size_class)
    parts = {name: tuple(legs[name]) for name in LISTS}
    _check_room(parts, shape, params, at)
    try:
        return PortfolioBook(
            account=account,
            sequence=sequence,
            shape=shape,
            cash=cash,
            perpetuals=parts["perpetuals"],
            futures=parts["futures"],
            options=parts["options"],
            collaterals=parts["collateral"],
        )
    except InputError as error:
        raise Place(at.file).error(error.message) from None


def _check_room(
    parts: Mapping[str, tuple[Leg, ...]], shape: PortfolioShape, params: PortfolioParams, at: Place
) -> None:
    """The legs fit the class. How many there are is the account's own business: no message says."""
    needed = len(parts["options"])
    if needed > shape.options:
        larger = sorted(size for size in params.size_classes if size >= needed)
        cure = f'use the size class "{larger[0]}"' if larger else "these params have no larger one"
        raise at.key("options").error(
            f"has more entries than size class {shape.options} has room for: {cure}"
        )
    dated = (*parts["options"], *parts["futures"])
    expiries = {leg.prefix for leg in dated}
    numbers = {leg.underlying for leg in (*dated, *parts["perpetuals"])}
    numbers |= {leg.cancels for leg in parts["collateral"]} - {0}
    for name, found, room in (
        ("underlyings", len(numbers), shape.underlyings),
        ("expiries", len(expiries), shape.expiries),
    ):
        if found > room:
            raise at.error(f"holds more than {room} {name}, which is all that these params allow")
    if len(parts["collateral"]) > shape.collaterals:
        room = shape.collaterals
        raise at.key("collateral").error(f"has more than {room} entries, the room of these params")
