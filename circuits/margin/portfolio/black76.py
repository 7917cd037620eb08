"""Black-76 in integers, the same on every machine: values of a call and a put, delta and vega.

Source: F. Black, "The pricing of commodity contracts" (Journal of Financial Economics, 1976); what
happens at the edges follows Derive's Black76 library (lyra-utils), which PMRM_2 calls.
Notation: F forward, K strike, v = volatility * sqrt(years) at scale 57, D discount (1e-18).

    call = D (F N(d1) - K N(d2)),  put = D (F N(d1) - K N(d2) - F + K),
    d1 = ln(F / K) / v + v / 2,    d2 = d1 - v

F and K have one common unit, whichever the caller likes, and so have the values. For given v the
call is the maximum over d of F N(d) - K N(d - v) and d1 is where it is reached, so an error e in d1
lowers the value by F density(d1) v e^2 / 2 only: that d2 is d1 - v exactly matters more than d1.

Error of a value in its own unit, for volatilities up to 18 and D <= 1: at most 3 + (F + K) / 2^55.
    3                      three products cut
    (F + K) / 2^61         N to 2 ulp of 2^-62 (fixed.py)
    (F + K) / 2^57         v to 3.3 ulp of 2^-57, times F density(d1) <= 0.4 min(F, K)
    (F + K) / 2^56         d1, above; where v is so small that e is not, the two ln are wrong by 5
                           ulp of 2^-57, which can mistake F for K only if they are that close
In units of 1e-12 (an epoch's table) and F, K up to 200,000 USD that is 15 units, 0.0015 of the 1e-8
a table holds, and 0.008 up to 2^47 units of 1e-8: rounded to 1e-8 a value is off by at most 0.5015
and 0.508 of a unit. Measured against 60-digit arithmetic on 126,000 inputs: 2.2 units of 1e-12 up
to 200,000 USD, 5.9 up to 2^47 units of 1e-8; relative to the forward, 3e-16 from Derive's library.

This is the specification; black76_array.py is its twin on numpy words, equal in every bit.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from circuits.margin.portfolio.fixed import (
    ROOT,
    SECONDS_LIMIT,
    ln,
    normal_cdf,
    normal_density,
    root_years,
)
from circuits.margin.portfolio.tables import ARGUMENT, VALUE
from zk.errors import InputError

UNIT: Final = 10**18
#: Total volatility from which a call is worth F and a put K; 24 as in Derive's library.
MAX_TOTAL_VOL: Final = 24 << ARGUMENT
#: |ln(F/K) / v| is cut here: with v below 24 both d1 and d2 are then beyond 20.
MAX_MONEYNESS: Final = 32
#: An epoch's table: prices come in units of 1e-12, values leave in units of 1e-8.
FINE: Final = 10**4
#: Delta leaves in units of 1e-8.
DELTA_STEP: Final = 10**10


class Values(NamedTuple):
    """Value of a call and of a put, in the unit of forward and strike."""

    call: int
    put: int


class Greeks(NamedTuple):
    """Delta of a call (1e-18), and value per 1.00 of volatility (unit of the forward)."""

    call_delta: int
    vega: int


def total_vol(vol: int, root: int) -> int:
    """vol (1e-18) * root (square root of years, `root_years`) at scale 57, at most 24."""
    return min(vol * root // (UNIT << (ROOT - ARGUMENT)), MAX_TOTAL_VOL)


def prices(seconds: int, vol: int, forward: int, strike: int, discount: int) -> Values:
    """Values of the call and the put.

    `vol` and `discount` have unit 1e-18; the values have the unit of `forward` and `strike`.
    """
    _require_inputs(seconds, vol, forward, strike, discount)
    return values(total_vol(vol, root_years(seconds)), forward, strike, discount)


def greeks(seconds: int, vol: int, forward: int, strike: int, discount: int) -> Greeks:
    """Delta of the call, and vega. At v = 0 and F = K the delta is half the discount."""
    _require_inputs(seconds, vol, forward, strike, discount)
    root = root_years(seconds)
    return sensitivities(total_vol(vol, root), root, forward, strike, discount)


def values(v: int, forward: int, strike: int, discount: int) -> Values:
    """`prices` for a total volatility: never negative, a call at most D F, a put at most D K."""
    if strike == 0:
        call, put = forward, 0
    elif forward == 0:
        call, put = 0, strike
    elif v >= MAX_TOTAL_VOL:
        call, put = forward, strike
    else:
        d1 = _d1(v, forward, strike)
        d2 = d1 - max(v, 1)
        difference = (forward * normal_cdf(d1) >> VALUE) - (strike * normal_cdf(d2) >> VALUE)
        call = max(difference, 0)
        put = max(difference - forward + strike, 0)
    return Values(call * discount // UNIT, put * discount // UNIT)


def sensitivities(v: int, root: int, forward: int, strike: int, discount: int) -> Greeks:
    """`greeks` for a total volatility and the square root of the time."""
    if strike == 0 or (v >= MAX_TOTAL_VOL and forward > 0):
        return Greeks(discount, 0)
    if forward == 0:
        return Greeks(0, 0)
    d1 = _d1(v, forward, strike)
    delta = normal_cdf(d1) * discount >> VALUE
    # vega = D F density(d1) sqrt(T)
    undiscounted = (forward * normal_density(d1) >> VALUE) * root >> ROOT
    return Greeks(delta, undiscounted * discount // UNIT)


def rounded(value: int) -> int:
    """A value in units of 1e-12 to the nearest unit of 1e-8: what an epoch's table holds."""
    return (value + FINE // 2) // FINE


def rounded_delta(delta: int) -> int:
    """A delta (1e-18) to the nearest unit of 1e-8."""
    return (delta + DELTA_STEP // 2) // DELTA_STEP


def _d1(v: int, forward: int, strike: int) -> int:
    """d1 at scale 57, cut to 32 either way from v / 2; forward, strike > 0 and v < 24."""
    v = max(v, 1)  # no volatility is the least there is, so d1 has the sign of ln(F / K)
    moneyness = ln(forward) - ln(strike)
    size = min((abs(moneyness) << ARGUMENT) // v, MAX_MONEYNESS << ARGUMENT)
    return (v >> 1) + (-size if moneyness < 0 else size)


def _require_inputs(seconds: int, vol: int, forward: int, strike: int, discount: int) -> None:
    if not 0 <= seconds < SECONDS_LIMIT:
        raise InputError("a time to expiry must be 0 to 2^32 - 1 seconds")
    if min(vol, forward, strike, discount) < 0:
        raise InputError("volatility, forward, strike and discount must not be negative")
