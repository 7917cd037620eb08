"""The shape of a margin statement: everything about it that is compiled in.

Source: the project's margin specification, "Statements": only the shape is compiled in, rates and
boundaries are data. Two parameter sets of one shape give one circuit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from circuits.margin.constants import COMMITMENT_VERSION
from zk.errors import InputError

#: The size classes a venue may offer, as "positions + collaterals". A class is public; how many of
#: its slots are used is not.
SIZE_CLASSES: Final = ("4+4", "16+8", "64+16")
#: A class for tests and for the slow engine: one position, one collateral.
TINY_CLASS: Final = "1+1"

MAX_TIERS: Final = 16
MAX_ROWS: Final = 4096
ARITY: Final = 9  # children of a node of the epoch's tree


@dataclass(frozen=True)
class Shape:
    """Slot counts of the account, tier counts and rows of the market's table."""

    positions: int
    collaterals: int
    requirement_tiers: int = 6
    haircut_tiers: int = 12
    rows: int = 1024

    def __post_init__(self) -> None:
        if self.size_class not in (*SIZE_CLASSES, TINY_CLASS):
            raise InputError(f"no such size class; choose one of {', '.join(SIZE_CLASSES)}")
        for name in ("requirement_tiers", "haircut_tiers"):
            if not 1 <= getattr(self, name) <= MAX_TIERS:
                raise InputError(f"must be 1 to {MAX_TIERS}", name)
        if not 1 <= self.rows <= MAX_ROWS:
            raise InputError(f"must be 1 to {MAX_ROWS}", "rows")

    @property
    def size_class(self) -> str:
        return f"{self.positions}+{self.collaterals}"

    @property
    def class_tag(self) -> int:
        """First element of a commitment: version and slot counts, so no two classes collide."""
        return class_tag(self.positions, self.collaterals)

    @property
    def arity(self) -> int:
        """Children of a node of the epoch's tree."""
        return min(ARITY, self.rows)

    @property
    def cap_nodes(self) -> int:
        """Nodes over the leaves; they are hashed once, into the tree's root."""
        return -(-self.rows // self.arity)

    def __str__(self) -> str:
        return (
            f"{self.size_class}, {self.requirement_tiers} requirement tiers, "
            f"{self.haircut_tiers} haircut tiers, {self.rows} rows"
        )


#: The smallest whole statement: what the slow engine proves.
TINY: Final = Shape(1, 1, requirement_tiers=2, haircut_tiers=1, rows=4)


def slots(size_class: str) -> tuple[int, int]:
    """(positions, collaterals) of a size class."""
    if size_class not in (*SIZE_CLASSES, TINY_CLASS):
        raise InputError(f"no such size class; choose one of {', '.join(SIZE_CLASSES)}")
    positions, collaterals = size_class.split("+")
    return int(positions), int(collaterals)


def class_tag(positions: int, collaterals: int) -> int:
    return (COMMITMENT_VERSION << 32) + (positions << 16) + collaterals
