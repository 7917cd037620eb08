"""Poseidon's round constants and matrices, drawn from the Grain LFSR.

Source: Grassi, Khovratovich, Rechberger, Roy, Schofnegger, "Poseidon" (USENIX Security 2021),
appendix F; the parameters circomlib chose. Notation: t the width, RF full and RP partial rounds,
b(i) the LFSR's bits; draws are 254 bits, most significant first.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from zk.field import R, inverse

FULL_ROUNDS = 8

#: RP by width.
PARTIAL_ROUNDS = dict(
    enumerate((56, 57, 56, 60, 60, 63, 64, 63, 60, 66, 60, 65, 70, 60, 64, 68), start=2)
)

_DRAW = 254  # bits of r
_STATE = 80  # bits of the LFSR
_TAPS = (62, 51, 38, 23, 13, 0)  # b(i + 80) is the sum of b(i + tap)
_WARM_UP = 160  # first bits, thrown away


def round_constants(t: int) -> list[int]:
    """(RF + RP) * t constants, round by round."""
    return _parameters(t)[0]


def mds_matrix(t: int) -> list[list[int]]:
    """The Cauchy matrix 1 / (x_i + y_j), row i."""
    return _parameters(t)[1]


@cache
def _parameters(t: int) -> tuple[list[int], list[list[int]]]:
    if t not in PARTIAL_ROUNDS:
        raise ValueError(f"Poseidon's width is 2 to 17, not {t}")
    wanted = (FULL_ROUNDS + PARTIAL_ROUNDS[t]) * t
    # A draw is in range with probability r / 2^254 = 0.756, and four bits of the LFSR give one of a
    # draw on average: a half more than needed, for 1.32 expected. The sequence is fixed, so what is
    # enough once is enough always.
    draws = _draws(t, 4 * _DRAW * (wanted * 3 // 2 + 2 * t))
    constants: list[int] = []
    used = 0
    while len(constants) < wanted:
        if draws[used] < R:
            constants.append(draws[used])
        used += 1
    xy = [draw % R for draw in draws[used : used + 2 * t]]
    if len(set(xy)) != 2 * t:
        raise AssertionError("two draws for the matrix are equal")
    return constants, [[inverse(x + y) for y in xy[t:]] for x in xy[:t]]


def _draws(t: int, bits: int) -> list[int]:
    """Numbers of 254 bits from the first `bits` of the LFSR."""
    stream = np.frombuffer(_lfsr(t, bits).to_bytes(bits // 8 + 1, "little"), np.uint8)
    stream = np.unpackbits(stream, bitorder="little")[_STATE + _WARM_UP : bits]
    # Self-shrinking: of each pair, the second bit counts if the first is one.
    pairs = stream[: len(stream) // 2 * 2].reshape(-1, 2)
    kept = pairs[pairs[:, 0] == 1, 1]
    rows = kept[: len(kept) // _DRAW * _DRAW].reshape(-1, _DRAW)
    return [int(row.tobytes().hex()[1::2], 2) for row in rows]


def _lfsr(t: int, bits: int) -> int:
    """At least `bits` bits of the sequence; b(i) is bit i of the result."""
    text = f"01{0:04b}{_DRAW:012b}{t:012b}{FULL_ROUNDS:010b}{PARTIAL_ROUNDS[t]:010b}" + "1" * 30
    sequence, known = int(text[::-1], 2), _STATE
    # Squaring the recurrence's polynomial over GF(2) doubles its exponents, so
    # b(i + 80 s) = sum of b(i + tap s) for every power of two s with 80 s bits known: one step then
    # gives 18 s bits at once.
    while known < bits:
        stretch = 1 << (known // _STATE).bit_length() - 1
        step = (_STATE - _TAPS[0]) * stretch
        start = known - _STATE * stretch
        fresh = 0
        for tap in _TAPS:
            fresh ^= sequence >> (start + tap * stretch)
        sequence |= (fresh & (1 << step) - 1) << known
        known += step
    return sequence & (1 << bits) - 1


def _self_check() -> None:
    """The first constant of width 3 as circomlib publishes it; catches a changed draw order."""
    if round_constants(3)[0] != 0x0EE9A592BA9A9518D05986D656F40C2114C4993C11BB29938D21D47304CD8E6E:
        raise AssertionError("the Grain LFSR does not give Poseidon's constants")


_self_check()
