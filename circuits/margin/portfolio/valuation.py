"""Values of every option in every lane, and their Greeks: the rows of an epoch.

Source: the project's margin specification, "The epoch table"; formulas in black76.py and shocks.py.
Prices go in with unit 1e-12 and values are rounded once, to the nearest 1e-8.
"""

from __future__ import annotations

from collections.abc import Iterator

from circuits.margin.portfolio.black76 import FINE, greeks, prices, rounded, rounded_delta
from circuits.margin.portfolio.lanes import Lane, lanes
from circuits.margin.portfolio.market import CALL, Listed, PortfolioMarket
from circuits.margin.portfolio.params import PortfolioParams
from circuits.margin.portfolio.records import OptionRow
from circuits.margin.portfolio.rules import SKEWS, UNIT, Rules
from circuits.margin.portfolio.shape import PortfolioShape
from circuits.margin.portfolio.shocks import discount, moved_vol, skewed_vol, skews, vol_moves


def option_rows(
    market: PortfolioMarket, params: PortfolioParams, shape: PortfolioShape
) -> Iterator[OptionRow]:
    """The rows of all options, sorted by key."""
    found = lanes(params.rules, shape)
    for option in market.options(params):
        yield option_row(option, market.timestamp, params.rules, found)


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
        scenario = lane.scenario
        shocked = option.expiry.forward_variable * FINE * scenario.shock // UNIT
        shocked += option.expiry.forward_fixed * FINE
        if scenario.vol in SKEWS:
            vol = skewed_vol(option.vol, bends[scenario.vol], forward, strike)
        else:
            vol = moved_vol(option.vol, moves[scenario.vol])
        pair = prices(seconds, vol, shocked, strike, factor)
        values.append(rounded(pair[option.right]))
    delta, vega = greeks(seconds, option.vol, forward, strike, factor)
    if option.right != CALL:
        delta -= factor
    return OptionRow(option.key, tuple(values), rounded_delta(delta), rounded(vega))
