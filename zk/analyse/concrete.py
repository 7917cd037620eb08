"""Completes a partial assignment: values for all wires that satisfy every row, if luck has it.

Values propagate through equations and products; sums of bounded wires are taken apart into their
digits; what is left is solved as a linear system, with quadratics in one free wire; and where
nothing follows, a wire gets a drawn value. A conflict ends the attempt: the caller draws again.
"""

from __future__ import annotations

import random
from collections import deque

from zk.analyse.facts import HALF, Range
from zk.analyse.limits import Budget
from zk.analyse.propagate import radix
from zk.analyse.roots import quadratic_roots
from zk.analyse.system import Affine, Product, System
from zk.field import R, inverse

LC = dict[int, int]  # wire -> coefficient, with 0 for the constant

_MOST_ROWS = 250  # of the linear system solved at once
_MOST_TERMS = 60
_LONGEST = 31  # draws of given wires between two such systems
_MOST_DIGITS = 400  # of a sum that is taken apart


class Conflict(Exception):
    """No values complete what has been assigned."""


class Completion:
    """One attempt at one assignment."""

    def __init__(
        self,
        system: System,
        ranges: list[Range | None],
        budget: Budget,
        rng: random.Random,
        first: list[int],
        order: list[int],
        computed: dict[int, int] | None = None,
    ) -> None:
        self.system = system
        self.values: list[int | None] = [None] * system.wires
        self._ranges = ranges
        self._budget = budget
        self._rng = rng
        self._first, self._order = deque(first), deque(order)  # the wires drawn first, then
        self._computed = computed or {}
        self._left = [len(e.wires) for e in system.equations]
        self._equations: deque[int] = deque(i for i, n in enumerate(self._left) if n < 2)
        self._products: deque[int] = deque()
        self.values[0] = 1

    def give(self, wire: int, value: int) -> None:
        """Assign a wire, and all that follows from it at once."""
        self._assign(wire, value % R)
        self._propagate()

    def complete(self) -> list[int]:
        """Values of all wires. Raises Conflict."""
        self._propagate()
        # Solving is dear next to a draw: where it finds nothing, more is drawn between two times.
        pause = wait = 0
        while True:
            self._budget.look()
            if wait and self._first:
                wait -= 1
            elif self._linear():
                pause = wait = 0
                self._propagate()
                continue
            else:
                pause = min(2 * pause + 1, _LONGEST)
                wait = pause
            wire = self._next(self._first)
            if wire is None:
                wire = self._freed()
            if wire is None:
                wire = self._next(self._order)
            if wire is None:
                return [value or 0 for value in self.values]
            self.give(wire, self._draw(wire))

    def _next(self, order: deque[int]) -> int | None:
        while order:
            wire = order.popleft()
            if self.values[wire] is None:
                return wire
        return None

    def _freed(self) -> int | None:
        """A wire whose product has a zero on the other side: no row bounds it from there, while
        a wire drawn elsewhere, an output say, is likely to be one that others determine. So is a
        combination: where a choice is 0, that between two wires which other rows compute; and what
        would be computed later.
        """
        best: tuple[int, int] | None = None
        for product in self.system.products:
            for f, g in ((product.f, product.g), (product.g, product.f)):
                if g.scale and self.values[g.wire] is None and self._at(f) == 0:
                    late = 2 * self.system.wires * (g.wire >= self.system.n)
                    key = self._computed.get(g.wire, self.system.wires) + late, g.wire
                    best = key if best is None else min(best, key)
        return None if best is None else best[1]

    def _draw(self, wire: int) -> int:
        bounds, rng = self._ranges[wire], self._rng
        if bounds is not None:
            return rng.randint(*bounds)
        kind = rng.random()
        if kind < 0.15:
            return rng.choice((0, 1, R - 1))
        return rng.randrange(R)

    def _assign(self, wire: int, value: int) -> None:
        old = self.values[wire]
        if old is not None:
            if old != value:
                raise Conflict
            return
        bounds = self._ranges[wire]
        if bounds is not None and (value - bounds[0]) % R > bounds[1] - bounds[0]:
            raise Conflict
        self.values[wire] = value
        for i in self.system.in_equations[wire]:
            self._left[i] -= 1
            if self._left[i] < _MOST_DIGITS:
                self._equations.append(i)
        self._products.extend(self.system.in_products[wire])

    def _propagate(self) -> None:
        while self._equations or self._products:
            self._budget.spend()
            if self._products:
                self._product(self.system.products[self._products.popleft()])
            else:
                self._equation(self._equations.popleft())

    # Equations ---------------------------------------------------------------------------------

    def _equation(self, i: int) -> None:
        left = self._left[i]
        equation = self.system.equations[i]
        if left > 1 and any(
            self._ranges[w] is None and self.values[w] is None for w in equation.wires
        ):
            return
        total, free = equation.constant, []
        for wire, coefficient in zip(equation.wires, equation.coeffs, strict=True):
            value = self.values[wire]
            if value is None:
                free.append((wire, coefficient))
            else:
                total += coefficient * value
        if not free:
            if total % R:
                raise Conflict
        elif len(free) == 1:
            wire, coefficient = free[0]
            self._assign(wire, -total * inverse(coefficient) % R)
        else:
            self._digits(total % R, free)

    def _digits(self, total: int, free: list[tuple[int, int]]) -> None:
        """Take a sum of bounded wires apart where its digits are unique; an alias is drawn."""
        ranges = [self._ranges[w] for w, _ in free]
        spans = [r[1] - r[0] for r in ranges if r is not None]
        found = radix([(w, c, s) for (w, c), s in zip(free, spans, strict=True)])
        if found is None and len(free) < 250:
            return
        over = (
            found[0] if found else inverse(min((c for _, c in free), key=lambda c: min(c, R - c)))
        )
        if found and len(found[1]) < len(free):
            return
        # sum(c (lo + y)) = -total with 0 <= y <= span; for c < 0, y counts down from hi.
        rest = -total * over % R
        digits = []
        for (wire, coefficient), bounds in zip(free, ranges, strict=True):
            assert bounds is not None
            c = coefficient * over % R
            if c > HALF:
                digits.append((R - c, bounds[1] - bounds[0], wire, bounds[1], -1))
                rest -= c * bounds[1]
            else:
                digits.append((c, bounds[1] - bounds[0], wire, bounds[0], 1))
                rest -= c * bounds[0]
        rest %= R
        digits.sort(reverse=True)
        reach = sum(c * span for c, span, *_ in digits)
        choices = [rest + k * R for k in range(3) if rest + k * R <= reach]
        self._rng.shuffle(choices)
        for amount in choices:
            values = []
            for c, span, wire, start, sign in digits:
                y = min(span, amount // c)
                amount -= c * y
                values.append((wire, (start + sign * y) % R))
            if not amount:
                for wire, value in values:
                    self._assign(wire, value)
                return
        if not choices or found:
            raise Conflict

    # Products ----------------------------------------------------------------------------------

    def _at(self, affine: Affine) -> int | None:
        value = self.values[affine.wire]
        if affine.scale == 0:
            return affine.constant
        return None if value is None else (affine.scale * value + affine.constant) % R

    def _product(self, product: Product) -> None:
        f, g, h = (self._at(side) for side in product[1:])
        if f is not None and g is not None:
            self._set(product.h, f * g % R)
        elif f == 0 or g == 0:
            self._set(product.h, 0)
        elif h is not None and (f is not None or g is not None):
            known, other = (f, product.g) if f is not None else (g, product.f)
            assert known is not None
            self._set(other, h * inverse(known) % R)
        elif (
            product.f.wire == product.g.wire
            and f is None
            and (h is not None or product.h.wire == product.f.wire)
        ):
            self._quadratic(product, h)

    def _set(self, affine: Affine, value: int) -> None:
        if affine.scale == 0:
            if affine.constant != value % R:
                raise Conflict
        else:
            x = (value - affine.constant) * inverse(affine.scale)
            self._assign(affine.wire, x % R)

    def _quadratic(self, product: Product, h: int | None) -> None:
        _, f, g, side = product
        a, b, c = (
            f.scale * g.scale,
            f.scale * g.constant + f.constant * g.scale,
            f.constant * g.constant,
        )
        if h is not None:
            c -= h
        else:
            b, c = b - side.scale, c - side.constant
        self._root(f.wire, a, b, c, one_only=True)

    def _root(self, wire: int, a: int, b: int, c: int, one_only: bool) -> bool:
        """Assign a root; False if there are two and only one would do."""
        if a % R == b % R == 0:
            if c % R:
                raise Conflict
            return False
        bounds = self._ranges[wire]
        roots = [
            x
            for x in quadratic_roots(a, b, c)
            if bounds is None or (x - bounds[0]) % R <= bounds[1] - bounds[0]
        ]
        if not roots:
            raise Conflict
        if len(roots) > 1 and one_only:
            return False
        self._assign(wire, self._rng.choice(roots))
        return True

    # What is left, as a linear system ----------------------------------------------------------

    def _linear(self) -> bool:
        """Solve the smallest equations that are left together; whether a wire got a value."""
        rows = self._rows()
        pivots: dict[int, LC] = {}
        for row in rows:
            self._budget.look()
            for wire in [w for w in row if w in pivots]:
                _substitute(row, wire, pivots[wire])
            free = [w for w in row if w]
            if not free:
                if row.get(0, 0):
                    raise Conflict
                continue
            if len(free) > _MOST_TERMS:
                continue
            # A wire that is drawn last is better expressed by the others.
            pivot = max(free)
            over = -inverse(row.pop(pivot)) % R
            solved = {w: c * over % R for w, c in row.items()}
            for other in pivots.values():
                if pivot in other:
                    _substitute(other, pivot, solved)
            pivots[pivot] = solved
        found = False
        for wire, lc in pivots.items():
            if not any(lc) and self.values[wire] is None:
                self._assign(wire, lc.get(0, 0))
                found = True
        return found or self._substituted(pivots)

    def _rows(self) -> list[LC]:
        chosen = [i for i, n in enumerate(self._left) if 0 < n <= _MOST_TERMS]
        chosen.sort(key=self._left.__getitem__)
        rows: list[LC] = []
        for i in chosen[:_MOST_ROWS]:
            equation = self.system.equations[i]
            row: LC = {0: equation.constant}
            for wire, coefficient in zip(equation.wires, equation.coeffs, strict=True):
                _add(row, wire, coefficient, self.values[wire])
            rows.append(row)
        for product in self.system.products:
            if len(rows) >= 2 * _MOST_ROWS:
                break
            f, g, h = (self._at(side) for side in product[1:])
            if (f is None) != (g is None) and h is None:
                factor, other = (f, product.g) if f is not None else (g, product.f)
                assert factor is not None
                row = {0: (factor * other.constant - product.h.constant) % R}
                _add(row, other.wire, factor * other.scale % R, None)
                _add(row, product.h.wire, -product.h.scale % R, None)
                rows.append(row)
        return rows

    def _substituted(self, pivots: dict[int, LC]) -> bool:
        """A product whose sides depend on one free wire, once the solved ones are put in."""
        for product in self.system.products:
            sides = []
            free: set[int] = set()
            for affine in product[1:]:
                lc: LC = {0: affine.constant}
                if affine.scale:
                    value = self.values[affine.wire]
                    _add(lc, affine.wire, affine.scale, value)
                    if value is None and affine.wire in pivots:
                        _substitute(lc, affine.wire, pivots[affine.wire])
                sides.append(lc)
                free.update(w for w in lc if w)
                if len(free) > 1:
                    break
            if len(free) != 1 or len(sides) < 3:
                continue
            wire = free.pop()
            (f1, f0), (g1, g0), (h1, h0) = ((lc.get(wire, 0), lc.get(0, 0)) for lc in sides)
            if self._root(wire, f1 * g1, f1 * g0 + f0 * g1 - h1, f0 * g0 - h0, one_only=False):
                return True
        return False


def _add(lc: LC, wire: int, coefficient: int, value: int | None) -> None:
    if value is not None:
        wire, coefficient = 0, coefficient * value
    new = (lc.get(wire, 0) + coefficient) % R
    if new or wire == 0:
        lc[wire] = new
    else:
        lc.pop(wire, None)


def _substitute(lc: LC, wire: int, expression: LC) -> None:
    factor = lc.pop(wire)
    for w, c in expression.items():
        _add(lc, w, factor * c, None)
