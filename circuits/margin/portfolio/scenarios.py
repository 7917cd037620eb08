"""PnL in every scenario, and the worst of them.

Source: the project's margin specification, "Model P". Notation for an underlying: T_s the changes
of its expiries, n the notional that moves with spot (perpetual, futures, collaterals that cancel),
u_s the shock less 1, d_s the damping:

    PnL_s = d_s (sum T_s + 1e9 n u_s)        at 1e-37
    x     = min(basis, min_s PnL_s)          <= 0, as the basis is

A lane that is no scenario has damping 0, so its PnL is 0 and never the only minimum.
"""

from __future__ import annotations

from collections.abc import Sequence

from circuits.margin.portfolio import constants as c
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.types import Bool, Field, Int, Uint


def profits(
    cs: ConstraintSystem,
    changes: Sequence[Int],
    notional: Int,
    shocks: Sequence[Int],
    dampings: Sequence[Uint],
) -> list[Int]:
    """PnL_s of every lane, given sum T_s."""
    found = []
    for lane, (change, shock, damping) in enumerate(zip(changes, shocks, dampings, strict=True)):
        with cs.obligation(f"PnL in lane {lane}"):
            moved = notional * shock * c.NOTIONAL_SHOCK_SCALE
            found.append((change + moved) * damping)
    return found


def at_most(cs: ConstraintSystem, x: Field, values: Sequence[Int]) -> Int:
    """x is at most each of `values`; returns it with an interval."""
    low, high = min(value.lo for value in values), max(value.hi for value in values)
    bits = (high - low).bit_length()
    for i, value in enumerate(values):
        with cs.obligation(f"the worst is at most value {i}"):
            cs.assert_range(Field(cs, value.lc) - x, bits)
    # It is at most 2^bits below the first value.
    return cs.number(x.lc, values[0].lo - (1 << bits), values[0].hi)


def chosen(cs: ConstraintSystem, choice: Sequence[Bool], values: Sequence[Int]) -> Int:
    """One of `values`, that of the only bit of `choice` that is 1."""
    total, picked = cs.constant(0), cs.constant(0)
    for bit, value in zip(choice, values, strict=True):
        total, picked = total + bit, picked + bit * value
    with cs.obligation("one scenario is chosen"):
        cs.assert_equal(total, 1)
    return cs.number(
        picked.lc, min(value.lo for value in values), max(value.hi for value in values)
    )
