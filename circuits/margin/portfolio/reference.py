"""The portfolio margin model in plain integers of unit 1e-18, with every intermediate.

Source: the PMRM_2 margin library of Derive (derivexyz/v2-core, PMRMLib_2), whose answers the
third-party vectors hold; dated futures are this project's addition. Notation of the margin page:
M_e the value of an expiry's options as they are, V_e,s the same in scenario s, T_e,s the change
after static discounts, PnL_s their sum, mF the loss factor.

    margin = mF min(basis, min_s PnL_s) - MM contingency - [IM: IM contingency] + MtM + cash

Products of two numbers are cut toward zero one by one, as the contract does. An account of several
underlyings is evaluated once for each and the results added (`total`): cash in one of them, each
collateral with the underlying whose spot shocks it. Nothing here knows of an epoch's table.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from circuits.margin.portfolio.black76 import prices
from circuits.margin.portfolio.exact import (
    Account,
    Contingencies,
    ExpiryMarket,
    ExpiryResult,
    Held,
    Option,
    Result,
    UnderlyingMarket,
)
from circuits.margin.portfolio.rules import (
    DOWN,
    NONE,
    SKEWS,
    UNIT,
    UP,
    Rules,
    Scenario,
)
from circuits.margin.portfolio.shocks import (
    Skew,
    VolMove,
    basis_factor,
    moved_vol,
    skewed_vol,
    skews,
    static_discounts,
    times,
    vol_moves,
)
from zk.errors import InputError


def evaluate(market: UnderlyingMarket, rules: Rules, account: Account) -> Result:
    """The margins of what an account holds of one underlying, and how they came about."""
    confidence = market.spot_confidence
    if account.perp_position != 0:
        confidence = min(confidence, market.perp_confidence)
    mark = account.cash + account.perp_cash + sum(held.value for held in account.collaterals)
    charges = _collateral_charges(rules, account.collaterals, market.spot_confidence)
    charges = _add_perpetual(charges, rules, market, account.perp_position, confidence)
    pnl = [_spot_pnl(market, account, scenario) for scenario in rules.scenarios]
    basis, expiries = 0, []
    for expiry in _held_expiries(market, account):
        book = _Book.of(expiry, rules, account)
        result = _expiry(book, rules)
        expiries.append(result)
        mark += result.mark + times(book.futures, expiry.forward())
        basis += result.basis
        pnl = [so_far + change for so_far, change in zip(pnl, result.changes, strict=True)]
        lowest = min(confidence, expiry.confidence)
        charges = _add_options(charges, rules, market.spot, book, result.naked_shorts, lowest)
    # The first of the least; the basis before a scenario that only equals it, as in the contract.
    worst, least = len(pnl), basis
    for i, value in enumerate(pnl):
        if value < least:
            worst, least = i, value
    return Result(
        scenarios=rules.scenarios,
        expiries=tuple(expiries),
        scenario_pnl=tuple(pnl),
        basis=basis,
        contingencies=charges,
        loss_im=initial_loss_factor(rules, market.stable_price),
        loss_mm=rules.loss_maintenance,
        mark_to_market=mark,
        worst=worst,
    )


def total(results: Iterable[Result]) -> tuple[int, int]:
    """(IM, MM) of an account over several underlyings: the sums, cash counted in one of them."""
    found = list(results)
    return sum(result.im for result in found), sum(result.mm for result in found)


def initial_loss_factor(rules: Rules, stable_price: int) -> int:
    """mF of initial margin: larger while the stable coin is below its threshold."""
    return rules.loss_initial + times(max(0, rules.peg.at - stable_price), rules.peg.factor)


def confidence_charge(rules: Rules, confidence: int, notional: int) -> int:
    """(1 - confidence) * factor of a notional, below the threshold only."""
    if confidence >= rules.confidence.at:
        return 0
    return times(times(UNIT - confidence, rules.confidence.factor), notional)


def naked_shorts(options: Iterable[Option]) -> int:
    """Sum over strikes of what is owed: calls and puts of a strike net against each other."""
    net: dict[int, int] = {}
    for option in options:
        net[option.strike] = net.get(option.strike, 0) + option.amount
    return sum(max(0, -amount) for amount in net.values())


@dataclass(frozen=True, repr=False)
class _Book:
    """What an account holds of one expiry, and what scenarios do to that expiry."""

    expiry: ExpiryMarket
    options: tuple[Option, ...]
    futures: int
    moves: dict[str, VolMove]
    skews: dict[str, Skew]

    @classmethod
    def of(cls, expiry: ExpiryMarket, rules: Rules, account: Account) -> _Book:
        time = expiry.seconds
        return cls(
            expiry,
            tuple(option for option in account.options if option.seconds == time),
            sum(future.amount for future in account.futures if future.seconds == time),
            vol_moves(rules.vol_shock, time),
            skews(rules.skew, time),
        )

    def value(self, shock: int, move: str) -> int:
        """V_e,s: the options without static discount and damping."""
        skew = self.skews.get(move)
        # A skew takes the forward as it is, whatever the scenario's shock.
        forward = self.expiry.forward(UNIT if skew else shock)
        value = 0
        for option in self.options:
            if skew:
                vol = skewed_vol(option.vol, skew, forward, option.strike)
            else:
                vol = moved_vol(option.vol, self.moves[move])
            call, put = prices(
                self.expiry.seconds, vol, forward, option.strike, self.expiry.discount
            )
            value += times(call if option.is_call else put, option.amount)
        return value

    def futures_pnl(self, shock: int) -> int:
        """q (F_e,s - F_e): only the variable part of a forward moves."""
        return times(self.futures, times(self.expiry.forward_variable, shock - UNIT))


def _expiry(book: _Book, rules: Rules) -> ExpiryResult:
    """Values of one expiry as it is, under the basis shocks and in every scenario."""
    expiry = book.expiry
    held, owed = static_discounts(
        rules.discount_long, rules.discount_short, expiry.rate, expiry.seconds, expiry.discount
    )
    mark = book.value(UNIT, NONE)
    up, down = (book.value(shock, NONE) for shock in (rules.basis.spot_up, rules.basis.spot_down))
    factor = basis_factor(rules.basis, expiry.seconds)
    loss_up = up - mark + book.futures_pnl(rules.basis.spot_up)
    loss_down = down - mark + book.futures_pnl(rules.basis.spot_down)
    changes = []
    for scenario in rules.scenarios:
        value = book.value(scenario.shock, scenario.vol)
        change = times(value, held if value >= 0 else owed) - mark
        if scenario.vol in SKEWS:
            # Either way of bending the surface is possible, so a gain counts as a loss.
            changes.append(-abs(times(change, scenario.damping)))
        else:
            change += book.futures_pnl(scenario.shock)
            changes.append(times(change, scenario.damping))
    return ExpiryResult(
        seconds=expiry.seconds,
        mark=mark,
        value_up=up,
        value_down=down,
        vol_up=book.moves[UP].factor,
        vol_down=book.moves[DOWN].factor,
        discount_held=held,
        discount_owed=owed,
        basis_factor=factor,
        basis=times(min(loss_up, loss_down, 0), factor),
        naked_shorts=naked_shorts(book.options),
        changes=tuple(changes),
    )


def _held_expiries(market: UnderlyingMarket, account: Account) -> list[ExpiryMarket]:
    """The market's expiries of which the account holds something."""
    held = {option.seconds for option in account.options}
    held |= {future.seconds for future in account.futures}
    found = [expiry for expiry in market.expiries if expiry.seconds in held]
    if {expiry.seconds for expiry in found} != held or len(found) != len(held):
        raise InputError("every expiry held must be in the market, once")
    return found


