"""Names for messages and tables: ETH-27DEC24-4000-C is the call on ETH at 4000 that expires then.

Source: the form that Deribit's and Derive's instrument names have. An expiry at 08:00 UTC, the
usual hour, is written as its day; any other has hour and minute (and seconds, if any) behind it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from circuits.margin.constants import PRICE_PLACES
from circuits.margin.decimals import format_decimal
from circuits.margin.instrument import COLLATERAL, FUTURE, OPTION, PERPETUAL, Instrument

MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
#: The hour of the day, UTC, at which options usually expire.
EXPIRY_HOUR: Final = 8
RIGHTS: Final = ("C", "P")  # by the bit of an instrument key


def expiry_name(expiry: int) -> str:
    """27DEC24, or 27DEC24T1530 away from 08:00 UTC."""
    time = datetime.fromtimestamp(expiry, UTC)
    day = f"{time.day}{MONTHS[time.month - 1]}{time.year % 100:02}"
    if (time.hour, time.minute, time.second) == (EXPIRY_HOUR, 0, 0):
        return day
    seconds = f"{time.second:02}" if time.second else ""
    return f"{day}T{time.hour:02}{time.minute:02}{seconds}"


def option_name(asset: str, expiry: int, strike: int, right: int) -> str:
    """ETH-27DEC24-4000-C; the strike is of unit 1e-8."""
    return f"{asset}-{expiry_name(expiry)}-{format_decimal(strike, PRICE_PLACES)}-{RIGHTS[right]}"


def key_name(key: int, asset: str) -> str:
    """The name of an instrument key, given that of its asset."""
    instrument = Instrument.from_key(key)
    if instrument.kind == OPTION:
        return option_name(asset, instrument.expiry, instrument.strike, instrument.right)
    if instrument.kind == FUTURE:
        return f"{asset}-{expiry_name(instrument.expiry)}"
    return {PERPETUAL: f"{asset}-PERP", COLLATERAL: f"{asset} as collateral"}[instrument.kind]
