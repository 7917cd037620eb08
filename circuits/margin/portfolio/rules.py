"""The rules of a portfolio margin model: scenarios, shocks, discounts and charges, as integers.

Source: the parameters of Derive's PMRM_2 (derivexyz/v2-core, risk-managers/PMRMLib_2.sol), a group
of parameters a class. Notation: every value is an integer of unit 1e-18 (`UNIT` is 1.0) unless it
says seconds, exactly what params.json says; what is narrower in an epoch is rounded there, once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PLACES: Final = 18
UNIT: Final = 10**PLACES

# How a scenario moves volatility.
NONE: Final = "none"
UP: Final = "up"
DOWN: Final = "down"
LINEAR: Final = "linear"  # a skew: in proportion to ln(strike / forward)
ABSOLUTE: Final = "absolute"  # a skew: in proportion to |ln(strike / forward)|
SKEWS: Final = (LINEAR, ABSOLUTE)
VOL_MOVES: Final = (NONE, UP, DOWN, *SKEWS)

INITIAL: Final = "initial"
MAINTENANCE: Final = "maintenance"


@dataclass(frozen=True)
class Scenario:
    """Spot times `shock`, volatility moved by `vol`, the PnL that follows times `damping`."""

    shock: int
    vol: str
    damping: int = UNIT

    def __str__(self) -> str:
        return f"spot x {self.shock / UNIT:g}, vol {self.vol}"


@dataclass(frozen=True)
class VolShock:
    """vol x (1 + range_up * m) or x max(0, 1 - range_down * m).

    m = (30 days / max(time, dte_floor)) ^ power: the short-term power up to 30 days, else the
    long-term one. Up-shocked volatility is at least `min_vol_up`.
    """

    range_up: int
    range_down: int
    short_term_power: int
    long_term_power: int
    min_vol_up: int
    dte_floor: int  # seconds


@dataclass(frozen=True)
class StaticDiscount:
    """base * exp(-T r) for value held, base * exp(T r) for value owed; r = rate * multiplier + add.

    The factor on value owed is at most the inverse of the expiry's discount.
    """

    base: int
    rate_multiplier: int
    rate_add: int


@dataclass(frozen=True)
class BasisRule:
    """The two spot shocks of the basis, and its factor: add + multiplier * T (years)."""

    spot_up: int
    spot_down: int
    add: int
    multiplier: int


@dataclass(frozen=True)
class SkewRule:
    """vol x (1 + clamp(k * cap / k*)) for k = ln(strike / forward) or its absolute value.

    cap = base_cap + cbase * sqrt(T);  k* = max(min_k_star, sqrt(T) width (vol + vol_slope sqrt(T)))
    """

    linear_base_cap: int
    linear_cbase: int
    absolute_base_cap: int
    absolute_cbase: int
    min_k_star: int
    width_scale: int
    vol_static: int
    vol_slope: int


@dataclass(frozen=True)
class Rates:
    """A rate of maintenance margin, and what initial margin adds on top of it."""

    maintenance: int
    initial: int


@dataclass(frozen=True)
class Threshold:
    """A charge below a threshold: of a feed's confidence, or of the stable coin's price.

    Confidence c < at: (1 - c) * factor of the notional. Price s < at: the initial loss factor grows
    by (at - s) * factor.
    """

    at: int
    factor: int


@dataclass(frozen=True)
class Rules:
    """All that the model computes with beside market and account."""

    scenarios: tuple[Scenario, ...]
    loss_initial: int
    loss_maintenance: int
    vol_shock: VolShock
    discount_long: StaticDiscount
    discount_short: StaticDiscount
    basis: BasisRule
    skew: SkewRule
    perpetual: Rates
    option: Rates
    confidence: Threshold
    peg: Threshold


@dataclass(frozen=True)
class CollateralRule:
    """Haircuts of an asset held, and the underlying with whose scenarios its price moves.

    `cancels` is that underlying's number: what is held of the asset offsets risk there. 0 if none.
    """

    haircut: Rates
    cancels: int
