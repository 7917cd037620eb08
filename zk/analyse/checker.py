"""The certificate's checker: re-validates a proof that wires are determined by the inputs.

It shares no code with what finds proofs: `checkstate` reads the rows of the R1CS itself and keeps
its own facts, and a step is accepted only if the facts before it imply it. A step has a name and
arguments; docs/analyse.md lists them. Anything that is not as it should be raises BadCertificate.

Notation: as in the certificate, wires from n on are defined by it, each as a combination of the
circuit's wires; equation k < m is row k, equation m + i defines wire n + i.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from zk.analyse.checkpoly import Poly, affine, plus, product, read_poly
from zk.analyse.checkstate import (
    FORMAT,
    LC,
    BadCertificate,
    Interval,
    Side,
    State,
    add,
    inside,
    inverse_of,
    is_in,
    need,
    numbers,
    residues,
    signed,
    system_digest,
    times,
    within,
)
from zk.analyse.digits import Table, forbids, part_table, reduced
from zk.field import R
from zk.r1cs import R1CS

__all__ = ["FORMAT", "BadCertificate", "Proved", "check_certificate", "system_digest"]


class Proved(NamedTuple):
    """The inputs determine every output; every wire; no assignment satisfies the rows at all."""

    outputs: bool
    wires: bool
    unsatisfiable: bool


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
        numbers(certificate)
        return _Checker(r1cs, inputs, certificate, tick).run()
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError) as error:
        raise BadCertificate(f"malformed certificate ({type(error).__name__})") from None


class _Checker(State):
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

    # Steps: equations --------------------------------------------------------------------------

    def step_known(self, source: int, wire: int) -> None:
        terms, _ = self.equation(source)
        need([w for w in terms if not self.known[w]] == [wire], "known")
        self.learn(wire)

    def step_range(self, source: int, wire: int, lo: int, hi: int) -> None:
        terms, constant = self.equation(source)
        over = -inverse_of(terms.pop(wire)) % R
        low = high = signed(over * constant % R)
        for w, c in terms.items():
            low, high = add((low, high), times(over * c % R, self.bounds(w)))
        need(high - low < R - 1 and lo <= low and high <= hi, "range")
        self.narrow(wire, (lo, hi))

    def step_empty(self, source: int) -> None:
        terms, constant = self.equation(source)
        total = (signed(constant), signed(constant))
        for w, c in terms.items():
            total = add(total, times(c, self.bounds(w)))
        need(total[1] - total[0] < R - 1 and not inside(0, total), "empty")
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
        need(is_in(multiplier, 1, R), "radix")
        integer = []
        for w, c in terms.items():
            if c and not self.known[w]:
                lo, hi = self.bounds(w)
                integer.append((abs(signed(c * multiplier % R)), hi - lo, w))
        reach = sum(c * span for c, span, _ in integer)
        need(reach < R, "radix: the sum can wrap")
        zero = set()
        for c, span, w in sorted(integer, reverse=True):
            reach -= c * span
            if c <= reach:
                break
            zero.add(w)
        need(zero.issuperset(wires), "radix: not unique")
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
        need(is_in(multiplier, 1, R) and is_in(scale, 1, R), "fold")
        terms = {w: c for w, c in self.equation(source)[0].items() if not self.known[w]}
        need(all(self.bounds(w) == (0, 1) for w in terms), "fold: bits")
        weights = {w: c * multiplier % R for w, c in terms.items()}
        below = 0
        for weight in sorted(weights.values()):
            need(weight > below, "fold: not unique")
            below += weight
        bit_of = {w: w for w in terms}
        for copy, new, old in copies:
            lc, constant = self.equation(copy)
            need(set(lc) == {new, old} and sum(lc.values()) % R == 0, "fold: copy")
            need(constant == 0 and new not in bit_of, "fold: copy")
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
            need(is_in(row, 0, self.m) and is_in(part, 1, len(self.known)), "fold: part")
            need(part not in bit_of, "fold: part")
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
                need(self.bounds(w)[1] - self.bounds(w)[0] <= 1, "fold: a sum of bits")
                others.append(times(c, self.bounds(w)))
        need(forbids(tables, others, signed(offset % R), modulus), "fold")
        # Two sums below R of one residue are equal, and each weight exceeds all smaller ones.
        for w in terms:
            self.learn(w)

    # Steps: products ---------------------------------------------------------------------------

    def step_product(self, row: int) -> None:
        f, g, h = self.sides(row)
        need(self.known[f[1]] and self.known[g[1]] and h[0], "product")
        self.learn(h[1])

    def step_quotient(self, row: int, side: int) -> None:
        f, g, h = self.sides(row)
        divisor, quotient = (f, g) if side == 1 else (g, f)
        need(self.known[divisor[1]] and self.known[h[1]] and self.nonzero(divisor), "quotient")
        need(quotient[0] != 0, "quotient")
        self.learn(quotient[1])

    def step_solve(self, row: int, wire: int) -> None:
        """One unknown wire x: a known side f, the others p x + ... and q x + ..., p f != q."""
        need(is_in(row, 0, self.m) and is_in(wire, 1, self.n), "solve")
        a, b, c = (matrix[row] for matrix in self.rows)
        need(all(self.known[w] or w == wire for lc in (a, b, c) for w in lc), "solve")
        if a.get(wire):
            a, b = b, a
        need(not a.get(wire), "solve: a square")
        scale, known, constant = self.side(a)
        left, right = b.get(wire, 0), c.get(wire, 0)
        need(self.nonzero((left * scale % R, known, (left * constant - right) % R)), "solve")
        self.learn(wire)

    def step_square(self, row: int) -> None:
        f, g, h = self.sides(row)
        need(f[0] and g[0] and f[1] == g[1] and self.known[h[1]], "square")
        lo, hi = self.bounds(f[1])
        # f(x) g(x) = f(y) g(y) with x != y: x + y is this, and between 2 lo + 1 and 2 hi - 1.
        total = -(f[0] * g[2] + f[2] * g[0]) * inverse_of(f[0] * g[0]) % R
        need(hi - lo < R // 2 and not inside(total, (2 * lo + 1, 2 * hi - 1)), "square")
        self.learn(f[1])

    def step_value(self, row: int, side: int, lo: int, hi: int) -> None:
        sides = self.sides(row)
        found = self.product(sides) if side == 2 else self.division(sides, side)
        scale, wire, constant = sides[side]
        over = inverse_of(scale)
        low, high = add(times(over, found), 2 * (signed(-constant * over % R),))
        need(high - low < R - 1, "value")
        need(within((low, high), (lo, hi)), "value")
        self.narrow(wire, (lo, hi))

    def product(self, sides: tuple[Side, Side, Side]) -> Interval:
        """Where f * g lies."""
        one, other = self.interval(sides[0]), self.interval(sides[1])
        if (0, 0) in (one and residues(one), other and residues(other)):
            return 0, 0
        if one is None or other is None:
            raise BadCertificate("a step does not follow: a factor has no range")
        if one[0] == one[1]:
            return times(one[0] % R, other)
        if other[0] == other[1]:
            return times(other[0] % R, one)
        corners = [x * y for x in one for y in other]
        return min(corners), max(corners)

    def division(self, sides: tuple[Side, Side, Side], side: int) -> Interval:
        """Where one factor lies: h over the other, which is a number, or zero if h is."""
        divisor, h = sides[1 - side], self.interval(sides[2])
        if h is None:
            raise BadCertificate("a step does not follow: a product has no range")
        if residues(h) == (0, 0):
            need(self.nonzero(divisor), "division")
            return 0, 0
        number = self.interval(divisor)
        need(number is not None and number[0] == number[1] and number[0] % R, "division")
        assert number is not None
        return times(inverse_of(number[0]), h)

    def step_factor(self, row: int, side: int) -> None:
        sides = self.sides(row)
        need(side in (0, 1) and self.nonzero(sides[2]), "factor")
        scale, wire, constant = sides[side]
        self.exclude(wire, -constant * inverse_of(scale) % R)

    def step_wrong(self, row: int) -> None:
        sides = self.sides(row)
        found = self.product(sides)
        need(not sides[2][0] and found[1] - found[0] < R - 1, "wrong")
        need(not inside(sides[2][2], found), "wrong")
        self.fail()

    def step_roots(self, row: int, roots: list[int], lo: int, hi: int) -> None:
        f, g, h = self.sides(row)
        need(f[0] and g[0] and f[1] == g[1], "roots")
        a, b, c = f[0] * g[0], f[0] * g[2] + f[2] * g[0], f[2] * g[2]
        value = self.interval(h)
        if h[0] and h[1] == f[1] and not (value and value[0] == value[1]):
            b, c = b - h[0], c - h[2]
        else:
            need(value is not None and value[0] == value[1], "roots")
            assert value is not None
            c -= value[0]
        square = (b * b - 4 * a * c) % R
        if not roots:
            need(pow(square, R // 2, R) == R - 1, "roots")
            self.fail()  # its square root would have to exist
            return
        need(all((a * x * x + b * x + c) % R == 0 for x in roots), "roots")
        need(len({x % R for x in roots}) == (1 if square == 0 else 2), "roots")
        left = [x for x in roots if self.can_be(f[1], x)]
        if not left:
            self.fail()
            return
        need(all(inside(x, (lo, hi)) for x in left), "roots")
        self.narrow(f[1], (lo, hi))

    def step_nonsquare(
        self, terms: list[list[Any]], factor: int, root: list[list[Any]], nu: int
    ) -> None:
        """What is zero, times polynomials, adds up to factor s^2 - nu, and nu / factor is no
        square: a contradiction.
        """
        total: Poly = {}
        for kind, index, multiplier in terms:
            zero = self.vanishing(kind, index)
            total = plus(total, product(read_poly(multiplier, len(self.known)), zero))
        s = read_poly(root, len(self.known))
        claimed = plus(product(product(s, s), {(): factor % R}), {(): 1}, -nu)
        need(not plus(total, claimed, -1), "nonsquare: the sum")
        need(pow(nu * inverse_of(factor % R), R // 2, R) == R - 1, "nonsquare: a square")
        self.fail()

    def vanishing(self, kind: int, index: int) -> Poly:
        """What every assignment makes zero: f g - h of a row, an equation, wire - its value."""
        if kind == 0:
            f, g, h = (affine(*side) for side in self.sides(index))
            return plus(product(f, g), h, -1)
        if kind == 1:
            terms, constant = self.equation(index)
            return plus({(w,): c for w, c in terms.items()}, {(): constant})
        need(kind == 2 and is_in(index, 1, len(self.known)), "nonsquare")
        lo, hi = self.bounds(index)
        need(lo == hi, "nonsquare: a value")
        return affine(1, index, -lo)

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
        need(is_in(wire, 1, len(self.known)), "split")
        need(self.known[wire] == 1 or not known, "split")
        touched = [*known, *(w for w, _, _ in ranges), *(w for w, _ in excluded)]
        need(all(is_in(w, 1, len(self.known)) for w in touched), "split")
        if covered:
            lo, hi = self.bounds(wire)
            need(hi - lo < 1000, "split")
            every = {x % R for x in range(lo, hi + 1)} - self.excluded.get(wire, set())
            need(every.issubset(values), "split: a case is missing")
        cases = [*values, None] if not covered else list(values)
        need(len(cases) == len(branches), "split")
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
                need(all(self.known[w] for w in known), "split: known")
                for w, lo, hi in ranges:
                    need(within(self.bounds(w), (lo, hi)), "split: range")
                need(all(not self.can_be(w, value) for w, value in excluded), "split: excluded")
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
