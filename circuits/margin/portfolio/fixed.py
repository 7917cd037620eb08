"""Fixed-point exp, ln, square root and normal distribution in plain integers: the specification.

Source: table lookup and a short Taylor polynomial, as in P. T. P. Tang, "Table-driven
implementation of the exponential function in IEEE floating-point arithmetic" (ACM TOMS 1989) and
its sequel on the logarithm (1990). Formulas of the tables: tables.py.
Notation: scale s means units of 2^-s; ulp is one unit of the scale. Arguments and logarithms have
scale 57, values of exp and of the normal scale 62. `>>` rounds toward minus infinity.

Every step is an exact operation on integers that fit 64 bits (products 128), so the answer is the
same on every machine and in every language; fixed_array.py does the same steps on numpy words and
must agree in every bit. Measured errors are in tests/portfolio/test_fixed.py.
"""

from __future__ import annotations

from functools import cache
from math import isqrt
from typing import Final

from circuits.margin.portfolio import tables
from circuits.margin.portfolio.tables import ARGUMENT, CDF_NODES, EXP_INNER, INNER, VALUE

#: 365 days: the year of the option formulas.
YEAR: Final = 31_536_000
#: Scale of the square root of a time in years; 2^32 seconds are 136 years, 63.6 bits.
ROOT: Final = 60
SECONDS_LIMIT: Final = 1 << 32

#: 64 / ln 2 at scale 57 and ln 2 / 64 at scale 70: both fit 64 bits.
_EXP_STEPS_SCALE: Final = 57
_EXP_STEP_SCALE: Final = 70


@cache
def exp_constants() -> tuple[int, int]:
    """(64 / ln 2 at scale 57, ln 2 / 64 at scale 70), rounded down."""
    work = tables.WORK
    per = (64 << (work + _EXP_STEPS_SCALE)) // tables.ln2()
    return per, tables.ln2() >> (work + 6 - _EXP_STEP_SCALE)


def ln(value: int) -> int:
    """ln(value) at scale 57 for any integer value >= 1. Error below 4 ulp (3e-17)."""
    bits = value.bit_length()
    # 64-bit mantissa m in [1, 2); what a longer value loses is below 2^-63 of it.
    mantissa = value << (64 - bits) if bits <= 64 else value >> (bits - 64)
    i = (mantissa >> 56) & 127
    # t = m / c_i - 1 with c_i the middle of the interval: |t| <= 1/257; here 2^8 t at scale 63.
    t = ((mantissa * tables.ln_reciprocals()[i] >> 64) - (1 << 63)) << 8
    # acc * t >> 64 is acc times 2^7 t. Left out: t^8 / 8 < 2^-67.
    acc = 0
    for coefficient in reversed(tables.ln_coefficients()):
        acc = coefficient + (acc * t >> 64)
    return ln_exponent(bits - 1) + tables.ln_offsets()[i] + (acc * t >> (64 + INNER - ARGUMENT))


def ln_exponent(exponent: int) -> int:
    """exponent * ln 2 at scale 57."""
    return exponent * tables.ln2() >> (tables.WORK - ARGUMENT)


def exp_minus(x: int) -> int:
    """exp(-x) at scale 62, x at scale 57. For x >= 0 the error is below 4 ulp of scale 62 + 2^-57.

    A negative x grows without a limit of width, with the same relative error (scalar only).
    """
    per, step = exp_constants()
    n = x * per >> (ARGUMENT + _EXP_STEPS_SCALE)  # whole steps of ln 2 / 64
    # r = x - n ln 2 / 64 lies in [0, 0.011); here 2^5 r at scale 64, below 0.35.
    r = (x - (n * step >> (_EXP_STEP_SCALE - ARGUMENT))) << 12
    # The step is rounded down and so is `per`, so r is not negative but by their last place.
    r = max(r, 0)
    acc = 0
    for coefficient in reversed(tables.exp_coefficients()):
        acc = coefficient + (acc * r >> 64)
    # exp(-r) at scale 63, at most 1; left out: r^8 / 8! < 2^-67.
    small = (1 << 63) + (acc * r >> (64 + EXP_INNER - 63))
    product = small * tables.exp_offsets()[n & 63] >> 64  # scale 62
    octaves = n >> 6
    return product >> octaves if octaves >= 0 else product << -octaves


def normal_tail(x: int) -> int:
    """Q(x), the chance of more than x >= 0, at scale 62; x at scale 57. Error below 2 ulp."""
    i = x >> (ARGUMENT - 5)  # intervals of 1/32
    if i >= CDF_NODES:
        return 0
    # h = x - c_i in [-1/64, 1/64); here 2^6 h at scale 63, so acc * h >> 64 is acc times 2^5 h.
    h = (x - (2 * i + 1 << (ARGUMENT - 6))) << 12
    rows = tables.cdf_coefficients()
    acc = 0
    for row in rows[:0:-1]:
        acc = row[i] + (acc * h >> 64)
    # Left out: He_8 density h^9 / 9! < 2^-66.
    return max(rows[0][i] + (acc * h >> (64 + INNER - VALUE)), 0)


def normal_cdf(x: int) -> int:
    """N(x) at scale 62, x at scale 57 and of either sign; N(x) + N(-x) = 1 exactly."""
    return normal_tail(-x) if x < 0 else (1 << VALUE) - normal_tail(x)


def normal_density(x: int) -> int:
    """exp(-x^2 / 2) / sqrt(2 pi) at scale 62, x at scale 57. Error below 2^-57."""
    bounded = min(abs(x), 11 << ARGUMENT)  # the density at 11 is 2e-27, 0 at this scale
    # x^2 at scale 114 >> 58 is x^2 / 2 at scale 57.
    return exp_minus(bounded * bounded >> (ARGUMENT + 1)) * density_peak() >> 64


@cache
def density_peak() -> int:
    """1 / sqrt(2 pi) at scale 64."""
    return (1 << (tables.WORK + 64)) // tables.root_two_pi()


def root_years(seconds: int) -> int:
    """sqrt(seconds / 365 days) at scale 60, rounded down. Requires 0 <= seconds < 2^32."""
    return isqrt((seconds << 2 * ROOT) // YEAR)
