"""The shape of a portfolio margin statement: everything about it that is compiled in.

Source: the project's margin specification, "Statements" and "Model P". Scenarios, factors and rates
are data; how many of each there can be is the shape.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from circuits.margin.portfolio.constants import COMMITMENT_TAG, MAX_LANES, SUM_BITS
from zk.errors import InputError

#: Option slots of the size classes a venue may offer. A class is public; how many of its slots are
#: used is not.
SIZE_CLASSES: Final = (8, 16, 32, 64, 128)
#: A class for tests and for the slow engine.
TINY_OPTIONS: Final = 2

ARITY: Final = 5  # children of a node of the epoch's tree
MAX_ROWS: Final = 4096
_LIMITS: Final = {
    "expiries": (1, 8),
    "collaterals": (1, 10),
    "underlyings": (1, 4),
    "lanes": (4, MAX_LANES),
    "skews": (0, 2),
    "rows": (1, MAX_ROWS),
    "market_underlyings": (1, 128),
    "market_expiries": (1, 128),
    "sum_bits": (32, SUM_BITS),
}


@dataclass(frozen=True)
class PortfolioShape:
    """Slots of the account; lanes of a row (`skews` of them the skew scenarios); the epoch's sizes.

    `underlyings` and `expiries` are how many one account may hold, `market_underlyings` and
    `market_expiries` how many the epoch may list; `rows` counts options and collaterals together.
    All magnitudes of an account add up to less than 2^sum_bits units of 1e-8: each bit costs one
    for every lane of every expiry. A collateral's quantity is below that, too.
    """

    options: int
    expiries: int = 8
    collaterals: int = 10
    underlyings: int = 1
    lanes: int = 34
    skews: int = 2
    rows: int = 1024
    market_underlyings: int = 3
    market_expiries: int = 16
    sum_bits: int = 56

    def __post_init__(self) -> None:
        if self.options not in (*SIZE_CLASSES, TINY_OPTIONS):
            raise InputError(
                f"no such size class; choose one of {', '.join(map(str, SIZE_CLASSES))} options"
            )
        for name, (lo, hi) in _LIMITS.items():
            if not lo <= getattr(self, name) <= hi:
                raise InputError(f"must be {lo} to {hi}", name)
        if self.lanes % 2 or self.lanes < self.skews + 3:
            raise InputError("must be even and hold the mark, two basis shocks and skews", "lanes")

    @property
    def size_class(self) -> str:
        return f"{self.options} options"

    @property
    def class_tag(self) -> int:
        """First element of a commitment: model and slot counts, so no two classes collide."""
        counts = (self.options, self.expiries, self.collaterals, self.underlyings)
        tag = COMMITMENT_TAG
        for count in counts:
            tag = (tag << 16) + count
        return tag

    @property
    def words(self) -> int:
        """Packed elements of the lanes of a row."""
        return self.lanes // 2

    @property
    def arity(self) -> int:
        """Children of a node of the epoch's tree."""
        return min(ARITY, self.rows)

    @property
    def nodes(self) -> int:
        """Nodes over the leaves."""
        return -(-self.rows // self.arity)

    @property
    def records(self) -> int:
        """Entries of the cap before the nodes: scenarios, underlyings, expiries."""
        return 1 + self.market_underlyings + self.market_expiries

    @property
    def cap_entries(self) -> int:
        return self.records + self.nodes

    @property
    def openings(self) -> int:
        """What one proof looks up in the cap; the scenarios' record stands at its beginning."""
        return self.underlyings + self.expiries + self.options + self.collaterals

    def __str__(self) -> str:
        return (
            f"{self.size_class} over {self.expiries} expiries of {self.underlyings} underlyings, "
            f"{self.collaterals} collaterals, {self.lanes} lanes, {self.rows} rows"
        )


#: The smallest whole statement: what the slow engine proves.
TINY: Final = PortfolioShape(
    TINY_OPTIONS,
    expiries=2,
    collaterals=1,
    lanes=6,
    skews=1,
    rows=10,
    market_underlyings=1,
    market_expiries=3,
)


def smallest(options: int) -> int:
    """The smallest size class with room for so many options; InputError above the largest."""
    for room in SIZE_CLASSES:
        if options <= room:
            return room
    raise InputError(f"at most {SIZE_CLASSES[-1]} options fit the largest size class", "options")
