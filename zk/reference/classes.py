"""Classes of wires on integers: the twin of engine/core/src/prepared/{class,types,intervals}.rs.

Source: docs/formats/prepared-key.md. Of rows it reads those that make a bit, of a compiler's
intervals all; the narrower of the two is a wire's class.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zk.errors import EngineError
from zk.field import R, signed
from zk.r1cs import Intervals
from zk.reference import arrays

Terms = Sequence[tuple[int, int]]

CLASSES = 5
VALUE, BIT, FULL = 0, 1, 4
SMALL = {2: (65, 1 << 64), 3: (129, 1 << 128)}  # bits, offset


def classes_of(
    n_wires: int, rows: tuple[Sequence[Terms], ...], intervals: Intervals | None
) -> list[int]:
    """The class of each wire, FULL where nothing is known; `rows` of A, B and C."""
    classes = [FULL] * n_wires
    classes[0] = BIT
    for left, right, product in zip(*rows, strict=False):
        for wire in _bits(left, right, product):
            classes[wire] = BIT
    if intervals is None:
        return classes
    return [min(pair) for pair in zip(classes, _by_intervals(n_wires, intervals), strict=True)]


def _bits(left: Terms, right: Terms, product: Terms) -> list[int]:
    """The wires w of a row k w (l w - l) = 0, in either order."""
    found = []
    for x, y in ((dict(left), dict(right)), (dict(right), dict(left))):
        if len(left) + len(right) == 3 and len(x) == 1 and not product:
            (wire,) = x
            if wire and x[wire] and set(y) == {0, wire} and (y[0] + y[wire]) % R == 0 != y[0]:
                found.append(wire)
    return found


def _by_intervals(n_wires: int, intervals: Intervals) -> list[int]:
    """The class of each wire's interval, checked."""
    ends, of = intervals.ends, intervals.of
    if ends.dtype != np.uint64 or ends.ndim != 3 or ends.shape[1:] != (2, 4):
        shape = f"{ends.dtype}{list(ends.shape)}"
        raise EngineError(f"intervals: uint64[k, 2, 4] is needed, not {shape}")
    if of.dtype != np.uint32 or of.ndim != 1:
        raise EngineError("intervals: an array of uint32 is needed")
    values = [signed(value) for value in arrays.scalars_in(ends.reshape(-1, 4), "intervals")]
    classes = [FULL]
    for i, (low, high) in enumerate(zip(values[::2], values[1::2], strict=True)):
        if low > high:
            raise EngineError(f"intervals: the ends of interval {i} are in the wrong order")
        small = (code for code, (_, top) in SMALL.items() if -top <= low and high < top)
        classes.append(BIT if low >= 0 and high <= 1 else next(small, FULL))
    if len(of) and int(of.max()) >= len(classes):
        raise EngineError("intervals: a place is out of range")
    if len(of) != n_wires:
        raise EngineError(f"intervals: of {len(of)} wires, not {n_wires}")
    return [classes[place] for place in of.tolist()]
