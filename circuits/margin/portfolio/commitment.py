"""The commitment of a portfolio account.

Source: the project's margin specification, "Statements". Notation: m the magnitude of a quantity, s
its sign (1 = short), f a settled funding index; every list at full class size, used legs first.

    commitment = Poseidon(class tag, account id, sequence, legs hash, cash mod r, salt)
    legs hash  = sponge(of every underlying   asset + 2^20 m + 2^83 s + 2^84 (f + 2^95),
                        of two expiries       prefix + 2^60 m + 2^123 s, the second times 2^124,
                        of two options        e + 2^4 r + 2^53 m + 2^116 s, the second times 2^117,
                        of three collaterals  asset + 2^20 q, the next times 2^83 and 2^166)

m and s of an underlying are its perpetual's, of an expiry its future's, 0 where there is none. An
option is of the e-th expiry, from 1, and r = 2 strike + right. Secret and salt are the linear
model's (`circuits.margin.commitment`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from circuits.margin.constants import FUNDING_OFFSET, QUANTITY_BITS
from circuits.margin.portfolio.book import Leg, PortfolioBook
from circuits.margin.portfolio.constants import (
    ASSET_LANE,
    CODE_LANE,
    PREFIX_LANE,
    PRICE_BITS,
    STRIKE_RIGHT_BITS,
)
from zk.field import R
from zk.poseidon import poseidon, poseidon_sponge

HELD_TOGETHER: Final = 3  # collaterals in a word
_SIGNED: Final = QUANTITY_BITS + 1  # magnitude and sign
_RANK_BITS: Final = PRICE_BITS + 1


def commitment(book: PortfolioBook, salt: int) -> int:
    """What the ledger or the contract holds of the account."""
    legs = poseidon_sponge(leg_words(book))
    opened = [book.shape.class_tag, book.account, book.sequence, legs, book.cash % R, salt]
    return poseidon(opened)


def leg_words(book: PortfolioBook) -> list[int]:
    """Everything the legs hash absorbs, at full class size."""
    shape = book.shape
    perpetuals = {leg.underlying: leg for leg in book.perpetuals}
    futures = {leg.prefix: leg for leg in book.futures}
    underlyings = [
        asset
        + (_signed(perpetuals.get(asset)) << ASSET_LANE)
        + (_settled(perpetuals.get(asset)) << ASSET_LANE + _SIGNED)
        for asset in _padded(book.underlyings, shape.underlyings)
    ]
    expiries = [
        prefix + (_signed(futures.get(prefix)) << PREFIX_LANE)
        for prefix in _padded(book.expiries, shape.expiries)
    ]
    options = [
        book.expiries.index(leg.prefix)
        + 1
        + (rank(leg.key) << CODE_LANE)
        + (_signed(leg) << CODE_LANE + _RANK_BITS)
        for leg in book.options
    ]
    return [
        *underlyings,
        *_together(expiries, shape.expiries, 2, PREFIX_LANE + _SIGNED),
        *_together(options, shape.options, 2, CODE_LANE + _RANK_BITS + _SIGNED),
        *held_words(book),
    ]


def held_words(book: PortfolioBook) -> list[int]:
    """The words of the collaterals, which stand last."""
    held = [leg.underlying + (leg.quantity << ASSET_LANE) for leg in book.collaterals]
    return _together(held, book.shape.collaterals, HELD_TOGETHER, ASSET_LANE + QUANTITY_BITS)


def rank(key: int) -> int:
    """2 strike + right of an option's key."""
    return key & ((1 << STRIKE_RIGHT_BITS) - 1)


def _signed(leg: Leg | None) -> int:
    """Magnitude and, above it, the sign."""
    return abs(leg.quantity) + (int(leg.quantity < 0) << QUANTITY_BITS) if leg else 0


def _settled(leg: Leg | None) -> int:
    return (leg.funding if leg else 0) + FUNDING_OFFSET


def _padded(values: Sequence[int], length: int) -> list[int]:
    return [*values, *[0] * (length - len(values))]


def _together(values: Sequence[int], length: int, count: int, width: int) -> list[int]:
    """The values, padded to `length`, `count` in a word."""
    full = _padded(values, length)
    return [
        sum(value << width * i for i, value in enumerate(full[start : start + count]))
        for start in range(0, length, count)
    ]
