"""Epochs that no market would make: every field anywhere in its width, every leg of a book used.

A market's numbers are alike: discounts near 1, strikes of few digits, expiries of this decade. What
a circuit does with the rest of a width no claim about a market shows.
"""

from __future__ import annotations

from collections.abc import Collection
from random import Random

from circuits.margin.constants import FUNDING_OFFSET
from circuits.margin.instrument import OPTION, PERPETUAL, Instrument, collateral, future
from circuits.margin.portfolio import constants as c
from circuits.margin.portfolio.book import Leg, PortfolioBook
from circuits.margin.portfolio.records import (
    CollateralRow,
    ExpiryRecord,
    LaneEntry,
    OptionRow,
    Row,
    ScenarioRecord,
    UnderlyingRecord,
    prefix,
)
from circuits.margin.portfolio.shape import PortfolioShape
from circuits.margin.portfolio.table import PortfolioEpoch, table_shape

#: Asset and underlying numbers, of which the second half cancel.
ASSETS = (3, 0x5555, 0xAAAA, 0xFFFF)
#: Ones everywhere, ones in every other place.
PATTERNS = (0xFFFF_FFFF_FFFF_FFFF, 0x5555_5555_5555_5555, 0xAAAA_AAAA_AAAA_AAAA)


def number(rng: Random, bits: int, least: int = 0) -> int:
    """Any number of a width: even in its length, or with ones in many places."""
    if rng.random() < 0.4:
        return max(least, rng.choice(PATTERNS) & (1 << bits) - 1)
    return max(least, rng.getrandbits(bits) >> rng.choice((0, 0, 0, rng.randrange(bits))))


def any_epoch(shape: PortfolioShape, rng: Random, first: int = 0) -> PortfolioEpoch:
    """As many expiries as an account may have, four or five strikes each, and collaterals.

    The first underlying of two has the `first` expiries, or about half.
    """
    numbers = sorted(rng.sample(ASSETS, shape.underlyings))
    expiries = [_expiry(rng, p) for p in _prefixes(shape, numbers, rng, first)]
    rows: list[Row] = [
        _option(shape, rng, expiry, strike, right)
        for expiry in expiries
        for strike in _strikes(rng)
        for right in (0, 1)
    ]
    rows += [
        CollateralRow(
            collateral(asset),
            number(rng, c.PRICE_BITS, 1),
            maintenance := c.FACTOR_ONE - min(number(rng, 20), c.FACTOR_ONE),
            max(maintenance, number(rng, c.FACTOR_BITS)),
            rng.choice((0, *numbers)),
        )
        for asset in ASSETS
    ]
    return PortfolioEpoch(
        shape=table_shape(shape),
        scenarios=ScenarioRecord(
            tuple(
                LaneEntry(number(rng, c.SHOCK_BITS, 1), min(number(rng, 20), c.DAMPING_ONE))
                for _ in range(shape.lanes)
            )
        ),
        underlyings=tuple(_underlying(rng, asset) for asset in numbers),
        expiries=tuple(expiries),
        rows=tuple(sorted(rows, key=lambda row: row.key)),
        params_digest=rng.getrandbits(250),
        timestamp=rng.getrandbits(16),
        venue=rng.getrandbits(16),
    )


