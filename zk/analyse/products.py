"""Rules for one product f * g = h of affine functions of wires.

Notation: s, t, u are the wires of f, g, h. A step names its product by the constraint's row, and a
side by 0 for f, 1 for g, 2 for h.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zk.analyse.facts import HALF, Facts, Range, holds, times
from zk.analyse.roots import cached_inverse, quadratic_roots
from zk.analyse.system import Affine, Product
from zk.field import R

if TYPE_CHECKING:
    from zk.analyse.propagate import Propagator


class ProductRules:
    def __init__(self, propagator: Propagator) -> None:
        self._p = propagator

    def apply(self, i: int) -> None:
        product = self._p.system.products[i]
        self._values(product)
        if not self._p.facts.false:
            self._knowledge(product)

    # What any two assignments agree on ---------------------------------------------------------

    def _knowledge(self, product: Product) -> None:
        p, facts = self._p, self._p.facts
        row, f, g, h = product
        knows_f, knows_g, knows_h = (facts.known[side.wire] for side in (f, g, h))
        if knows_f and knows_g:
            if h.scale and not knows_h:
                p.known(h.wire, ["product", row])
            return
        if not knows_h:
            return
        # h / f, where f is not zero.
        if g.scale and knows_f and not knows_g and nonzero(facts, f):
            p.known(g.wire, ["quotient", row, 1])
        elif f.scale and knows_g and not knows_f and nonzero(facts, g):
            p.known(f.wire, ["quotient", row, 0])
        elif f.wire == g.wire and f.scale and g.scale and self._one_root(f, g):
            p.known(f.wire, ["square", row])

    def solve(self) -> bool:
        """Rows of which one wire is unknown, on both sides of the equals sign: f (p x) = q x + ...
        determines x where p f - q is not zero. Whether there were any.
        """
        p, facts, learnt = self._p, self._p.facts, False
        for product in p.system.products:
            for f, g in ((product.f, product.g), (product.g, product.f)):
                if not facts.known[f.wire] or facts.known[g.wire]:
                    continue
                terms = self._unknown(g)
                h_terms = self._unknown(product.h)
                wires = {*terms, *h_terms}
                if len(wires) != 1:
                    continue
                wire = wires.pop()
                left, right = terms.get(wire, 0), h_terms.get(wire, 0)
                factor = Affine(left * f.scale % R, f.wire, (left * f.constant - right) % R)
                if nonzero(facts, factor):
                    p.known(wire, ["solve", product.row, wire])
                    learnt = True
        if learnt:
            p.run()
        return learnt

    def _unknown(self, side: Affine) -> dict[int, int]:
        """The unknown wires of a side, with coefficients: of the circuit's own wires."""
        known, system = self._p.facts.known, self._p.system
        if side.scale == 0 or known[side.wire]:
            return {}
        if side.wire < system.n:
            return {side.wire: side.scale}
        definition = system.definitions[side.wire - system.n]
        return {
            w: c * side.scale % R
            for w, c in zip(definition.wires, definition.coeffs, strict=True)
            if not known[w]
        }

    def _one_root(self, f: Affine, g: Affine) -> bool:
        """Whether f(x) g(x) = f(y) g(y) and x != y in the range cannot both be.

        Then x + y = -(a d + b c) / (a c), and two distinct integers of [lo, hi] have a sum in
        [2 lo + 1, 2 hi - 1].
        """
        bounds = self._p.facts.range[f.wire]
        if bounds is None:
            return False
        total = (
            -(f.scale * g.constant + f.constant * g.scale) * cached_inverse(f.scale * g.scale) % R
        )
        return not holds((2 * bounds[0] + 1, 2 * bounds[1] - 1), total)

    # What every assignment satisfies -----------------------------------------------------------

    def _values(self, product: Product) -> None:
        p, facts = self._p, self._p.facts
        row, f, g, h = product
        f_value, g_value, h_value = (constant(facts, side) for side in (f, g, h))
        one_wire = f.wire == g.wire and f.scale and g.scale and f_value is None
        if one_wire and (h_value is not None or h.wire == f.wire):
            self._roots(product, h_value)
            return
        if f_value is not None and g_value is not None:
            self._give(row, 2, h, f_value * g_value % R)
        elif f_value == 0 or g_value == 0:
            self._give(row, 2, h, 0)
        elif f_value is not None:
            self._proportional(row, f_value, (1, g, g_value), (2, h, h_value))
        elif g_value is not None:
            self._proportional(row, g_value, (0, f, f_value), (2, h, h_value))
        elif h_value == 0:
            if nonzero(facts, f):
                self._give(row, 1, g, 0)
            elif nonzero(facts, g):
                self._give(row, 0, f, 0)
        else:
            self._bound_product(row, f, g, h)
        if not facts.false and nonzero(facts, h):
            for side, factor in ((0, f), (1, g)):
                if factor.scale:
                    p.exclude(factor.wire, factor.root(), ["factor", row, side])

    def _give(self, row: int, side: int, affine: Affine, value: int) -> None:
        """One side has this value."""
        p = self._p
        if affine.scale == 0:
            if affine.constant != value:
                p.contradiction(["wrong", row])
            return
        x = (value - affine.constant) * cached_inverse(affine.scale) % R
        p.range(affine.wire, (x, x), ["value", row, side, x, x])

    def _proportional(
        self,
        row: int,
        factor: int,
        one: tuple[int, Affine, int | None],
        other: tuple[int, Affine, int | None],
    ) -> None:
        """other = factor * one, the factor a number and not zero: ranges cross in both ways."""
        for scale, (_, source, _), (side, target, _) in (
            (factor, one, other),
            (cached_inverse(factor), other, one),
        ):
            bounds = self._range(source)
            if bounds is None or self._p.facts.false:
                continue
            found = times(scale, bounds)
            if target.scale == 0:
                if found[1] - found[0] < R - 1 and not holds(found, target.constant):
                    self._p.contradiction(["wrong", row])
            else:
                self._bound(row, side, target, found)

    def _bound_product(self, row: int, f: Affine, g: Affine, h: Affine) -> None:
        one, other = self._range(f), self._range(g)
        if one is None or other is None:
            return
        corners = [x * y for x in one for y in other]
        found = min(corners), max(corners)
        if h.scale:
            self._bound(row, 2, h, found)
        elif found[1] - found[0] < R - 1 and not holds(found, h.constant):
            self._p.contradiction(["wrong", row])

    def _bound(self, row: int, side: int, affine: Affine, found: Range) -> None:
        """The side has a value in `found`: so has its wire, scaled back."""
        lo, hi = times(cached_inverse(affine.scale), (found[0], found[1]))
        if hi - lo >= R - 1:
            return
        move = -affine.constant * cached_inverse(affine.scale) % R
        move -= R if move > HALF else 0
        lo, hi = lo + move, hi + move
        self._p.range(affine.wire, (lo, hi), ["value", row, side, lo, hi])

    def _range(self, affine: Affine) -> Range | None:
        """The integers that the side is congruent to."""
        bounds = self._p.facts.range[affine.wire]
        if bounds is None:
            return None
        lo, hi = times(affine.scale, bounds)
        if hi - lo >= R - 1:
            return None
        c = affine.constant - R if affine.constant > HALF else affine.constant
        return lo + c, hi + c

    def _roots(self, product: Product, h_value: int | None) -> None:
        """A quadratic in one wire: it has at most two values."""
        row, f, g, h = product
        a = f.scale * g.scale
        b = f.scale * g.constant + f.constant * g.scale
        c = f.constant * g.constant
        if h_value is not None:
            c -= h_value
        else:
            b -= h.scale
            c -= h.constant
        if h_value == 0:
            every = sorted({f.root(), g.root()})  # as of most: bits
        else:
            every = quadratic_roots(a, b, c)
        roots = [x for x in every if not self._p.facts.differs(f.wire, x)]
        if not roots:
            self._p.contradiction(["roots", row, every, 0, -1])
            return
        x, y = roots[0], roots[-1]
        # The shorter way round from one to the other.
        gap = (y - x) % R
        if gap > HALF:
            x, gap = y, R - gap
        self._p.range(f.wire, (x, x + gap), ["roots", row, every, x, x + gap])


def constant(facts: Facts, affine: Affine) -> int | None:
    """The side's value, if it has been proved to be a number."""
    if affine.scale == 0:
        return affine.constant
    value = facts.value(affine.wire)
    return None if value is None else (affine.scale * value + affine.constant) % R


def nonzero(facts: Facts, affine: Affine) -> bool:
    """Whether the side is proved not to be zero."""
    if affine.scale == 0:
        return affine.constant != 0
    return facts.differs(affine.wire, affine.root())
