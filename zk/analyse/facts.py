"""What has been proved about the wires so far, and a trail to undo it at the end of a case.

Three kinds of fact about a wire w, for every satisfying assignment with the given inputs:

    known      any two of them agree on w
    range      w is congruent to an integer in [lo, hi], hi - lo < R; one value if lo = hi
    not        w is none of a few values

A fact that contradicts another sets `false`: no assignment satisfies what is assumed.
"""

from __future__ import annotations

from collections.abc import Callable

from zk.field import R

Range = tuple[int, int]
HALF = R // 2


class Facts:
    """The facts; each change calls `changed(wire, whether its range did)`: rules look again."""

    def __init__(self, wires: int, changed: Callable[[int, bool], None]) -> None:
        self.known = bytearray(wires)
        self.range: list[Range | None] = [None] * wires
        self.excluded: dict[int, frozenset[int]] = {}
        self.false = False
        self._changed = changed
        self._trail: list[tuple[str, int, object]] = []
        self.known[0] = 1
        self.range[0] = (1, 1)

    def set_known(self, wire: int) -> bool:
        """Whether this is news."""
        if self.known[wire]:
            return False
        self.known[wire] = 1
        self._trail.append(("known", wire, None))
        self._changed(wire, False)
        return True

    def set_range(self, wire: int, found: Range) -> bool:
        """Intersect the wire's range with `found`; a range of one value makes the wire known."""
        new = shifted(found)
        old = self.range[wire]
        if old is not None:
            met = meet(old, new)
            if met is None:
                self.set_false()
                return True
            if met == old:
                return False
            new = met
        self._trail.append(("range", wire, old))
        self.range[wire] = new
        if new[0] == new[1]:
            if new[0] % R in self.excluded.get(wire, ()):
                self.set_false()
            self.set_known(wire)
        self._changed(wire, True)
        return True

    def exclude(self, wire: int, value: int) -> bool:
        """The wire is not `value`."""
        old = self.excluded.get(wire, frozenset())
        if value in old:
            return False
        bounds = self.range[wire]
        if bounds is not None:
            if bounds[0] == bounds[1]:
                if bounds[0] % R == value:
                    self.set_false()
                    return True
                return False
            if not holds(bounds, value):
                return False
        self._trail.append(("excluded", wire, old))
        self.excluded[wire] = old | {value}
        if bounds is not None:
            lo, hi = bounds
            if lo % R == value:
                self.set_range(wire, (lo + 1, hi))
            elif hi % R == value:
                self.set_range(wire, (lo, hi - 1))
        self._changed(wire, False)
        return True

    def differs(self, wire: int, value: int) -> bool:
        """Whether the wire is proved to be something else than `value`."""
        bounds = self.range[wire]
        if bounds is not None and not holds(bounds, value):
            return True
        return value in self.excluded.get(wire, ())

    def value(self, wire: int) -> int | None:
        """The wire's only value in [0, R), if it has been proved to have one."""
        bounds = self.range[wire]
        return bounds[0] % R if bounds is not None and bounds[0] == bounds[1] else None

    def set_false(self) -> None:
        if not self.false:
            self.false = True
            self._trail.append(("false", 0, None))

    def mark(self) -> int:
        return len(self._trail)

    def since(self, mark: int) -> tuple[set[int], set[int]]:
        """(wires that became known, wires that got a range or an exclusion) since `mark`."""
        trail = self._trail[mark:]
        known = {wire for kind, wire, _ in trail if kind == "known"}
        return known, {wire for kind, wire, _ in trail if kind in ("range", "excluded")}

    def undo(self, mark: int, forgotten: Callable[[str, int, object], None]) -> None:
        """Back to `mark`; `forgotten` hears of each fact that goes, before it goes."""
        while len(self._trail) > mark:
            kind, wire, old = self._trail.pop()
            forgotten(kind, wire, old)
            if kind == "known":
                self.known[wire] = 0
            elif kind == "range":
                self.range[wire] = old  # type: ignore[call-overload]
            elif kind == "excluded":
                self.excluded[wire] = old  # type: ignore[assignment]
            else:
                self.false = False


def shifted(found: Range) -> Range:
    """The same residues, by integers nearest zero."""
    lo, hi = found
    move = ((lo + hi) // 2 + HALF) // R * R
    return lo - move, hi - move


def meet(one: Range, other: Range) -> Range | None:
    """A range that holds every residue in both; None if there is none.

    Two integers of one residue in the hull of both ranges are equal where the hull is shorter
    than R; elsewhere the ranges cannot be compared, and the shorter is kept.
    """
    for move in (0, R, -R):
        lo, hi = other[0] + move, other[1] + move
        if max(one[1], hi) - min(one[0], lo) < R:
            both = max(one[0], lo), min(one[1], hi)
            return both if both[0] <= both[1] else None
    return one if one[1] - one[0] <= other[1] - other[0] else other


def holds(bounds: Range, value: int) -> bool:
    """Whether the residue `value` is in the range."""
    return bounds[0] + (value - bounds[0]) % R <= bounds[1]


def times(scale: int, bounds: Range) -> Range:
    """scale * [lo, hi], the scale read as signed."""
    s = scale - R if scale > HALF else scale
    return (s * bounds[0], s * bounds[1]) if s >= 0 else (s * bounds[1], s * bounds[0])
