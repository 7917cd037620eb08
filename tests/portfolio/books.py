"""Random books over an epoch, with cash that puts them where a claim about them turns."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from circuits.margin.constants import CASH_BITS
from circuits.margin.instrument import PERPETUAL, Instrument, future
from circuits.margin.portfolio.book import Leg, PortfolioBook
from circuits.margin.portfolio.constants import BUFFER_SCALE, CASH_SCALE, STRIKE_RIGHT_BITS
from circuits.margin.portfolio.model import liquidatable, meets, portfolio_margin
from circuits.margin.portfolio.records import CollateralRow, OptionRow
from circuits.margin.portfolio.shape import PortfolioShape
from circuits.margin.portfolio.table import PortfolioEpoch

#: Where a claim's cash is put: at its line, beside it by one unit, near it, anywhere.
PLACES = ("line", "under", "near", "anywhere")


def quantity(rng: Random, *, top: int = 40) -> int:
    """A signed quantity: round or odd, from a unit of 1e-8 to about 10^4 contracts."""
    size = rng.choice((rng.randrange(1, 1 << top), rng.randrange(1, 400) * 10**7, 1))
    return size * rng.choice((1, -1))


def random_book(
    epoch: PortfolioEpoch, shape: PortfolioShape, rng: Random, *, full: bool = False
) -> PortfolioBook:
    """A book of the shape; `full` to the last option slot and expiry if the epoch has as many."""
    listed = [record.underlying for record in epoch.underlyings]
    chosen = set(rng.sample(listed, min(len(listed), shape.underlyings)))
    rows = [r for r in epoch.rows if isinstance(r, OptionRow) and _underlying(r.key) in chosen]
    prefixes = sorted({row.key >> STRIKE_RIGHT_BITS for row in rows})
    count = shape.expiries if full else rng.randrange(shape.expiries + 1)
    prefixes = sorted(rng.sample(prefixes, min(count, len(prefixes))))
    rows = [row for row in rows if row.key >> STRIKE_RIGHT_BITS in prefixes]
    room = min(shape.options, len(rows)) if prefixes else 0
    used = room if full else rng.randrange(room + 1)
    rng.shuffle(rows)
    if full:  # one of every expiry first
        first = {row.key >> STRIKE_RIGHT_BITS: row for row in rows}.values()
        rows = [*first, *(row for row in rows if row not in first)]
    options = [Leg(row.key, quantity(rng)) for row in rows[:used]]
    futures = [
        Leg(future(prefix >> 36, prefix & (1 << 32) - 1), quantity(rng))
        for prefix in prefixes
        if rng.random() < 0.5
    ]
    perpetuals = [
        Leg(Instrument(u, PERPETUAL).key, quantity(rng), rng.randrange(-(10**15), 10**15))
        for u in sorted(chosen)
        if rng.random() < 0.6
    ]
    held = [
        row
        for row in epoch.rows
        if isinstance(row, CollateralRow) and (row.cancels in chosen or not row.cancels)
    ]
    collaterals = [
        Leg(row.key, abs(quantity(rng)), cancels=row.cancels)
        for row in rng.sample(held, min(len(held), rng.randrange(shape.collaterals + 1)))
    ]
    return PortfolioBook(
        account=rng.randrange(1 << 160),
        sequence=rng.randrange(1 << 64),
        shape=shape,
        cash=0,
        perpetuals=tuple(sorted(perpetuals, key=_key)),
        futures=tuple(sorted(futures, key=_key)),
        options=tuple(sorted(options, key=_key)),
        collaterals=tuple(sorted(collaterals, key=_key)),
    )


def placed(
    book: PortfolioBook,
    epoch: PortfolioEpoch,
    statement: str,
    mode: int,
    buffer: int,
    place: str,
    rng: Random,
) -> PortfolioBook:
    """The book with cash at a place of a statement's line; of liquidatable the mode is MM."""
    found = portfolio_margin(replace(book, cash=0), epoch, mode)
    if statement == "portfolio meets":
        need = buffer * BUFFER_SCALE + found.charge - found.margin
        cash = -(-need // CASH_SCALE)  # the least with which it holds
        step = -1
    else:
        cash = -(found.margin + found.charge + 1) // CASH_SCALE  # the most with which it holds
        step = 1
    moved = {
        "line": 0,
        "under": step,
        "near": rng.randrange(-(10**6), 10**6),
        "anywhere": rng.randrange(-(10**14), 10**14),
    }[place]
    limit = 1 << CASH_BITS - 1
    return replace(book, cash=max(-limit, min(limit - 1, cash + moved)))


def holds(
    book: PortfolioBook, epoch: PortfolioEpoch, statement: str, mode: int, buffer: int
) -> bool:
    """Whether the integer model says that the claim is true."""
    if statement == "portfolio meets":
        return meets(book, epoch, mode, buffer)
    return liquidatable(book, epoch)


def _key(leg: Leg) -> int:
    return leg.key


def _underlying(key: int) -> int:
    return Instrument.from_key(key).underlying
