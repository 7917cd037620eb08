"""Products and quotients of words equal plain integers on all words."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from circuits.margin.portfolio.words import Factor, bit_lengths, divide, multiply_high, words
from tests.portfolio.draws import as_signed, as_words, upto

whole = st.integers(min_value=-(1 << 63), max_value=(1 << 63) - 1)
any_signed = st.one_of(whole, st.sampled_from([-(1 << 63), -1, 0, 1, (1 << 63) - 1]))


@given(st.lists(st.tuples(upto(64), upto(64)), min_size=1))
def test_upper_words(rows: list[tuple[int, int]]):
    a, b = (as_words(column) for column in zip(*rows, strict=True))
    assert multiply_high(a, b).tolist() == [x * y >> 64 for x, y in rows]


@given(st.lists(st.tuples(any_signed, any_signed), min_size=1))
def test_upper_words_with_signs_round_down(rows: list[tuple[int, int]]):
    a, b = (as_signed(column) for column in zip(*rows, strict=True))
    assert Factor(b).multiply_high(a).tolist() == [x * y >> 64 for x, y in rows]


@st.composite
def quotients(draw: st.DrawFn) -> tuple[int, int, int]:
    divisor = draw(upto(64, least=1))
    high = draw(st.one_of(st.integers(min_value=0, max_value=divisor - 1), st.just(divisor - 1)))
    return high, draw(upto(64)), divisor


@given(st.lists(quotients(), min_size=1))
def test_quotients(rows: list[tuple[int, int, int]]):
    high, low, divisor = (as_words(column) for column in zip(*rows, strict=True))
    assert divide(high, low, divisor).tolist() == [((h << 64) + x) // d for h, x, d in rows]


def test_quotients_whose_digits_need_two_corrections():
    """Divisors with a small upper and a full lower digit make the guesses two too large."""
    divisors = [(1 << 63) + (1 << 32) - 1, (1 << 63) + 1, (1 << 64) - 1, (1 << 32) + 1, 1 << 63]
    rows = [(d - 1, low, d) for d in divisors for low in (0, 1, (1 << 32) - 1, (1 << 64) - 1)]
    rows += [(d >> 1, (1 << 64) - 1, d) for d in divisors]
    high, low, divisor = (as_words(column) for column in zip(*rows, strict=True))
    assert divide(high, low, divisor).tolist() == [((h << 64) + x) // d for h, x, d in rows]


def test_lengths_at_every_power_of_two():
    values = sorted({max(0, (1 << n) + d) for n in range(64) for d in (-2, -1, 0, 1)})
    values += [(1 << 64) - 1, (1 << 64) - 1024, (1 << 64) - 1025]
    assert bit_lengths(as_words(values)).tolist() == [value.bit_length() for value in values]


def test_a_single_number_is_an_array():
    assert words(5).shape == (1,)
    assert multiply_high(words(1 << 63), words([2, 4])).tolist() == [1, 2]
    assert words(np.uint64(3)).dtype == np.uint64
