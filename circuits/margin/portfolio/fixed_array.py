"""The functions of fixed.py on numpy words: the same steps, the same answer in every bit.

Source and notation: fixed.py, which is the specification and says why each step is sound; this file
only says what differs because words are 64 bits wide. Arrays are one-dimensional.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np

from circuits.margin.portfolio import fixed, tables
from circuits.margin.portfolio.tables import ARGUMENT, CDF_NODES, EXP_INNER, INNER, VALUE
from circuits.margin.portfolio.words import Factor, Signed, Words, bit_lengths, multiply_high

ONE: Final = np.int64(1 << VALUE)
#: Largest argument of the density; beyond it the density is 0 at its scale.
_FAR: Final = np.int64(11 << ARGUMENT)


@cache
def _signed(name: str) -> Signed:
    """A table of tables.py as one array, a row a degree where it has degrees."""
    return np.array(getattr(tables, name)(), dtype=np.int64)


@cache
def _words(name: str) -> Words:
    return np.array(getattr(tables, name)(), dtype=np.uint64)


@cache
def _ln_exponents() -> Signed:
    return np.array([fixed.ln_exponent(e) for e in range(64)], dtype=np.int64)


def ln(values: Words) -> Signed:
    """`fixed.ln`. Requires every value to be at least 1."""
    bits = bit_lengths(values)
    mantissa = values << (np.uint64(64) - bits)
    i = ((mantissa >> np.uint64(56)) & np.uint64(127)).view(np.int64)
    near_one = multiply_high(mantissa, _words("ln_reciprocals")[i])
    t = (near_one - np.uint64(1 << 63)).view(np.int64) << np.int64(8)
    series = _horner(_signed("ln_coefficients").tolist(), t)
    found = _ln_exponents()[bits.view(np.int64) - 1] + _signed("ln_offsets")[i]
    return found + (series >> np.int64(INNER - ARGUMENT))


def exp_minus(x: Signed) -> Signed:
    """`fixed.exp_minus`. Requires x >= 0."""
    per, step = (np.array([c], dtype=np.uint64) for c in fixed.exp_constants())
    arguments = x.view(np.uint64)
    # floor(x * per / 2^114) from the upper word: 114 - 64 = 50
    n = multiply_high(arguments, per) >> np.uint64(2 * ARGUMENT - 64)
    # n < 2^13, so n * 2^51 * step >> 64 is n * step >> 13
    whole = multiply_high(n << np.uint64(51), step)
    r = ((arguments - whole) << np.uint64(12)).view(np.int64)
    series = _horner(_signed("exp_coefficients").tolist(), np.maximum(r, 0))
    # scale 63, where 1 fills the word: unsigned from here on
    small = (series >> np.int64(EXP_INNER - 63)).view(np.uint64) + np.uint64(1 << 63)
    product = multiply_high(small, _words("exp_offsets")[(n & np.uint64(63)).view(np.int64)])
    found: Words = product >> np.minimum(n >> np.uint64(6), np.uint64(63))
    return found.view(np.int64)


def normal_tail(x: Signed) -> Signed:
    """`fixed.normal_tail`. Requires x >= 0."""
    node = x >> np.int64(ARGUMENT - 5)
    inside = node < CDF_NODES
    i = np.minimum(node, CDF_NODES - 1)
    # 2^63 at most where inside; elsewhere it wraps and is not used
    h = (x - ((2 * i + 1) << np.int64(ARGUMENT - 6))) << np.int64(12)
    by = Factor(h)
    rows = _signed("cdf_coefficients")
    acc = rows[-1].take(i)
    for row in rows[-2:0:-1]:
        acc = by.multiply_high(acc)
        acc += row.take(i)
    found = rows[0].take(i) + (by.multiply_high(acc) >> np.int64(INNER - VALUE))
    return np.where(inside, np.maximum(found, 0), 0)


def normal_cdf(x: Signed) -> Signed:
    """`fixed.normal_cdf`."""
    tail = normal_tail(np.abs(x))
    return np.where(x < 0, tail, ONE - tail)


def normal_density(x: Signed) -> Words:
    """`fixed.normal_density`."""
    bounded = np.minimum(np.abs(x), _FAR).view(np.uint64)
    # x^2 / 2 at scale 57 is x * x >> 58: the upper word of (x << 3) * (x << 3), 11 * 2^60 < 2^64
    eightfold = bounded << np.uint64(3)
    falling = exp_minus(multiply_high(eightfold, eightfold).view(np.int64)).view(np.uint64)
    return multiply_high(falling, np.array([fixed.density_peak()], dtype=np.uint64))


def root_years(seconds: Words) -> Words:
    """`fixed.root_years`: one exact square root for each different time."""
    times, where = np.unique(seconds, return_inverse=True)
    roots = np.array([fixed.root_years(int(time)) for time in times], dtype=np.uint64)
    return roots[where]


def _horner(coefficients: Sequence[int], factor: Signed) -> Signed:
    """(c_1 + (c_2 + ...) factor / 2^64) factor / 2^64, cut at every step."""
    by = Factor(factor)
    acc = np.full(factor.shape, coefficients[-1], dtype=np.int64)
    for coefficient in reversed(coefficients[:-1]):
        acc = by.multiply_high(acc)
        acc += coefficient
    return by.multiply_high(acc)
