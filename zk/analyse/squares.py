"""Contradictions of the kind s^2 = nu, where nu is no square: why complete sums never divide by 0.

A quotient f g = h that nothing checks is free where f = h = 0. On a twisted Edwards curve with a a
square and d none (Bernstein, Birkner, Joye, Lange, Peters 2008), f = 1 +- d t with t = beta gamma
and h a combination of products: f = 0 makes beta gamma a number nu, h = 0 makes two monomials
proportional, and together they say that a square is what no square can be. The inputs need not be
on the curve for that.

What is looked for is any wire of a value v that is a product of two others, and a combination that
vanishes: both are written in the factors, P = k m1 m2 - nu and Q = c1 m1 + c2 m2, and then

    P - (k m2 / c1) Q = -(k c2 / c1) m2^2 - nu.

Notation: a polynomial over wires is {sorted wires: coefficient}; an atom z is an affine function of
a wire, and polynomials over atoms have their numbers in the place of wires. A written quantity
keeps `source` (over wires), `form` (over atoms) and what makes them equal: source = form + sum of
multipliers times what is zero, a row (0, k), an equation (1, k) or a value (2, wire).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from zk.analyse.propagate import Propagator
from zk.analyse.roots import cached_inverse, is_square
from zk.analyse.system import Affine, Product
from zk.field import R

Poly = dict[tuple[int, ...], int]
Zero = tuple[int, int]
LC = dict[int, int]

_MOST_TERMS = 24  # of a combination that vanishes


def refute(p: Propagator, wire: int) -> bool:
    """Whether a contradiction was found that begins with this wire's value."""
    value = p.facts.value(wire)
    if value is None:
        return False
    for i in p.system.in_products[wire]:
        product = p.system.products[i]
        for f in (product.f, product.g):
            if f.wire == wire and f.scale and f.root() == value:
                for expand in (False, True):
                    step = _Attempt(p).contradiction(wire, value, product.h, expand)
                    if step is not None:
                        p.contradiction(step)
                        return True
    return False


@dataclass
class Written:
    """source = form + sum(multiplier * zero)."""

    source: Poly
    form: Poly
    rest: dict[Zero, Poly] = field(default_factory=dict)

    def plus(self, other: Written, factor: int = 1) -> Written:
        rest = {zero: dict(poly) for zero, poly in self.rest.items()}
        for zero, poly in other.rest.items():
            rest[zero] = _add(rest.get(zero, {}), poly, factor)
        form = _add(self.form, other.form, factor)
        return Written(_add(self.source, other.source, factor), form, rest)

    def scaled(self, factor: int) -> Written:
        return Written({}, {}).plus(self, factor)


