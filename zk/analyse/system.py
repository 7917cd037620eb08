"""A constraint system in the form the analyser works on: linear equations, and products of wires.

Notation: m constraints over wires 0 .. n - 1, wire 0 being 1. Each combination with two wires or
more that a product reads gets a *defined wire* t >= n with t = combination without its constant;
combinations that differ by a factor and a constant share one. What the circuit makes a bit has
a wire that is 0 or 1 up to a shift. Then

    an equation is   sum(coeffs[i] * w[wires[i]]) + constant = 0
    a product is     (a s + b) * (c t + d) = e u + f        over wires s, t, u

and the satisfying assignments of the n wires are the same, each with one value per defined wire.
Equation k < m is constraint k, which has a constant factor; equation m + t - n defines wire t.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from zk.analyse.limits import Budget
from zk.analyse.roots import cached_inverse
from zk.field import R, from_limbs, inverse
from zk.r1cs import R1CS, Matrix

LC = dict[int, int]


class Affine(NamedTuple):
    """scale * w[wire] + constant; a constant has scale 0 and wire 0."""

    scale: int
    wire: int
    constant: int

    def root(self) -> int:
        """The wire's value at which this is zero."""
        return -self.constant * cached_inverse(self.scale) % R


class Product(NamedTuple):
    """f * g = h, from constraint `row`."""

    row: int
    f: Affine
    g: Affine
    h: Affine


class Equation(NamedTuple):
    """sum(coeffs * wires) + constant = 0, from `source`: a row below m, or m + (a wire - n)."""

    source: int
    wires: tuple[int, ...]
    coeffs: tuple[int, ...]
    constant: int


@dataclass(frozen=True)
class Definition:
    """What a defined wire stands for."""

    wires: tuple[int, ...]
    coeffs: tuple[int, ...]


class System:
    """The equations and products of an R1CS, and where each wire occurs in them."""

    def __init__(self, r1cs: R1CS, budget: Budget | None = None) -> None:
        self.r1cs = r1cs
        self.n = r1cs.n_wires
        self.m = r1cs.n_constraints
        self.definitions: list[Definition] = []
        self.equations: list[Equation] = []
        self.products: list[Product] = []
        self._numbers: dict[tuple[tuple[int, ...], tuple[int, ...]], int] = {}
        self._inverses: dict[int, int] = {1: 1, R - 1: R - 1}
        self._build(rows_of(r1cs, budget), budget)
        self.wires = self.n + len(self.definitions)
        self.in_equations: list[list[int]] = [[] for _ in range(self.wires)]
        self.in_products: list[list[int]] = [[] for _ in range(self.wires)]
        for i, equation in enumerate(self.equations):
            for wire in equation.wires:
                self.in_equations[wire].append(i)
        for i, product in enumerate(self.products):
            for wire in {product.f.wire, product.g.wire, product.h.wire} - {0}:
                self.in_products[wire].append(i)

    def _build(self, rows: list[tuple[LC, LC, LC]], budget: Budget | None) -> None:
        for a, b, c in rows:
            # What the circuit makes a bit is defined first, so that its wire has two values 1
            # apart, and not any multiple of it that another row reads.
            if not c and len(a) > 2 and len(b) > 2:
                self._affine(self._bit(a, b))
        for k, (a, b, c) in enumerate(rows):
            if budget is not None:
                budget.spend()
            # A factor without wires makes the constraint linear: a constant times the other.
            if not a or (len(a) == 1 and 0 in a):
                self._linear(k, a.get(0, 0), b, c)
            elif not b or (len(b) == 1 and 0 in b):
                self._linear(k, b.get(0, 0), a, c)
            else:
                self._product(k, self._affine(a), self._affine(b), self._affine(c))

    def _bit(self, a: LC, b: LC) -> LC:
        """For a row a * b = 0 whose b is q a + k: the multiple of a that is 0 or 1; or, if its
        constant is 1, -1 or 0, so that its wire, which has no constant, is 0 or 1.
        """
        lead = next(wire for wire in a if wire)
        q = b.get(lead, 0) * self._inverse(a[lead]) % R
        k = (b.get(0, 0) - q * a.get(0, 0)) % R
        if not k or not q or any((q * a.get(w, 0) - b.get(w, 0)) % R for w in {*a, *b} - {0}):
            return a
        scale = -q * self._inverse(k) % R
        if a.get(0, 0) * scale % R == 1:
            scale = R - scale
        return {wire: value * scale % R for wire, value in a.items()}

    def _linear(self, k: int, factor: int, b: LC, c: LC) -> None:
        total = {wire: -value % R for wire, value in c.items()}
        if factor:
            for wire, value in b.items():
                total[wire] = (total.get(wire, 0) + factor * value) % R
        constant = total.pop(0, 0)
        kept = [(wire, value) for wire, value in total.items() if value]
        self.equations.append(
            Equation(k, tuple(w for w, _ in kept), tuple(v for _, v in kept), constant)
        )

    def _product(self, k: int, f: Affine, g: Affine, h: Affine) -> None:
        # f g = q f is f (g - q) = 0, which has no wire on the right.
        for one, other in ((f, g), (g, f)):
            if h.scale and h.wire == one.wire:
                q = h.scale * self._inverse(one.scale) % R
                if q * one.constant % R == h.constant:
                    less = Affine(other.scale, other.wire, (other.constant - q) % R)
                    self.products.append(Product(k, one, less, Affine(0, 0, 0)))
                    return
        self.products.append(Product(k, f, g, h))

    def _affine(self, lc: LC) -> Affine:
        """The combination over one wire, which is defined here if there is none yet."""
        constant = lc.get(0, 0)
        wires = tuple(wire for wire in lc if wire)
        if not wires:
            return Affine(0, 0, constant)
        lead = lc[wires[0]]
        if len(wires) == 1:
            return Affine(lead, wires[0], constant)
        coeffs = tuple(lc[w] for w in wires)
        over = self._inverse(lead)
        key = (wires, coeffs if over == 1 else tuple(c * over % R for c in coeffs))
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = self.n + len(self.definitions)
            self.definitions.append(Definition(wires, coeffs))
            source = self.m + number - self.n
            self.equations.append(Equation(source, (*wires, number), (*coeffs, R - 1), 0))
            return Affine(1, number, constant)
        first = self.definitions[number - self.n].coeffs[0]
        return Affine(lead * self._inverse(first) % R, number, constant)

    def _inverse(self, x: int) -> int:
        found = self._inverses.get(x)
        if found is None:
            found = self._inverses[x] = inverse(x)
        return found


def rows_of(r1cs: R1CS, budget: Budget | None = None) -> list[tuple[LC, LC, LC]]:
    """The rows as dictionaries {wire: coefficient}."""
    table = from_limbs(r1cs.table) if len(r1cs.table) else []
    a, b, c = (_lcs(matrix, table, budget) for matrix in (r1cs.a, r1cs.b, r1cs.c))
    return list(zip(a, b, c, strict=True))


def _lcs(matrix: Matrix, table: list[int], budget: Budget | None) -> list[LC]:
    offsets = matrix.offsets.astype(np.int64).tolist()
    wires = matrix.wires.tolist()
    coeffs = [table[i] for i in matrix.coeffs.tolist()]
    lcs = []
    for lo, hi in pairwise(offsets):
        if budget is not None:
            budget.spend()
        lcs.append(dict(zip(wires[lo:hi], coeffs[lo:hi], strict=True)))
    return lcs
