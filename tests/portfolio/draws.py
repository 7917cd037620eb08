"""Hypothesis strategies for integers of every length, and numpy columns of them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from hypothesis import strategies as st

from circuits.margin.portfolio.black76 import MAX_TOTAL_VOL, UNIT
from circuits.margin.portfolio.words import Signed, Words


def upto(bits: int, least: int = 0) -> st.SearchStrategy[int]:
    """Integers below 2^bits of every length alike, and the two ends."""
    lengths = st.integers(min_value=max(least.bit_length(), 1), max_value=bits)
    any_length = lengths.flatmap(
        lambda n: st.integers(
            min_value=max(least, 1 << (n - 1) if n > 1 else 0), max_value=2**n - 1
        )
    )
    return st.one_of(any_length, st.sampled_from([least, (1 << bits) - 1]))


def signed(bits: int) -> st.SearchStrategy[int]:
    """Integers of magnitude below 2^bits, either sign."""
    return st.tuples(upto(bits), st.booleans()).map(lambda pair: -pair[0] if pair[1] else pair[0])


#: Prices in units of 1e-12: any word, and the usual range of an epoch.
prices = st.one_of(upto(64), st.integers(min_value=10**15, max_value=2 * 10**17))
#: Total volatilities at scale 57, to the cap and over it.
total_vols = st.one_of(
    upto(62),
    st.integers(min_value=1 << 50, max_value=3 << 57),
    st.sampled_from([0, 1, MAX_TOTAL_VOL - 1, MAX_TOTAL_VOL]),
)
discounts = st.one_of(st.integers(min_value=0, max_value=UNIT), st.sampled_from([0, 1, UNIT]))


@st.composite
def pairs(draw: st.DrawFn) -> tuple[int, int]:
    """A forward and a strike: unrelated, near each other, equal."""
    forward = draw(prices)
    near = st.integers(min_value=-1000, max_value=1000)
    how = draw(st.sampled_from(["any", "percent", "units"]))
    if how == "any":
        return forward, draw(prices)
    step = forward // 1000 if how == "percent" else 1
    return forward, min(max(forward + draw(near) * step, 0), (1 << 64) - 1)


def as_words(values: Iterable[int]) -> Words:
    return np.array(list(values), dtype=np.uint64)


def as_signed(values: Iterable[int]) -> Signed:
    return np.array(list(values), dtype=np.int64)
