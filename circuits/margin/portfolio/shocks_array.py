"""Shocked volatilities of many instruments at once: the answers of shocks.py in every bit.

Source and notation: shocks.py, which is the specification. What comes out is the total volatility
that black76_array.py takes. Numbers of ordinary size are words; the few that are not (a shocked
volatility over 18, a cap below 0) are handed to the specification one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from circuits.margin.portfolio import black76, fixed_array, shocks
from circuits.margin.portfolio.black76_array import total_vol
from circuits.margin.portfolio.shocks import UNIT, Skew, VolMove
from circuits.margin.portfolio.tables import ARGUMENT
from circuits.margin.portfolio.words import Words, divide, multiply_high, words
from zk.errors import InputError

_UNIT: Final = words(UNIT)
_NONE: Final = np.uint64(0)
#: Numbers of a rule below this take the fast way; a cap of 9.2 is none that a venue has.
_ORDINARY: Final = 1 << 63


def moved_total_vols(vols: Words, moves: Sequence[VolMove], roots: Words) -> Words:
    """`total_vol(moved_vol(vol, move), root)` of each instrument, each with its own move."""
    ordinary = [move.factor < _ORDINARY and move.floor < _ORDINARY for move in moves]
    factors = _column([move.factor for move in moves], ordinary)
    floors = _column([move.floor for move in moves], ordinary)
    moved, fits = _scaled(vols, factors)
    found = total_vol(np.maximum(moved, floors), roots)
    return _repaired(
        found,
        fits & np.array(ordinary),
        lambda i: black76.total_vol(shocks.moved_vol(int(vols[i]), moves[i]), int(roots[i])),
    )


def skewed_total_vols(
    vols: Words, bends: Sequence[Skew], forwards: Words, strikes: Words, roots: Words
) -> Words:
    """`total_vol(skewed_vol(vol, skew, forward, strike), root)` of each instrument."""
    if not (forwards.all() and strikes.all()):
        raise InputError("a skew needs a forward and a strike above 0")
    ordinary = [0 <= bend.cap < _ORDINARY and bend.k_star < _ORDINARY for bend in bends]
    caps = _column([bend.cap for bend in bends], ordinary)
    k_stars = np.maximum(_column([bend.k_star for bend in bends], ordinary), np.uint64(1))
    k = fixed_array.ln(strikes) - fixed_array.ln(forwards)
    rises = (k >= 0) | np.array([bend.absolute for bend in bends])
    # |k| * 1e18 >> 57 from both words; where it is over 64 bits the far side of k_star is reached.
    distance = np.abs(k).view(np.uint64)
    high, low = multiply_high(distance, _UNIT), distance * _UNIT
    size = (high << np.uint64(64 - ARGUMENT)) | (low >> np.uint64(ARGUMENT))
    far = (high >> np.uint64(ARGUMENT) > _NONE) | (size >= k_stars)
    # Below k_star the quotient is below the cap; from k_star on it is the cap.
    near = np.where(far, _NONE, size)
    bend = np.where(far, caps, divide(multiply_high(near, caps), near * caps, k_stars))
    fall = np.where(bend > _UNIT, _NONE, _UNIT - bend)
    bent, fits = _scaled(vols, np.where(rises, _UNIT + bend, fall))

    def one(i: int) -> int:
        prices = int(forwards[i]), int(strikes[i])
        return black76.total_vol(shocks.skewed_vol(int(vols[i]), bends[i], *prices), int(roots[i]))

    return _repaired(total_vol(bent, roots), fits & np.array(ordinary), one)


def _column(values: Sequence[int], ordinary: Sequence[bool]) -> Words:
    """The ordinary ones of some numbers as words, 0 for the others."""
    return words([value if fits else 0 for value, fits in zip(values, ordinary, strict=True)])


def _scaled(vols: Words, factors: Words) -> tuple[Words, np.typing.NDArray[np.bool_]]:
    """vol * factor / 1e18, and where that is a word."""
    high = multiply_high(vols, factors)
    fits = high < _UNIT
    return divide(np.where(fits, high, _NONE), vols * factors, _UNIT), fits


def _repaired(
    found: Words, right: np.typing.NDArray[np.bool_], exact: Callable[[int], int]
) -> Words:
    """`found`, with the specification's answer wherever it is not known to be right."""
    for i in np.flatnonzero(~right).tolist():
        found[i] = exact(i)
    return found
