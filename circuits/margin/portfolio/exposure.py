"""Net delta and vega of a book in plain integers, and public limits on them.

Source: the project's margin specification, "Statements", Greek limits. `greeks.py` is the circuit.
Of each underlying, with delta and vega those of an option's row in the epoch:

    net delta = sum over options of quantity * delta, and quantities of perpetual and futures
    net vega  = sum over options of quantity * vega                              both at 1e-16

An option's delta is with respect to its own forward, that of a perpetual and of a future is 1.
Collaterals do not count: one that moves with an underlying (wstETH with ETH) does so in a ratio
that the epoch does not hold, and its price over the spot is not that ratio. The figures are the
epoch's, rounded to 1e-8; nothing is charged for that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from circuits.margin.constants import BUFFER_BITS
from circuits.margin.instrument import UNDERLYING_BITS
from circuits.margin.portfolio import constants as c
from circuits.margin.portfolio.book import PortfolioBook
from circuits.margin.portfolio.records import OptionRow
from circuits.margin.portfolio.table import PortfolioEpoch
from zk.errors import InputError

#: The claim's mode word: what a claim's lowest byte says, beside 0 (IM) and 1 (MM).
GREEKS: Final = 2
MODE_BITS: Final = 8
LIMIT_BITS: Final = BUFFER_BITS  # whole units: of the underlying, of the quote per 1.00 of vol
EXPOSURE_PLACES: Final = c.DELTA_PLACES + 8
LIMIT_SCALE: Final[int] = 10**EXPOSURE_PLACES


@dataclass(frozen=True, repr=False)
class Exposure:
    """Net delta and vega of one underlying, 1e-16. Secret: it has no repr."""

    underlying: int
    delta: int
    vega: int


@dataclass(frozen=True)
class GreekLimit:
    """|net delta| <= delta and |net vega| <= vega, in whole units: of one underlying, or of all.

    `underlying` is an asset's number; 0 is every underlying of the account, each by itself.
    """

    delta: int
    vega: int
    underlying: int = 0

    def __post_init__(self) -> None:
        for name in ("delta", "vega"):
            if not 0 <= getattr(self, name) < 1 << LIMIT_BITS:
                raise InputError(f"a limit is a whole number below 2^{LIMIT_BITS}", name)
        if not 0 <= self.underlying < 1 << UNDERLYING_BITS:
            raise InputError(f"must be 0 to {(1 << UNDERLYING_BITS) - 1}", "underlying")

    @property
    def claim(self) -> int:
        """The public input: mode word, underlying, both limits."""
        scope = self.underlying << MODE_BITS
        limits = (self.delta + (self.vega << LIMIT_BITS)) << MODE_BITS + UNDERLYING_BITS
        return GREEKS + scope + limits

    def holds(self, found: Exposure) -> bool:
        """Whether an underlying's exposure is within the limits, or not what they are about."""
        if self.underlying not in (0, found.underlying):
            return True
        within_delta = abs(found.delta) <= self.delta * LIMIT_SCALE
        return within_delta and abs(found.vega) <= self.vega * LIMIT_SCALE


def exposures(book: PortfolioBook, epoch: PortfolioEpoch) -> tuple[Exposure, ...]:
    """Of each underlying of the book; InputError if the epoch lacks a row or record of a leg."""
    delta = dict.fromkeys(book.underlyings, 0)
    vega = dict.fromkeys(book.underlyings, 0)
    for leg in book.options:
        row = epoch.by_key.get(leg.key)
        if not isinstance(row, OptionRow):
            raise InputError(
                "the epoch has no row for this option (not listed, or expired)", leg.source
            )
        delta[leg.underlying] += leg.quantity * row.delta
        vega[leg.underlying] += leg.quantity * row.vega
    for leg in (*book.futures, *book.perpetuals):
        delta[leg.underlying] += leg.quantity * c.DELTA_ONE
    return tuple(Exposure(number, delta[number], vega[number]) for number in book.underlyings)


def within(book: PortfolioBook, epoch: PortfolioEpoch, limit: GreekLimit) -> bool:
    """The claim of `GreekLimits`."""
    return all(limit.holds(found) for found in exposures(book, epoch))
