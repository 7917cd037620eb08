"""Market, account and result of the reference model, as integers of unit 1e-18.

Source: the inputs and outputs of the margin library of Derive's PMRM_2 (derivexyz/v2-core,
PMRMLib_2), which the third-party vectors record in this very form; dated futures are this project's
addition. Rules are in `rules.py`. What belongs to an account has no repr: it is secret.
"""

from __future__ import annotations

from dataclasses import dataclass

from circuits.margin.portfolio.rules import UNIT, Scenario
from circuits.margin.portfolio.shocks import times


@dataclass(frozen=True)
class ExpiryMarket:
    """Feeds of one expiry; the forward is fixed + variable, and only the variable part is shocked.

    `confidence` is the least of its forward's, its rate's and its options' volatilities'.
    """

    seconds: int
    forward_fixed: int
    forward_variable: int
    rate: int
    discount: int
    confidence: int

    def forward(self, shock: int = UNIT) -> int:
        return times(self.forward_variable, shock) + self.forward_fixed


@dataclass(frozen=True)
class UnderlyingMarket:
    """Feeds of one underlying, and the price of the stable coin that cash is in."""

    spot: int
    spot_confidence: int
    perp_price: int
    perp_confidence: int
    stable_price: int
    expiries: tuple[ExpiryMarket, ...]


@dataclass(frozen=True, repr=False)
class Option:
    """An option held (amount above 0) or owed, and its volatility in the market."""

    seconds: int
    strike: int
    is_call: bool
    amount: int
    vol: int


@dataclass(frozen=True, repr=False)
class Future:
    """A dated future: worth amount * forward, its entry price in cash."""

    seconds: int
    amount: int


@dataclass(frozen=True, repr=False)
class Held:
    """A collateral: its value in the stable coin, and its rule."""

    value: int
    confidence: int
    mm_haircut: int
    im_haircut: int
    risk_cancelling: bool


@dataclass(frozen=True, repr=False)
class Account:
    """What an account holds of one underlying; `perp_cash` is the perpetual's unsettled cash."""

    cash: int
    perp_position: int = 0
    perp_cash: int = 0
    options: tuple[Option, ...] = ()
    futures: tuple[Future, ...] = ()
    collaterals: tuple[Held, ...] = ()


@dataclass(frozen=True, repr=False)
class ExpiryResult:
    """One expiry: `mark` is M_e, `changes` the damped T_e,s in the order of the scenarios.

    Values are of the options alone; changes and basis count futures too.
    """

    seconds: int
    mark: int
    value_up: int
    value_down: int
    vol_up: int
    vol_down: int
    discount_held: int
    discount_owed: int
    basis_factor: int
    basis: int
    naked_shorts: int
    changes: tuple[int, ...]


@dataclass(frozen=True, repr=False)
class Contingencies:
    """Charges on top of the scenarios, by what they are for; never negative."""

    mm_perpetual: int = 0
    mm_options: int = 0
    mm_collateral: int = 0
    im_perpetual: int = 0
    im_options: int = 0
    im_collateral: int = 0
    im_confidence: int = 0

    @property
    def mm(self) -> int:
        return self.mm_perpetual + self.mm_options + self.mm_collateral

    @property
    def im(self) -> int:
        """What initial margin adds to `mm`."""
        return self.im_perpetual + self.im_options + self.im_collateral + self.im_confidence


@dataclass(frozen=True, repr=False)
class Result:
    """Every intermediate of one underlying.

    `worst` is the index of the worst scenario, or their number where the basis is worst.
    """

    scenarios: tuple[Scenario, ...]
    expiries: tuple[ExpiryResult, ...]
    scenario_pnl: tuple[int, ...]
    basis: int
    contingencies: Contingencies
    loss_im: int
    loss_mm: int
    mark_to_market: int  # with cash
    worst: int

    @property
    def worst_pnl(self) -> int:
        return (*self.scenario_pnl, self.basis)[self.worst]

    @property
    def im(self) -> int:
        scanned = times(self.worst_pnl, self.loss_im)
        return scanned - self.contingencies.im - self.contingencies.mm + self.mark_to_market

    @property
    def mm(self) -> int:
        scanned = times(self.worst_pnl, self.loss_mm)
        return scanned - self.contingencies.mm + self.mark_to_market

    @property
    def worst_name(self) -> str:
        """The scenario that binds, in words."""
        basis = self.worst == len(self.scenarios)
        return "basis" if basis else str(self.scenarios[self.worst])
