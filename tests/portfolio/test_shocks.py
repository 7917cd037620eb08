"""Shocks: against closed forms and the oracle, and the array form against the plain one."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from circuits.margin.portfolio import black76, shocks, shocks_array
from circuits.margin.portfolio.fixed import root_years
from circuits.margin.portfolio.rules import (
    ABSOLUTE,
    DOWN,
    LINEAR,
    NONE,
    UP,
    BasisRule,
    SkewRule,
    StaticDiscount,
    VolShock,
)
from circuits.margin.portfolio.shocks import UNIT, Skew, VolMove
from tests.portfolio import oracle
from tests.portfolio.draws import as_words
from zk.errors import InputError

DAY = 86_400
YEAR = 365 * DAY
VOL = VolShock(
    range_up=5 * UNIT // 10,
    range_down=3 * UNIT // 10,
    short_term_power=3 * UNIT // 10,
    long_term_power=13 * UNIT // 100,
    min_vol_up=4 * UNIT // 10,
    dte_floor=DAY,
)
SKEW = SkewRule(
    linear_base_cap=15 * UNIT // 100,
    linear_cbase=-5 * UNIT // 100,
    absolute_base_cap=15 * UNIT // 100,
    absolute_cbase=-5 * UNIT // 100,
    min_k_star=UNIT // 100,
    width_scale=4 * UNIT,
    vol_static=6 * UNIT // 10,
    vol_slope=-UNIT // 10,
)
HELD = StaticDiscount(95 * UNIT // 100, UNIT, 8 * UNIT // 100)
OWED = StaticDiscount(104 * UNIT // 100, UNIT // 2, 8 * UNIT // 100)

times = st.integers(min_value=0, max_value=5 * YEAR)
rates = st.integers(min_value=0, max_value=UNIT)


def near(found: int, exact: Decimal, units: int = 20) -> bool:
    return abs(found - exact * UNIT) <= units


def fraction(number: int) -> Decimal:
    return Decimal(number) / UNIT


@given(times)
def test_volatility_moves_by_a_power_of_the_time(seconds: int):
    moves = shocks.vol_moves(VOL, seconds)
    short = seconds <= 30 * DAY
    power = fraction(VOL.short_term_power if short else VOL.long_term_power)
    m = oracle.exp(power * (Decimal(30 * DAY) / max(seconds, DAY)).ln())
    assert near(moves[UP].factor, 1 + fraction(VOL.range_up) * m)
    assert near(moves[DOWN].factor, max(Decimal(0), 1 - fraction(VOL.range_down) * m))
    assert moves[NONE] == VolMove(UNIT)
    assert (moves[UP].floor, moves[DOWN].floor) == (VOL.min_vol_up, 0)


def test_the_short_term_power_holds_to_the_thirtieth_day():
    rule = replace(VOL, short_term_power=UNIT, long_term_power=2 * UNIT)
    at, after = 30 * DAY, 60 * DAY
    assert near(shocks.vol_moves(rule, at)[UP].factor, Decimal("1.5"))
    assert near(shocks.vol_moves(rule, after)[UP].factor, Decimal("1.125"))
    assert near(shocks.vol_moves(rule, at // 2)[UP].factor, Decimal("2"))
    assert shocks.vol_moves(rule, at // 4)[DOWN].factor == 0  # 1 - 0.3 * 4 cut at 0


def test_a_move_has_a_floor():
    assert shocks.moved_vol(UNIT, VolMove(UNIT // 2, UNIT // 4)) == UNIT // 2
    assert shocks.moved_vol(UNIT // 10, VolMove(UNIT // 2, UNIT // 4)) == UNIT // 4


def test_no_time_and_no_floor_is_refused():
    with pytest.raises(InputError, match="at least a second"):
        shocks.vol_moves(replace(VOL, dte_floor=0), 0)


@given(times, rates)
def test_discounts(seconds: int, rate: int):
    time = Decimal(seconds) / YEAR
    discount = shocks.discount(rate, seconds)
    assert near(discount, oracle.exp(-fraction(rate) * time))
    assert shocks.discount(-rate, seconds) == UNIT
    held, owed = shocks.static_discounts(HELD, OWED, rate, seconds, discount)
    r_held = fraction(rate) * 1 + Decimal("0.08")
    r_owed = fraction(rate) / 2 + Decimal("0.08")
    assert near(held, Decimal("0.95") * oracle.exp(-time * r_held))
    expected = min(Decimal("1.04") * oracle.exp(time * r_owed), 1 / fraction(discount))
    assert near(owed, expected, 20 + int(400 * expected**2))


def test_static_discounts_on_value_owed_stop_at_the_inverse_of_the_discount():
    held, owed = shocks.static_discounts(HELD, OWED, UNIT // 100, YEAR, 99 * UNIT // 100)
    assert owed == UNIT * UNIT // (99 * UNIT // 100)
    assert held < owed
    _, owed = shocks.static_discounts(HELD, OWED, UNIT // 100, YEAR, UNIT // 2)
    assert owed < 2 * UNIT


def test_a_rate_below_0_counts_as_0():
    for seconds in (1, YEAR):
        below = shocks.static_discounts(HELD, OWED, -UNIT // 20, seconds, UNIT)
        assert below == shocks.static_discounts(HELD, OWED, 0, seconds, UNIT)


def test_products_are_cut_toward_zero():
    pairs = ((1, 1), (-1, 1), (1, -1), (-1, -1), (3 * UNIT // 2, -1), (-UNIT, UNIT))
    assert [shocks.times(a, b) for a, b in pairs] == [0, 0, 0, 0, -1, -UNIT]


def test_a_static_discount_that_vanishes_is_refused():
    steep = StaticDiscount(UNIT, UNIT, 50 * UNIT)
    with pytest.raises(InputError, match="too large for a static discount"):
        shocks.static_discounts(HELD, steep, 0, YEAR, UNIT)


@given(times)
def test_basis_factor(seconds: int):
    rule = BasisRule(11 * UNIT // 10, 9 * UNIT // 10, UNIT // 2, 2 * UNIT)
    exact = Decimal("0.5") + 2 * Decimal(seconds) / YEAR
    assert near(shocks.basis_factor(rule, seconds), exact, 2)


@given(times)
def test_skews_flatten_with_time(seconds: int):
    root = (Decimal(seconds) / YEAR).sqrt()
    bends = shocks.skews(SKEW, seconds)
    k_star = max(Decimal("0.01"), 4 * root * (Decimal("0.6") - root / 10))
    for name, absolute in ((LINEAR, False), (ABSOLUTE, True)):
        bend = bends[name]
        assert bend.absolute is absolute
        assert near(bend.cap, Decimal("0.15") - root / 20)
        assert near(bend.k_star, k_star)


def test_a_skew_bends_to_its_cap():
    linear = Skew(cap=UNIT // 5, k_star=UNIT // 2, absolute=False)
    absolute = Skew(cap=UNIT // 5, k_star=UNIT // 2, absolute=True)
    assert [shocks.skew_term(linear, k * UNIT // 4) for k in (-9, -2, -1, 0, 1, 2, 9)] == [
        k * UNIT // 10 for k in (-2, -2, -1, 0, 1, 2, 2)
    ]
    assert shocks.skew_term(absolute, -UNIT // 4) == UNIT // 10
    # A cap below 0, far out: as the formula has it, not clamped on the other side.
    fallen = Skew(cap=-UNIT // 5, k_star=UNIT // 2, absolute=False)
    assert shocks.skew_term(fallen, UNIT) == -2 * UNIT // 5
    assert shocks.skew_term(fallen, UNIT // 100) == -UNIT // 5
    assert shocks.skew_term(fallen, -UNIT) == 2 * UNIT // 5
    assert shocks.skew_term(fallen, 0) == -UNIT // 5


def test_a_bent_volatility_is_not_negative():
    steep = Skew(cap=9 * UNIT, k_star=UNIT, absolute=False)
    assert shocks.skewed_vol(UNIT, steep, 100, 1) == 0
    assert shocks.skewed_vol(UNIT, steep, 100, 100) == UNIT


def test_a_skew_without_a_width_is_refused():
    with pytest.raises(InputError, match="above 0"):
        shocks.skews(replace(SKEW, min_k_star=0), 0)
    with pytest.raises(InputError, match="above 0"):
        shocks.log_strike(0, 1)


# The array form

vols = st.integers(min_value=0, max_value=20).flatmap(
    lambda e: st.integers(min_value=0, max_value=min(10**e, (1 << 64) - 1))
)
words = st.integers(min_value=0, max_value=(1 << 64) - 1)
prices = st.one_of(
    st.integers(min_value=1, max_value=(1 << 64) - 1),
    st.integers(min_value=10**15, max_value=4 * 10**15),
)
wide = st.one_of(
    st.integers(min_value=0, max_value=30 * UNIT), st.sampled_from([0, 1, UNIT, 1 << 64])
)
roots = st.integers(min_value=0, max_value=(1 << 32) - 1).map(root_years)
moves = st.builds(VolMove, wide, wide)
bends = st.builds(
    Skew,
    cap=st.one_of(st.integers(min_value=-9 * UNIT, max_value=12 * UNIT), st.just(0)),
    k_star=st.one_of(st.integers(min_value=1, max_value=2 * UNIT), st.just(1 << 63)),
    absolute=st.booleans(),
)


@given(st.lists(st.tuples(vols, moves, roots), min_size=1, max_size=40))
def test_moved_volatilities_agree(rows: list[tuple[int, VolMove, int]]):
    vol, move, root = zip(*rows, strict=True)
    found = shocks_array.moved_total_vols(
        np.array(vol, dtype=np.uint64), move, np.array(root, dtype=np.uint64)
    )
    assert found.tolist() == [black76.total_vol(shocks.moved_vol(v, m), r) for v, m, r in rows]


@given(st.lists(st.tuples(vols, bends, prices, prices, roots), min_size=1, max_size=40))
def test_skewed_volatilities_agree(rows: list[tuple[int, Skew, int, int, int]]):
    vol, bend, forward, strike, root = zip(*rows, strict=True)
    arrays = [np.array(column, dtype=np.uint64) for column in (vol, forward, strike, root)]
    found = shocks_array.skewed_total_vols(arrays[0], bend, *arrays[1:])
    assert found.tolist() == [
        black76.total_vol(shocks.skewed_vol(v, b, f, k), r) for v, b, f, k, r in rows
    ]


@pytest.mark.parametrize("absolute", [False, True])
@pytest.mark.parametrize("cap", [3 * UNIT // 20, 4 * UNIT])
def test_skewed_volatilities_agree_along_a_chain(cap: int, absolute: bool):
    """Strikes on both sides of the forward, up to the cap and beyond it, and down to nothing."""
    bend = Skew(cap=cap, k_star=UNIT // 3, absolute=absolute)
    strikes = [10**15 * (40 + i) // 100 for i in range(150)]
    vols = [UNIT // 2 + i * 10**17 for i in range(150)]
    forward, root = 10**15, root_years(4 * YEAR)
    columns = (vols, [forward] * 150, strikes, [root] * 150)
    vol, forwards, strike, roots = map(as_words, columns)
    found = shocks_array.skewed_total_vols(vol, [bend] * 150, forwards, strike, roots)
    bent = [shocks.skewed_vol(v, bend, forward, k) for v, k in zip(vols, strikes, strict=True)]
    assert found.tolist() == [black76.total_vol(vol, root) for vol in bent]
    assert len({b * UNIT // v for b, v in zip(bent, vols, strict=True)}) > 30
    assert (0 in bent) is (cap > UNIT and not absolute)


def test_a_skew_of_no_price_is_refused():
    one, none = np.ones(1, dtype=np.uint64), np.zeros(1, dtype=np.uint64)
    with pytest.raises(InputError, match="above 0"):
        shocks_array.skewed_total_vols(one, [Skew(0, 1, False)], none, one, one)
