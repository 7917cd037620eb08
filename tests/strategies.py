"""Random margin cases for every size class: epochs, books and where their margin lies.

Plain generators over `random.Random`, so that a seed names a case and thousands are cheap;
hypothesis wrappers at the end. Of every twelve cases of `cases`:

    4  near the line: within 1e-6 of the requirement, two above and two below
    2  on the line, and one unit of cash (1e-8) under it
    6  anywhere, three above and three below; in two of them every value is at its type's limit

so a third is near the line and half of all are below it. Slot counts run from none to full,
statements alternate between `meets` (IM or MM, with a buffer) and `liquidatable`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from hypothesis import strategies as st

from circuits.margin.book import Book, Holding, Position
from circuits.margin.constants import (
    BOUNDARY_BITS,
    BOUNDARY_SCALE,
    BUFFER_SCALE,
    CASH_BITS,
    CASH_SCALE,
    DIGEST_BITS,
    FUNDING_BITS,
    INITIAL,
    MAINTENANCE,
    PRICE_BITS,
    QUANTITY_BITS,
    RATE_ONE,
    ROW_COLLATERAL,
    ROW_INSTRUMENT,
)
from circuits.margin.epoch import Epoch, Row
from circuits.margin.instrument import COLLATERAL, FUTURE, PERPETUAL, Instrument
from circuits.margin.model import breakdown
from circuits.margin.shape import TINY, Shape, slots
from circuits.margin.tiers import TierTable
from zk.field import R

PERIOD: Final = 12
QUANTITY_MAX: Final = (1 << QUANTITY_BITS) - 1
CASH_MAX: Final = (1 << (CASH_BITS - 1)) - 1
# Quantities in multiples of this bring every term of the margin to whole units of cash.
_COARSE: Final = 10**14


@dataclass(frozen=True, repr=False)
class Case:
    """One account against one epoch, and the statement it is near the line of."""

    index: int
    kind: str  # "near", "line", "under", "free" or "limits"
    statement: str  # "meets" or "liquidatable"
    book: Book
    epoch: Epoch
    mode: int
    buffer: int
    salt: int

    def __repr__(self) -> str:
        return f"<Case {self.index}: {self.kind}, {self.statement}>"

    @property
    def distance(self) -> int:
        """Margin less buffer, at 1e-22."""
        return breakdown(self.book, self.epoch.by_key, self.mode).distance(self.buffer)


def shape_of(size_class: str, rows: int = 1024) -> Shape:
    """The full shape of a class; the tiny class has its own."""
    return TINY if size_class == TINY.size_class else Shape(*slots(size_class), rows=rows)


def cases(shape: Shape, count: int, seed: int = 0, *, per_epoch: int = 24) -> Iterator[Case]:
    """`count` cases of a shape; the same seed gives the same cases."""
    rng = Random(f"{shape}/{seed}")
    current = epoch(rng, shape, full=False)
    for i in range(count):
        if i and i % per_epoch == 0:
            current = epoch(rng, shape, full=i // per_epoch % 8 == 1)
        yield case(rng, shape, current, i)


def case(rng: Random, shape: Shape, of: Epoch, i: int) -> Case:
    """Case number i, over an epoch."""
    kind, below = _KINDS[i % PERIOD]
    statement = "liquidatable" if i // PERIOD % 2 else "meets"
    mode = MAINTENANCE if statement == "liquidatable" else rng.choice((INITIAL, MAINTENANCE))
    buffer = 0 if statement == "liquidatable" else rng.choice((0, 1, 1000, 10**6, 10**12))
    # 5, 17 and 65 counts are coprime to the period, so every kind meets every count; the tiny
    # class's 2 are not, hence the shift.
    used = (i + i // (PERIOD * (shape.positions + 1))) % (shape.positions + 1)
    held = (i // (shape.positions + 1) + i) % (shape.collaterals + 1)
    exact = kind in ("line", "under") and rng.random() < 0.7
    found = book(rng, shape, of, used, held, limits=kind == "limits", coarse=exact)
    if kind == "limits":
        found = _toward(found, of, mode, buffer, below)
    else:
        found = _placed(rng, found, of, mode, buffer, kind, below)
    return Case(i, kind, statement, found, of, mode, buffer, rng.randrange(R))


_KINDS: Final = (
    ("near", False), ("free", True), ("line", False), ("near", True), ("free", False),
    ("limits", True), ("near", False), ("under", True), ("free", True), ("near", True),
    ("limits", False), ("free", False),
)  # fmt: skip


def magnitude(rng: Random, bits: int) -> int:
    """1 .. 2^bits - 1: every length alike, and the ends more often."""
    pick = rng.random()
    if pick < 0.04:
        return (1 << bits) - 1
    if pick < 0.08:
        return 1
    length = rng.randint(1, bits)
    return (1 << (length - 1)) | rng.getrandbits(length - 1) if length > 1 else 1


def signed(rng: Random, bits: int) -> int:
    """A signed number of so many bits, the ends and zero included."""
    pick = rng.random()
    if pick < 0.05:
        return 0
    if pick < 0.08:
        return -(1 << (bits - 1))
    value = magnitude(rng, bits - 1)
    return -value if rng.random() < 0.5 else value


def table(rng: Random, tiers: int, *, rises: bool) -> TierTable:
    """A tier table: 1 to `tiers` tiers, equal rates and empty tiers among them."""
    n = rng.choice((1, tiers, rng.randint(1, tiers)))
    top = rng.choice((RATE_ONE, RATE_ONE, 100_000, 1))
    rates = sorted((rng.randint(0, top) for _ in range(n)), reverse=not rises)
    if rng.random() < 0.1:
        rates = [rates[0]] * n
    if rng.random() < 0.1:
        rates[-1 if rises else 0] = RATE_ONE
    boundaries, at = [], 0
    for _ in range(n - 1):
        at += 0 if rng.random() < 0.05 else magnitude(rng, BOUNDARY_BITS)
        boundaries.append(at)
    return TierTable(tuple(rates), tuple(boundaries))


def row(rng: Random, shape: Shape, instrument: Instrument) -> Row:
    """A row of an instrument."""
    mark = magnitude(rng, PRICE_BITS)
    if instrument.kind == COLLATERAL:
        haircut = table(rng, shape.haircut_tiers, rises=False)
        return Row(ROW_COLLATERAL, instrument.key, mark, 0, (haircut,))
    funding = signed(rng, FUNDING_BITS) if instrument.kind == PERPETUAL else 0
    requirements = tuple(table(rng, shape.requirement_tiers, rises=True) for _ in range(2))
    return Row(ROW_INSTRUMENT, instrument.key, mark, funding, requirements)


def epoch(rng: Random, shape: Shape, *, full: bool) -> Epoch:
    """A market with rows enough for a full account; with `full`, every row of the table is used."""
    positions = min(2 * shape.positions, shape.rows // 2)
    collaterals = min(2 * shape.collaterals, shape.rows // 2)
    if full:
        positions = shape.rows - collaterals
    made = _distinct(rng, positions, _instrument) + _distinct(rng, collaterals, _collateral)
    return Epoch(
        rows=tuple(sorted((row(rng, shape, one) for one in made), key=lambda r: r.key)),
        requirement_tiers=shape.requirement_tiers,
        haircut_tiers=shape.haircut_tiers,
        capacity=shape.rows,
        params_digest=rng.getrandbits(DIGEST_BITS),
        timestamp=rng.randint(1, 2**32 - 1),
        venue=rng.choice((0, 1, 2**64 - 1, rng.getrandbits(64))),
    )


def book(
    rng: Random,
    shape: Shape,
    of: Epoch,
    used: int,
    held: int,
    *,
    limits: bool = False,
    coarse: bool = False,
) -> Book:
    """A book of so many positions and collaterals, its cash still anywhere."""
    instruments = [r for r in of.rows if r.tag == ROW_INSTRUMENT]
    collaterals = [r for r in of.rows if r.tag == ROW_COLLATERAL]
    positions = []
    for r in sorted(rng.sample(instruments, used), key=lambda r: r.key):
        size = _quantity(rng, r, rng.choice(r.tables), limits=limits, coarse=coarse)
        settled = signed(rng, FUNDING_BITS) if limits or rng.random() < 0.5 else r.funding
        # A committed future might carry an index; the statement does not care.
        positions.append(Position(r.key, rng.choice((-size, size)), settled))
    holdings = [
        Holding(r.key, _quantity(rng, r, r.tables[0], limits=limits, coarse=coarse))
        for r in sorted(rng.sample(collaterals, held), key=lambda r: r.key)
    ]
    return Book(
        account=rng.choice((0, 2**160 - 1, rng.getrandbits(160))),
        sequence=rng.choice((0, 2**64 - 1, rng.getrandbits(64))),
        size_class=shape.size_class,
        cash=rng.choice((-CASH_MAX - 1, CASH_MAX)) if limits else signed(rng, CASH_BITS),
        positions=tuple(positions),
        collaterals=tuple(holdings),
    )


def _quantity(rng: Random, r: Row, tiers: TierTable, *, limits: bool, coarse: bool) -> int:
    """A magnitude: at the limit, at a tier's boundary or one unit beside it, or anywhere."""
    if limits:
        return QUANTITY_MAX - rng.choice((0, 0, 1, rng.getrandbits(20)))
    if tiers.boundaries and rng.random() < 0.3:
        size = rng.choice(tiers.boundaries) * BOUNDARY_SCALE // r.mark + rng.choice((-1, 0, 1))
    else:
        size = magnitude(rng, QUANTITY_BITS)
    size = max(size, 1)
    if coarse:
        size = size // _COARSE * _COARSE or _COARSE
        return min(size, QUANTITY_MAX // _COARSE * _COARSE)
    return min(size, QUANTITY_MAX)


def _placed(
    rng: Random, found: Book, of: Epoch, mode: int, buffer: int, kind: str, below: bool
) -> Book:
    """The book with cash that puts its margin where the kind says; shrunk until such cash fits."""
    attempts = 0
    while True:
        attempts += 1
        terms = breakdown(replace(found, cash=0), of.by_key, mode)
        # The least cash that meets; at that, the distance is 0 exactly if the division is.
        least = -(terms.distance(buffer) // CASH_SCALE)
        scale = max(terms.requirement, BUFFER_SCALE) // 10**6 // CASH_SCALE
        if kind == "line":
            cash = least
        elif kind == "under":
            cash = least - 1
        elif kind == "near":
            away = rng.randint(0, scale)
            cash = least - 1 - away if below else least + away
        else:
            away = magnitude(rng, CASH_BITS - 2)
            cash = least - 1 - away if below else least + away
        if -CASH_MAX - 1 <= cash <= CASH_MAX:
            return replace(found, cash=cash)
        # The smallest coarse quantities of many slots can be too much for any cash: then let go.
        found = _shrunk(found, of, coarse=attempts < 24)


def _shrunk(found: Book, of: Epoch, *, coarse: bool) -> Book:
    """Quantities and unsettled funding, a seventh of the old; `coarse` ones stay so."""

    def less(size: int) -> int:
        if coarse and size % _COARSE == 0:
            return max(size // 7 // _COARSE, 1) * _COARSE
        return max(size // 7, 1)

    positions = []
    for p in found.positions:
        size = less(abs(p.quantity))
        index = of.by_key[p.key].funding
        settled = index - (index - p.funding) // 7
        positions.append(replace(p, quantity=size if p.quantity > 0 else -size, funding=settled))
    collaterals = (replace(c, quantity=less(c.quantity)) for c in found.collaterals)
    return replace(found, positions=tuple(positions), collaterals=tuple(collaterals))


def _toward(found: Book, of: Epoch, mode: int, buffer: int, below: bool) -> Book:
    """A book at its limits: as it was drawn if that lands on the asked side, else pushed there."""
    if (breakdown(found, of.by_key, mode).distance(buffer) < 0) == below:
        return found
    sign = -1 if below else 1
    positions = tuple(
        replace(p, quantity=sign * abs(p.quantity), funding=of.by_key[p.key].funding)
        for p in found.positions
    )
    holdings = tuple(replace(c, quantity=1) if below else c for c in found.collaterals)
    cash = -CASH_MAX - 1 if below else CASH_MAX
    return replace(found, cash=cash, positions=positions, collaterals=holdings)


def _distinct(rng: Random, count: int, make: Callable[[Random], Instrument]) -> list[Instrument]:
    found: dict[int, Instrument] = {}
    while len(found) < count:
        one = make(rng)
        found[one.key] = one
    return list(found.values())


def _instrument(rng: Random) -> Instrument:
    asset = rng.choice((1, 2, 65_535, rng.randint(1, 65_535), rng.randint(1, 65_535)))
    if rng.random() < 0.6:
        return Instrument(asset, PERPETUAL)
    return Instrument(asset, FUTURE, rng.choice((1, 2**32 - 1, rng.randint(1, 2**32 - 1))))


def _collateral(rng: Random) -> Instrument:
    return Instrument(rng.choice((1, 65_535, rng.randint(1, 65_535))), COLLATERAL)


def seeds() -> st.SearchStrategy[Random]:
    """A generator of random numbers for the functions above, drawn by hypothesis."""
    return st.integers(0, 2**32 - 1).map(Random)


def requirement_tables(tiers: int = 6) -> st.SearchStrategy[TierTable]:
    return seeds().map(lambda rng: table(rng, tiers, rises=True))


def haircut_tables(tiers: int = 12) -> st.SearchStrategy[TierTable]:
    return seeds().map(lambda rng: table(rng, tiers, rises=False))


def drawn_cases(shape: Shape) -> st.SearchStrategy[Case]:
    """Single cases of a shape, each over an epoch of its own."""

    def make(seed: int) -> Case:
        rng = Random(seed)
        return case(rng, shape, epoch(rng, shape, full=False), rng.randrange(1000))

    return st.integers(0, 2**32 - 1).map(make)
