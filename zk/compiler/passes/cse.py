"""Common subexpressions: one product where there were two of the same factors.

Rows A * B = C and k A * B = C' say k C = C', which is a linear constraint: what it solves goes, and
the rows are one and the same from then on. A row that says what another says is dropped.

Rows are compared by a number of 64 bits, and those that agree in it term by term. Two factors count
the same in either order, and whatever constant they are multiplied by.
"""

from __future__ import annotations

from itertools import accumulate

import numpy as np
import numpy.typing as npt

from zk.compiler.frontend import ConstraintSystem, Rows
from zk.compiler.passes.rows import (
    U32,
    combination,
    defining_rows,
    drop_products,
    drop_rows,
    fixed_wires,
    view,
)
from zk.compiler.types import LinearCombination, add_lc
from zk.field import R

_U64 = npt.NDArray[np.uint64]
_Terms = tuple[tuple[int, int], ...]

# Odd constants: what is mixed needs no more than to differ for rows that differ, mostly.
_WIRE, _COEFFICIENT, _SHIFT = (
    np.uint64(0x9E3779B97F4A7C15),
    np.uint64(0xC2B2AE3D27D4EB4F),
    np.uint64(31),
)
_LOW = (1 << 64) - 1


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
    for scales in groups:
        # The definition of the first wire stays; the others follow it.
        group = sorted(scales, key=lambda row: (defined.get(row, cs.n_wires), row))
        first = combination(cs, cs.c, group[0])
        inverse = pow(scales[group[0]], -1, R)
        for row in group[1:]:
            lc = add_lc(combination(cs, cs.c, row), first, -scales[row] * inverse % R)
            wire = max(lc, default=0)
            if wire and fixed[wire]:
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


def _groups(cs: ConstraintSystem) -> list[dict[int, int]]:
    """Rows of the same two factors but for constants, two or more each: row -> its constant."""
    a, b = _sums(cs, cs.a), _sums(cs, cs.b)
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
    groups: dict[tuple[_Terms, _Terms], dict[int, int]] = {}
    for members in candidates.values():
        for row in members:
            (a_lc, j), (b_lc, k) = (_monic(combination(cs, m, row)) for m in (cs.a, cs.b))
            groups.setdefault((min(a_lc, b_lc), max(a_lc, b_lc)), {})[row] = j * k % R
    return [group for group in groups.values() if len(group) > 1]


def _monic(lc: LinearCombination) -> tuple[_Terms, int]:
    """The combination with the coefficient 1 at its first wire, and what it was there.

    An empty one is monic: k * 0 = 0 for k = 1 too.
    """
    terms = sorted(lc.items())
    scale = terms[0][1] if terms else 1
    if scale != 1:
        inverse = pow(scale, -1, R)
        terms = [(wire, k * inverse % R) for wire, k in terms]
    return tuple(terms), scale


def _sums(cs: ConstraintSystem, rows: Rows) -> _U64:
    """A number for each row, of its length, its ends and their coefficients' ratio, mod 2^64.

    The last wire is what tells rows apart: most are about a wire that no row before them has.
    """
    offsets, wires, coeffs = view(rows.offsets), view(rows.wires), view(rows.coeffs)
    starts, ends = offsets[:-1], offsets[1:]
    full = np.flatnonzero(ends > starts)
    sums = np.zeros(len(starts), dtype=np.uint64)
    first, last = starts[full], ends[full] - 1
    sums[full] = wires[last]
    sums[full] *= _WIRE
    for part in (_ratios(cs, coeffs[last], coeffs[first]), wires[first], last - first):
        sums[full] += part
        sums[full] *= _COEFFICIENT
    return sums ^ (sums >> _SHIFT)


def _ratios(cs: ConstraintSystem, above: U32, below: U32) -> _U64:
    """The low 64 bits of table[above] / table[below], element by element."""
    pairs, places = np.unique(above.astype(np.uint64) << np.uint64(32) | below, return_inverse=True)
    distinct = [(pair >> 32, pair & 0xFFFFFFFF) for pair in pairs.tolist()]
    inverses = _inverses([cs.table[k] for _, k in distinct])
    values = [cs.table[j] * inverse % R for (j, _), inverse in zip(distinct, inverses, strict=True)]
    low = np.array([value & _LOW for value in values], dtype=np.uint64)
    found: _U64 = low[places]
    return found


def _inverses(values: list[int]) -> list[int]:
    """All inverses by one (Montgomery's trick): there may be as many as rows."""
    products = list(accumulate(values, lambda x, y: x * y % R, initial=1))
    inverse = pow(products.pop(), -1, R)
    found: list[int] = []
    for value, before in zip(reversed(values), reversed(products), strict=True):
        found.append(inverse * before % R)
        inverse = inverse * value % R
    return found[::-1]
