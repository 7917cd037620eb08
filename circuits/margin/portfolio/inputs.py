"""A book's private inputs: its legs, what each opens of the epoch, the cap and the network.

Everything here is secret but the epoch's own parts. The order in which the legs are looked up is
that of `portfolio.py`: underlyings, expiries, options, collaterals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from circuits.margin.constants import FUNDING_OFFSET
from circuits.margin.instrument import EXPIRY_BITS, KIND_BITS
from circuits.margin.portfolio.book import Leg, PortfolioBook
from circuits.margin.portfolio.collaterals import KEY_OF_ZERO
from circuits.margin.portfolio.commitment import held_words, rank
from circuits.margin.portfolio.constants import ROW_HELD, ROW_OPTION
from circuits.margin.portfolio.records import (
    CollateralRow,
    ExpiryRecord,
    OptionRow,
    UnderlyingRecord,
    tagged,
)
from circuits.margin.portfolio.shape import PortfolioShape
from circuits.margin.portfolio.table import PortfolioEpoch
from circuits.networks import above, sorting
from zk.errors import InputError
from zk.poseidon import poseidon, poseidon_sponge

Values = dict[str, Any]

_ASSET_SHIFT = EXPIRY_BITS + KIND_BITS  # of an expiry's prefix


def book_inputs(book: PortfolioBook, salt: int, epoch: PortfolioEpoch) -> Values:
    """The private inputs that all statements of margin have; InputError if a row is missing."""
    places: list[int] = []  # of what is opened in the cap; the first entry where nothing is
    values = _committed(book, salt, epoch, places) | {
        "held": _collaterals(book, epoch, places),
        "damping": [lane.damping for lane in epoch.scenarios.lanes],
        "shock": [lane.shock for lane in epoch.scenarios.lanes],
    }
    return values | _cap(epoch, places)


def position_inputs(book: PortfolioBook, salt: int, epoch: PortfolioEpoch) -> Values:
    """The private inputs of `PortfolioPositions`; InputError if a row is missing."""
    places: list[int] = []
    values = _committed(book, salt, epoch, places) | {"held_word": held_words(book)}
    return values | _cap(epoch, places)


def _committed(book: PortfolioBook, salt: int, epoch: PortfolioEpoch, places: list[int]) -> Values:
    """What `CommittedPortfolio` declares."""
    shape = book.shape
    if len(epoch.scenarios.lanes) != shape.lanes or len(epoch.cap) != shape.cap_entries:
        raise InputError("the epoch is of another shape than the account's class")
    return {
        "sequence": book.sequence,
        "salt": salt,
        "cash": book.cash,
        "underlying": _underlyings(book, epoch, places),
        "expiry": _expiries(book, epoch, places),
        "option": _options(book, epoch, places),
    }


def _cap(epoch: PortfolioEpoch, places: Sequence[int]) -> Values:
    """The epoch's cap and header, and the network that looks up these places."""
    looked_up = [*(epoch.cap[i] for i in places), *epoch.cap]
    return {
        "timestamp": epoch.timestamp,
        "venue": epoch.venue,
        "cap": list(epoch.cap),
        "crossed": above(looked_up, sorting(looked_up)),
    }


def _underlyings(book: PortfolioBook, epoch: PortfolioEpoch, places: list[int]) -> list[Values]:
    perpetuals = {leg.underlying: leg for leg in book.perpetuals}
    legs = []
    for number in book.underlyings:
        opening = epoch.open_underlying(number)
        places.append(opening.index)
        perpetual = perpetuals.get(number)
        record = opening.record
        legs.append(
            {
                "asset": number,
                **_signed(perpetual),
                "settled": perpetual.funding if perpetual else 0,
                **_members(record, _RENAMED),
                "funding": record.funding + FUNDING_OFFSET,
            }
        )
    unused: Values = {"asset": 0, **_signed(None), "settled": 0, "funding": 0}
    unused |= dict.fromkeys(_names(UnderlyingRecord, _RENAMED), 0)
    return _filled(legs, book.shape.underlyings, unused, places)


