"""One account of human size in class 4+4, for tests that alter a part of it.

Positions: BTC perpetual long (240M, in the second of three tiers), ETH perpetual short, ETH future
long, one slot empty. Collateral: BTC (40M, second tier) and ETH, two slots empty. Also listed: SOL
perpetual and future, USDC.
"""

from __future__ import annotations

from dataclasses import replace

from circuits.margin.book import Book, Holding, Position
from circuits.margin.constants import CASH_SCALE, MAINTENANCE, ROW_COLLATERAL, ROW_INSTRUMENT
from circuits.margin.epoch import Epoch, Row
from circuits.margin.instrument import collateral, future, perpetual
from circuits.margin.model import breakdown
from circuits.margin.shape import TINY, Shape
from circuits.margin.tiers import TierTable

UNIT = 10**8  # one quote unit of cash, one unit of quantity, one quote unit of price
MILLION = 10**6
EXPIRY = 1_900_000_000
TIMESTAMP = 1_800_000_000
#: Far from the line: no lie about one slot moves the margin across it by accident.
FAR = 10**18 * UNIT

BTC, ETH, ETH_FUTURE = perpetual(1), perpetual(2), future(2, EXPIRY)
SOL, SOL_FUTURE = perpetual(3), future(3, EXPIRY)
HELD_BTC, HELD_ETH, USDC = collateral(1), collateral(2), collateral(9)

SHAPE = Shape(4, 4)


def requirement(*rates: int) -> tuple[TierTable, TierTable]:
    """Initial rates, and maintenance at half of them; tiers at 150M and 300M."""
    boundaries = (150 * MILLION * 100, 300 * MILLION * 100)[: len(rates) - 1]
    half = tuple(rate // 2 for rate in rates)
    return TierTable(rates, boundaries), TierTable(half, boundaries)


HAIRCUT = TierTable((1_000_000, 980_000, 950_000), (30 * MILLION * 100, 50 * MILLION * 100))


def epoch(shape: Shape = SHAPE) -> Epoch:
    """The market; in the tiny shape only what fits it."""
    three, one = requirement(25_000, 50_000, 100_000), requirement(200_000)
    rows = [
        Row(ROW_INSTRUMENT, BTC, 60_000 * UNIT, 25 * 10**12, three),
        Row(ROW_INSTRUMENT, ETH, 3_000 * UNIT, -(10**12), three),
        Row(ROW_INSTRUMENT, ETH_FUTURE, 3_100 * UNIT, 0, three),
        Row(ROW_INSTRUMENT, SOL, 150 * UNIT, 10**11, one),
        Row(ROW_INSTRUMENT, SOL_FUTURE, 155 * UNIT, 0, one),
        Row(ROW_COLLATERAL, HELD_BTC, 60_000 * UNIT, 0, (HAIRCUT,)),
        Row(ROW_COLLATERAL, HELD_ETH, 3_000 * UNIT, 0, (HAIRCUT,)),
        Row(ROW_COLLATERAL, USDC, UNIT, 0, (TierTable((MILLION,)),)),
    ]
    if shape == TINY:
        rows = [
            Row(ROW_INSTRUMENT, BTC, 60_000 * UNIT, 25 * 10**12, requirement(25_000, 50_000)),
            Row(ROW_INSTRUMENT, ETH, 3_000 * UNIT, 0, requirement(25_000, 50_000)),
            Row(ROW_COLLATERAL, HELD_BTC, 60_000 * UNIT, 0, (TierTable((900_000,)),)),
        ]
    return Epoch(
        rows=tuple(sorted(rows, key=lambda row: row.key)),
        requirement_tiers=shape.requirement_tiers,
        haircut_tiers=shape.haircut_tiers,
        capacity=shape.rows,
        params_digest=0xD16E57,
        timestamp=TIMESTAMP,
        venue=77,
    )


def book(shape: Shape = SHAPE) -> Book:
    """The account; its cash is for `at` to choose."""
    positions = (
        Position(BTC, 4_000 * UNIT, 20 * 10**12),
        Position(ETH, -100 * UNIT, 0),
        Position(ETH_FUTURE, 50 * UNIT, 0),
    )
    holdings = (
        Holding(HELD_BTC, 40 * MILLION * UNIT // 60_000),
        Holding(HELD_ETH, 30 * UNIT),
    )
    return Book(
        account=0xACC0,
        sequence=12,
        size_class=shape.size_class,
        cash=0,
        positions=positions[: shape.positions],
        collaterals=holdings[: shape.collaterals],
    )


def at(distance: int, of: Epoch, found: Book, mode: int = MAINTENANCE) -> Book:
    """The book with cash that puts its margin at `distance` (units of cash, rounded up)."""
    margin = breakdown(replace(found, cash=0), of.by_key, mode).margin
    return replace(found, cash=distance - margin // CASH_SCALE)
