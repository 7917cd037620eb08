"""Black-76: the third-party library's values, the error bound, and words against plain integers."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from circuits.margin.portfolio import black76, black76_array
from circuits.margin.portfolio.black76 import FINE, MAX_TOTAL_VOL, UNIT, greeks, prices
from circuits.margin.portfolio.fixed import YEAR, root_years
from tests.portfolio import oracle
from tests.portfolio.draws import as_words, discounts, pairs, total_vols, upto
from tests.portfolio.draws import prices as any_price
from tests.portfolio.vectors import load
from zk.errors import InputError

#: 200,000 USD in units of 1e-12, and 2^47 units of 1e-8.
USUAL = 200_000 * 10**12
WIDEST = FINE << 47

seconds = st.one_of(
    st.integers(min_value=1, max_value=2 * YEAR), st.integers(min_value=1, max_value=3600)
)
vols = st.one_of(
    st.integers(min_value=UNIT // 100, max_value=4 * UNIT), upto(60), st.just(18 * UNIT)
)


def test_values_of_the_third_party_library():
    """Within 1e-8 of the forward, as asked, and far closer; deltas too."""
    vectors = load("black76.json")
    assert vectors["columns"][:5] == ["t_sec", "discount", "vol", "fwd", "strike"]
    assert len(vectors["rows"]) == 200
    for time, discount, vol, forward, strike, call, put, delta in vectors["rows"]:
        found = prices(time, vol, forward, strike, discount)
        wrong = max(abs(found.call - call), abs(found.put - put))
        assert wrong * 10**8 <= forward
        assert wrong * 10**15 <= forward + 10**3
        sensitivities = greeks(time, vol, forward, strike, discount)
        assert abs(sensitivities.call_delta - delta) < 10**5


def test_words_give_the_same_for_the_third_party_rows():
    rows = load("black76.json")["rows"]
    # In units of 1e-12, where every forward and strike of the vectors is a word.
    rows = [(t, v, f // 10**6, k // 10**6, d) for t, d, v, f, k, *_ in rows]
    found = black76_array.prices(*(as_words(column) for column in zip(*rows, strict=True)))
    assert list(zip(*(column.tolist() for column in found), strict=True)) == [
        tuple(prices(*row)) for row in rows
    ]


@oracle.precise
def errors(time: int, vol: int, forward: int, strike: int, discount: int) -> tuple[float, ...]:
    """|value - exact| of call and put, in their unit."""
    found = prices(time, vol, forward, strike, discount)
    arguments = (Decimal(time) / YEAR, Decimal(vol) / UNIT, Decimal(forward), Decimal(strike))
    exact = oracle.black76(*arguments, Decimal(discount) / UNIT)
    return float(abs(found.call - exact.call)), float(abs(found.put - exact.put))


@st.composite
def books(draw: st.DrawFn, most: int = USUAL) -> tuple[int, int, int, int, int]:
    """Inputs near the money in terms of the volatility, where errors are largest."""
    time, vol = draw(seconds), draw(vols)
    forward = draw(st.integers(min_value=1, max_value=most))
    distance = draw(st.floats(min_value=-4, max_value=4)) * (vol / UNIT) * (time / YEAR) ** 0.5
    strike = int(forward * 2.0 ** max(-60.0, min(60.0, distance)))
    strike += draw(st.integers(min_value=-2, max_value=2))
    return time, vol, forward, min(max(strike, 1), most), draw(discounts)


@given(books())
def test_error_up_to_200000_usd(book: tuple[int, int, int, int, int]):
    """A thousandth of what is lost by rounding to 1e-8; the docstring's bound is 15."""
    assert max(errors(*book)) < 3


@given(books(WIDEST))
def test_error_up_to_the_widest_forward(book: tuple[int, int, int, int, int]):
    assert max(errors(*book)) < 8


@given(st.tuples(seconds, vols, upto(64, least=1), upto(64, least=1), discounts))
def test_error_bound_of_the_docstring(book: tuple[int, int, int, int, int]):
    assert max(errors(*book)) <= 3 + (book[2] + book[3]) / 2**55


