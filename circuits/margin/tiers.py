"""Tier tables: piecewise linear requirements (rates rise) and haircuts (rates fall).

Source: Hyperliquid documentation, "Margin tiers" (`notional * rate - deduction`, deductions chosen
so that the function is continuous); Binance, "Portfolio margin collateral ratio" (marginal tiers).
Notation: r_i the rate of tier i (ppm), b_i its lower boundary (unit 1e-2 of the quote), d_i its
deduction (unit 1e-8), v a notional or a collateral value (unit 1e-16).

    d_0 = 0,  d_i = d_(i-1) + (r_i - r_(i-1)) * b_i,  line i:  r_i * v - d_i

Deductions are derived, never read, so neighbouring lines meet at b_i exactly. Rising rates make the
function the maximum of its lines (convex), falling rates the minimum (concave, deductions
negative). Soundness of both statements rests on that, so it is checked wherever a table is made.

In a row a table is a first rate and, for each later tier, the increment of the boundary (48 bits)
and the step of the rate (20 bits, up for a requirement, down for a haircut): increments cannot be
negative, hence tiers are sorted and rates monotone by range. Unused tiers have zero increments.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

from circuits.margin.constants import (
    BOUNDARY_BITS,
    BOUNDARY_SCALE,
    DEDUCTION_SCALE,
    RATE_BITS,
    RATE_ONE,
)
from zk.errors import InputError

#: One lane of a packed word: its name ("rate0", "boundary3", "step3") and its width in bits.
Lane = tuple[str, int]
#: Later tiers that share one word: 3 * (48 + 20) + 20 = 224 bits at most, under 253.
TIERS_PER_WORD = 3


@dataclass(frozen=True)
class TierTable:
    """Rates of the tiers, and the lower boundary of each but the first (which starts at 0)."""

    rates: tuple[int, ...]
    boundaries: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.rates or len(self.boundaries) != len(self.rates) - 1:
            raise InputError("a tier table has one rate more than it has boundaries")
        if not all(0 <= rate <= RATE_ONE for rate in self.rates):
            raise InputError("every rate must be 0 to 1")
        if not (self.rises or self.falls):
            raise InputError("rates must rise from tier to tier, or fall from tier to tier")
        steps = (b - a for a, b in pairwise((0, *self.boundaries)))
        if not all(0 <= step < 1 << BOUNDARY_BITS for step in steps):
            raise InputError("boundaries must be sorted, and less than 2^48 hundredths apart")

    @cached_property
    def rises(self) -> bool:
        """A requirement: convex, the maximum of its lines (a single rate rises and falls)."""
        return all(a <= b for a, b in pairwise(self.rates))

    @cached_property
    def falls(self) -> bool:
        """A haircut: concave, the minimum of its lines."""
        return all(a >= b for a, b in pairwise(self.rates))

    def lines(self) -> list[tuple[int, int]]:
        """(rate, deduction) of each tier; ppm and 1e-8."""
        lines = [(self.rates[0], 0)]
        for rate, boundary in zip(self.rates[1:], self.boundaries, strict=True):
            before, deduction = lines[-1]
            lines.append((rate, deduction + (rate - before) * boundary))
        return lines

    def tier(self, value: int) -> int:
        """Index of the tier that holds `value` (unit 1e-16); at a boundary, the tier above it."""
        return bisect_right(self.boundaries, value // BOUNDARY_SCALE)

    def exact(self, value: int) -> int:
        """The function at `value` >= 0 (unit 1e-16), at unit 1e-22."""
        rate, deduction = self.lines()[self.tier(value)]
        return rate * value - deduction * DEDUCTION_SCALE

    def increments(self, tiers: int) -> list[tuple[int, int]]:
        """(boundary increment, absolute rate step) of tiers 1 .. tiers-1, zeros where unused."""
        if len(self.rates) > tiers:
            raise InputError(f"at most {tiers} tiers fit the shape")
        found = [
            (high - low, abs(after - before))
            for (low, high), (before, after) in zip(
                pairwise((0, *self.boundaries)), pairwise(self.rates), strict=True
            )
        ]
        return found + [(0, 0)] * (tiers - len(self.rates))

    def words(self, tiers: int) -> tuple[int, ...]:
        """The table as field elements: the lanes of `table_layout(tiers)`, packed little-endian."""
        return _words(self, tiers)


@lru_cache(maxsize=1024)  # a venue has few tables, and a thousand rows that share them
def _words(table: TierTable, tiers: int) -> tuple[int, ...]:
    lanes = {"rate0": table.rates[0]}
    for i, (boundary, step) in enumerate(table.increments(tiers), start=1):
        lanes[f"boundary{i}"] = boundary
        lanes[f"step{i}"] = step
    words = []
    for layout in table_layout(tiers):
        word, shift = 0, 0
        for name, bits in layout:
            word += lanes[name] << shift
            shift += bits
        words.append(word)
    return tuple(words)


def table_layout(tiers: int) -> list[list[Lane]]:
    """The words of a table of so many tiers: lanes by name and width, least significant first.

    Word 0 begins with the first rate; word j holds the increments of tiers 3j + 1 .. 3j + 3. The
    circuit unpacks by this same function.
    """
    words: list[list[Lane]] = [[("rate0", RATE_BITS)]]
    for tier in range(1, tiers):
        if tier > 1 and (tier - 1) % TIERS_PER_WORD == 0:
            words.append([])
        words[-1] += [(f"boundary{tier}", BOUNDARY_BITS), (f"step{tier}", RATE_BITS)]
    return words
