"""Constant folding: a row in which a factor is constant is a linear constraint.

Such rows come of elimination, which puts constants in the place of wires: k * B = C is
k B - C = 0. They are handed to linear elimination where it can solve one of them, or where there
is nothing left to say; a combination of inputs alone stays the row it is.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from zk.compiler.frontend import ConstraintSystem, Rows
from zk.compiler.passes.rows import (
    combination,
    defining_rows,
    drop_products,
    drop_rows,
    fixed_wires,
    view,
)
from zk.compiler.types import LinearCombination, add_lc, constant_of, scale_lc


def fold_constants(cs: ConstraintSystem) -> bool:
    """Move rows with a constant factor to cs.linear; whether there was one worth moving."""
    rows = np.flatnonzero(_constant(cs.a) | _constant(cs.b)).tolist()
    if not rows:
        return False
    fixed = fixed_wires(cs)
    moved: dict[int, LinearCombination] = {}
    for row in rows:
        lc = linear_of(cs, row)
        wire = max(lc, default=0)
        # A constant that is not zero is a contradiction: linear elimination says so.
        if wire == 0 or not fixed[wire]:
            moved[row] = lc
    if not moved:
        return False
    defined = defining_rows(cs)
    for row, lc in moved.items():
        # A product's operands are defined before it, so it is the wire that will be solved.
        if row in defined and max(lc) != defined[row]:
            raise AssertionError("a product is defined before what it reads")
        cs.linear.append((lc, cs.row_origin[row]))
    drop_products(cs, {defined[row] for row in moved if row in defined})
    drop_rows(cs, moved)
    return True


def _constant(rows: Rows) -> npt.NDArray[np.bool_]:
    """Which rows of a matrix are constant: no term, or one of wire 0."""
    offsets = view(rows.offsets)
    lengths = np.diff(offsets)
    one = np.flatnonzero(lengths == 1)
    result: npt.NDArray[np.bool_] = lengths == 0
    result[one] = view(rows.wires)[offsets[one]] == 0
    return result


def linear_of(cs: ConstraintSystem, row: int) -> LinearCombination:
    """The combination that a row with a constant factor says is 0."""
    a, b, c = (combination(cs, matrix, row) for matrix in (cs.a, cs.b, cs.c))
    k = constant_of(a)
    product = scale_lc(b, k) if k is not None else scale_lc(a, constant_of(b) or 0)
    return add_lc(product, c, -1)
