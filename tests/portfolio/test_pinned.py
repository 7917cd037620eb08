"""Values that must never change: an epoch's root is made of them, on every machine.

Whoever changes a step of the arithmetic changes roots that others recompute, so these numbers may
only change together with the version of the epoch's format. The inputs come from a generator that
is written out here, not from a library's.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from circuits.margin.portfolio import black76, fixed, tables
from circuits.margin.portfolio.black76 import FINE, UNIT, greeks, prices, rounded
from circuits.margin.portfolio.rules import SkewRule, StaticDiscount, VolShock
from circuits.margin.portfolio.shocks import (
    discount,
    moved_vol,
    skewed_vol,
    skews,
    static_discounts,
    vol_moves,
)

FUNCTIONS = "3fd64d51cb02ae02bbf7341c8fedd8bcb5a49b2553473fc1a108cf4b0c20f9ef"
VALUES = "02259de05eda453c1bd7013d821f6bb420bea7de658eef24f83674e431e35258"
SHOCKS = "af36962c5e7bb69b63ffd3f7676cc6cd9dcd5d063293feab03d507a69b5a0d55"
TABLES = "bcbcdf4fe92617ed3f1d41af4b2a9af057459972f41d59376137136b4fcd659f"


def numbers(count: int) -> Iterator[int]:
    """64-bit words: Knuth's linear congruential generator (MMIX), its halves swapped."""
    state = 76
    for _ in range(count):
        state = (6364136223846793005 * state + 1442695040888963407) % (1 << 64)
        yield (state >> 32) + (state % (1 << 32) << 32)


def digest(values: Iterator[int]) -> str:
    return sha256(" ".join(map(str, values)).encode()).hexdigest()


def test_tables():
    def entries() -> Iterator[int]:
        yield from tables.ln_reciprocals()
        yield from tables.ln_offsets()
        yield from tables.ln_coefficients()
        yield from tables.exp_offsets()
        yield from tables.exp_coefficients()
        yield from fixed.exp_constants()
        yield fixed.density_peak()
        for row in tables.cdf_coefficients():
            yield from row

    assert digest(entries()) == TABLES


def test_functions():
    def results() -> Iterator[int]:
        for word in numbers(2000):
            x = (word >> 1) % (12 << tables.ARGUMENT)
            yield fixed.ln(word | 1)
            yield fixed.ln((word >> word % 64) | 1)
            yield fixed.exp_minus(x)
            yield fixed.normal_cdf(x if word & 1 else -x)
            yield fixed.normal_density(x)
            yield fixed.root_years(word >> 32)

    assert digest(results()) == FUNCTIONS


def test_values():
    def results() -> Iterator[int]:
        words = numbers(5 * 1000)
        for time, vol, forward, near, rate in zip(*[words] * 5, strict=True):
            time = time % (2 * fixed.YEAR)
            vol = UNIT // 100 + vol % (3 * UNIT)
            forward = 10**15 + forward % 10**17
            strike = forward // 2 + near % forward
            factor = discount(rate % (UNIT // 10), time)
            yield from prices(time, vol, forward, strike, factor)
            yield from greeks(time, vol, forward, strike, factor)

    assert digest(results()) == VALUES


def test_shocks():
    vol = VolShock(*(n * UNIT // 100 for n in (50, 30, 30, 13, 40)), dte_floor=86_400)
    skew = SkewRule(*(n * UNIT // 100 for n in (15, -5, 15, -5, 1, 400, 60, -10)))
    held = StaticDiscount(95 * UNIT // 100, UNIT, 8 * UNIT // 100)
    owed = StaticDiscount(104 * UNIT // 100, UNIT // 2, 8 * UNIT // 100)

    def results() -> Iterator[int]:
        words = numbers(3 * 500)
        for time, rate, word in zip(*[words] * 3, strict=True):
            time, rate, vol_now = time % (2 * fixed.YEAR), rate % (UNIT // 5), word % (2 * UNIT)
            for move in vol_moves(vol, time).values():
                yield moved_vol(vol_now, move)
            for bend in skews(skew, time).values():
                yield skewed_vol(vol_now, bend, 10**15, 10**14 + word % 10**16)
            yield from static_discounts(held, owed, rate, time, discount(rate, time))

    assert digest(results()) == SHOCKS


def test_some_values_to_read():
    """Ether at 3,000 with 60 % volatility, 30 days, as an epoch's table has it (1e-8)."""
    forward = 3000 * 10**8 * FINE
    found = [
        tuple(map(rounded, prices(30 * 86_400, 6 * UNIT // 10, forward, k * 10**12, UNIT)))
        for k in (2000, 3000, 4000)
    ]
    assert found == [
        (1001_29925926, 1_29925926),
        (205_61822155, 205_61822155),
        (11_61893747, 1011_61893747),
    ]
    at_once = greeks(30 * 86_400, 6 * UNIT // 10, forward, forward, UNIT)
    assert (black76.rounded_delta(at_once.call_delta), rounded(at_once.vega)) == (
        53426970,
        341_85286266,
    )