def any_book(
    at: PortfolioEpoch,
    shape: PortfolioShape,
    rng: Random,
    bits: int | None = None,
    keys: Collection[int] | None = None,
) -> PortfolioBook:
    """Every leg used, and slots of these keys or all; magnitudes fill the width, or `bits`."""
    bits = shape.sum_bits if bits is None else bits
    chosen = set(_spread(at, shape, rng) if keys is None else keys)
    positions = len(chosen) + len(at.expiries) + len(at.underlyings)
    left = max(number(rng, bits), 1 << bits - 1) - positions

    def quantity(*, last: bool = False) -> int:
        nonlocal left
        size = left if last else rng.randrange(left // 2) >> rng.choice((0, 0, 0, 20))
        left -= size
        return rng.choice((1, -1)) * (size + 1)

    options = tuple(Leg(key, quantity()) for key in sorted(chosen))
    futures = tuple(Leg(future(e.underlying, e.expiry), quantity()) for e in at.expiries)
    perpetuals = tuple(
        Leg(
            Instrument(u.underlying, PERPETUAL).key,
            quantity(last=u == at.underlyings[-1]),
            number(rng, 96) - FUNDING_OFFSET,
        )
        for u in at.underlyings
    )
    held = [row for row in at.rows if isinstance(row, CollateralRow)][: shape.collaterals]
    return PortfolioBook(
        account=rng.getrandbits(160),
        sequence=rng.getrandbits(64),
        shape=shape,
        cash=0,
        perpetuals=perpetuals,
        futures=futures,
        options=options,
        collaterals=tuple(Leg(row.key, number(rng, bits, 1), cancels=row.cancels) for row in held),
    )


def beside(at: PortfolioEpoch, shape: PortfolioShape, e: int, skipped: int) -> list[int]:
    """Keys that stand side by side in one expiry, before them the last of the expiry before."""
    own, before = ([k for k in option_keys(at) if k >> 65 == at.expiries[i].prefix] for i in (e, 0))
    first = [before[-1]] if e else []
    return [*first, *own[skipped:]][: shape.options]


def option_keys(at: PortfolioEpoch) -> list[int]:
    return [row.key for row in at.rows if isinstance(row, OptionRow)]


def _spread(at: PortfolioEpoch, shape: PortfolioShape, rng: Random) -> set[int]:
    """As many as fit, at least one of each expiry, often its last."""
    listed = option_keys(at)
    own = [[key for key in listed if key >> 65 == e.prefix] for e in at.expiries]
    chosen = {keys[-1] if rng.random() < 0.7 else rng.choice(keys) for keys in own}
    others = [key for key in listed if key not in chosen]
    return chosen | set(rng.sample(others, shape.options - len(chosen)))


def _strikes(rng: Random) -> list[int]:
    """Some that are neighbours, and the highest."""
    top = (1 << c.PRICE_BITS) - 1
    first = min(number(rng, c.PRICE_BITS), top - 2)
    return sorted({first, first + 1, number(rng, c.PRICE_BITS), number(rng, c.PRICE_BITS), top})


def _prefixes(shape: PortfolioShape, numbers: list[int], rng: Random, first: int) -> list[int]:
    """Expiries anywhere, or all beside each other with one pattern in their times."""
    times = [pattern & 0xFFFF_FFFF for pattern in PATTERNS] + [rng.getrandbits(32) | 1 << 17]
    if rng.random() < 0.6:
        last = rng.choice(times[:3])
        times = [last - i for i in range(shape.expiries)]
    first = first or -(-shape.expiries // 2)
    owners = [numbers[0 if i < first else -1] for i in range(shape.expiries)]
    return sorted({prefix(owner, time) for owner, time in zip(owners, times, strict=True)})


def _expiry(rng: Random, own: int) -> ExpiryRecord:
    forward = number(rng, c.PRICE_BITS, 1)
    return ExpiryRecord(
        own,
        number(rng, c.DISCOUNT_BITS),
        number(rng, c.DISCOUNT_BITS),
        number(rng, c.BASIS_BITS),
        min(forward, number(rng, c.PRICE_BITS)),
        forward,
        number(rng, c.FACTOR_BITS),
        number(rng, c.FACTOR_BITS),
    )


def _option(
    shape: PortfolioShape, rng: Random, expiry: ExpiryRecord, strike: int, right: int
) -> OptionRow:
    key = Instrument(expiry.underlying, OPTION, expiry.expiry, strike, right).key
    values = tuple(number(rng, c.VALUE_BITS) for _ in range(shape.lanes))
    delta = rng.randrange(-c.DELTA_ONE, c.DELTA_ONE + 1)
    # Wider ones, and no limit would be wide enough for a full book.
    return OptionRow(key, values, delta, number(rng, c.VEGA_BITS - 4))


def _underlying(rng: Random, asset: int) -> UnderlyingRecord:
    prices = [number(rng, c.PRICE_BITS, 1) for _ in range(2)]
    rates = [number(rng, c.FACTOR_BITS) for _ in range(6)]
    charges = [number(rng, c.CHARGE_BITS) for _ in range(2)]
    return UnderlyingRecord(asset, *prices, number(rng, 96) - FUNDING_OFFSET, *rates, *charges)