def _expiries(book: PortfolioBook, epoch: PortfolioEpoch, places: list[int]) -> list[Values]:
    futures = {leg.prefix: leg for leg in book.futures}
    choices = book.shape.underlyings if book.shape.underlyings > 1 else 0
    legs = []
    for prefix in book.expiries:
        opening = epoch.open_expiry(prefix)
        places.append(opening.index)
        own = book.underlyings.index(prefix >> _ASSET_SHIFT)
        legs.append(
            {
                "prefix": prefix,
                **_signed(futures.get(prefix)),
                "belongs": [int(u == own) for u in range(choices)],
                **_members(opening.record, _RENAMED),
            }
        )
    unused: Values = {"prefix": 0, **_signed(None), "belongs": [0] * choices}
    unused |= dict.fromkeys(_names(ExpiryRecord, _RENAMED), 0)
    return _filled(legs, book.shape.expiries, unused, places)


def _options(book: PortfolioBook, epoch: PortfolioEpoch, places: list[int]) -> list[Values]:
    shape = book.shape
    slots = []
    for leg in book.options:
        with_place = _opened(epoch, leg, OptionRow)
        places.append(with_place.node)
        _, *words, greeks = with_place.row.elements()
        expiry = book.expiries.index(leg.prefix)
        slots.append(
            {
                "expiry": [int(e == expiry) for e in range(shape.expiries)],
                "strike_right": rank(leg.key),
                **_signed(leg),
                "words": words,
                "greeks": greeks,
                "siblings": list(with_place.children),
            }
        )
    zeros = [0] * shape.words
    unused: Values = {
        "expiry": [0] * shape.expiries,
        "strike_right": 0,
        **_signed(None),
        "words": zeros,
        "greeks": 0,
        "siblings": _alone(shape, [tagged(ROW_OPTION), *zeros, 0]),
    }
    return _filled(slots, shape.options, unused, places)


def _collaterals(book: PortfolioBook, epoch: PortfolioEpoch, places: list[int]) -> list[Values]:
    slots = []
    for leg in book.collaterals:
        opening = _opened(epoch, leg, CollateralRow)
        places.append(opening.node)
        row = opening.row
        slots.append(
            {
                "asset": leg.underlying,
                "quantity": leg.quantity,
                "price": row.price,
                "maintenance": row.maintenance,
                "initial": row.initial,
                "cancels": row.cancels,
                "siblings": list(opening.children),
            }
        )
    names = ("asset", "quantity", "price", "maintenance", "initial", "cancels")
    unused: Values = dict.fromkeys(names, 0)
    unused["siblings"] = _alone(book.shape, [tagged(ROW_HELD, KEY_OF_ZERO), 0, 0, 0])
    return _filled(slots, book.shape.collaterals, unused, places)


#: Where a record's field has another name in the circuit; "" is one that is given otherwise.
_RENAMED = {
    "underlying": "",
    "prefix": "",
    "funding": "",
    "perpetual_price": "price",
    "confidence_rate": "confidence",
    "confidence_rate_perpetual": "confidence_perpetual",
}


def _names(record: type[Any], renamed: dict[str, str]) -> list[str]:
    names = (renamed.get(field.name, field.name) for field in fields(record))
    return [name for name in names if name]


def _members(record: Any, renamed: dict[str, str]) -> Values:
    values = {renamed.get(f.name, f.name): getattr(record, f.name) for f in fields(record)}
    return {name: value for name, value in values.items() if name}


def _signed(leg: Leg | None) -> Values:
    quantity = leg.quantity if leg else 0
    return {"magnitude": abs(quantity), "short": int(quantity < 0)}


def _opened(epoch: PortfolioEpoch, leg: Leg, kind: type[Any]) -> Any:
    """The opening of a leg's row."""
    try:
        opening = epoch.open(leg.key)
    except InputError as error:
        raise InputError(error.message, leg.source) from None
    if not isinstance(opening.row, kind):
        raise InputError("the epoch's row is of another kind of instrument", leg.source)
    return opening


def _filled(legs: list[Values], room: int, unused: Values, places: list[int]) -> list[Values]:
    missing = room - len(legs)
    places.extend([0] * missing)
    return legs + [unused] * missing


def _alone(shape: PortfolioShape, elements: Sequence[int]) -> list[int]:
    """The children of a node that holds nothing but the leaf of these elements."""
    leaf = poseidon(list(elements)) if len(elements) <= 16 else poseidon_sponge(list(elements))
    return [leaf, *[0] * (shape.arity - 1)]
