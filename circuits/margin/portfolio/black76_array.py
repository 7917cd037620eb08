"""Black-76 on numpy words: the values of black76.py in every bit, tens of thousands at a time.

Source, notation and error bound: black76.py, which is the specification. Forwards and strikes have
one unit and fit 64 bits (an epoch's table has units of 1e-12: up to 18.4 million); discounts are at
most 1. Arguments are broadcast against each other, so what is the same for a row or a column is
given, and its logarithm taken, once.

The work is cut into blocks that stay in a core's cache, on one thread: a second one gains nothing
that could be measured, for a step on a block is a few microseconds. How it is cut changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from circuits.margin.portfolio import fixed_array
from circuits.margin.portfolio.black76 import FINE, MAX_MONEYNESS, MAX_TOTAL_VOL, UNIT
from circuits.margin.portfolio.fixed import ROOT, SECONDS_LIMIT
from circuits.margin.portfolio.tables import ARGUMENT, VALUE
from circuits.margin.portfolio.words import Signed, Words, divide, multiply_high, words
from zk.errors import InputError

BLOCK: Final = 8192
_UNIT: Final = words(UNIT)
#: 8e18: what a product of volatility and root is divided by, and still a word.
_VOL_STEP: Final = words(UNIT << (ROOT - ARGUMENT))
_MAX_VOL: Final = np.uint64(MAX_TOTAL_VOL)
_LEAST: Final = np.uint64(1)
_NONE: Final = np.uint64(0)
_LARGEST: Final = np.uint64(MAX_MONEYNESS << ARGUMENT)


class ArrayValues(NamedTuple):
    """Values of calls and puts, shaped as the arguments are when broadcast."""

    call: Words
    put: Words


class ArrayGreeks(NamedTuple):
    """Deltas of calls (1e-18) and vegas, shaped as the arguments are when broadcast."""

    call_delta: Words
    vega: Words


def prices(
    seconds: ArrayLike,
    vol: ArrayLike,
    forward: ArrayLike,
    strike: ArrayLike,
    discount: ArrayLike,
) -> ArrayValues:
    """`black76.prices`: values in the unit of forward and strike."""
    return values(total_vol(vol, roots(seconds)), forward, strike, discount)


def roots(seconds: ArrayLike) -> Words:
    """`fixed.root_years` of each time."""
    times = _natural(seconds, "times to expiry")
    if times.size and int(times.max()) >= SECONDS_LIMIT:
        raise InputError("a time to expiry must be 0 to 2^32 - 1 seconds")
    return fixed_array.root_years(times.reshape(-1)).reshape(times.shape)


def total_vol(vol: ArrayLike, root: ArrayLike) -> Words:
    """`black76.total_vol`."""
    return _blockwise(_total_vol, [_natural(vol, "volatilities"), _natural(root, "roots")])[0]


def values(v: ArrayLike, forward: ArrayLike, strike: ArrayLike, discount: ArrayLike) -> ArrayValues:
    """`black76.values`."""
    arrays = _arguments(v, forward, strike, discount)
    return ArrayValues(*_blockwise(_values, arrays))


def sensitivities(
    v: ArrayLike,
    root: ArrayLike,
    forward: ArrayLike,
    strike: ArrayLike,
    discount: ArrayLike,
) -> ArrayGreeks:
    """`black76.sensitivities`."""
    arrays = [*_arguments(v, forward, strike, discount), _natural(root, "roots")]
    return ArrayGreeks(*_blockwise(_sensitivities, arrays))


def rounded(value: Words) -> Words:
    """`black76.rounded`: units of 1e-12 to the nearest 1e-8."""
    whole, rest = np.divmod(value, np.uint64(FINE))
    found: Words = whole + (rest >= np.uint64(FINE // 2))  # no sum that could wrap
    return found


def _arguments(
    v: ArrayLike, forward: ArrayLike, strike: ArrayLike, discount: ArrayLike
) -> list[NDArray[np.generic]]:
    """Checked arguments of a block, with the logarithms of forward and strike."""
    forwards, strikes = _natural(forward, "forwards"), _natural(strike, "strikes")
    discounts = _natural(discount, "discounts")
    if discounts.size and int(discounts.max()) > UNIT:
        raise InputError("a discount must be 0 to 1")
    return [
        np.minimum(_natural(v, "total volatilities"), _MAX_VOL),
        forwards,
        strikes,
        discounts,
        _logarithms(forwards),
        _logarithms(strikes),
    ]


def _natural(values: ArrayLike, what: str) -> Words:
    """An array of words from any integers; InputError if one is negative or over 64 bits."""
    array = np.asarray(values)
    if array.dtype == np.uint64:
        return np.atleast_1d(array)
    try:
        if array.dtype.kind not in "uiO" or (array.size and array.min() < 0):
            raise OverflowError
        return np.atleast_1d(array.astype(np.uint64))
    except (OverflowError, TypeError):
        raise InputError(f"{what} must be whole numbers from 0 to 2^64 - 1") from None


def _logarithms(prices: Words) -> Signed:
    """ln of each price; of 0, which has values of its own, 0."""
    flat = np.maximum(prices.reshape(-1), np.uint64(1))
    return fixed_array.ln(flat).reshape(prices.shape)


def _blockwise(
    function: Callable[..., tuple[Words, ...]],
    arrays: Sequence[NDArray[np.generic]],
) -> list[Words]:
    """`function` of the broadcast arrays, block by block."""
    shape = np.broadcast_shapes(*(array.shape for array in arrays))
    flat = [np.broadcast_to(array, shape).reshape(-1) for array in arrays]
    size = flat[0].size
    parts = [[array[i : i + BLOCK] for array in flat] for i in range(0, max(size, 1), BLOCK)]
    found = [function(*part) for part in parts]
    return [np.concatenate(column).reshape(shape) for column in zip(*found, strict=True)]


def _total_vol(vol: Words, root: Words) -> tuple[Words]:
    high, low = multiply_high(vol, root), vol * root
    # The quotient is a word where high < 8e18; elsewhere it is over 2^64, the cap below 2^62.
    fits = high < _VOL_STEP
    quotient = divide(np.where(fits, high, _NONE), low, _VOL_STEP)
    return (np.where(fits, np.minimum(quotient, _MAX_VOL), _MAX_VOL),)


def _values(
    v: Words, forward: Words, strike: Words, discount: Words, ln_forward: Signed, ln_strike: Signed
) -> tuple[Words, Words]:
    d1 = _d1(v, ln_forward - ln_strike)
    d2 = d1 - np.maximum(v, _LEAST).view(np.int64)
    # What the call brings and costs; 0 <= brought <= forward and 0 <= paid <= strike.
    brought = _portion(forward, fixed_array.normal_cdf(d1))
    paid = _portion(strike, fixed_array.normal_cdf(d2))
    # The difference has a sign, so words are compared before they are subtracted.
    call = _excess(brought, paid)
    put = _excess(strike - paid, forward - brought)
    certain = v >= _MAX_VOL
    nothing, free = forward == 0, strike == 0
    call = np.where(certain | nothing | free, forward, call)
    put = np.where(certain | nothing | free, strike, put)
    return _discounted(call, discount), _discounted(put, discount)


def _sensitivities(
    v: Words,
    forward: Words,
    strike: Words,
    discount: Words,
    ln_forward: Signed,
    ln_strike: Signed,
    root: Words,
) -> tuple[Words, Words]:
    d1 = _d1(v, ln_forward - ln_strike)
    delta = _portion(discount, fixed_array.normal_cdf(d1))
    change = multiply_high(forward, fixed_array.normal_density(d1) << np.uint64(2))
    high, low = multiply_high(change, root), change * root
    if (high >> np.uint64(ROOT)).any():
        raise InputError("a vega does not fit 64 bits: use a coarser unit of price")
    vega = (high << np.uint64(64 - ROOT)) | (low >> np.uint64(ROOT))
    nothing = forward == 0
    certain = (strike == 0) | ((v >= _MAX_VOL) & ~nothing)
    delta = np.where(certain, discount, np.where(nothing, _NONE, delta))
    vega = np.where(certain | nothing, _NONE, vega)
    return delta, _discounted(vega, discount)


def _d1(v: Words, moneyness: Signed) -> Signed:
    """d1 at scale 57, with the sign of the moneyness where there is no volatility."""
    v = np.maximum(v, _LEAST)
    size = np.abs(moneyness).view(np.uint64)
    # size << 57 over v, but 32 where size >= 32 v: elsewhere size >> 7 < v, as division requires.
    cut = (size >> np.uint64(5)) >= v
    high = np.where(cut, _NONE, size >> np.uint64(64 - ARGUMENT))
    quotient = np.where(cut, _LARGEST, divide(high, size << np.uint64(ARGUMENT), v))
    signed = quotient.view(np.int64)
    half = (v >> np.uint64(1)).view(np.int64)
    return half + np.where(moneyness < 0, -signed, signed)


def _portion(amount: Words, share: Signed) -> Words:
    """amount * share >> 62, as the upper word of amount * (4 share); 4 itself is no word."""
    part = multiply_high(amount, share.view(np.uint64) << np.uint64(64 - VALUE))
    return np.where(share == fixed_array.ONE, amount, part)


def _excess(a: Words, b: Words) -> Words:
    """max(a - b, 0)."""
    return np.where(a > b, a - b, _NONE)


def _discounted(value: Words, discount: Words) -> Words:
    """value * discount / 1e18; with a discount of at most 1 the upper word is below 1e18."""
    return divide(multiply_high(value, discount), value * discount, _UNIT)
