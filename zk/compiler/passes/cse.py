"""Common subexpressions: one product where there were two of the same factors.

Rows A * B = C and A * B = C' say C = C', which is a linear constraint: what it solves goes, and the
rows are one and the same from then on. A row that says what another says is dropped.

Rows are compared by a number of 64 bits, and those that agree in it term by term. Two factors count
the same in either order.
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
from zk.compiler.types import LinearCombination, add_lc

_U64 = npt.NDArray[np.uint64]

# Odd constants: what is mixed needs no more than to differ for rows that differ, mostly.
_WIRE, _COEFFICIENT, _SHIFT = (
    np.uint64(0x9E3779B97F4A7C15),
    np.uint64(0xC2B2AE3D27D4EB4F),
    np.uint64(31),
)


def share_products(cs: ConstraintSystem) -> bool:
    """Drop rows that repeat another, and move what two equal products say to cs.linear.

    Whether linear elimination has work to do.
    """
    groups = _groups(cs)
    if not groups:
        return False
    defined, fixed = defining_rows(cs), fixed_wires(cs)
    dropped: list[int] = []
    products: list[int] = []
    for group in groups:
        # The definition of the first wire stays; the others follow it.
        group.sort(key=lambda row: (defined.get(row, cs.n_wires), row))
        first = combination(cs, cs.c, group[0])
        for row in group[1:]:
            lc = add_lc(combination(cs, cs.c, row), first, -1)
            wire = max(lc, default=0)
            if lc and fixed[wire]:
                continue  # a linear row would take the place of this one
            if row in defined:
                # Its wire is later than the first's, and than those of what both are made of.
                if wire != defined[row]:
                    continue
                products.append(wire)
            if lc:
                cs.linear.append((lc, cs.row_origin[row]))
            dropped.append(row)
    drop_products(cs, products)
    if dropped:
        drop_rows(cs, dropped)
    return bool(cs.linear)


def _groups(cs: ConstraintSystem) -> list[list[int]]:
    """Rows of the same two factors, two or more each."""
    a, b = _sums(cs.a), _sums(cs.b)
    # A hash of the unordered pair.
    pairs = a * _WIRE + b * _WIRE
    ordered = np.sort(pairs)
    if not (ordered[1:] == ordered[:-1]).any():
        return []
    order = np.argsort(pairs, kind="stable")
    same = np.flatnonzero(ordered[1:] == ordered[:-1])
    candidates: dict[int, list[int]] = {}
    for at in same.tolist():
        members = candidates.setdefault(int(pairs[order[at]]), [int(order[at])])
        members.append(int(order[at + 1]))
    groups: dict[tuple[tuple[tuple[int, int], ...], ...], list[int]] = {}
    for members in candidates.values():
        for row in members:
            a_lc, b_lc = (_key(combination(cs, matrix, row)) for matrix in (cs.a, cs.b))
            groups.setdefault((min(a_lc, b_lc), max(a_lc, b_lc)), []).append(row)
    return [group for group in groups.values() if len(group) > 1]


def _key(lc: LinearCombination) -> tuple[tuple[int, int], ...]:
    return tuple(sorted(lc.items()))


def _sums(rows: Rows) -> _U64:
    """A number for each row, of its length, its first and its last term, mod 2^64.

    The last wire is what tells rows apart: most are about a wire that no row before them has.
    """
    offsets, wires, coeffs = view(rows.offsets), view(rows.wires), view(rows.coeffs)
    starts, ends = offsets[:-1], offsets[1:]
    full = np.flatnonzero(ends > starts)
    sums = np.zeros(len(starts), dtype=np.uint64)
    first, last = starts[full], ends[full] - 1
    sums[full] = wires[last]
    sums[full] *= _WIRE
    for part in (coeffs[last], wires[first], coeffs[first], last - first):
        sums[full] += part
        sums[full] *= _COEFFICIENT
    return sums ^ (sums >> _SHIFT)
