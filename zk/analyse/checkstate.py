"""What the certificate's checker knows: the rows, read here anew, and the facts proved so far.

It shares no code with what finds proofs. Notation: as in `checker`; a side is scale * wire +
constant, and an interval holds integers to which a wire is congruent, fewer than R.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256
from itertools import pairwise
from typing import Any

from zk.errors import ArtifactError
from zk.field import R, from_limbs
from zk.r1cs import R1CS

FORMAT = "zkmargin analysis certificate 1"

LC = dict[int, int]
Interval = tuple[int, int]
Side = tuple[int, int, int]  # scale, wire, constant


class BadCertificate(ArtifactError):
    """A certificate that does not prove what it claims."""


def system_digest(r1cs: R1CS) -> str:
    """What binds a certificate to its rows and to which wires are inputs and outputs."""
    h = sha256()
    for number in (r1cs.n_wires, r1cs.n_outputs, r1cs.n_public, r1cs.n_private):
        h.update(number.to_bytes(8, "little"))
    h.update(r1cs.table.astype("<u8").tobytes())
    for matrix in (r1cs.a, r1cs.b, r1cs.c):
        for array in (matrix.offsets, matrix.wires, matrix.coeffs):
            h.update(len(array).to_bytes(8, "little"))
            h.update(array.astype("<u4").tobytes())
    return h.hexdigest()


class State:
    """The rows as the checker reads them, and the facts that the steps so far have proved."""

    def __init__(
        self,
        r1cs: R1CS,
        inputs: list[int],
        certificate: dict[str, Any],
        tick: Callable[[], None],
    ) -> None:
        self.tick = tick
        if certificate["format"] != FORMAT or certificate["system"] != system_digest(r1cs):
            raise BadCertificate("the certificate is of another system")
        self.n, self.m = r1cs.n_wires, r1cs.n_constraints
        self.outputs = range(1, 1 + r1cs.n_outputs)
        self.rows = [_rows(r1cs, matrix) for matrix in (r1cs.a, r1cs.b, r1cs.c)]
        self.definitions: list[LC] = []
        self.names: dict[tuple[tuple[int, int], ...], int] = {}
        for wires, coeffs in certificate["definitions"]:
            lc = dict(zip(wires, coeffs, strict=True))
            need(len(lc) == len(wires) and all(is_in(w, 1, self.n) for w in lc), "definition")
            need(all(is_in(c, 1, R) for c in lc.values()), "definition")
            self.names[_monic(lc)] = self.n + len(self.definitions)
            self.definitions.append(lc)
        total = self.n + len(self.definitions)
        self.known = bytearray(total)
        self.ranges: list[Interval | None] = [None] * total
        self.excluded: dict[int, set[int]] = {}
        self.false = False
        self.trail: list[tuple[str, int, Any]] = []
        self.known[0], self.ranges[0] = 1, (1, 1)
        need(certificate["inputs"] == inputs, "the inputs are others")
        for wire in inputs:
            need(is_in(wire, 1 + r1cs.n_outputs, self.n), "an output is not given")
            self.known[wire] = 1
        self.steps = certificate["steps"]

    # Reading the system ------------------------------------------------------------------------

    def equation(self, source: int) -> tuple[LC, int]:
        """({wire: coefficient}, constant) of an equation."""
        need(is_in(source, 0, self.m + len(self.definitions)), "equation")
        if source >= self.m:
            wire = self.n + source - self.m
            return {**self.definitions[source - self.m], wire: R - 1}, 0
        a, b, c = (matrix[source] for matrix in self.rows)
        if set(a) - {0}:
            a, b = b, a
        need(not set(a) - {0}, "a product is not an equation")
        total = {w: (a.get(0, 0) * b.get(w, 0) - c.get(w, 0)) % R for w in {**b, **c}}
        constant = total.pop(0, 0)
        return {w: v for w, v in total.items() if v}, constant

    def sides(self, row: int) -> tuple[Side, Side, Side]:
        """f, g, h of row f * g = h; f * g = q f is read as f * (g - q) = 0."""
        need(is_in(row, 0, self.m), "row")
        f, g, h = (self.side(matrix[row]) for matrix in self.rows)
        for one, other in ((f, g), (g, f)):
            if one[0] and h[0] and one[1] == h[1]:
                q = h[0] * inverse_of(one[0]) % R
                if (q * one[2] - h[2]) % R == 0:
                    return one, (other[0], other[1], (other[2] - q) % R), (0, 0, 0)
        return f, g, h

    def side(self, lc: LC) -> Side:
        wires = sorted(w for w in lc if w)
        if not wires:
            return 0, 0, lc.get(0, 0)
        if len(wires) == 1:
            return lc[wires[0]], wires[0], lc.get(0, 0)
        wire = self.names[_monic({w: lc[w] for w in wires})]
        scale = lc[wires[0]] * inverse_of(self.definitions[wire - self.n][wires[0]]) % R
        return scale, wire, lc.get(0, 0)

    # Facts -------------------------------------------------------------------------------------

    def learn(self, wire: int) -> None:
        if not self.known[wire]:
            self.trail.append(("known", wire, 0))
            self.known[wire] = 1

    def narrow(self, wire: int, found: Interval) -> None:
        """The wire is congruent to an integer in `found`, which is shorter than R."""
        lo, hi = found
        need(lo <= hi and hi - lo < R, "range")
        move = ((lo + hi) // 2 + R // 2) // R * R
        lo, hi = lo - move, hi - move
        old = self.ranges[wire]
        if old is not None:
            for shift in (0, R, -R):
                # In a hull shorter than R, congruent integers are equal: intersect.
                if max(old[1], hi + shift) - min(old[0], lo + shift) < R:
                    lo, hi = max(old[0], lo + shift), min(old[1], hi + shift)
                    break
            else:
                if hi - lo >= old[1] - old[0]:
                    return
        if lo > hi or (lo == hi and lo % R in self.excluded.get(wire, ())):
            self.fail()
            return
        self.trail.append(("range", wire, old))
        self.ranges[wire] = (lo, hi)
        if lo == hi:
            self.learn(wire)

    def exclude(self, wire: int, value: int) -> None:
        bounds = self.ranges[wire]
        if bounds is not None and bounds[0] == bounds[1]:
            if bounds[0] % R == value:
                self.fail()
            return
        self.trail.append(("excluded", wire, self.excluded.get(wire)))
        self.excluded[wire] = self.excluded.get(wire, set()) | {value}
        if bounds is not None and bounds[0] % R == value:
            self.narrow(wire, (bounds[0] + 1, bounds[1]))
        elif bounds is not None and bounds[1] % R == value:
            self.narrow(wire, (bounds[0], bounds[1] - 1))

    def fail(self) -> None:
        self.trail.append(("false", 0, self.false))
        self.false = True

    def undo(self, mark: int) -> None:
        while len(self.trail) > mark:
            kind, wire, old = self.trail.pop()
            if kind == "known":
                self.known[wire] = 0
            elif kind == "range":
                self.ranges[wire] = old
            elif kind == "excluded":
                self.excluded[wire] = old or set()
            else:
                self.false = old

    def can_be(self, wire: int, value: int) -> bool:
        bounds = self.ranges[wire]
        if bounds is not None and not inside(value, bounds):
            return False
        return value % R not in self.excluded.get(wire, ())

    def nonzero(self, side: Side) -> bool:
        scale, wire, constant = side
        if not scale:
            return constant != 0
        return not self.can_be(wire, -constant * inverse_of(scale) % R)

    def interval(self, side: Side) -> Interval | None:
        """Integers that the side is congruent to."""
        scale, wire, constant = side
        bounds = self.ranges[wire] if scale else (0, 0)
        if bounds is None:
            return None
        ends = sorted(signed(scale) * x + signed(constant) for x in bounds)
        return (ends[0], ends[1]) if ends[1] - ends[0] < R - 1 else None

    def bounds(self, wire: int) -> Interval:
        found = self.ranges[wire]
        if found is None:
            raise BadCertificate(f"a step does not follow: wire {wire} has no range")
        return found


def need(holds: object, what: str) -> None:
    if not holds:
        raise BadCertificate(f"a step does not follow: {what}")


def numbers(tree: object) -> None:
    """Integers, texts, and lists and objects of them; a float would round."""
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, list):
        for item in tree:
            if type(item) is not int:
                numbers(item)
    else:
        need(isinstance(tree, int | str), "a number is not an integer")


def is_in(x: object, lo: int, hi: int) -> bool:
    return type(x) is int and lo <= x < hi


def _monic(lc: LC) -> tuple[tuple[int, int], ...]:
    """The combination up to a factor."""
    over = inverse_of(lc[min(lc)])
    return tuple(sorted((w, c * over % R) for w, c in lc.items()))


@lru_cache(maxsize=1 << 16)
def inverse_of(x: int) -> int:
    return pow(x, -1, R)


def signed(x: int) -> int:
    return x - R if x > R // 2 else x


def times(scale: int, bounds: Interval) -> Interval:
    ends = sorted(signed(scale) * x for x in bounds)
    return ends[0], ends[1]


def add(one: tuple[int, ...], other: tuple[int, ...]) -> Interval:
    return one[0] + other[0], one[1] + other[1]


def residues(bounds: Interval) -> Interval:
    return bounds[0] % R, bounds[1] % R


def inside(value: int, bounds: Interval) -> bool:
    """Whether an integer of the range is congruent to the value."""
    return (value - bounds[0]) % R <= bounds[1] - bounds[0]


def within(inner: Interval, outer: Interval) -> bool:
    """Whether the range, moved by a multiple of R, is inside the other."""
    return outer[0] + (inner[0] - outer[0]) % R + inner[1] - inner[0] <= outer[1]


def _rows(r1cs: R1CS, matrix: Any) -> list[LC]:
    table = from_limbs(r1cs.table) if len(r1cs.table) else []
    wires, coeffs = matrix.wires.tolist(), matrix.coeffs.tolist()
    ends = matrix.offsets.tolist()
    return [
        {w: table[c] for w, c in zip(wires[lo:hi], coeffs[lo:hi], strict=True)}
        for lo, hi in pairwise(ends)
    ]
