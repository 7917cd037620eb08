"""Every width, unit and tag of the portfolio model, each defined once.

Source: the project's margin specification, "Numbers" and "Model P". Units that the linear model has
too come from `circuits.margin.constants`. Notation: V the value of an expiry's options in a
scenario, a sum of quantity (1e-8) times value (1e-8); x the worst of the scenarios' PnL.

The units make one inequality of integers: V * discount * damping stands at 1e-37, times the loss
factor at 1e-43, which is the scale of the whole sum. Nothing is divided.
"""

from __future__ import annotations

from typing import Final

from circuits.margin.constants import (
    CASH_PLACES,
    FUNDING_PLACES,
    PRICE_PLACES,
    QUANTITY_BITS,
    QUANTITY_PLACES,
    RATE_PLACES,
)

# Widths, in bits.
VALUE_BITS: Final = 48  # an option's value in one scenario
SUM_BITS: Final = QUANTITY_BITS  # of all magnitudes of an account together; a shape may say less
PRICE_BITS: Final = VALUE_BITS  # of spots, forwards, strikes: no option is worth more
DISCOUNT_BITS: Final = 51
DAMPING_BITS: Final = 20
SHOCK_BITS: Final = 24
FACTOR_BITS: Final = 32  # loss factors, percentages, haircuts, charges
BASIS_BITS: Final = 46
CHARGE_BITS: Final = 32
VEGA_BITS: Final = VALUE_BITS
PREFIX_BITS: Final = 52  # underlying, kind and expiry: an option's key above its strike
STRIKE_RIGHT_BITS: Final = 65  # in a key; a listed strike has PRICE_BITS of its 64

# Decimal places of the units.
VALUE_PLACES: Final = 8
DISCOUNT_PLACES: Final = 15
DAMPING_PLACES: Final = 6
SHOCK_PLACES: Final = 6
FACTOR_PLACES: Final = RATE_PLACES
BASIS_PLACES: Final = 12
CHARGE_PLACES: Final = 14
DELTA_PLACES: Final = 8

DISCOUNT_ONE: Final = 10**DISCOUNT_PLACES
DAMPING_ONE: Final = 10**DAMPING_PLACES
SHOCK_ONE: Final = 10**SHOCK_PLACES
FACTOR_ONE: Final = 10**FACTOR_PLACES
DELTA_ONE: Final = 10**DELTA_PLACES

# What brings each kind of product to the scale of a scenario's PnL, 1e-37, and of the sum, 1e-43.
PNL_PLACES: Final = QUANTITY_PLACES + VALUE_PLACES + DISCOUNT_PLACES + DAMPING_PLACES
MARGIN_PLACES: Final = PNL_PLACES + FACTOR_PLACES
VALUE_PLACES_TOTAL: Final = QUANTITY_PLACES + PRICE_PLACES  # quantity * price or value
NOTIONAL_SHOCK_SCALE: Final[int] = 10 ** (
    PNL_PLACES - VALUE_PLACES_TOTAL - SHOCK_PLACES - DAMPING_PLACES
)
BASIS_SCALE: Final[int] = 10 ** (PNL_PLACES - VALUE_PLACES_TOTAL - SHOCK_PLACES - BASIS_PLACES)
CASH_SCALE: Final[int] = 10 ** (MARGIN_PLACES - CASH_PLACES)
VALUE_SCALE: Final[int] = 10 ** (MARGIN_PLACES - VALUE_PLACES_TOTAL)
FUNDING_SCALE: Final[int] = 10 ** (MARGIN_PLACES - QUANTITY_PLACES - FUNDING_PLACES)
RATE_SCALE: Final[int] = 10 ** (MARGIN_PLACES - VALUE_PLACES_TOTAL - FACTOR_PLACES)
CHARGE_SCALE: Final[int] = 10 ** (MARGIN_PLACES - QUANTITY_PLACES - CHARGE_PLACES)
BUFFER_SCALE: Final[int] = 10**MARGIN_PLACES

#: Lanes that are read by their place: the value as it is, and the basis shocks up and down.
LANE_MARK: Final = 0
LANE_UP: Final = 1
LANE_DOWN: Final = 2
#: |V| < 2^(VALUE_BITS + SUM_BITS) = 2^111, so two signed lanes of 112 bits hold any sum of rows.
LANE_WIDTH: Final = VALUE_BITS + SUM_BITS + 1
MAX_LANES: Final = 40

# Packed elements.
TAG_LANE: Final = 120  # a row's or record's first element: its key, then its tag
CANCELS_LANE: Final = 128  # and, of a collateral, the underlying with which its price moves
SHOCK_LANE: Final = DAMPING_BITS  # a scenario: damping, then the shock
ASSET_LANE: Final = 20  # a commitment's words: an asset or underlying, which may be summed
PREFIX_LANE: Final = 60
CODE_LANE: Final = 4  # an expiry's number from 1 in the account

# Tags, distinct from each other and from the linear model's.
ROW_OPTION: Final = 17
ROW_HELD: Final = 18  # a collateral
RECORD_SCENARIOS: Final = 20
RECORD_UNDERLYING: Final = 21
RECORD_EXPIRY: Final = 22
TAG_CAP: Final = 23
TAG_EPOCH: Final = 24
COMMITMENT_TAG: Final = 2  # beside the linear model's COMMITMENT_VERSION

#: Error of a value in the epoch table, in units of 1e-8; the charge covers it.
TABLE_ERROR: Final = 1
