"""Linear elimination: wires that a linear constraint determines are substituted away.

Each constraint lc = 0 is solved for the wire that the witness program defines last, so what
replaces it consists of wires defined before it and the program's order stays right. A bit that is
solved for is cut out of its decomposition, and a remainder off its quotient. Inputs are never
eliminated, nor is a quotient that has its remainder beside it; a constraint that ends in one stays
as a row, unless those before imply it. A substitution is an equality that the system implied before
and that defines the wire afterwards: the satisfying set, projected on the wires that remain, is the
same.

Where the program's run breaks such an equality of a bit, it breaks a row that asserts something of
the bit: that row's words name the equality too.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from zk.compiler.frontend import ConstraintSystem, Rows
from zk.compiler.passes.rows import (
    combination,
    cut_results,
    defining_rows,
    fixed_wires,
    instructions,
    keep_instructions,
    view,
    written,
)
from zk.compiler.types import LinearCombination, add_lc, scale_lc
from zk.errors import CompileError
from zk.field import R

Substitution = dict[int, LinearCombination]


def eliminate_linear(cs: ConstraintSystem) -> set[int]:
    """Solve cs.linear, rewrite every row and hint; returns the wires that are gone."""
    fixed = fixed_wires(cs)
    solved: Substitution = {}
    origins: dict[int, int] = {}  # of each solved wire, that of its equality
    kept: Substitution = {}  # the rows that stay, solved for their last wires: to see what they say
    for whole, origin in cs.linear:
        lc = _apply(whole, solved)
        wire = max(lc, default=0)
        if not fixed[wire]:
            solved[wire] = _solved(lc, wire)
            origins[wire] = origin
            continue
        left = _apply(lc, kept)
        if not left:
            continue  # implied by the ones before
        last = max(left)
        if last == 0:
            # What is left is a constant that is not zero.
            raise CompileError("these equalities contradict each other", cs.origins[origin][1])
        kept[last] = _solved(left, last)
        _append_row(cs, lc, origin)
    cs.linear = []
    # A right side may hold wires solved later; each is smaller than its left, so ascending order
    # ends it.
    for wire in sorted(solved):
        solved[wire] = _apply(solved[wire], solved)
        interval = cs.known.interval(wire)
        if interval:
            cs.known.learn(solved[wire], *interval)
    if solved:
        _name_equalities(cs, origins)
        lost = np.zeros(cs.n_wires, dtype=bool)
        lost[list(solved)] = True
        for rows in (cs.a, cs.b, cs.c):
            _rewrite(cs, rows, solved, lost)
        cs.pool = [_apply(lc, solved) for lc in cs.pool]
        keep_instructions(cs, cut_results(instructions(cs), lost))
    return set(solved)


def _name_equalities(cs: ConstraintSystem, origins: dict[int, int]) -> None:
    """Give rows that assert something of a wire that is cut out the words of its equality too."""
    code = instructions(cs)
    together = written(code[code[:, 2] > 1])
    cut = together[np.isin(together, np.array(list(origins)))].tolist()
    defined = defining_rows(cs) if cut else {}
    for wire in cut:
        for rows in (cs.a, cs.b, cs.c):
            places = np.flatnonzero(view(rows.wires) == wire)
            found = np.searchsorted(view(rows.offsets), places, side="right") - 1
            for row in set(found.tolist()) - set(defined):
                cs.row_origin[row] = _named(cs, cs.row_origin[row], origins[wire])


def _named(cs: ConstraintSystem, row: int, equality: int) -> int:
    """The origin of a row with what an equality stands for."""
    words, where = cs.origins[row]
    also, line = cs.origins[equality]
    if also in words and line == where:
        return row
    given = f"given {also or 'an equality'} ({line})"
    return cs.origin_of(f"{words}, {given}" if words else given, where, cs.gadgets[row])


def _solved(lc: LinearCombination, wire: int) -> LinearCombination:
    """What lc = 0 says that a wire is."""
    return scale_lc({w: k for w, k in lc.items() if w != wire}, -pow(lc[wire], -1, R))


def _apply(lc: LinearCombination, solved: Substitution) -> LinearCombination:
    """Replace solved wires until none is left."""
    lc = dict(lc)
    while True:
        wire = next((wire for wire in lc if wire in solved), None)
        if wire is None:
            return lc
        factor = lc.pop(wire)
        lc = add_lc(lc, solved[wire], factor)


def _append_row(cs: ConstraintSystem, lc: LinearCombination, origin: int) -> None:
    for rows, part in ((cs.a, lc), (cs.b, {0: 1}), (cs.c, {})):
        rows.wires.extend(sorted(part))
        rows.coeffs.extend([cs.coefficient(part[wire]) for wire in sorted(part)])
        rows.offsets.append(len(rows.wires))
    cs.row_origin.append(origin)


def _rewrite(
    cs: ConstraintSystem, rows: Rows, solved: Substitution, lost: npt.NDArray[np.bool_]
) -> None:
    """Rebuild the rows of one matrix that hold a solved wire."""
    hits = np.flatnonzero(lost[view(rows.wires)])
    if not len(hits):
        return
    touched = np.unique(np.searchsorted(view(rows.offsets), hits, side="right") - 1)
    new = Rows()
    last = 0
    for row in map(int, touched):
        _copy(rows, new, last, row)
        lc = _apply(combination(cs, rows, row), solved)
        new.wires.extend(sorted(lc))
        new.coeffs.extend([cs.coefficient(lc[wire]) for wire in sorted(lc)])
        new.offsets.append(len(new.wires))
        last = row + 1
    _copy(rows, new, last, len(rows.offsets) - 1)
    rows.wires, rows.coeffs, rows.offsets = new.wires, new.coeffs, new.offsets


def _copy(old: Rows, new: Rows, first: int, last: int) -> None:
    """Append rows first .. last - 1 of `old` to `new`."""
    if first >= last:
        return
    start, end = old.offsets[first], old.offsets[last]
    shift = len(new.wires) - start  # uint32 wraps around for a shift below 0, and back
    new.wires.extend(old.wires[start:end])
    new.coeffs.extend(old.coeffs[start:end])
    offsets = view(old.offsets)[first + 1 : last + 1]
    new.offsets.frombytes((offsets + np.uint32(shift % (1 << 32))).tobytes())
