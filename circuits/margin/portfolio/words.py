"""Products of 128 bits and their quotients on numpy arrays of 64-bit words.

Source: D. Knuth, The Art of Computer Programming, volume 2, 4.3.1, algorithms M and D with digits
of 32 bits. Notation: a word a is a1 * 2^32 + a0; a pair (high, low) is high * 2^64 + low.

Arrays are one-dimensional (or of length 1, to be broadcast): numpy's unsigned words wrap silently
in arrays, which is what is wanted here, and warn in scalars. No floating point takes part in a
result; it only finds the length of a word, in a way that its rounding cannot change.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
Signed = NDArray[np.int64]

_MASK: Final = np.uint64(0xFFFF_FFFF)
_HALF: Final = np.uint64(32)
_ONE: Final = np.uint64(1)
_SIGNED_MASK: Final = np.int64(0xFFFF_FFFF)
_SIGNED_HALF: Final = np.int64(32)


def words(values: object) -> Words:
    """Integers as an array of words, at least one-dimensional."""
    return np.atleast_1d(np.asarray(values, dtype=np.uint64))


def multiply_high(a: Words, b: Words) -> Words:
    """floor(a b / 2^64)."""
    a0, a1, b0, b1 = a & _MASK, a >> _HALF, b & _MASK, b >> _HALF
    low, cross, crossed = a0 * b0, a1 * b0, a0 * b1
    middle = (low >> _HALF) + (cross & _MASK)
    middle += crossed & _MASK  # below 3 * 2^32
    high = a1 * b1
    high += cross >> _HALF
    high += crossed >> _HALF
    high += middle >> _HALF
    return high


class Factor:
    """A signed factor that several products have in common: split into its halves once."""

    def __init__(self, value: Signed) -> None:
        self.high: Signed = value >> _SIGNED_HALF
        self.low: Signed = value & _SIGNED_MASK

    def multiply_high(self, a: Signed) -> Signed:
        """floor(a value / 2^64): rounds toward minus infinity, as Python's >> does."""
        a0, a1 = a & _SIGNED_MASK, a >> _SIGNED_HALF
        # |a1|, |high| <= 2^31 and 0 <= a0, low < 2^32, so the mixed products fit 64 bits signed;
        # a0 * low fills 64 bits unsigned and is the only one computed as such.
        cross, crossed = a1 * self.low, a0 * self.high
        low = a0.view(np.uint64) * self.low.view(np.uint64)
        middle = (low >> _HALF).view(np.int64) + (cross & _SIGNED_MASK)
        middle += crossed & _SIGNED_MASK
        high: Signed = a1 * self.high
        high += cross >> _SIGNED_HALF
        high += crossed >> _SIGNED_HALF
        high += middle >> _SIGNED_HALF
        return high


def divide(high: Words, low: Words, divisor: Words) -> Words:
    """floor((high, low) / divisor). Requires high < divisor, so that the quotient is a word."""
    # Algorithm D, step D1: shift until the divisor's top bit is set.
    shift = np.uint64(64) - bit_lengths(divisor)
    divisor = divisor << shift
    # low >> (64 - shift), written so that no shift is 64
    spilled: Words = (low >> _ONE) >> (np.uint64(63) - shift)
    high = (high << shift) + spilled
    low = low << shift
    top, bottom = divisor >> _HALF, divisor & _MASK
    first, rest = _digit(high, low >> _HALF, divisor, top, bottom)
    second, _ = _digit(rest, low & _MASK, divisor, top, bottom)
    return (first << _HALF) + second


def _digit(
    high: Words, digit: Words, divisor: Words, top: Words, bottom: Words
) -> tuple[Words, Words]:
    """One digit of the quotient of high * 2^32 + digit, and the remainder (D3 and D4)."""
    guess = high // top
    rest = high - guess * top
    # The guess is at most two too large (Knuth, theorem B). Where guess * bottom wraps, the guess
    # is 2^32 or more and is corrected for that reason.
    for _ in range(2):
        exceeds = (guess > _MASK) | (guess * bottom > (rest << _HALF) + digit)
        correction = (exceeds & (rest <= _MASK)).astype(np.uint64)
        guess -= correction
        rest += top * correction
    return guess, (high << _HALF) + digit - guess * divisor


def bit_lengths(values: Words) -> Words:
    """Bits of each word; 0 has none.

    Clearing each bit below a set one keeps the length and leaves a number below 1.5 times its top
    bit, so no rounding to 53 bits can carry it to the next power of two.
    """
    thinned = values & ~(values >> _ONE)
    lengths: Words = np.frexp(thinned.astype(np.float64))[1].astype(np.uint64)
    return lengths
