"""Dead wires: a product that nothing reads, and hints that only such products read.

A product's row says what its wire is and nothing else, so without a reader it excludes no witness.
Whether a hint is constrained at all is asked before the passes (`lower`); what becomes idle here
was read by rows that turned out to say nothing.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from zk.compiler.frontend import ConstraintSystem
from zk.compiler.passes.rows import (
    U32,
    drop_rows,
    instructions,
    keep_instructions,
    starts,
    view,
    written,
)
from zk.compiler.witness import Op


def drop_dead(cs: ConstraintSystem) -> set[int]:
    """Remove idle products and hints until none is left; returns their wires."""
    gone: set[int] = set()
    while len(dead := _idle(cs)):
        gone.update(written(dead).tolist())
        rows = dead[dead[:, 0] == Op.ROW, 3].tolist()
        code = instructions(cs)
        keep_instructions(cs, code[~np.isin(code[:, 1], dead[:, 1])])
        drop_rows(cs, rows)
    return gone


def _idle(cs: ConstraintSystem) -> U32:
    """The instructions of which nothing reads any result."""
    reads = np.zeros(cs.n_wires, dtype=np.int64)
    for rows in (cs.a, cs.b, cs.c):
        reads += np.bincount(view(rows.wires), minlength=cs.n_wires)
    code = instructions(cs)
    reads[code[code[:, 0] == Op.ROW, 1]] -= 1  # its own row's
    idle = _unread(code, reads)
    if len(idle):  # the pool is walked only where there is something to look for
        for lc in cs.pool:
            reads[list(lc)] += 1
        idle = _unread(code, reads)
    return idle


def _unread(code: U32, reads: npt.NDArray[np.int64]) -> U32:
    return code[np.add.reduceat(reads[written(code)], starts(code)) == 0] if len(code) else code