class _Attempt:
    """The atoms of one attempt."""

    def __init__(self, p: Propagator) -> None:
        self._p = p
        self._system = p.system
        self._atoms: list[Affine] = []

    def contradiction(self, wire: int, value: int, h: Affine, expand: bool) -> list[object] | None:
        """The step, if the wire's value and h = 0 contradict each other so."""
        row = self._made_by(wire)
        zero = self._p.facts.value(h.wire) if h.scale else None
        if row is None or zero is None or (h.scale * zero + h.constant) % R:
            return None
        factors = [self._factor(side, expand) for side in (row.f, row.g)]
        if factors[0] is None or factors[1] is None:
            return None
        # f g - (the value) = row + scale (wire - value).
        product = self._times(factors[0], factors[1])
        nu = (row.h.scale * value + row.h.constant) % R
        one = Written({(): R - nu}, {(): R - nu})
        big = product.plus(one).plus(Written({}, {}, {(0, row.row): {(): R - 1}}))
        big = big.plus(Written({}, {}, {(2, wire): {(): -row.h.scale % R}}))
        small = self._vanishing(h, zero, expand)
        if small is None:
            return None
        return self._join(big, small, nu)

    def _join(self, big: Written, small: Written, nu: int) -> list[object] | None:
        """P and Q as above, if they are of these forms."""
        monomials = [m for m in big.form if m]
        if len(monomials) != 1 or len(small.form) != 2 or big.form.get(()) != R - nu:
            return None
        k = big.form[monomials[0]]
        (m1, c1), (m2, c2) = small.form.items()
        if not m1 or not m2 or tuple(sorted(m1 + m2)) != monomials[0]:
            return None
        # k m1 m2 = nu and m1 = -(c2 / c1) m2.
        factor = -k * c2 * cached_inverse(c1) % R
        if is_square(nu * cached_inverse(factor)):
            return None
        over = -k * cached_inverse(c1) % R
        side = self._expanded({m2: over})
        rest = {zero: dict(poly) for zero, poly in big.rest.items()}
        for zero, poly in small.rest.items():
            rest[zero] = _add(rest.get(zero, {}), _multiply(side, poly))
        # P - .. Q = factor m2^2 - nu in forms; the sources vanish, so the rests are what is left.
        terms = [[*zero, _listed(poly, R - 1)] for zero, poly in sorted(rest.items()) if poly]
        return ["nonsquare", terms, factor, _listed(self._expanded({m2: 1})), nu]

    # Writing in atoms --------------------------------------------------------------------------

    def _atom(self, side: Affine) -> Written | None:
        """A side as a multiple of an atom: of an earlier one, or as one of its own."""
        if not side.scale:
            return None
        source = {(): side.constant, (side.wire,): side.scale}
        for i, atom in enumerate(self._atoms):
            if atom.wire == side.wire:
                ratio = side.scale * cached_inverse(atom.scale) % R
                if not (atom.constant * ratio - side.constant) % R:
                    return Written(_clean(source), {(i,): ratio})
        self._atoms.append(side)
        return Written(_clean(source), {(len(self._atoms) - 1,): 1})

    def _factor(self, side: Affine, expand: bool) -> Written | None:
        """A factor: an atom, or with `expand` the product of atoms that it is."""
        if not expand:
            return self._atom(side)
        if not side.scale or side.constant:
            return None
        found = self._product_of(side.wire)
        return None if found is None else found.scaled(side.scale)

    def _product_of(self, wire: int) -> Written | None:
        """A wire as a product of atoms."""
        row = self._made_by(wire)
        if row is None or row.h.constant:
            return None
        one, other = self._combined(row.f), self._combined(row.g)
        if one is None or other is None:
            return None
        return self._solved(self._times(one, other), row, wire)

    def _solved(self, product: Written, row: Product, wire: int) -> Written:
        """wire = (f g - row) / scale."""
        over = cached_inverse(row.h.scale)
        found = product.plus(Written({}, {}, {(0, row.row): {(): R - 1}})).scaled(over)
        found.source = {(wire,): 1}
        return found

    def _combined(self, side: Affine) -> Written | None:
        """A side as a combination of the atoms that there are, or as an atom of its own."""
        plain = [self._lc(atom) for atom in self._atoms]
        solved = _solve(plain, self._lc(side))
        if solved is None or len(self._atoms) < 2:
            return self._atom(side)
        found = Written({}, {})
        for i, c in enumerate(solved):
            atom = self._atoms[i]
            if c:
                written = Written(_clean({(): atom.constant, (atom.wire,): atom.scale}), {(i,): 1})
                self._unfold(written, atom, R - 1)
                found = found.plus(written, c)
        self._unfold(found, side, 1)
        found.source = _clean({(): side.constant, (side.wire,): side.scale})
        return found

    def _unfold(self, written: Written, side: Affine, sign: int) -> None:
        """Its defined wire t in place of its definition: equation = definition - t."""
        if side.wire >= self._system.n:
            source = self._system.m + side.wire - self._system.n
            more: dict[Zero, Poly] = {(1, source): {(): -sign * side.scale % R}}
            written.rest = written.plus(Written({}, {}, more)).rest

    def _lc(self, side: Affine) -> LC:
        """Over the circuit's own wires."""
        total = {0: side.constant}
        if side.wire < self._system.n:
            total[side.wire] = side.scale
        else:
            definition = self._system.definitions[side.wire - self._system.n]
            for w, c in zip(definition.wires, definition.coeffs, strict=True):
                total[w] = side.scale * c % R
        return total

    def _vanishing(self, h: Affine, value: int, expand: bool) -> Written | None:
        """h = 0, written in atoms; its wire has this value."""
        lc = self._lc(h)
        if len(lc) > _MOST_TERMS:
            return None
        found = Written({}, {})
        for wire, c in lc.items():
            if wire == 0:
                part: Written | None = Written({(): 1}, {(): 1})
            elif expand:
                part = self._product_of(wire)
            else:
                known = any(atom.wire == wire for atom in self._atoms)
                part = self._atom(Affine(1, wire, 0)) if known else None
            if part is None:
                return None
            if c:
                found = found.plus(part, c)
        # h's own wire t is its definition without the equation, and its value.
        self._unfold(found, h, 1)
        found = found.plus(Written({}, {}, {(2, h.wire): {(): -h.scale % R}}))
        found.form = _clean(found.form)
        return found

    def _made_by(self, wire: int) -> Product | None:
        """The row whose product is this wire, and no factor."""
        for i in self._system.in_products[wire]:
            product = self._system.products[i]
            f, g, h = product.f, product.g, product.h
            if h.wire == wire and h.scale and f.scale and g.scale and wire not in (f.wire, g.wire):
                return product
        return None

    def _times(self, one: Written, other: Written) -> Written:
        rest: dict[Zero, Poly] = {}
        for zero, poly in one.rest.items():
            rest[zero] = _multiply(poly, other.source)
        form = self._expanded(one.form)
        for zero, poly in other.rest.items():
            rest[zero] = _add(rest.get(zero, {}), _multiply(form, poly))
        source = _multiply(one.source, other.source)
        return Written(source, _multiply(one.form, other.form), rest)

    def _expanded(self, form: Poly) -> Poly:
        """Over wires."""
        total: Poly = {}
        for monomial, c in form.items():
            part: Poly = {(): c}
            for i in monomial:
                atom = self._atoms[i]
                part = _multiply(part, _clean({(): atom.constant, (atom.wire,): atom.scale}))
            total = _add(total, part)
        return total


