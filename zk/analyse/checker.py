"""The certificate's checker: re-validates a proof that wires are determined by the inputs.

It shares no code with what finds proofs: it reads the rows of the R1CS itself, keeps its own facts,
and accepts a step only if the facts before it imply it. A step has a name and arguments; docs/
analyse.md lists them. Anything that is not as it should be raises BadCertificate.

Notation: as in the certificate, wires from n on are defined by it, each as a combination of the
circuit's wires; equation k < m is row k, equation m + i defines wire n + i.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256
from itertools import pairwise
from typing import Any, NamedTuple

from zk.analyse.digits import Table, forbids, part_table, reduced
from zk.errors import ArtifactError
from zk.field import R, from_limbs
from zk.r1cs import R1CS

FORMAT = "zkmargin analysis certificate 1"

LC = dict[int, int]
Interval = tuple[int, int]
Side = tuple[int, int, int]  # scale, wire, constant


class BadCertificate(ArtifactError):
    """A certificate that does not prove what it claims."""


class Proved(NamedTuple):
    """The inputs determine every output; every wire; no assignment satisfies the rows at all."""

    outputs: bool
    wires: bool
    unsatisfiable: bool


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


def check_certificate(
    r1cs: R1CS,
    inputs: list[int],
    certificate: dict[str, Any],
    tick: Callable[[], None] = lambda: None,
) -> Proved:
    """What the certificate proves about these rows when the wires `inputs` are given.

    `tick` is called at each step and may raise to stop.

    Raises: BadCertificate.
    """
    try:
        _numbers(certificate)
        return _Checker(r1cs, inputs, certificate, tick).run()
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError) as error:
        raise BadCertificate(f"malformed certificate ({type(error).__name__})") from None


class _Checker:
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
            _need(len(lc) == len(wires) and all(_is(w, 1, self.n) for w in lc), "definition")
            _need(all(_is(c, 1, R) for c in lc.values()), "definition")
            self.names[_monic(lc)] = self.n + len(self.definitions)
            self.definitions.append(lc)
        total = self.n + len(self.definitions)
        self.known = bytearray(total)
        self.ranges: list[Interval | None] = [None] * total
        self.excluded: dict[int, set[int]] = {}
        self.false = False
        self.trail: list[tuple[str, int, Any]] = []
        self.known[0], self.ranges[0] = 1, (1, 1)
        _need(certificate["inputs"] == inputs, "the inputs are others")
        for wire in inputs:
            _need(_is(wire, 1 + r1cs.n_outputs, self.n), "an output is not given")
            self.known[wire] = 1
        self.steps = certificate["steps"]

    def run(self) -> Proved:
        self.play(self.steps)
        return Proved(
            outputs=self.false or all(self.known[w] for w in self.outputs),
            wires=self.false or all(self.known[w] for w in range(self.n)),
            unsatisfiable=self.false,
        )

    def play(self, steps: list[list[Any]]) -> None:
        for name, *arguments in steps:
            if self.false:
                return  # anything follows
            self.tick()
            getattr(self, f"step_{name}")(*arguments)

    # Reading the system ------------------------------------------------------------------------

    def equation(self, source: int) -> tuple[LC, int]:
        """({wire: coefficient}, constant) of an equation."""
        _need(_is(source, 0, self.m + len(self.definitions)), "equation")
        if source >= self.m:
            wire = self.n + source - self.m
            return {**self.definitions[source - self.m], wire: R - 1}, 0
        a, b, c = (matrix[source] for matrix in self.rows)
        if set(a) - {0}:
            a, b = b, a
        _need(not set(a) - {0}, "a product is not an equation")
        total = {w: (a.get(0, 0) * b.get(w, 0) - c.get(w, 0)) % R for w in {**b, **c}}
        constant = total.pop(0, 0)
        return {w: v for w, v in total.items() if v}, constant

    def sides(self, row: int) -> tuple[Side, Side, Side]:
        """f, g, h of row f * g = h; f * g = q f is read as f * (g - q) = 0."""
        _need(_is(row, 0, self.m), "row")
        f, g, h = (self.side(matrix[row]) for matrix in self.rows)
        for one, other in ((f, g), (g, f)):
            if one[0] and h[0] and one[1] == h[1]:
                q = h[0] * _inverse(one[0]) % R
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
        scale = lc[wires[0]] * _inverse(self.definitions[wire - self.n][wires[0]]) % R
        return scale, wire, lc.get(0, 0)

    # Facts -------------------------------------------------------------------------------------

    def learn(self, wire: int) -> None:
        if not self.known[wire]:
            self.trail.append(("known", wire, 0))
            self.known[wire] = 1

    def narrow(self, wire: int, found: Interval) -> None:
        """The wire is congruent to an integer in `found`, which is shorter than R."""
        lo, hi = found
        _need(lo <= hi and hi - lo < R, "range")
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
        if bounds is not None and not _inside(value, bounds):
            return False
        return value % R not in self.excluded.get(wire, ())

    def nonzero(self, side: Side) -> bool:
        scale, wire, constant = side
        if not scale:
            return constant != 0
        return not self.can_be(wire, -constant * _inverse(scale) % R)

    def interval(self, side: Side) -> Interval | None:
        """Integers that the side is congruent to."""
        scale, wire, constant = side
        bounds = self.ranges[wire] if scale else (0, 0)
        if bounds is None:
            return None
        ends = sorted(_signed(scale) * x + _signed(constant) for x in bounds)
        return (ends[0], ends[1]) if ends[1] - ends[0] < R - 1 else None

    # Steps: equations --------------------------------------------------------------------------

    def step_known(self, source: int, wire: int) -> None:
        terms, _ = self.equation(source)
        _need([w for w in terms if not self.known[w]] == [wire], "known")
        self.learn(wire)

    def step_range(self, source: int, wire: int, lo: int, hi: int) -> None:
        terms, constant = self.equation(source)
        over = -_inverse(terms.pop(wire)) % R
        low = high = _signed(over * constant % R)
        for w, c in terms.items():
            low, high = _add((low, high), _times(over * c % R, self.bounds(w)))
        _need(high - low < R - 1 and lo <= low and high <= hi, "range")
        self.narrow(wire, (lo, hi))

    def step_empty(self, source: int) -> None:
        terms, constant = self.equation(source)
        total = (_signed(constant), _signed(constant))
        for w, c in terms.items():
            total = _add(total, _times(c, self.bounds(w)))
        _need(total[1] - total[0] < R - 1 and not _inside(0, total), "empty")
        self.fail()

    def step_radix(self, source: int, multiplier: int, wires: list[int]) -> None:
        self.radix(self.equation(source)[0], multiplier, wires)

    def step_sum(self, combination: list[list[int]], multiplier: int, wires: list[int]) -> None:
        total: LC = {}
        for source, factor in combination:
            for w, c in self.equation(source)[0].items():
                total[w] = (total.get(w, 0) + factor * c) % R
        unknown = [w for w, c in total.items() if c and not self.known[w]]
        if unknown == wires and len(wires) == 1:
            self.learn(wires[0])
        else:
            self.radix(total, multiplier, wires)

    def radix(self, terms: LC, multiplier: int, wires: list[int]) -> None:
        """Differences are bounded by the ranges' lengths, and the sum of all cannot reach R: it
        is zero as an integer, and the largest term must vanish if the others cannot make it up.
        """
        _need(_is(multiplier, 1, R), "radix")
        integer = []
        for w, c in terms.items():
            if c and not self.known[w]:
                lo, hi = self.bounds(w)
                integer.append((abs(_signed(c * multiplier % R)), hi - lo, w))
        reach = sum(c * span for c, span, _ in integer)
        _need(reach < R, "radix: the sum can wrap")
        zero = set()
        for c, span, w in sorted(integer, reverse=True):
            reach -= c * span
            if c <= reach:
                break
            zero.add(w)
        _need(zero.issuperset(wires), "radix: not unique")
        for w in wires:
            self.learn(w)

    def step_fold(
        self,
        source: int,
        multiplier: int,
        copies: list[list[int]],
        combination: list[list[int]],
        scale: int,
        modulus: int,
        parts: list[list[int]],
    ) -> None:
        """Bits whose weighted sum is below R because a comparison says so: see `digits`."""
        _need(_is(multiplier, 1, R) and _is(scale, 1, R), "fold")
        terms = {w: c for w, c in self.equation(source)[0].items() if not self.known[w]}
        _need(all(self.bounds(w) == (0, 1) for w in terms), "fold: bits")
        weights = {w: c * multiplier % R for w, c in terms.items()}
        below = 0
        for weight in sorted(weights.values()):
            _need(weight > below, "fold: not unique")
            below += weight
        bit_of = {w: w for w in terms}
        for copy, new, old in copies:
            lc, constant = self.equation(copy)
            _need(set(lc) == {new, old} and sum(lc.values()) % R == 0, "fold: copy")
            _need(constant == 0 and new not in bit_of, "fold: copy")
            bit_of[new] = bit_of[old]
        total: LC = {}
        offset = 0
        for equation, factor in combination:
            lc, constant = self.equation(equation)
            offset += factor * scale * constant
            for w, c in lc.items():
                total[w] = (total.get(w, 0) + factor * scale * c) % R
        defined = {w: self.definitions[w - self.n] for w in bit_of if w >= self.n}
        tables: list[Table] = []
        grouped: set[int] = set()
        for part, row in parts:
            _need(_is(row, 0, self.m) and _is(part, 1, len(self.known)), "fold: part")
            _need(part not in bit_of, "fold: part")
            left, right, result = (reduced(lcs[row], defined, bit_of) for lcs in self.rows)
            made = part_table((left, right, result), part, total.pop(part), bit_of, weights)
            if made is None or made[0] & grouped:
                raise BadCertificate("a step does not follow: fold: part")
            grouped |= made[0]
            tables.append(made[1])
        tables += [[(0, 0), (weights[w], 0)] for w in weights if w not in grouped]
        others = []
        for w, c in total.items():
            if c:
                _need(self.bounds(w)[1] - self.bounds(w)[0] <= 1, "fold: a sum of bits")
                others.append(_times(c, self.bounds(w)))
        _need(forbids(tables, others, _signed(offset % R), modulus), "fold")
        # Two sums below R of one residue are equal, and each weight exceeds all smaller ones.
        for w in terms:
            self.learn(w)

    # Steps: products ---------------------------------------------------------------------------

    def step_product(self, row: int) -> None:
        f, g, h = self.sides(row)
        _need(self.known[f[1]] and self.known[g[1]] and h[0], "product")
        self.learn(h[1])

    def step_quotient(self, row: int, side: int) -> None:
        f, g, h = self.sides(row)
        divisor, quotient = (f, g) if side == 1 else (g, f)
        _need(self.known[divisor[1]] and self.known[h[1]] and self.nonzero(divisor), "quotient")
        _need(quotient[0] != 0, "quotient")
        self.learn(quotient[1])

    def step_square(self, row: int) -> None:
        f, g, h = self.sides(row)
        _need(f[0] and g[0] and f[1] == g[1] and self.known[h[1]], "square")
        lo, hi = self.bounds(f[1])
        # f(x) g(x) = f(y) g(y) with x != y: x + y is this, and between 2 lo + 1 and 2 hi - 1.
        total = -(f[0] * g[2] + f[2] * g[0]) * _inverse(f[0] * g[0]) % R
        _need(hi - lo < R // 2 and not _inside(total, (2 * lo + 1, 2 * hi - 1)), "square")
        self.learn(f[1])

    def step_value(self, row: int, side: int, lo: int, hi: int) -> None:
        sides = self.sides(row)
        found = self.product(sides) if side == 2 else self.division(sides, side)
        scale, wire, constant = sides[side]
        over = _inverse(scale)
        low, high = _add(_times(over, found), 2 * (_signed(-constant * over % R),))
        _need(high - low < R - 1, "value")
        _need(_within((low, high), (lo, hi)), "value")
        self.narrow(wire, (lo, hi))

    def product(self, sides: tuple[Side, Side, Side]) -> Interval:
        """Where f * g lies."""
        one, other = self.interval(sides[0]), self.interval(sides[1])
        if (0, 0) in (one and _mod(one), other and _mod(other)):
            return 0, 0
        if one is None or other is None:
            raise BadCertificate("a step does not follow: a factor has no range")
        if one[0] == one[1]:
            return _times(one[0] % R, other)
        if other[0] == other[1]:
            return _times(other[0] % R, one)
        corners = [x * y for x in one for y in other]
        return min(corners), max(corners)

    def division(self, sides: tuple[Side, Side, Side], side: int) -> Interval:
        """Where one factor lies: h over the other, which is a number, or zero if h is."""
        divisor, h = sides[1 - side], self.interval(sides[2])
        if h is None:
            raise BadCertificate("a step does not follow: a product has no range")
        if _mod(h) == (0, 0):
            _need(self.nonzero(divisor), "division")
            return 0, 0
        number = self.interval(divisor)
        _need(number is not None and number[0] == number[1] and number[0] % R, "division")
        assert number is not None
        return _times(_inverse(number[0]), h)

    def step_factor(self, row: int, side: int) -> None:
        sides = self.sides(row)
        _need(side in (0, 1) and self.nonzero(sides[2]), "factor")
        scale, wire, constant = sides[side]
        self.exclude(wire, -constant * _inverse(scale) % R)

    def step_wrong(self, row: int) -> None:
        sides = self.sides(row)
        found = self.product(sides)
        _need(not sides[2][0] and found[1] - found[0] < R - 1, "wrong")
        _need(not _inside(sides[2][2], found), "wrong")
        self.fail()

    def step_roots(self, row: int, roots: list[int], lo: int, hi: int) -> None:
        f, g, h = self.sides(row)
        _need(f[0] and g[0] and f[1] == g[1], "roots")
        a, b, c = f[0] * g[0], f[0] * g[2] + f[2] * g[0], f[2] * g[2]
        value = self.interval(h)
        if h[0] and h[1] == f[1] and not (value and value[0] == value[1]):
            b, c = b - h[0], c - h[2]
        else:
            _need(value is not None and value[0] == value[1], "roots")
            assert value is not None
            c -= value[0]
        square = (b * b - 4 * a * c) % R
        if not roots:
            _need(pow(square, R // 2, R) == R - 1, "roots")
            self.fail()  # its square root would have to exist
            return
        _need(all((a * x * x + b * x + c) % R == 0 for x in roots), "roots")
        _need(len({x % R for x in roots}) == (1 if square == 0 else 2), "roots")
        left = [x for x in roots if self.can_be(f[1], x)]
        if not left:
            self.fail()
            return
        _need(all(_inside(x, (lo, hi)) for x in left), "roots")
        self.narrow(f[1], (lo, hi))

    # Cases -------------------------------------------------------------------------------------

    def step_split(
        self,
        wire: int,
        values: list[int],
        branches: list[list[list[Any]]],
        covered: bool,
        known: list[int],
        ranges: list[list[int]],
        excluded: list[list[int]],
    ) -> None:
        """What follows in every case; two assignments are in the same one: the wire is known."""
        _need(_is(wire, 1, len(self.known)), "split")
        _need(self.known[wire] == 1 or not known, "split")
        touched = [*known, *(w for w, _, _ in ranges), *(w for w, _ in excluded)]
        _need(all(_is(w, 1, len(self.known)) for w in touched), "split")
        if covered:
            lo, hi = self.bounds(wire)
            _need(hi - lo < 1000, "split")
            every = {x % R for x in range(lo, hi + 1)} - self.excluded.get(wire, set())
            _need(every.issubset(values), "split: a case is missing")
        cases = [*values, None] if not covered else list(values)
        _need(len(cases) == len(branches), "split")
        false = True
        for case, steps in zip(cases, branches, strict=True):
            mark = len(self.trail)
            if case is None:
                for value in values:
                    self.exclude(wire, value)
            else:
                self.narrow(wire, (case, case))
            self.play(steps)
            if not self.false:
                false = False
                _need(all(self.known[w] for w in known), "split: known")
                for w, lo, hi in ranges:
                    _need(_within(self.bounds(w), (lo, hi)), "split: range")
                _need(all(not self.can_be(w, value) for w, value in excluded), "split: excluded")
            self.undo(mark)
        if false:
            self.fail()
            return
        for w, lo, hi in ranges:
            self.narrow(w, (lo, hi))
        for w, value in excluded:
            self.exclude(w, value)
        for w in known:
            self.learn(w)

    def bounds(self, wire: int) -> Interval:
        found = self.ranges[wire]
        if found is None:
            raise BadCertificate(f"a step does not follow: wire {wire} has no range")
        return found


def _need(holds: object, what: str) -> None:
    if not holds:
        raise BadCertificate(f"a step does not follow: {what}")


def _numbers(tree: object) -> None:
    """Integers, texts, and lists and objects of them; a float would round."""
    if isinstance(tree, dict):
        tree = list(tree.values())
    if isinstance(tree, list):
        for item in tree:
            if type(item) is not int:
                _numbers(item)
    else:
        _need(isinstance(tree, int | str), "a number is not an integer")


def _is(x: object, lo: int, hi: int) -> bool:
    return type(x) is int and lo <= x < hi


def _monic(lc: LC) -> tuple[tuple[int, int], ...]:
    """The combination up to a factor."""
    over = _inverse(lc[min(lc)])
    return tuple(sorted((w, c * over % R) for w, c in lc.items()))


@lru_cache(maxsize=1 << 16)
def _inverse(x: int) -> int:
    return pow(x, -1, R)


def _signed(x: int) -> int:
    return x - R if x > R // 2 else x


def _times(scale: int, bounds: Interval) -> Interval:
    ends = sorted(_signed(scale) * x for x in bounds)
    return ends[0], ends[1]


def _add(one: tuple[int, ...], other: tuple[int, ...]) -> Interval:
    return one[0] + other[0], one[1] + other[1]


def _mod(bounds: Interval) -> Interval:
    return bounds[0] % R, bounds[1] % R


def _inside(value: int, bounds: Interval) -> bool:
    """Whether an integer of the range is congruent to the value."""
    return (value - bounds[0]) % R <= bounds[1] - bounds[0]


def _within(inner: Interval, outer: Interval) -> bool:
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
