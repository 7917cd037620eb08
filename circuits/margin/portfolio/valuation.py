"""Values of every option in every lane, and their Greeks: the rows of an epoch.

Source: the project's margin specification, "The epoch table"; formulas in black76.py and shocks.py.
Prices go in with unit 1e-12 and values are rounded once, to the nearest 1e-8. `option_row` is the
specification in plain integers, `option_rows` the same answers for a whole market at once: an
expiry is evaluated as strikes x lanes, call and put together where they have one volatility.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from circuits.margin.instrument import OPTION, Instrument
from circuits.margin.portfolio import black76_array
from circuits.margin.portfolio.black76 import (
    FINE,
    greeks,
    prices,
    rounded,
    rounded_delta,
)
from circuits.margin.portfolio.constants import VALUE_BITS
from circuits.margin.portfolio.fixed import root_years
from circuits.margin.portfolio.lanes import Lane, lanes
from circuits.margin.portfolio.market import CALL, PUT, Expiry, Listed, PortfolioMarket
from circuits.margin.portfolio.names import expiry_name, option_name
from circuits.margin.portfolio.params import PortfolioParams
from circuits.margin.portfolio.records import OptionRow
from circuits.margin.portfolio.rules import SKEWS, UNIT, Rules
from circuits.margin.portfolio.shape import PortfolioShape
from circuits.margin.portfolio.shocks import discount, moved_vol, skewed_vol, skews, vol_moves
from circuits.margin.portfolio.shocks_array import moved_total_vols, skewed_total_vols
from circuits.margin.portfolio.words import Words, words
from zk.errors import InputError

#: A shocked forward that the words of black76_array.py cannot hold.
_TOO_LARGE: Final = 1 << 64


def option_rows(
    market: PortfolioMarket, params: PortfolioParams, shape: PortfolioShape
) -> Iterator[OptionRow]:
    """The rows of all options; InputError names one whose value no row can hold."""
    found = lanes(params.rules, shape)
    for name, number in params.underlyings.items():
        for expiry in market.underlyings[name].expiries:
            if not expiry.options:
                continue
            try:
                yield from _expiry_rows(expiry, number, market.timestamp, params.rules, found)
            except _TooWide as wide:
                what = option_name(name, expiry.expiry, wide.strike, wide.right)
                place = f"underlyings.{name}"
                message = f"{what} is worth more than 2^{VALUE_BITS} units of 1e-8 in a scenario"
                raise InputError(message, place, market.file) from None
            except OverflowError:
                what = f"{name}-{expiry_name(expiry.expiry)}"
                message = f"{what}: a shocked forward is over 18 million"
                raise InputError(message, f"underlyings.{name}", market.file) from None


def option_row(option: Listed, timestamp: int, rules: Rules, found: tuple[Lane, ...]) -> OptionRow:
    """One option's row, in plain integers: what the vectorised rows are checked against."""
    seconds = option.expiry.expiry - timestamp
    strike, forward = option.strike * FINE, option.expiry.forward * FINE
    factor = discount(option.expiry.rate, seconds)
    moves, bends = vol_moves(rules.vol_shock, seconds), skews(rules.skew, seconds)
    values = []
    for lane in found:
        if not lane.used:
            values.append(0)
            continue
        # A skew's shock is 1, so its forward is the expiry's as it is.
        shocked, move = _shocked(option.expiry, lane), lane.scenario.vol
        if move in SKEWS:
            vol = skewed_vol(option.vol, bends[move], shocked, strike)
        else:
            vol = moved_vol(option.vol, moves[move])
        values.append(rounded(prices(seconds, vol, shocked, strike, factor)[option.right]))
    delta, vega = greeks(seconds, option.vol, forward, strike, factor)
    if option.right == PUT:
        delta -= factor  # by parity: call - put = D (F - K)
    return OptionRow(option.key, tuple(values), rounded_delta(delta), rounded(vega))


class _TooWide(Exception):
    """An option's value does not fit a lane."""

    def __init__(self, strike: int, right: int) -> None:
        super().__init__()
        self.strike, self.right = strike, right


def _expiry_rows(
    expiry: Expiry, number: int, timestamp: int, rules: Rules, found: tuple[Lane, ...]
) -> Iterator[OptionRow]:
    """All rows of one expiry."""
    # (strike, volatility, the rights that have it): one evaluation gives call and put.
    quotes = [
        (entry.strike, vol, rights)
        for entry in expiry.options
        for vol, rights in _rights(entry.call_vol, entry.put_vol)
    ]
    seconds = expiry.expiry - timestamp
    factor, root = discount(expiry.rate, seconds), root_years(seconds)
    strikes = words([strike * FINE for strike, _, _ in quotes])
    vols = words([vol for _, vol, _ in quotes])
    forwards = [_shocked(expiry, lane) for lane in found]
    if max(forwards) >= _TOO_LARGE:
        raise OverflowError
    totals = _total_vols(
        expiry, seconds, rules, vols, strikes, {lane.scenario.vol for lane in found}
    )
    pair = black76_array.values(
        np.stack([totals[lane.scenario.vol] for lane in found], axis=1),
        words(forwards)[np.newaxis, :],
        strikes[:, np.newaxis],
        words([factor]),
    )
    used = words([int(lane.used) for lane in found])
    values = [black76_array.rounded(side) * used for side in pair]
    forward = words([expiry.forward * FINE])
    greek = black76_array.sensitivities(
        totals["none"], words([root]), forward, strikes, words([factor])
    )
    deltas, vegas = greek.call_delta.tolist(), black76_array.rounded(greek.vega).tolist()
    tables = [side.tolist() for side in values]
    for right in (CALL, PUT):
        wide = np.flatnonzero((values[right] >> np.uint64(VALUE_BITS)).any(axis=1))
        for i in wide.tolist():
            if right in quotes[i][2]:
                raise _TooWide(quotes[i][0], right)
    for i, (strike, _, rights) in enumerate(quotes):
        for right in rights:
            key = Instrument(number, OPTION, expiry.expiry, strike, right).key
            delta = rounded_delta(deltas[i] - (factor if right == PUT else 0))
            yield OptionRow(key, tuple(tables[right][i]), delta, vegas[i])


def _total_vols(
    expiry: Expiry, seconds: int, rules: Rules, vols: Words, strikes: Words, moved: set[str]
) -> dict[str, Words]:
    """The total volatilities of an expiry's strikes for every way that lanes move them."""
    moves, bends = vol_moves(rules.vol_shock, seconds), skews(rules.skew, seconds)
    n = len(vols)
    roots = np.full(n, root_years(seconds), np.uint64)
    forwards = np.full(n, expiry.forward * FINE, np.uint64)
    return {
        name: skewed_total_vols(vols, [bends[name]] * n, forwards, strikes, roots)
        if name in SKEWS
        else moved_total_vols(vols, [moves[name]] * n, roots)
        for name in moved
    }


def _rights(call: int | None, put: int | None) -> list[tuple[int, tuple[int, ...]]]:
    """A strike's volatilities, each with the options that have it."""
    if call == put and call is not None:
        return [(call, (CALL, PUT))]
    return [(vol, (right,)) for right, vol in ((CALL, call), (PUT, put)) if vol is not None]


def _shocked(expiry: Expiry, lane: Lane) -> int:
    """A lane's forward, of unit 1e-12: what moves with spot, shocked, and what does not."""
    moving = expiry.forward_variable * FINE * lane.scenario.shock // UNIT
    return moving + expiry.forward_fixed * FINE
