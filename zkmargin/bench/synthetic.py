"""A synthetic circuit of any size, with its witness: a share of bit checks, the rest products.

Row i is about wire i + 1. A bit's row is w (w - 1) = 0. The first other wire is free (1 w = w);
each later one is the product (full + any) full of earlier wires, where full means one that is no
bit, so that its value is as large as the field. The first three wires are public.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from zk.field import Limbs, R, from_limbs, to_limbs
from zk.r1cs import R1CS, Matrix

_ONE, _MINUS_ONE = 0, 1  # indices into the table of coefficients
_PUBLIC = 3

_Wires = npt.NDArray[np.int64]


def system(rows: int, bits: float = 0.5, seed: int = 1) -> tuple[R1CS, Limbs]:
    """A system of so many rows, the share `bits` of them bit checks, and a witness of it."""
    rng = np.random.default_rng([rows, seed])
    wires = np.arange(1, rows + 1)
    is_bit = rng.random(rows) < bits
    bit, full = wires[is_bit], wires[~is_bit]
    free, new = full[:1], full[1:]
    earlier = np.arange(1, len(new) + 1)
    left, right = (full[rng.integers(0, earlier)] for _ in range(2))
    added = rng.integers(0, new)
    added[added == left] = 0  # a wire stands in a row once: the constant instead
    zero = np.zeros_like(bit)
    a = [(bit, bit, _ONE), (free, 0 * free, _ONE), (new, left, _ONE), (new, added, _ONE)]
    b = [(bit, zero, _MINUS_ONE), (bit, bit, _ONE), (free, free, _ONE), (new, right, _ONE)]
    c = [(free, free, _ONE), (new, new, _ONE)]
    values = [1] * (rows + 1)
    for wire, value in zip(bit.tolist(), rng.integers(0, 2, len(bit)).tolist(), strict=True):
        values[wire] = value
    for wire in free.tolist():
        values[wire] = from_limbs(scalars(1, seed))[0]
    for wire, i, j, k in zip(*(x.tolist() for x in (new, left, added, right)), strict=True):
        values[wire] = (values[i] + values[j]) * values[k] % R
    r1cs = R1CS(
        n_wires=rows + 1,
        n_outputs=0,
        n_public=min(_PUBLIC, rows),
        n_private=0,
        a=_matrix(rows, a),
        b=_matrix(rows, b),
        c=_matrix(rows, c),
        table=to_limbs([1, R - 1]),
        labels=np.arange(rows + 1, dtype=np.uint64),
        n_labels=rows + 1,
    )
    return r1cs, to_limbs(values)


def _matrix(rows: int, parts: list[tuple[_Wires, _Wires, int]]) -> Matrix:
    """From (the row's own wire, the term's wire, its coefficient)."""
    row = np.concatenate([own for own, _, _ in parts]) - 1
    wire = np.concatenate([term for _, term, _ in parts])
    coefficient = np.concatenate([np.full(len(own), value) for own, _, value in parts])
    order = np.lexsort((wire, row))
    offsets = np.zeros(rows + 1, np.uint32)
    offsets[1:] = np.cumsum(np.bincount(row, minlength=rows))
    return Matrix(offsets, wire[order].astype(np.uint32), coefficient[order].astype(np.uint32))


def scalars(count: int, seed: int = 1) -> Limbs:
    """Field elements below 2^253, quickly."""
    drawn: npt.NDArray[np.uint64] = np.random.default_rng(seed).integers(
        0, 2**64, (count, 4), np.uint64
    )
    drawn[:, 3] >>= np.uint64(11)
    return drawn