def _spot_pnl(market: UnderlyingMarket, account: Account, scenario: Scenario) -> int:
    """PnL of what moves with the spot alone: the perpetual and risk-cancelling collateral."""
    move = scenario.shock - UNIT
    pnl = times(times(account.perp_position, times(move, market.perp_price)), scenario.damping)
    for held in account.collaterals:
        if held.risk_cancelling:
            pnl += times(times(held.value, move), scenario.damping)
    return pnl


def _add_perpetual(
    charges: Contingencies, rules: Rules, market: UnderlyingMarket, position: int, confidence: int
) -> Contingencies:
    notional = times(abs(position), market.spot)
    return replace(
        charges,
        mm_perpetual=times(notional, rules.perpetual.maintenance),
        im_perpetual=times(notional, rules.perpetual.initial),
        im_confidence=charges.im_confidence + confidence_charge(rules, confidence, notional),
    )


def _add_options(
    charges: Contingencies, rules: Rules, spot: int, book: _Book, naked: int, confidence: int
) -> Contingencies:
    short = times(naked, spot)
    notional = times(sum(abs(option.amount) for option in book.options), spot)
    return replace(
        charges,
        mm_options=charges.mm_options + times(short, rules.option.maintenance),
        im_options=charges.im_options + times(short, rules.option.initial),
        im_confidence=charges.im_confidence + confidence_charge(rules, confidence, notional),
    )


def _collateral_charges(
    rules: Rules, collaterals: Iterable[Held], spot_confidence: int
) -> Contingencies:
    mm = im = confidence = 0
    for held in collaterals:
        mm += times(held.value, held.mm_haircut)
        im += times(held.value, held.im_haircut)
        lowest = min(held.confidence, spot_confidence)
        confidence += confidence_charge(rules, lowest, held.value)
    return Contingencies(mm_collateral=mm, im_collateral=im, im_confidence=confidence)
