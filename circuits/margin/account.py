"""An account's file: id, sequence number, cash, positions and collateral; secret, all of it.

The file names instruments as the venue does, or by the fields of their keys; `book(params)` turns
names into keys and sorts. No message repeats a value of the file: it names the path and the rule.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, TypeVar

from circuits.margin.book import Book, Holding, Position
from circuits.margin.checker import Choice, Decimal, List, Object, Place, Schema, Spec
from circuits.margin.commitment import SecretKey, commitment, salt
from circuits.margin.constants import (
    ACCOUNT_BITS,
    CASH_BITS,
    CASH_PLACES,
    FUNDING_OFFSET,
    FUNDING_PLACES,
    QUANTITY_BITS,
    QUANTITY_PLACES,
    SEQUENCE_BITS,
)
from circuits.margin.documents import (
    ACCOUNT_FORMAT,
    ASSET,
    ASSET_ID,
    NAME,
    TIME,
    checked,
    load,
    published,
    tag,
)
from circuits.margin.instrument import FUTURE, KINDS, PERPETUAL, Instrument, collateral
from circuits.margin.jsonfile import ACCOUNT_LIMIT
from circuits.margin.params import RiskParams
from circuits.margin.shape import SIZE_CLASSES, TINY_CLASS, class_tag, slots
from zk.errors import InputError

_ADDRESS: Final = r"0x[0-9a-fA-F]{40}"
_MOST_SLOTS: Final = 64
_ACCOUNT_NUMBER: Final = Decimal(0, 0, (1 << ACCOUNT_BITS) - 1, "an account id")
_Slot = TypeVar("_Slot", Position, Holding)


class AccountId(Spec):
    """A decimal integer below 2^160, or an address: 0x and 40 hexadecimal digits."""

    def check(self, value: Any, at: Place) -> int:
        if isinstance(value, str) and re.fullmatch(_ADDRESS, value, re.ASCII):
            return int(value, 16)
        if isinstance(value, str) and value[:2] in ("0x", "0X"):
            raise at.error("an address is 0x and 40 hexadecimal digits")
        return _ACCOUNT_NUMBER.check(value, at)

    def schema(self) -> Schema:
        address = {"type": "string", "pattern": rf"^{_ADDRESS}$(?!\n)"}
        return {"anyOf": [address, _ACCOUNT_NUMBER.schema()]}


_QUANTITY_MAX: Final = (1 << QUANTITY_BITS) - 1
_CASH_HALF: Final = 1 << CASH_BITS - 1

_SPEC: Final = Object(
    {
        "format": tag(ACCOUNT_FORMAT),
        "account": AccountId(),
        "sequence": Decimal(0, 0, (1 << SEQUENCE_BITS) - 1, "a sequence number"),
        "size_class": Choice((*SIZE_CLASSES, TINY_CLASS)),
        "cash": Decimal(CASH_PLACES, -_CASH_HALF, _CASH_HALF - 1, "an amount in the quote"),
        "positions": List(
            Object(
                {
                    "quantity": Decimal(
                        QUANTITY_PLACES,
                        -_QUANTITY_MAX,
                        _QUANTITY_MAX,
                        "a quantity, negative if short",
                        nonzero=True,
                    ),
                },
                {
                    "funding_index": Decimal(
                        FUNDING_PLACES,
                        -FUNDING_OFFSET,
                        FUNDING_OFFSET - 1,
                        "the funding index last settled",
                    ),
                },
                one_of={
                    "instrument": NAME,
                    "key": Object(
                        {"asset_id": ASSET_ID, "kind": Choice(tuple(KINDS))}, {"expiry": TIME}
                    ),
                },
            ),
            _MOST_SLOTS,
        ),
        "collateral": List(
            Object(
                {"quantity": Decimal(QUANTITY_PLACES, 1, _QUANTITY_MAX, "a quantity above zero")},
                one_of={"asset": ASSET, "asset_id": ASSET_ID},
            ),
            _MOST_SLOTS,
        ),
    }
)


@dataclass(frozen=True, repr=False)
class Account:
    """A checked account file; `load` or `parse` makes one. Its repr shows no number but the id."""

    account: int
    sequence: int
    size_class: str
    cash: int
    positions: tuple[dict[str, Any], ...]  # entries of the file; `book` resolves them
    collateral: tuple[dict[str, Any], ...]
    secret: SecretKey | None = None
    file: str = ""

    def __repr__(self) -> str:
        return f"<Account {self.account:#042x}>"

    @classmethod
    def load(
        cls, path: str | os.PathLike[str], secret: str | os.PathLike[str] | None = None
    ) -> Account:
        """Read account.json, and the secret made by `key new` if a commitment will be needed."""
        key = SecretKey.load(secret) if secret is not None else None
        return cls.parse(*load(path, ACCOUNT_LIMIT), secret=key)

    @classmethod
    def parse(cls, data: bytes, file: str = "", *, secret: SecretKey | None = None) -> Account:
        """Check the bytes of an account.json."""
        content = checked(data, file, ACCOUNT_FORMAT, _SPEC, ACCOUNT_LIMIT, secret=True)
        room = slots(content["size_class"])
        for name, most in zip(("positions", "collateral"), room, strict=True):
            if len(content[name]) > most:
                raise InputError(
                    f"has more than {most} entries, the size class's slots", name, file
                )
        return cls(
            account=content["account"],
            sequence=content["sequence"],
            size_class=content["size_class"],
            cash=content["cash"],
            positions=tuple(content["positions"]),
            collateral=tuple(content["collateral"]),
            secret=secret,
            file=file,
        )

    @property
    def class_tag(self) -> int:
        return class_tag(*slots(self.size_class))

    def book(self, params: RiskParams | None = None) -> Book:
        """The committed slots, sorted by key. Names need the params; keys alone do not."""
        at = Place(self.file, secret=True)
        if params is not None and self.size_class not in params.size_classes:
            offered = ", ".join(params.size_classes)
            raise at.key("size_class").error(f"is not offered by these params: choose of {offered}")
        positions = [
            _position(entry, params, at.key("positions").index(i))
            for i, entry in enumerate(self.positions)
        ]
        holdings = [
            _holding(entry, params, at.key("collateral").index(i))
            for i, entry in enumerate(self.collateral)
        ]
        return Book(
            account=self.account,
            sequence=self.sequence,
            size_class=self.size_class,
            cash=self.cash,
            positions=tuple(_sorted_once(positions, self.file)),
            collaterals=tuple(_sorted_once(holdings, self.file)),
        )

    def salt(self) -> int:
        """The blinding of this account's commitment; needs the secret."""
        if self.secret is None:
            raise InputError(
                "needs the account's secret: give the file made by `key new`", file=self.file
            )
        return salt(self.secret, self.account, self.sequence)

    def commitment(self, params: RiskParams | None = None) -> int:
        """What the ledger or the contract holds of this account."""
        return commitment(self.book(params), self.salt())