def _clean(poly: Poly) -> Poly:
    return {m: c % R for m, c in poly.items() if c % R}


def _add(one: Poly, other: Poly, factor: int = 1) -> Poly:
    total = dict(one)
    for monomial, c in other.items():
        total[monomial] = (total.get(monomial, 0) + factor * c) % R
    return _clean(total)


def _multiply(one: Poly, other: Poly) -> Poly:
    total: Poly = {}
    for m1, c1 in one.items():
        for m2, c2 in other.items():
            m = tuple(sorted(m1 + m2))
            total[m] = (total.get(m, 0) + c1 * c2) % R
    return _clean(total)


def _listed(poly: Poly, factor: int = 1) -> list[list[int]]:
    """[coefficient, wires ...] of each term."""
    return [[c * factor % R, *monomial] for monomial, c in sorted(poly.items())]


def _solve(vectors: list[LC], target: LC) -> list[int] | None:
    """The combination of the vectors that is the target, or None."""
    rows = [dict(vector) | {-1 - i: R - 1} for i, vector in enumerate(vectors)]
    goal = dict(target)
    pivots: list[tuple[int, LC]] = []
    for row in rows:
        for pivot, other in pivots:
            _reduce(row, pivot, other)
        lead = next((w for w, c in row.items() if w >= 0 and c), None)
        if lead is not None:
            over = cached_inverse(row[lead])
            pivots.append((lead, {w: c * over % R for w, c in row.items()}))
    for pivot, other in pivots:
        _reduce(goal, pivot, other)
    if any(c for w, c in goal.items() if w >= 0):
        return None
    return [goal.get(-1 - i, 0) for i in range(len(vectors))]


def _reduce(row: LC, pivot: int, other: LC) -> None:
    factor = row.get(pivot, 0)
    if factor:
        for w, c in other.items():
            row[w] = (row.get(w, 0) - factor * c) % R
