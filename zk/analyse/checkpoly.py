"""Polynomials over wires, as the certificate's checker expands them; small ones only.

It shares no code with what finds proofs. A polynomial is {sorted wires: coefficient}.
"""

from __future__ import annotations

from typing import Any

from zk.analyse.checkstate import BadCertificate
from zk.field import R

Poly = dict[tuple[int, ...], int]

_MOST_TERMS = 3000
_MOST_FACTORS = 12


def read_poly(terms: list[list[Any]], wires: int) -> Poly:
    """From [coefficient, wires ...] of each term."""
    total: Poly = {}
    for coefficient, *monomial in terms:
        if len(monomial) > _MOST_FACTORS or not all(0 < w < wires for w in monomial):
            raise BadCertificate("a polynomial of other wires")
        key = tuple(sorted(monomial))
        total[key] = (total.get(key, 0) + coefficient) % R
    return _small(total)


def affine(scale: int, wire: int, constant: int) -> Poly:
    return _small({(wire,): scale, (): constant} if scale else {(): constant})


def plus(one: Poly, other: Poly, factor: int = 1) -> Poly:
    total = dict(one)
    for monomial, c in other.items():
        total[monomial] = (total.get(monomial, 0) + factor * c) % R
    return _small(total)


def product(one: Poly, other: Poly) -> Poly:
    if len(one) * len(other) > _MOST_TERMS:
        raise BadCertificate("a polynomial is too large")
    total: Poly = {}
    for m1, c1 in one.items():
        for m2, c2 in other.items():
            key = tuple(sorted(m1 + m2))
            total[key] = (total.get(key, 0) + c1 * c2) % R
    return _small(total)


def _small(poly: Poly) -> Poly:
    if len(poly) > _MOST_TERMS:
        raise BadCertificate("a polynomial is too large")
    return {monomial: c % R for monomial, c in poly.items() if c % R}
