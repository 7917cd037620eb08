"""The reference model's market and account from a venue's files, without an epoch's roundings.

Source: the project's margin specification, "Numbers" and "Model P". A file's prices and quantities
have units of 1e-8, the reference 1e-18; every conversion is exact, but for a collateral's value and
unpaid funding, which are rounded down. Comparing `reference.evaluate` of this with what an epoch's
table gives is how the table's own error is measured.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from circuits.margin.portfolio.exact import (
    Account,
    ExpiryMarket,
    Future,
    Held,
    Option,
    UnderlyingMarket,
)
from circuits.margin.portfolio.market import CALL, Expiry, PortfolioMarket, Underlying
from circuits.margin.portfolio.names import expiry_name, option_name
from circuits.margin.portfolio.params import PortfolioParams
from circuits.margin.portfolio.rules import UNIT
from circuits.margin.portfolio.shocks import discount
from zk.errors import InputError

#: From units of 1e-8 to 1e-18; from a product of two of them; from one of them and one of 1e-12.
_FINER: Final = 10**10
_PRODUCT: Final = 100
_FUNDING: Final = 100


@dataclass(frozen=True, repr=False)
class OptionLeg:
    """Some of one option; quantity and strike of unit 1e-8, expiry in unix seconds."""

    expiry: int
    strike: int
    right: int
    quantity: int


@dataclass(frozen=True, repr=False)
class Legs:
    """What an account holds of one underlying, in a file's units; `settled` is a funding index.

    Cash and collaterals go with one underlying of the account; a risk-cancelling collateral with
    the underlying whose risk it cancels.
    """

    cash: int = 0
    perpetual: int = 0
    settled: int = 0
    options: tuple[OptionLeg, ...] = ()
    futures: tuple[tuple[int, int], ...] = ()  # expiry, quantity
    collaterals: tuple[tuple[str, int], ...] = ()  # asset, quantity


def reference_market(market: PortfolioMarket, name: str) -> UnderlyingMarket:
    """The feeds of one underlying."""
    feed = market.underlyings[name]
    perpetual = feed.perpetual
    return UnderlyingMarket(
        spot=feed.spot * _FINER,
        spot_confidence=feed.confidence,
        perp_price=perpetual.price * _FINER if perpetual else 0,
        perp_confidence=perpetual.confidence if perpetual else UNIT,
        stable_price=market.stable,
        expiries=tuple(_expiry(entry, market.timestamp) for entry in feed.expiries),
    )


def reference_account(
    market: PortfolioMarket, params: PortfolioParams, name: str, legs: Legs
) -> Account:
    """The legs of one underlying; InputError names one that the market does not list."""
    feed = market.underlyings[name]
    lowest = min(entry.confidence for entry in market.underlyings.values())
    return Account(
        cash=legs.cash * _FINER,
        perp_position=legs.perpetual * _FINER,
        perp_cash=_perpetual_cash(feed, name, legs),
        options=tuple(_options(feed, market.timestamp, name, legs.options)),
        futures=tuple(
            Future(_listed(feed, name, expiry).expiry - market.timestamp, quantity * _FINER)
            for expiry, quantity in legs.futures
        ),
        collaterals=tuple(_held(market, params, name, lowest, *held) for held in legs.collaterals),
    )


def _expiry(entry: Expiry, now: int) -> ExpiryMarket:
    seconds = entry.expiry - now
    return ExpiryMarket(
        seconds=seconds,
        forward_fixed=entry.forward_fixed * _FINER,
        forward_variable=entry.forward_variable * _FINER,
        rate=entry.rate,
        discount=discount(entry.rate, seconds),
        confidence=entry.confidence,
    )


def _perpetual_cash(feed: Underlying, name: str, legs: Legs) -> int:
    """quantity * (price - funding since it was settled): the entry price is in cash."""
    if legs.perpetual == 0:
        return 0
    if feed.perpetual is None:
        raise InputError(f"the market has no perpetual of {name}")
    unpaid = legs.perpetual * (feed.perpetual.funding - legs.settled)
    return legs.perpetual * feed.perpetual.price * _PRODUCT + -unpaid // _FUNDING


def _options(feed: Underlying, now: int, name: str, legs: Iterable[OptionLeg]) -> Iterable[Option]:
    for leg in legs:
        expiry = _listed(feed, name, leg.expiry)
        vols = {
            entry.strike: entry.call_vol if leg.right == CALL else entry.put_vol
            for entry in expiry.options
        }
        vol = vols.get(leg.strike)
        if vol is None:
            what = option_name(name, leg.expiry, leg.strike, leg.right)
            raise InputError(f"the market does not list {what}")
        yield Option(
            seconds=leg.expiry - now,
            strike=leg.strike * _FINER,
            is_call=leg.right == CALL,
            amount=leg.quantity * _FINER,
            vol=vol,
        )


def _listed(feed: Underlying, name: str, expiry: int) -> Expiry:
    for entry in feed.expiries:
        if entry.expiry == expiry:
            return entry
    raise InputError(f"the market does not list {name}-{expiry_name(expiry)}")


def _held(
    market: PortfolioMarket,
    params: PortfolioParams,
    name: str,
    lowest: int,
    asset: str,
    quantity: int,
) -> Held:
    if asset not in params.collaterals or asset not in market.collaterals:
        raise InputError(f"{asset} is no collateral")
    rule, feed = params.collaterals[asset], market.collaterals[asset]
    if rule.cancels not in (0, params.underlyings[name]):
        raise InputError(f"{asset} cancels risk of {params.asset(rule.cancels)}: give it there")
    return Held(
        value=quantity * feed.price * _PRODUCT * UNIT // market.stable,
        confidence=min(feed.confidence, lowest),
        mm_haircut=rule.haircut.maintenance,
        im_haircut=rule.haircut.initial,
        risk_cancelling=rule.cancels != 0,
    )