@given(books())
@oracle.precise
def test_greeks(book: tuple[int, int, int, int, int]):
    time, vol, forward, strike, discount = book
    found = greeks(*book)
    arguments = (Decimal(time) / YEAR, Decimal(vol) / UNIT, Decimal(forward), Decimal(strike))
    exact = oracle.black76(*arguments, Decimal(discount) / UNIT)
    # d1 is off by 8 ulp of 2^-57 over v, the only error that counts; 1e-9 is a tenth of a unit.
    v = arguments[1] * arguments[0].sqrt()
    if v > Decimal(10) ** -7:
        assert abs(found.call_delta - exact.call_delta * UNIT) < 10**9
        assert abs(found.vega - exact.vega) < 4 + forward * Decimal(2) ** -54 / min(v, 1)


# Edges


@pytest.mark.parametrize("forward", [90, 100, 110])
@pytest.mark.parametrize(("time", "vol"), [(0, UNIT), (YEAR, 0), (0, 0), (1, 1)])
def test_without_time_or_volatility_only_the_difference_is_left(time: int, vol: int, forward: int):
    half = UNIT // 2
    scale = 10**12
    found = prices(time, vol, forward * scale, 100 * scale, half)
    assert found.call == max(forward - 100, 0) * scale // 2
    assert found.put == max(100 - forward, 0) * scale // 2
    expected = {90: 0, 100: half // 2, 110: half}[forward]
    assert greeks(time, vol, forward * scale, 100 * scale, half).call_delta == expected


def test_a_strike_of_0_is_the_forward():
    assert prices(YEAR, UNIT, 1000, 0, UNIT // 2) == (500, 0)
    assert greeks(YEAR, UNIT, 1000, 0, UNIT // 2) == (UNIT // 2, 0)


def test_a_forward_of_0_is_worth_nothing():
    assert prices(YEAR, UNIT, 0, 1000, UNIT // 2) == (0, 500)
    assert greeks(YEAR, UNIT, 0, 1000, UNIT // 2) == (0, 0)
    assert prices(YEAR, 100 * UNIT, 0, 1000, UNIT) == (0, 1000)


def test_from_a_total_volatility_of_24_on_a_call_is_the_forward():
    assert prices(YEAR, 24 * UNIT, 1000, 7, UNIT) == (1000, 7)
    assert greeks(YEAR, 24 * UNIT, 1000, 7, UNIT) == (UNIT, 0)
    below = black76.values(MAX_TOTAL_VOL - 1, 10**15, 10**15, UNIT)
    assert below == (10**15, 10**15)


def test_far_from_the_money():
    far = 10**17
    assert prices(YEAR // 12, UNIT // 2, far, far // 100, UNIT) == (far - far // 100, 0)
    assert prices(YEAR // 12, UNIT // 2, far // 100, far, UNIT) == (0, far - far // 100)


@pytest.mark.parametrize("bad", [-1, 1 << 32])
def test_a_time_out_of_range_is_refused(bad: int):
    with pytest.raises(InputError, match="time to expiry"):
        prices(bad, UNIT, 1, 1, UNIT)


@pytest.mark.parametrize("place", range(1, 5))
def test_negative_inputs_are_refused(place: int):
    inputs = [1, 1, 1, 1, 1]
    inputs[place] = -1
    with pytest.raises(InputError, match="must not be negative"):
        prices(*inputs)


@given(total_vols, pairs(), discounts)
def test_values_are_within_their_bounds(v: int, pair: tuple[int, int], discount: int):
    forward, strike = pair
    call, put = black76.values(v, forward, strike, discount)
    assert 0 <= call <= forward * discount // UNIT
    assert 0 <= put <= strike * discount // UNIT
    assert call >= (forward - strike) * discount // UNIT - 1
    # Parity, but for the cut of each product.
    assert abs(call - put - (forward - strike) * discount // UNIT) <= 2 or min(call, put) == 0


def test_rounding_is_to_the_nearest():
    assert [black76.rounded(value) for value in (0, 4999, 5000, 14999, 15000)] == [0, 0, 1, 1, 2]
    assert black76_array.rounded(as_words([0, 4999, 5000, 2**64 - 1])).tolist() == [
        black76.rounded(value) for value in (0, 4999, 5000, 2**64 - 1)
    ]
    step = black76.DELTA_STEP
    deltas = (-step, -step // 2, 0, step // 2, step)
    assert [black76.rounded_delta(value) for value in deltas] == [-1, 0, 0, 1, 1]


# The array form

rows = st.lists(st.tuples(total_vols, pairs(), discounts, upto(63)), min_size=1)
Rows = list[tuple[int, tuple[int, int], int, int]]


@given(rows)
def test_values_agree(found: Rows):
    v, pair, discount, _ = zip(*found, strict=True)
    forward, strike = zip(*pair, strict=True)
    call, put = black76_array.values(*map(as_words, (v, forward, strike, discount)))
    assert list(zip(call.tolist(), put.tolist(), strict=True)) == [
        tuple(black76.values(v, *pair, discount)) for v, pair, discount, _ in found
    ]


@given(rows)
def test_greeks_agree(found: Rows):
    v, pair, discount, root = zip(*found, strict=True)
    forward, strike = ([price >> 3 for price in side] for side in zip(*pair, strict=True))
    delta, vega = black76_array.sensitivities(*map(as_words, (v, root, forward, strike, discount)))
    assert list(zip(delta.tolist(), vega.tolist(), strict=True)) == [
        tuple(black76.sensitivities(v, root, pair[0] >> 3, pair[1] >> 3, discount))
        for v, pair, discount, root in found
    ]


@given(st.lists(st.tuples(upto(64), st.integers(0, (1 << 32) - 1)), min_size=1))
def test_total_volatilities_agree(found: list[tuple[int, int]]):
    vol, time = map(as_words, zip(*found, strict=True))
    assert black76_array.total_vol(vol, black76_array.roots(time)).tolist() == [
        black76.total_vol(v, root_years(t)) for v, t in found
    ]


@given(any_price)
def test_arguments_are_broadcast(price: int):
    v, strike = as_words([[1 << 55, 1 << 57]]), as_words([[10**15], [10**16], [price]])
    call, put = black76_array.values(v, price, strike, UNIT)
    assert call.shape == put.shape == (3, 2)
    for i, k in enumerate((10**15, 10**16, price)):
        for j, total in enumerate((1 << 55, 1 << 57)):
            expected = black76.values(total, price, k, UNIT)
            assert (int(call[i, j]), int(put[i, j])) == expected


def test_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch):
    forwards = np.arange(1, 50, dtype=np.uint64) * np.uint64(10**14)
    whole = black76_array.values(1 << 56, forwards, 2 * 10**15, UNIT)
    monkeypatch.setattr(black76_array, "BLOCK", 7)
    assert black76_array.values(1 << 56, forwards, 2 * 10**15, UNIT).call.tolist() == (
        whole.call.tolist()
    )


def test_no_rows_are_no_values():
    call, put = black76_array.values(as_words([]), as_words([]), as_words([]), as_words([]))
    assert call.size == put.size == 0


@pytest.mark.parametrize("bad", [-1, 1 << 64, 0.5, None])
def test_what_is_no_word_is_refused(bad: object):
    with pytest.raises(InputError, match="strikes must be whole numbers from 0"):
        black76_array.values(1, 1, bad, 1)  # type: ignore[arg-type]


def test_what_the_words_cannot_hold_is_refused():
    with pytest.raises(InputError, match="a discount must be 0 to 1"):
        black76_array.values(1, 1, 1, UNIT + 1)
    with pytest.raises(InputError, match="time to expiry"):
        black76_array.roots(1 << 32)
    with pytest.raises(InputError, match="does not fit 64 bits"):
        black76_array.sensitivities(1 << 57, (1 << 64) - 1, (1 << 64) - 1, (1 << 64) - 1, UNIT)
