"""Constant tables of the fixed-point functions, each derived here with 192-bit integers.

Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 4.1.24 and 4.1.27 (ln), 4.2.1
(exp), 26.2.10 and 26.2.11 (the normal integral), 26.2.31 (its derivatives, Hermite polynomials).
Notation: a value x at scale s is the integer nearest to x * 2^s.

Nothing is typed in: a reader who doubts an entry recomputes it. A table is made at its first use
(a few milliseconds), never at import.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import isqrt
from typing import Final

#: Bits after the point while a table is computed; entries are rounded to 68 at most.
WORK: Final = 192
ONE: Final = 1 << WORK

#: Intervals of a mantissa in [1, 2), intervals of an octave of 2^-x, and of one unit of the normal.
LN_INTERVALS: Final = 128
EXP_INTERVALS: Final = 64
CDF_INTERVALS: Final = 32

#: Tails beyond 9.25 are below 2^-66, less than a sixteenth of the last place of scale 62.
CDF_NODES: Final = CDF_INTERVALS * 37 // 4

#: Degrees of the polynomials; what each leaves out is bounded where it is used (fixed.py).
LN_DEGREE: Final = 7
EXP_DEGREE: Final = 7
CDF_DEGREE: Final = 8

#: Scale of ln and of the arguments of exp and the normal; scale of their values.
ARGUMENT: Final = 57
VALUE: Final = 62
#: Scale of the coefficients of ln and the normal, below 2^-6, and of exp, at most 2^-5.
INNER: Final = 68
EXP_INNER: Final = 67


def _nearest(value: int, shift: int) -> int:
    """value / 2^shift to the nearest integer."""
    return (value + (1 << (shift - 1))) >> shift


def _series(term: int, step: Callable[[int, int], int]) -> int:
    """Sum of term_0 = term, term_k = step(term_(k-1), k) until a term vanishes."""
    total, k = 0, 0
    while term:
        total += term
        k += 1
        term = step(term, k)
    return total


def _atanh(top: int, bottom: int) -> int:
    """atanh(top / bottom) for 0 <= top < bottom: the sum of z^(2k+1) / (2k+1)."""
    power, total, k = (top << WORK) // bottom, 0, 1
    while power:
        total += power // k
        power = power * top * top // (bottom * bottom)
        k += 2
    return total


def _exp_minus(top: int, bottom: int) -> int:
    """exp(-top / bottom) for a small ratio, as 1 / exp."""
    return (ONE << WORK) // _series(ONE, lambda term, k: term * top // (bottom * k))


def _pi() -> int:
    """pi by Machin's formula, 16 arctan(1/5) - 4 arctan(1/239)."""

    def arctan(n: int) -> int:
        power, total, k, sign = ONE // n, 0, 1, 1
        while power:
            total += sign * (power // k)
            power //= n * n
            k, sign = k + 2, -sign
        return total

    return 16 * arctan(5) - 4 * arctan(239)


@cache
def ln2() -> int:
    """ln 2 at scale 192, as 2 atanh(1/3)."""
    return 2 * _atanh(1, 3)


@cache
def ln_reciprocals() -> tuple[int, ...]:
    """1 / (1 + (2i + 1) / 256) at scale 64, rounded down: one for each interval of a mantissa."""
    return tuple((1 << 64) * 256 // (257 + 2 * i) for i in range(LN_INTERVALS))


@cache
def ln_offsets() -> tuple[int, ...]:
    """-ln of each entry of `ln_reciprocals` (as rounded) at scale 57."""
    return tuple(
        _nearest(2 * _atanh((1 << 64) - inverse, (1 << 64) + inverse), WORK - ARGUMENT)
        for inverse in ln_reciprocals()
    )


@cache
def ln_coefficients() -> tuple[int, ...]:
    """(-1)^(k+1) / k * 2^(-7k) at scale 68 for k = 1 .. 7: ln(1 + t) in powers of 2^7 t."""
    return tuple(
        (-1) ** (k + 1) * _nearest((ONE >> 7 * k) // k, WORK - INNER)
        for k in range(1, LN_DEGREE + 1)
    )


@cache
def exp_offsets() -> tuple[int, ...]:
    """2^(-j/64) at scale 63, j = 0 .. 63."""
    root = ONE >> 1
    for _ in range(6):
        root = isqrt(root << WORK)  # six square roots of 1/2
    powers = [ONE]
    while len(powers) < EXP_INTERVALS:
        powers.append(powers[-1] * root >> WORK)
    return tuple(_nearest(power, WORK - 63) for power in powers)


@cache
def exp_coefficients() -> tuple[int, ...]:
    """(-1)^k / k! * 2^(-5k) at scale 67 for k = 1 .. 7: exp(-r) - 1 in powers of 2^5 r."""
    found, factorial = [], 1
    for k in range(1, EXP_DEGREE + 1):
        factorial *= k
        found.append((-1) ** k * _nearest((ONE >> 5 * k) // factorial, WORK - EXP_INNER))
    return tuple(found)


@cache
def root_two_pi() -> int:
    """sqrt(2 pi) at scale 192."""
    return isqrt(2 * _pi() << WORK)


@cache
def cdf_coefficients() -> tuple[tuple[int, ...], ...]:
    """Taylor coefficients of the upper tail Q at the middles c_i = (2i + 1) / 64, one row a degree.

    Row 0 is Q(c_i) at scale 62; row k is Q^(k)(c_i) / k! * 2^(-5k) at scale 68, for powers of
    2^5 h. Q' = -density, and the density's derivatives are Hermite polynomials times itself:
    Q^(k)(c) = (-1)^k He_(k-1)(c) density(c).
    """
    rows: list[list[int]] = [[] for _ in range(CDF_DEGREE + 1)]
    # density(c_0), and density(c_(i+1)) / density(c_i) = exp(-(i + 1) / 1024)
    density = (_exp_minus(1, 8192) << WORK) // root_two_pi()
    ratio = step = _exp_minus(1, 1024)
    for i in range(CDF_NODES):
        c = (2 * i + 1) * (ONE >> 6)
        square = (2 * i + 1) ** 2  # c^2 = square / 4096
        # Q(c) = 1/2 - density(c) * sum of c^(2k+1) / (1 * 3 * ... * (2k+1))
        inner = _series(c, lambda term, k, s=square: term * s // (4096 * (2 * k + 1)))  # type: ignore[misc]
        rows[0].append(_nearest((ONE >> 1) - (density * inner >> WORK), WORK - VALUE))
        before, hermite, factorial = 0, ONE, 1  # He_(k-2) and He_(k-1) at c
        for k in range(1, CDF_DEGREE + 1):
            factorial *= k
            value = (-1) ** k * (hermite * density >> WORK) // factorial
            rows[k].append(_nearest(value, WORK - INNER + 5 * k))
            before, hermite = hermite, (c * hermite >> WORK) - (k - 1) * before
        density = density * ratio >> WORK
        ratio = ratio * step >> WORK
    return tuple(tuple(row) for row in rows)