def account_schema() -> Schema:
    """The published JSON schema of account.json."""
    return published(_SPEC, "zkmargin account", "An account's positions; docs/files.md.")


def _position(entry: dict[str, Any], params: RiskParams | None, at: Place) -> Position:
    if "key" in entry:
        fields = entry["key"]
        kind = KINDS[fields["kind"]]
        if (kind == FUTURE) != ("expiry" in fields):
            raise at.key("key").error("a future has an expiry, a perpetual has none")
        instrument = Instrument(fields["asset_id"], kind, fields.get("expiry", 0))
    else:
        listings = _listed(params, at.key("instrument")).instruments
        if entry["instrument"] not in listings:
            raise at.key("instrument").error("is not an instrument of the params")
        instrument = listings[entry["instrument"]].instrument
    if (instrument.kind == PERPETUAL) != ("funding_index" in entry):
        raise at.error("a perpetual has a funding_index, a future has none")
    return Position(instrument.key, entry["quantity"], entry.get("funding_index", 0), at.path)


def _holding(entry: dict[str, Any], params: RiskParams | None, at: Place) -> Holding:
    if "asset_id" in entry:
        key = collateral(entry["asset_id"])
    else:
        listings = _listed(params, at.key("asset")).collaterals
        if entry["asset"] not in listings:
            raise at.key("asset").error("is not a collateral of the params")
        key = listings[entry["asset"]].instrument.key
    return Holding(key, entry["quantity"], at.path)


def _listed(params: RiskParams | None, at: Place) -> RiskParams:
    if params is None:
        raise at.error("is a name: give the params file that lists it, or write the key's fields")
    return params


def _sorted_once(found: list[_Slot], file: str) -> list[_Slot]:
    found.sort(key=lambda slot: slot.key)
    for before, after in pairwise(found):
        if before.key == after.key:
            message = f"is the same instrument as {before.source}: add the two up"
            raise InputError(message, after.source, file)
    return found
