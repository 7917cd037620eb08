"""Every width, unit and tag of the linear margin model, each defined once.

Source: the project's margin specification, "Numbers" and "Model L". Notation: a value of unit u is
the integer v that stands for v * u; `q` quantity, `F`, `f` funding indices, all of them exact.

The units are chosen so that one inequality needs no division: cash 1e-8, quantity * price 1e-16,
quantity * funding 1e-20, notional * rate 1e-22; the last is the scale of the whole sum.
"""

from __future__ import annotations

from typing import Final

# Widths, in bits.
QUANTITY_BITS: Final = 63  # magnitude; the sign stands beside it
PRICE_BITS: Final = 64  # unsigned
CASH_BITS: Final = 96  # signed
FUNDING_BITS: Final = 96  # signed
RATE_BITS: Final = 20  # 1e6 ppm = 100 % fits
BOUNDARY_BITS: Final = 48  # one increment of a tier boundary
BUFFER_BITS: Final = 48  # whole quote units
ACCOUNT_BITS: Final = 160
SEQUENCE_BITS: Final = 64
VENUE_BITS: Final = 64
TIME_BITS: Final = 32  # unix seconds, as an instrument's expiry
DIGEST_BITS: Final = 253  # SHA-256 with its top three bits cleared

# Decimal places of the units.
QUANTITY_PLACES: Final = 8
PRICE_PLACES: Final = 8
CASH_PLACES: Final = 8
FUNDING_PLACES: Final = 12
RATE_PLACES: Final = 6
BOUNDARY_PLACES: Final = 2

RATE_ONE: Final = 10**RATE_PLACES  # 100 %

# What brings each kind of product to the scale of the inequality, 1e-22.
MARGIN_PLACES: Final = 22
CASH_SCALE: Final = 10 ** (MARGIN_PLACES - CASH_PLACES)
VALUE_SCALE: Final = 10 ** (MARGIN_PLACES - QUANTITY_PLACES - PRICE_PLACES)
FUNDING_SCALE: Final = 10 ** (MARGIN_PLACES - QUANTITY_PLACES - FUNDING_PLACES)
DEDUCTION_SCALE: Final = 10 ** (MARGIN_PLACES - RATE_PLACES - BOUNDARY_PLACES)
BUFFER_SCALE: Final = 10**MARGIN_PLACES
# A boundary beside a notional of unit 1e-16.
NOTIONAL_PLACES: Final = QUANTITY_PLACES + PRICE_PLACES
BOUNDARY_SCALE: Final = 10 ** (NOTIONAL_PLACES - BOUNDARY_PLACES)

# Offsets and lanes of packed field elements.
FUNDING_OFFSET: Final = 1 << (FUNDING_BITS - 1)  # makes a funding index unsigned
KEY_LANE: Final = 124  # a slot: key, then 63 bits of quantity, then the sign
SIGN_LANE: Final = KEY_LANE + QUANTITY_BITS
FUNDING_LANE: Final = FUNDING_BITS + 1  # two settled indices in one element
MARK_LANE: Final = PRICE_BITS  # a row: mark, then the funding index

# Tags. All distinct, so that nothing hashed in one role opens in another.
COMMITMENT_VERSION: Final = 1
ROW_INSTRUMENT: Final = 1
ROW_COLLATERAL: Final = 2
TAG_CAP: Final = 3
TAG_EPOCH: Final = 4

# Modes, in the order of an instrument row's two tables.
INITIAL: Final = 0
MAINTENANCE: Final = 1
MODES: Final = {"IM": INITIAL, "MM": MAINTENANCE}
