"""Polynomials over Fr, and inputs that make a divisor and its dividend zero at once."""

from __future__ import annotations

import random

import pytest

from tests.analyse.systems import Row, r1cs_of
from tests.analyse.test_known import checked
from zk.analyse.limits import Budget
from zk.analyse.polynomials import Poly, Rational, constant, divided, gcd, plus, product, roots
from zk.analyse.quotients import Quotients
from zk.analyse.system import System
from zk.field import R

A = 168698  # of Baby Jubjub's Montgomery form, with B = 1


def at(a: Poly, x: int) -> int:
    return sum(c * pow(x, i, R) for i, c in enumerate(a)) % R


def drawn(rng: random.Random, degree: int) -> Poly:
    return [*(rng.randrange(R) for _ in range(degree)), rng.randrange(1, R)]


@pytest.mark.parametrize("seed", range(5))
def test_arithmetic_agrees_with_values(seed: int) -> None:
    rng = random.Random(seed)
    a, b = drawn(rng, rng.randrange(9)), drawn(rng, rng.randrange(7))
    x = rng.randrange(R)
    assert at(product(a, b), x) == at(a, x) * at(b, x) % R
    assert at(plus(a, b, 7), x) == (at(a, x) + 7 * at(b, x)) % R
    quotient, rest = divided(a, b)
    assert plus(product(quotient, b), rest) == a
    assert len(rest) < len(b)
    assert plus(a, a, R - 1) == product([], a) == []
    assert len(gcd(product(a, [5, 1]), product(b, [5, 1]))) >= 2
    f, g = Rational.of(a, b), constant(x)
    h = f.plus(g, 3).times(f).over(f)
    assert (h.top, h.bottom) == (f.plus(g, 3).top, f.plus(g, 3).bottom)
    assert f.affine(2, 9).plus(f, R - 2).top == [9]


def test_roots() -> None:
    rng = random.Random(1)
    for wanted in ([], [0], [R - 1], [3, 3, 4], sorted(rng.randrange(R) for _ in range(9))):
        a: Poly = [5, 0, 0, 1] if not wanted else [1]
        for c in wanted:
            a = product(a, [-c % R, 1])
        found = roots(a, rng)
        assert set(wanted) <= set(found)
        assert all(at(a, c) == 0 for c in found)
    assert roots([7], rng) == []
    # x^2 - 5 has none: 5 generates the field's units.
    assert roots([-5 % R, 0, 1], rng) == []


def points(doublings: int) -> tuple[list[Row], int, int, int]:
    """Output 1 is the slope between 2^k P and P = (2, 3), by Montgomery's formulas, unchecked."""
    rows: list[Row] = []
    x, y, new = 2, 3, 4
    for _ in range(doublings):
        square, slope, x2, y2 = range(new, new + 4)
        rows += [
            ({x: 1}, {x: 1}, {square: 1}),
            ({slope: 1}, {y: 2}, {square: 3, x: 2 * A, 0: 1}),
            ({slope: 1}, {slope: 1}, {0: A, x: 2, x2: 1}),
            ({slope: 1}, {x: 1, x2: -1}, {y2: 1, y: 1}),
        ]
        x, y, new = x2, y2, new + 4
    rows.append(({1: 1}, {x: 1, 2: -1}, {y: 1, 3: -1}))
    return rows, new, 1, 2


def test_a_point_of_order_three_on_another_curve_leaves_a_slope_free() -> None:
    """4 P = P there, and the inputs need not be on the curve that was meant."""
    found = checked(r1cs_of(*points(2)), seconds=60)
    assert found.outputs == "unsafe"
    assert found.pair is not None
    assert found.pair.wire == 1


def test_drawn_inputs_make_both_zero() -> None:
    system = System(r1cs_of(*points(2)))
    known = bytearray(system.wires)
    known[0] = known[2] = known[3] = 1
    quotients = Quotients(system, [2, 3], known, Budget(60, 4 << 30))
    rng = random.Random(5)
    tried = [found for _ in range(20) for found in quotients.draw(rng)]
    assert tried
    for given, zero, free in tried:
        assert set(given) == {2, 3}
        assert list(zero.values()) == [0]
        assert free == 1


def test_nothing_is_drawn_where_every_quotient_is_unique() -> None:
    rows: list[Row] = [({1: 1}, {2: 1}, {0: 1})]
    system = System(r1cs_of(rows, 3, 1, 1))
    quotients = Quotients(system, [2], bytearray([1, 1, 1]), Budget(9, 4 << 30))
    assert list(quotients.draw(random.Random(1))) == []
