"""What scenarios do to an expiry and a strike: volatility factors, skews, discounts, basis factor.

Source: the margin library of Derive's PMRM_2 (derivexyz/v2-core, PMRMLib_2): its formulas and the
order of its cases. Notation: every number has unit 1e-18 (`UNIT` is 1.0) unless it says seconds;
T = seconds / 365 days. Products and quotients of two such numbers are cut toward zero.

These are a few numbers an expiry, so they are plain integers; what there is one of per instrument
(a shocked volatility) has a twin on numpy words in shocks_array.py, equal in every bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from circuits.margin.portfolio.fixed import SECONDS_LIMIT, YEAR, exp_minus, ln, root_years
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
from circuits.margin.portfolio.tables import ARGUMENT, VALUE
from zk.errors import InputError

UNIT: Final = 10**18
_DAYS_30: Final = 30 * 86_400
#: An exponent of the static discounts beyond this leaves nothing of 1e-18.
_MAX_EXPONENT: Final = 40 * UNIT


@dataclass(frozen=True)
class VolMove:
    """vol becomes max(floor, vol * factor)."""

    factor: int
    floor: int = 0


@dataclass(frozen=True)
class Skew:
    """vol becomes vol * max(0, 1 + min(cap, k cap / k_star)) and its mirror for k < 0."""

    cap: int
    k_star: int
    absolute: bool  # k is |ln(strike / forward)|


def times(a: int, b: int) -> int:
    """a * b of unit 1e-18, cut toward zero."""
    product = a * b
    return product // UNIT if product >= 0 else -(-product // UNIT)


def over(a: int, b: int) -> int:
    """a / b of unit 1e-18, cut; a >= 0, b > 0."""
    return a * UNIT // b


def years(seconds: int) -> int:
    """T."""
    return seconds * UNIT // YEAR


def root_time(seconds: int) -> int:
    """sqrt(T)."""
    return root_years(seconds) * UNIT >> 60


def vol_moves(rule: VolShock, seconds: int) -> dict[str, VolMove]:
    """The moves of volatility that are the same for all strikes, by name.

    m = (30 days / max(seconds, floor)) ^ power scales both; the power is the short-term one up to
    30 days. Only the move up has a floor.
    """
    time = max(seconds, rule.dte_floor)
    if not 0 < time < SECONDS_LIMIT:
        raise InputError("the floor of the time to expiry must be at least a second", "dte_floor")
    power = rule.short_term_power if seconds <= _DAYS_30 else rule.long_term_power
    # m = exp(power * ln(30 days / time))
    m = _exp(power * (ln(_DAYS_30) - ln(time)) // UNIT)
    return {
        NONE: VolMove(UNIT),
        UP: VolMove(UNIT + times(rule.range_up, m), rule.min_vol_up),
        DOWN: VolMove(max(0, UNIT - times(rule.range_down, m))),
    }


def skews(rule: SkewRule, seconds: int) -> dict[str, Skew]:
    """The two bends of volatility by strike, by name."""
    root = root_time(seconds)
    # k_star estimates where the surface of volatilities flattens out.
    vol = rule.vol_static + times(root, rule.vol_slope)
    k_star = max(rule.min_k_star, times(times(root, rule.width_scale), vol))
    if k_star <= 0:
        raise InputError("must be above 0", "min_k_star")
    linear = times(rule.linear_cbase, root) + rule.linear_base_cap
    absolute = times(rule.absolute_cbase, root) + rule.absolute_base_cap
    return {
        LINEAR: Skew(linear, k_star, absolute=False),
        ABSOLUTE: Skew(absolute, k_star, absolute=True),
    }


def moved_vol(vol: int, move: VolMove) -> int:
    """vol * factor, at least the floor."""
    return max(move.floor, vol * move.factor // UNIT)


def skewed_vol(vol: int, skew: Skew, forward: int, strike: int) -> int:
    """vol bent for its strike; forward and strike of one unit, both above 0."""
    return vol * max(0, UNIT + skew_term(skew, log_strike(forward, strike))) // UNIT


def log_strike(forward: int, strike: int) -> int:
    """ln(strike / forward), cut toward zero."""
    if forward <= 0 or strike <= 0:
        raise InputError("a skew needs a forward and a strike above 0")
    k = ln(strike) - ln(forward)
    size = abs(k) * UNIT >> ARGUMENT
    return -size if k < 0 else size


def skew_term(skew: Skew, k: int) -> int:
    """clamp(k cap / k_star) at the cap; a cap below 0 (far expiries) swaps the sides as given."""
    if skew.absolute:
        k = abs(k)
    slope = k * skew.cap
    bend = slope // skew.k_star if slope >= 0 else -(-slope // skew.k_star)
    return min(skew.cap, bend) if k >= 0 else max(-skew.cap, bend)


def discount(rate: int, seconds: int) -> int:
    """exp(-rate T); a rate below 0 counts as 0."""
    return _exp(-(max(rate, 0) * seconds << ARGUMENT) // (UNIT * YEAR))


def static_discounts(
    held: StaticDiscount, owed: StaticDiscount, rate: int, seconds: int, discount: int
) -> tuple[int, int]:
    """Factors on an expiry's value in a scenario: (positive value, negative value).

    base exp(-T r) and base exp(T r), r = rate multiplier + add; the second at most 1 / discount.
    """
    rate, time = max(rate, 0), years(seconds)
    shrink = _exponential(time, times(rate, held.rate_multiplier) + held.rate_add)
    grow = _exponential(time, times(rate, owed.rate_multiplier) + owed.rate_add)
    if grow == 0 or discount == 0:
        raise InputError("the rate and the time to expiry are too large for a static discount")
    return times(held.base, shrink), min(over(UNIT, discount), over(owed.base, grow))


def basis_factor(rule: BasisRule, seconds: int) -> int:
    """add + multiplier T."""
    return rule.add + times(rule.multiplier, years(seconds))


def _exponential(time: int, rate: int) -> int:
    """exp(-time rate)."""
    exponent = times(time, rate)
    return 0 if exponent > _MAX_EXPONENT else _exp(-(exponent << ARGUMENT) // UNIT)


def _exp(x: int) -> int:
    """exp(x) for x at scale 57, to the nearest 1e-18."""
    return (exp_minus(-x) * UNIT + (1 << (VALUE - 1))) >> VALUE
