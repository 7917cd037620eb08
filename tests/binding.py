"""Which wires of an honest witness do the rows leave unbound?

A step d from a witness w changes the row A w * B w - C w by (A d)(B w) + (A w)(B d) - C d, and by a
term of second order, (A d)(B d). If no step but 0 keeps the first at 0 in every row, each wire is
bound by the rows; with a row too few there is a step, whatever the values are. A bit that lacks its
row is found so at once, where a liar would have to guess which other bit to flip and solve for it.

A row that is a square, (b - 1)^2 = 0, binds its last wire by the second order. Else a wire that is
bound may be found unbound here; one that moves along a curve of witnesses is never found bound. One
that may jump, from 0 to 1, is for the forgeries of `tests/checks.py`.

Notation: w the wires.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from zk.field import R

#: (wire, coefficient) for each row of one matrix.
Terms = Sequence[Sequence[tuple[int, int]]]


def unbound(
    rows: tuple[Terms, Terms, Terms], w: Sequence[int], wires: Collection[int]
) -> list[int]:
    """The wires, of some that a prover computes, that the rows leave unbound at w."""
    left = set(wires)
    steps = list(_steps(rows, w, left))
    read = [{wire for terms in row for wire, _ in terms} & left for row in zip(*rows, strict=True)]
    of_wire: dict[int, list[int]] = defaultdict(list)
    for i, found in enumerate(read):
        for wire in found:
            of_wire[wire].append(i)

    def last(i: int) -> int | None:
        """The wire that a row binds, the others that it reads being bound."""
        if len(steps[i]) == 1:
            return next(iter(steps[i]))
        if steps[i] or len(read[i]) != 1:
            return None
        (wire,) = read[i]
        a, b = (any(wire == other and k for other, k in rows[m][i]) for m in range(2))
        return wire if a and b else None

    # Most are found one after the other.
    ready = list(range(len(steps)))
    while ready:
        wire = last(ready.pop())
        if wire in left and wire is not None:
            left.discard(wire)
            for i in of_wire[wire]:
                steps[i].pop(wire, None)
                read[i].discard(wire)
            ready += of_wire[wire]
    return _kernel([step for step in steps if step], left)


def _steps(
    rows: tuple[Terms, Terms, Terms], w: Sequence[int], wires: Collection[int]
) -> Iterator[dict[int, int]]:
    """What each row says of a step: a combination of its wires that is 0."""
    for a, b, c in zip(*rows, strict=True):
        at_a, at_b = (sum(k * w[wire] for wire, k in terms) % R for terms in (a, b))
        step: dict[int, int] = defaultdict(int)
        for terms, factor in ((a, at_b), (b, at_a), (c, -1)):
            for wire, k in terms:
                if wire in wires:
                    step[wire] += k * factor
        yield {wire: k % R for wire, k in step.items() if k % R}


def _kernel(steps: Sequence[Mapping[int, int]], wires: Collection[int]) -> list[int]:
    """The wires without a pivot, after elimination: each can move, and others with it."""
    pivots: dict[int, dict[int, int]] = {}
    for given in steps:
        step = dict(given)
        while step:
            wire = max(step)
            if wire not in pivots:
                inverse = pow(step[wire], -1, R)
                pivots[wire] = {other: k * inverse % R for other, k in step.items()}
                break
            factor = step[wire]
            for other, k in pivots[wire].items():
                value = (step.get(other, 0) - factor * k) % R
                if value:
                    step[other] = value
                else:
                    step.pop(other, None)
    return sorted(wire for wire in wires if wire not in pivots)
