"""Inputs at which a quotient that nothing checks is 0 / 0.

A row f g = h determines g where f is not zero. Where f = h = 0, any g will do. The inputs but one
are drawn, the wires are computed as rational functions of the one that is left, t, and at each
quotient f and h may have a common root: that root as t, if no other divisor vanishes there, is an
assignment in which g is free. A chain of sums on a curve is such a case: the inputs need not be on
the curve that was meant, and on another one the point has a small order.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator

from zk.analyse.limits import Budget
from zk.analyse.polynomials import VARIABLE, Poly, Rational, constant, divided, gcd, roots
from zk.analyse.system import Affine, Equation, Product, System
from zk.field import R

_MOST_DEGREE = 120  # of a function: what is larger is not computed further
_MOST_TERMS = 60  # of an equation
_MOST_SETS = 4


class Quotients:
    """Draws inputs of one system, and finds such roots. `order` says of a wire when it is computed
    from the inputs.
    """

    def __init__(self, system: System, inputs: list[int], known: bytearray, budget: Budget) -> None:
        self._system, self._inputs, self._known, self._budget = system, inputs, known, budget
        self._sets = self._inputs_of_first()

    def draw(self, rng: random.Random) -> Iterator[tuple[dict[int, int], dict[int, int], int]]:
        """(values of all inputs, {a divisor's wire: what makes it zero}, the wire that they leave
        free), from one draw.

        Inputs that one of the first quotients depends on are any numbers; the others bits, often.
        """
        if not self._sets:
            return
        # A divisor and its dividend seldom vanish together where one input decides both.
        several = [found for found in self._sets if len(found) > 1] or self._sets
        drawn = several[0] if rng.random() < 0.5 else rng.choice(self._sets)
        bits = rng.random() < 0.8
        given = {w: rng.randrange(R if w in drawn or not bits else 2) for w in self._inputs}
        wire = rng.choice(drawn)
        for top, f, other in _Run(self, given, wire).common():
            for root in roots(top, rng):
                yield {**given, wire: root}, {f.wire: f.root()}, other.wire

    def _inputs_of_first(self) -> list[list[int]]:
        """The sets of inputs on which the first quotients depend that were not proved unique."""
        bit = {w: 1 << i for i, w in enumerate(self._inputs)}
        walk = _Walk(self._system, self._budget)
        for w in self._inputs:
            walk.put(w, bit[w])
        found: list[int] = []
        for product, f, other in walk.quotients():
            depends = walk.values[f.wire] or 0
            if depends and not self._known[other.wire]:
                depends |= (walk.values[product.h.wire] or 0) if product.h.scale else 0
                if depends not in found and len(found) < _MOST_SETS:
                    found.append(depends)
        self.order = walk.order
        return [[w for w in self._inputs if bit[w] & depends] for depends in found]


class _Walk:
    """Visits equations and products as their wires become computable; values are sets of inputs."""

    def __init__(self, system: System, budget: Budget) -> None:
        self.system, self.budget = system, budget
        self.values: list[int | None] = [None] * system.wires
        self.values[0] = 0
        self.order: dict[int, int] = {}  # a wire -> how many were computed before it
        self._left = [len(e.wires) for e in system.equations]
        self._queue: deque[tuple[bool, int]] = deque()
        for i, n in enumerate(self._left):
            if n == 1:
                self._queue.append((True, i))

    def put(self, wire: int, value: int) -> None:
        if self.values[wire] is None:
            self.values[wire] = value
            self.order[wire] = len(self.order)
            for i in self.system.in_equations[wire]:
                self._left[i] -= 1
                if self._left[i] == 1:
                    self._queue.append((True, i))
            self._queue.extend((False, i) for i in self.system.in_products[wire])

    def quotients(self) -> Iterator[tuple[Product, Affine, Affine]]:
        """Each product that is solved for a factor, the other factor, and the factor."""
        while self._queue:
            self.budget.spend()
            linear, i = self._queue.popleft()
            if linear:
                self._equation(self.system.equations[i])
                continue
            product = self.system.products[i]
            f, g, h = (self._known(side) for side in product[1:])
            if f and g and not h:
                self._product(product)
            elif h and f != g and product.f.wire != product.g.wire:
                divisor, other = (product.f, product.g) if f else (product.g, product.f)
                yield product, divisor, other
                self._quotient(product, divisor, other)

    def _known(self, side: Affine) -> bool:
        return not side.scale or self.values[side.wire] is not None

    def _equation(self, equation: Equation) -> None:
        missing = [w for w in equation.wires if self.values[w] is None]
        if len(missing) == 1:
            self.put(missing[0], self._depends(equation.wires))

    def _product(self, product: Product) -> None:
        self.put(product.h.wire, self._depends((product.f.wire, product.g.wire)))

    def _quotient(self, product: Product, divisor: Affine, other: Affine) -> None:
        wires = (divisor.wire, product.h.wire if product.h.scale else 0)
        self.put(other.wire, self._depends(wires))

    def _depends(self, wires: tuple[int, ...]) -> int:
        total = 0
        for w in wires:
            total |= self.values[w] or 0
        return total


class _Run(_Walk):
    """The same with a rational function beside each wire: `values` only says that it is there."""

    def __init__(self, quotients: Quotients, given: dict[int, int], wire: int) -> None:
        super().__init__(quotients._system, quotients._budget)
        self.functions: dict[int, Rational] = {0: constant(1)}
        self._free = quotients._known
        for w, value in given.items():
            self._give(w, VARIABLE if w == wire else constant(value))

    def common(self) -> Iterator[tuple[Poly, Affine, Affine]]:
        """(the common factor of f and h, f, g) of quotients where they have one."""
        poles: list[Poly] = []
        for product, f, other in self.quotients():
            divisor = self._at(f)
            if divisor is None or not divisor.top:
                continue
            if len(divisor.top) > 1:
                dividend = self._at(product.h)
                if not self._free[other.wire] and dividend is not None and dividend.top:
                    shared = gcd(divisor.top, dividend.top)
                    for pole in poles:
                        while len(shared) > 1 and len(both := gcd(shared, pole)) > 1:
                            shared = divided(shared, both)[0]
                    if len(shared) > 1:
                        yield shared, f, other
                poles.append(divisor.top)

    def _give(self, wire: int, function: Rational) -> None:
        if function.degree <= _MOST_DEGREE and self.values[wire] is None:
            self.functions[wire] = function
            self.put(wire, 1)

    def _at(self, side: Affine) -> Rational | None:
        if not side.scale:
            return constant(side.constant)
        function = self.functions.get(side.wire)
        return None if function is None else function.affine(side.scale, side.constant)

    def _set(self, side: Affine, function: Rational | None) -> None:
        if function is not None and side.scale:
            over = pow(side.scale, -1, R)
            self._give(side.wire, function.affine(over, -side.constant * over % R))

    def _equation(self, equation: Equation) -> None:
        missing = [i for i, w in enumerate(equation.wires) if self.values[w] is None]
        if len(missing) != 1 or len(equation.wires) > _MOST_TERMS:
            return
        total = constant(equation.constant)
        for i, (w, c) in enumerate(zip(equation.wires, equation.coeffs, strict=True)):
            if i != missing[0]:
                total = total.plus(self.functions[w], c)
        over = -pow(equation.coeffs[missing[0]], -1, R) % R
        self._give(equation.wires[missing[0]], total.affine(over, 0))

    def _product(self, product: Product) -> None:
        f, g = self._at(product.f), self._at(product.g)
        if f is not None and g is not None:
            self._set(product.h, f.times(g))

    def _quotient(self, product: Product, divisor: Affine, other: Affine) -> None:
        f, h = self._at(divisor), self._at(product.h)
        if f is not None and h is not None and f.top:
            self._set(other, h.over(f))
