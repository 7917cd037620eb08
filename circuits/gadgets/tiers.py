"""Marginal tiers: a piecewise linear function with private, range-checked tables.

Notation: tier j = 0 .. T - 1 starts at boundary b_j (b_0 = 0) and counts at rate r_j, so on tier j
the function is the line r_j v - k_j with k_j = k_(j-1) + (r_j - r_(j-1)) b_j: neighbouring lines
meet at their boundary by construction. A table is carried as increments b_j - b_(j-1) and steps
|r_j - r_(j-1)|, both non-negative by their range, so it cannot be unsorted. Rates that rise give a
convex function, the maximum of its lines (requirements); rates that fall a concave one, the minimum
(haircut values).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from circuits.gadgets.compare import assert_le
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.types import Bool, Int, Uint, integer


@dataclass(frozen=True)
class TierSignals:
    """A table in the circuit: first rate, then (increment, step) per later tier; steps unsigned."""

    rate: Uint
    increments: Sequence[Uint]
    steps: Sequence[Uint]
    rising: bool


def tier_line(
    cs: ConstraintSystem, table: TierSignals, value: Uint, *, unit: int, one: int, exact: bool
) -> Int:
    """Return r_j v - k_j for a tier j, in units of rate times value, rates in [0, one].

    `unit` is what one unit of a boundary is worth in units of `value`. With `exact`, j is the tier
    that holds the value, b_j <= v <= b_(j+1), so the result is the function itself. Without, the
    prover names j: any line bounds a concave function from above and a convex one from below, which
    is sound only where that errs towards the account.

    Requires: nothing beyond the types.
    Cost: the check of the rates, and 3 T - 1 (T > 2 tiers); with `exact` 2 T - 3 and two range
    checks of v more. Of a table of constants: T + 1, with `exact` two range checks of v more.
    """
    integer(cs, value, "tier_line", Uint)
    with cs.obligation("rates lie between 0 and 1"):
        _assert_rates(cs, table, one)
    boundaries: list[Int] = []
    for increment in table.increments:
        boundaries.append(boundaries[-1] + increment if boundaries else increment)
    with cs.obligation("one tier is chosen"):
        reached = _prefix(cs, [start * unit for start in boundaries], value)
    rate: Int = table.rate
    deduction: Int = cs.constant(0)
    for bit, step, start in zip(reached, table.steps, boundaries, strict=True):
        taken = bit * step
        rate = rate + taken if table.rising else rate - taken
        deduction = deduction + taken * start if table.rising else deduction - taken * start
    if exact:
        _assert_tier(cs, table, value, unit, reached)
    # The rate in use is one of the table's, all of which were just bounded.
    return cs.proven(rate, 0, one) * value - deduction * unit


def _assert_rates(cs: ConstraintSystem, table: TierSignals, one: int) -> None:
    """Every rate lies in [0, one]."""
    total: Int = cs.constant(0)
    for step in table.steps:
        total = total + step
    if table.rising:
        # Rates only rise from a non-negative first one: the last is the largest.
        assert_le(cs, table.rate + total, one)
    else:
        # Rates only fall: the first is the largest and the last the smallest.
        assert_le(cs, table.rate, one)
        assert_le(cs, total, table.rate)


def _prefix(cs: ConstraintSystem, starts: Sequence[Int], value: Uint) -> list[Bool]:
    """Bits, one per later tier: ones, then zeros. The hint says which tiers start at or below v."""
    reached = [1 - cs.hint_less(value, start) for start in starts]
    if len(reached) == 1:
        return [cs.assert_bool(reached[0])]
    # chosen_j = reached_(j-1) - reached_j, with 1 before the first and 0 after the last: their sum
    # is 1 by construction, so once each is a bit exactly one is 1, say chosen_j; and then
    # reached_i, the sum of the chosen after i, is 1 for i < j and 0 from j on.
    for before, after in pairwise([cs.constant(1), *reached, cs.constant(0)] if reached else []):
        cs.assert_bool(before - after)
    return [Bool(cs, x.lc) for x in reached]


def _assert_tier(
    cs: ConstraintSystem, table: TierSignals, value: Uint, unit: int, reached: Sequence[Bool]
) -> None:
    """start <= value <= end of the tier that `reached` selects; no end on the last tier."""
    start: Int = cs.constant(0)
    length: Int = cs.constant(0)  # of the chosen tier
    inside = cs.assert_bool(cs.constant(1))
    for j, increment in enumerate(table.increments):
        crossed = increment * reached[j]
        start = start + crossed
        # increments[j] counts where it is the first not reached: reached[j - 1] - reached[j] = 1.
        length = length + (increment * inside - crossed if j else increment - crossed)
        inside = reached[j]
    last = reached[-1] if reached else inside
    with cs.obligation("the value is not below its tier"):
        assert_le(cs, start * unit, value)
    with cs.obligation("the value is not above its tier"):
        # On the last tier the end is lifted above any value. Since start <= value, what is left is
        # at most the tier's length, or value.hi on the last: no wider range is needed.
        left = (start + length) * unit + last * value.hi - value
        longest = max((increment.hi for increment in table.increments), default=0)
        cs.assert_range(left, max(value.hi, longest * unit).bit_length())
