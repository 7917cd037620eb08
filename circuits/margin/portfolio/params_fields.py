"""The fields of a portfolio params.json: what each must be, and within which range.

Source of the ranges: the checks of Derive's PMRMLib_2 and PMRM_2, where they have them. Decimals
have up to 18 places, exactly; a spot shock has 6, because an epoch holds it with 6 and the values
of its lane must be of that very shock.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from circuits.margin.checker import Choice, Decimal, List, Map, Object, Spec
from circuits.margin.constants import BUFFER_BITS
from circuits.margin.documents import ASSET, ASSET_ID, PORTFOLIO_PARAMS_FORMAT, VENUE, tag
from circuits.margin.portfolio.constants import MAX_LANES, SHOCK_PLACES, SUM_BITS
from circuits.margin.portfolio.rules import PLACES, SKEWS, UNIT, VOL_MOVES
from circuits.margin.portfolio.shape import MAX_ROWS, SIZE_CLASSES, TINY_OPTIONS

#: Underlyings and collaterals in one params file.
MAX_ASSETS: Final = 128
#: The largest spot shock a scenario may have; an epoch holds 24 bits of 1e-6.
MAX_SHOCK: Final = 16
_DAY: Final = 86_400


def _exact(low: int, high: int, what: str) -> Decimal:
    """Up to 18 decimals from low to high (whole numbers), to the integer of unit 1e-18."""
    return Decimal(PLACES, low * UNIT, high * UNIT, what)


def _shock(low: int, high: int) -> Decimal:
    return Decimal(SHOCK_PLACES, low, high, "a spot shock such as 1.045, at most 6 decimals")


def _count(most: int, what: str, least: int = 1) -> Decimal:
    return Decimal(0, least, most, what)


_SHOCK_ONE: Final = 10**SHOCK_PLACES
_RATE: Final = _exact(0, 1, "a rate from 0 to 1")
_UP_TO_10: Final = _exact(0, 10, "a number from 0 to 10")
_SIGNED_10: Final = _exact(-10, 10, "a number from -10 to 10")
_RATES: Final = Object(
    {
        "maintenance": _exact(0, 3, "a rate from 0 to 3"),
        "initial": _exact(0, 3, "a rate from 0 to 3, added to the maintenance rate"),
    }
)
_DISCOUNT: Final = Object(
    {
        "base": _exact(0, 2, "a factor from 0 to 2"),
        "rate_multiplier": _UP_TO_10,
        "rate_add": _UP_TO_10,
    }
)
SHAPE_FIELDS: Final[Mapping[str, Spec]] = {
    "expiries": _count(8, "expiries an account may hold"),
    "collaterals": _count(10, "collaterals an account may hold"),
    "underlyings": _count(4, "underlyings an account may hold"),
    "lanes": _count(MAX_LANES, "values of a row"),
    "skews": _count(len(SKEWS), "lanes for skew scenarios", least=0),
    "rows": _count(MAX_ROWS, "rows of the epoch's table"),
    "market_underlyings": _count(MAX_ASSETS, "underlyings an epoch may list"),
    "market_expiries": _count(128, "expiries an epoch may list"),
    "sum_bits": _count(SUM_BITS, "bits of all magnitudes of an account together", least=32),
}
_RULES: Final[Mapping[str, Spec]] = {
    "scenarios": List(
        Object(
            {
                "shock": _shock(1, MAX_SHOCK * _SHOCK_ONE),
                "vol": Choice(VOL_MOVES),
                "damping": _RATE,
            }
        ),
        MAX_LANES,
        least=1,
    ),
    "loss_factors": Object(
        {
            "initial": Decimal(PLACES, UNIT // 2, 10 * UNIT, "a factor from 0.5 to 10"),
            "maintenance": Decimal(PLACES, UNIT // 10, 10 * UNIT, "a factor from 0.1 to 10"),
        }
    ),
    "vol_shock": Object(
        {
            "range_up": _UP_TO_10,
            "range_down": _UP_TO_10,
            "short_term_power": _UP_TO_10,
            "long_term_power": _UP_TO_10,
            "min_vol_up": _exact(0, 20, "a volatility from 0 to 20"),
            "dte_floor": Decimal(0, 1, 400 * _DAY, "a time in seconds, at most 400 days"),
        }
    ),
    "static_discount": Object({"long": _DISCOUNT, "short": _DISCOUNT}),
    "basis": Object(
        {
            "spot_up": _shock(_SHOCK_ONE + 1, 3 * _SHOCK_ONE),
            "spot_down": _shock(1, _SHOCK_ONE - 1),
            "add": _exact(0, 20, "a factor from 0 to 20"),
            "multiplier": _exact(0, 20, "a factor from 0 to 20"),
        }
    ),
    "skew": Object(
        {
            "linear_base_cap": _UP_TO_10,
            "linear_cbase": _SIGNED_10,
            "absolute_base_cap": _UP_TO_10,
            "absolute_cbase": _SIGNED_10,
            "min_k_star": Decimal(PLACES, 1, 10 * UNIT, "a number above 0, at most 10"),
            "width_scale": _UP_TO_10,
            "vol_static": _UP_TO_10,
            "vol_slope": _exact(-20, 20, "a number from -20 to 20"),
        }
    ),
    "perpetual": _RATES,
    "option": _RATES,
    "confidence": Object(
        {"threshold": _RATE, "margin": _exact(0, 20, "a factor from 0 to 20")},
    ),
    "peg": Object({"threshold": _exact(0, 100, "a price from 0 to 100"), "factor": _UP_TO_10}),
}
PARAMS_SPEC: Final = Object(
    {
        "format": tag(PORTFOLIO_PARAMS_FORMAT),
        "venue": VENUE,
        "quote": ASSET,
        "shape": Object(
            {
                "size_classes": List(
                    Choice([str(n) for n in (*SIZE_CLASSES, TINY_OPTIONS)]),
                    len(SIZE_CLASSES) + 1,
                    least=1,
                ),
                **SHAPE_FIELDS,
            }
        ),
        "buffers": List(
            Decimal(0, 0, (1 << BUFFER_BITS) - 1, "an amount in whole quote units"), 256, least=1
        ),
        "assets": Map(ASSET, ASSET_ID, 65_535, least=1),
        "underlyings": List(ASSET, MAX_ASSETS, least=1),
        "collaterals": Map(
            ASSET,
            Object(
                {
                    "maintenance_haircut": _RATE,
                    "initial_haircut": _RATE,
                },
                optional={"cancels": ASSET},
            ),
            MAX_ASSETS,
        ),
        **_RULES,
    }
)
