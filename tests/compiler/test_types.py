"""Signals: intervals are exact, arithmetic is that of integers, logic is that of bits."""

from __future__ import annotations

import itertools
import random

import pytest

from tests.checks import gadget_circuit
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.types import HALF, Bool, Field, Int, Uint
from zk.errors import CompileError
from zk.field import R


def number(cs: ConstraintSystem, lo: int, hi: int) -> Int:
    """A fresh signal of this interval."""
    return cs.number({cs.wires(1): 1}, lo, hi)


INTERVALS = [(0, 0), (0, 5), (3, 7), (-4, 4), (-9, -2), (-1, 0), (2, 2), (-6, 1)]
SMALL = list(itertools.product(INTERVALS, INTERVALS))


@pytest.mark.parametrize(("a", "b"), SMALL)
def test_intervals_are_exact(a: tuple[int, int], b: tuple[int, int]) -> None:
    """Both ends of a result are reached by some values of the operands."""
    cs = ConstraintSystem("intervals")
    x, y = number(cs, *a), number(cs, *b)
    pairs = list(itertools.product(range(a[0], a[1] + 1), range(b[0], b[1] + 1)))
    for signal, values in [
        (x + y, [i + j for i, j in pairs]),
        (x - y, [i - j for i, j in pairs]),
        (x * y, [i * j for i, j in pairs]),
        (-x, [-i for i, _ in pairs]),
        (x + 3, [i + 3 for i, _ in pairs]),
        (3 - x, [3 - i for i, _ in pairs]),
        (-5 * x, [-5 * i for i, _ in pairs]),
    ]:
        assert (signal.lo, signal.hi) == (min(values), max(values))
        assert isinstance(signal, Uint) == (signal.lo >= 0)


@pytest.mark.parametrize("a", INTERVALS)
def test_a_square_is_not_negative(a: tuple[int, int]) -> None:
    cs = ConstraintSystem("square")
    x = number(cs, *a)
    square = x * x
    assert square.lo == max(0, min(a[0] * a[0], a[1] * a[1], a[0] * a[1]))
    assert all(square.lo <= i * i <= square.hi for i in range(a[0], a[1] + 1))
    # Equal combinations are one value, however they are written.
    again = (x + 1 - 1) * (2 * x - x)
    assert again.lo >= 0


def test_the_largest_interval_is_below_half_of_the_field() -> None:
    cs = ConstraintSystem("limit")
    x = number(cs, 0, HALF - 2)
    assert (x + 1).hi == HALF - 1
    for overflow in (lambda: x + 2, lambda: x * 2, lambda: -x - 2, lambda: x + x, lambda: x * x):
        with pytest.raises(CompileError, match="could leave the field"):
            overflow()
    y = number(cs, -HALF + 1, 0)
    with pytest.raises(CompileError, match="could leave the field"):
        _ = y - 1
    for lo, hi in ((-HALF, 0), (0, HALF), (0, R)):
        with pytest.raises(CompileError):
            number(cs, lo, hi)
    with pytest.raises(CompileError, match="lo >= 0"):
        cs.proven(x, -1, 5)


def test_products_of_limits() -> None:
    """2^126 * 2^126 = 2^252 fits; twice that does not."""
    cs = ConstraintSystem("product")
    x, y = number(cs, 0, 1 << 126), number(cs, -(1 << 126), 0)
    assert (x * y).lo == -(1 << 252)
    with pytest.raises(CompileError, match="product of"):
        _ = (2 * x) * y
    with pytest.raises(CompileError, match="product of"):
        cs.assert_product(2 * x, y, 0)
    # Field products know no order, and wrap as the field does.
    cs.assert_product(Field(cs, (2 * x).lc), y, 0)


def test_constants_are_free_and_products_cost_one() -> None:
    cs = ConstraintSystem("cost")
    x, y = number(cs, 0, 9), number(cs, 0, 9)
    _ = x + y, x - 5, 7 * x, -x, x * cs.constant(3), cs.constant(2) * cs.constant(4), x * 0
    assert len(cs.row_origin) == 0
    _ = x * y, x * x
    assert len(cs.row_origin) == 2


def test_arithmetic_is_that_of_integers() -> None:
    def body(cs, x, y, z):
        return [
            x + y,
            x - y,
            x * y,
            y * x,
            3 - x,
            -x * 7,
            (x - y) * (x + y),
            z * 5 - x,
            sum([x, y]),
        ]

    gadget = gadget_circuit({"x": (Int, 20), "y": (Uint, 16), "z": (Field, None)}, body)
    rng = random.Random(3)
    for _ in range(10):
        x, y, z = rng.randrange(-(2**19), 2**19), rng.randrange(2**16), rng.randrange(R)
        expected = [
            x + y,
            x - y,
            x * y,
            x * y,
            3 - x,
            -7 * x,
            x * x - y * y,
            (z * 5 - x) % R,
            x + y,
        ]
        assert gadget.honest({"x": x, "y": y, "z": z}) == expected


def test_logic() -> None:
    def body(cs, x, y):
        results = [~x, x & y, x | y, x ^ y, x & x, x | x, x ^ x, ~(~x)]
        assert all(type(bit) is Bool and (bit.lo, bit.hi) == (0, 1) for bit in results)
        return results

    gadget = gadget_circuit({"x": (Bool, None), "y": (Bool, None)}, body)
    for x, y in itertools.product((0, 1), repeat=2):
        assert gadget.honest({"x": x, "y": y}) == [1 - x, x & y, x | y, x ^ y, x, x, 0, x]
    for x in (2, R - 1):
        gadget.refusal({"x": x, "y": 0})
    gadget.assert_forgeries_rejected({"x": 1, "y": 0})


@pytest.mark.parametrize("operator", ["__and__", "__or__", "__xor__"])
@pytest.mark.parametrize("other", ["number", "field", "integer"])
def test_logic_takes_bits_alone(operator: str, other: str) -> None:
    """`flag & amount` would be an amount with the interval of a bit."""
    cs = ConstraintSystem("logic")
    flag = cs.assert_bool(Field(cs, {cs.wires(1): 1}))
    operand = {"number": number(cs, 0, 9), "field": Field(cs, {cs.wires(1): 1}), "integer": 2}
    with pytest.raises(CompileError, match="takes a Bool"):
        getattr(flag, operator)(operand[other])


def test_a_signal_shows_no_value_and_no_truth() -> None:
    cs = ConstraintSystem("repr")
    x = cs.number({0: 123456}, 0, 1 << 20)
    assert repr(x) == "<Uint in [0, 2^20]>"
    assert repr(cs.number({}, -(2**40) + 1, 3000)) == "<Int in [-(2^40 - 1), about 2^12]>"
    for broken in (lambda: bool(x), lambda: x == x, lambda: x != x, lambda: x in [x + 1]):
        with pytest.raises(CompileError):
            broken()


def test_signals_of_two_circuits_do_not_mix() -> None:
    one, two = ConstraintSystem("one"), ConstraintSystem("two")
    x, y = number(one, 0, 1), number(two, 0, 1)
    for mixed in (
        lambda: x + y,
        lambda: x * y,
        lambda: one.assert_equal(x, y),
        lambda: one.assert_product(x, x, y),
        lambda: one.assert_product(y, x, 0),
        lambda: one.bits(y, 4),
        lambda: one.hint_inverse(y),
        lambda: one.assert_bool(y),
    ):
        with pytest.raises(CompileError, match="another circuit"):
            mixed()
