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
from zk.compiler.types import Bool, Int, Uint


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
    Cost: the check of the rates, and 4 T - 3 (T tiers); with `exact` 2 T - 3 and two range checks
    of v more.
    """
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
    reached = [cs.assert_bool(1 - cs.hint_less(value, start)) for start in starts]
    for earlier, later in pairwise(reached):
        # later = 1 forces earlier = 1, so exactly one tier is the last reached.
        cs.assert_product(later, ~earlier, 0)
    return reached


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
        # On the last tier the end is lifted above any value.
        end = start * unit + length * unit + last * value.hi
        assert_le(cs, value, end)
