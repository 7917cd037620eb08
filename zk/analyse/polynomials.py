"""Polynomials and rational functions in one variable over Fr, and the roots of a polynomial.

Source: Kronecker substitution for products; Cantor and Zassenhaus 1981 for roots. A polynomial is
its coefficients, constant first, the last not zero; zero is the empty list.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from zk.field import R, inverse

Poly = list[int]

_LIMB = 66  # bytes of a coefficient of a product of two polynomials of degree below 2^16


def trimmed(a: Poly) -> Poly:
    while a and not a[-1]:
        a.pop()
    return a


def plus(a: Poly, b: Poly, factor: int = 1) -> Poly:
    """a + factor * b."""
    n = max(len(a), len(b))
    total = [0] * n
    for i in range(n):
        x = a[i] if i < len(a) else 0
        y = b[i] if i < len(b) else 0
        total[i] = (x + factor * y) % R
    return trimmed(total)


def product(a: Poly, b: Poly) -> Poly:
    if not a or not b:
        return []
    if len(a) == 1 or len(b) == 1:
        c, other = (a[0], b) if len(a) == 1 else (b[0], a)
        return [c * x % R for x in other]
    # One multiplication of integers, in which the coefficients do not touch.
    x, y = (
        int.from_bytes(b"".join(c.to_bytes(_LIMB, "little") for c in p), "little") for p in (a, b)
    )
    n = len(a) + len(b) - 1
    data = (x * y).to_bytes(_LIMB * n, "little")
    return [int.from_bytes(data[i * _LIMB : (i + 1) * _LIMB], "little") % R for i in range(n)]


def divided(a: Poly, b: Poly) -> tuple[Poly, Poly]:
    """Quotient and remainder."""
    rest, over = list(a), inverse(b[-1])
    quotient = [0] * max(0, len(a) - len(b) + 1)
    for i in range(len(quotient) - 1, -1, -1):
        c = rest[i + len(b) - 1] * over % R
        quotient[i] = c
        if c:
            for j, y in enumerate(b):
                rest[i + j] = (rest[i + j] - c * y) % R
    return trimmed(quotient), trimmed(rest[: len(b) - 1])


def gcd(a: Poly, b: Poly) -> Poly:
    """Monic."""
    while b:
        a, b = b, divided(a, b)[1]
    if not a:
        return []
    over = inverse(a[-1])
    return [c * over % R for c in a]


def roots(a: Poly, rng: random.Random) -> list[int]:
    """The roots in Fr of a polynomial that is not zero."""
    if len(a) < 2:
        return []
    # x^r - x is the product of all x - c.
    linear = gcd(a, plus(_power([0, 1], R, a), [0, 1], -1))
    found: list[int] = []
    waiting = [linear]
    while waiting:
        part = waiting.pop()
        if len(part) == 2:
            found.append(-part[0] * inverse(part[1]) % R)
        elif len(part) > 2:
            half = plus(_power([rng.randrange(R), 1], R // 2, part), [1], -1)
            one = gcd(part, half)
            waiting += [one, divided(part, one)[0]] if 1 < len(one) < len(part) else [part]
    return sorted(found)


def _power(base: Poly, exponent: int, modulus: Poly) -> Poly:
    if len(modulus) < 2:
        return []
    result: Poly = [1]
    base = divided(base, modulus)[1]
    for bit in bin(exponent)[2:]:
        result = divided(product(result, result), modulus)[1]
        if bit == "1":
            result = divided(product(result, base), modulus)[1]
    return result


@dataclass(frozen=True)
class Rational:
    """top / bottom, without common factors; the bottom is monic."""

    top: Poly
    bottom: Poly

    @staticmethod
    def of(top: Poly, bottom: Poly) -> Rational:
        common = gcd(top, bottom)
        if len(common) > 1:
            top, bottom = divided(top, common)[0], divided(bottom, common)[0]
        over = inverse(bottom[-1])
        return Rational([c * over % R for c in top], [c * over % R for c in bottom])

    @property
    def degree(self) -> int:
        return max(len(self.top), len(self.bottom)) - 1

    def plus(self, other: Rational, factor: int) -> Rational:
        if self.bottom == other.bottom:
            return Rational.of(plus(self.top, other.top, factor), self.bottom)
        top = plus(product(self.top, other.bottom), product(other.top, self.bottom), factor)
        return Rational.of(top, product(self.bottom, other.bottom))

    def times(self, other: Rational) -> Rational:
        return Rational.of(product(self.top, other.top), product(self.bottom, other.bottom))

    def over(self, other: Rational) -> Rational:
        return Rational.of(product(self.top, other.bottom), product(self.bottom, other.top))

    def affine(self, scale: int, constant: int) -> Rational:
        top = plus([c * scale % R for c in self.top], [c * constant % R for c in self.bottom])
        return Rational(trimmed(top), self.bottom)


def constant(value: int) -> Rational:
    return Rational([value % R] if value % R else [], [1])


VARIABLE = Rational([0, 1], [1])
