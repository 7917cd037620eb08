"""Signs, extremes, quotients, roots."""

from __future__ import annotations

import math
import random

import pytest

from circuits.gadgets.arith import (
    absolute,
    assert_in_range,
    divide,
    is_negative,
    maximum,
    minimum,
    square_root,
)
from tests.checks import gadget_circuit
from tests.gadgets.test_compare import edges
from zk.compiler.types import Bool, Field, Int, Uint
from zk.compiler.witness import Op
from zk.errors import CompileError
from zk.field import R


def test_range_equals_python_and_refuses() -> None:
    gadget = gadget_circuit({"x": (Field, None)}, lambda cs, x: assert_in_range(cs, x, -7, 1000))
    for x in range(-7, 1001):
        assert gadget.honest({"x": x}) == [x]
    for x in (-8, 1001, 1017, R // 2):
        gadget.refusal({"x": x})
    gadget.assert_forgeries_rejected({"x": 1000})


@pytest.mark.parametrize("bits", [2, 9, 64])
def test_signs_equal_python(bits: int) -> None:
    gadget = gadget_circuit({"x": (Int, bits)}, lambda cs, x: [is_negative(cs, x), absolute(cs, x)])
    half = 1 << (bits - 1)
    for x in edges(-half, half - 1, "signs"):
        assert gadget.honest({"x": x}) == [int(x < 0), abs(x)]
    gadget.assert_forgeries_rejected({"x": -half})
    gadget.assert_forgeries_rejected({"x": half - 1})


@pytest.mark.parametrize("bits", [3, 40])
def test_extremes_equal_python(bits: int) -> None:
    gadget = gadget_circuit(
        {"x": (Int, bits), "y": (Int, bits)},
        lambda cs, x, y: [minimum(cs, x, y), maximum(cs, x, y)],
    )
    half = 1 << (bits - 1)
    for x in edges(-half, half - 1, "x"):
        for y in edges(-half, half - 1, "y"):
            assert gadget.honest({"x": x, "y": y}) == [min(x, y), max(x, y)]
    gadget.assert_forgeries_rejected({"x": -half, "y": half - 1})
    gadget.assert_forgeries_rejected({"x": 1, "y": 1})


@pytest.mark.parametrize(
    ("x_type", "y_bits"), [((Uint, 64), 32), ((Int, 20), 7), ((Uint, 5), 9), ((Int, 96), 1)]
)
def test_division_equals_python_and_refuses_zero(
    x_type: tuple[type[Int], int], y_bits: int
) -> None:
    gadget = gadget_circuit({"x": x_type, "y": (Uint, y_bits)}, divide)
    lo, hi = (0, (1 << x_type[1]) - 1)
    if x_type[0] is Int:
        lo, hi = -(1 << (x_type[1] - 1)), (1 << (x_type[1] - 1)) - 1
    for x in edges(lo, hi, "dividend"):
        for y in edges(1, (1 << y_bits) - 1, "divisor"):
            assert gadget.honest({"x": x, "y": y}) == [x // y, x % y]
        gadget.refusal({"x": x, "y": 0})
    gadget.assert_forgeries_rejected({"x": hi, "y": (1 << y_bits) - 1})
    gadget.assert_forgeries_rejected({"x": lo, "y": 1})


@pytest.mark.parametrize("divisor", [1, 2, 7, 1 << 24, 1_000_000])
def test_division_by_a_constant(divisor: int) -> None:
    gadget = gadget_circuit({"x": (Int, 50)}, lambda cs, x: divide(cs, x, divisor))
    for x in edges(-(1 << 49), (1 << 49) - 1, "constant"):
        assert gadget.honest({"x": x}) == [x // divisor, x % divisor]
    gadget.assert_forgeries_rejected({"x": -12345})


def test_division_by_a_constant_zero_does_not_compile() -> None:
    with pytest.raises(CompileError, match="above zero"):
        gadget_circuit({"x": (Uint, 8)}, lambda cs, x: divide(cs, x, 0))


@pytest.mark.parametrize("bits", [1, 2, 9, 64])
def test_root_equals_python(bits: int) -> None:
    gadget = gadget_circuit({"x": (Uint, bits)}, square_root)
    top = (1 << bits) - 1
    squares = {s * s + d for s in (0, 1, 2, 3, math.isqrt(top)) for d in (-1, 0, 1)}
    for x in {*edges(0, top, "root"), *(x for x in squares if 0 <= x <= top)}:
        assert gadget.honest({"x": x}) == [math.isqrt(x)]
    gadget.assert_forgeries_rejected({"x": top})
    gadget.assert_forgeries_rejected({"x": 0})


def test_half_an_odd_number_is_no_root() -> None:
    """(t / 2)^2 is below x, for an odd t whose square is just above R: by the root's range alone.

    Of a narrow x the other two ranges say all: t^2 = 4 (x - rest) holds over the integers.
    """
    gadget = gadget_circuit({"x": (Uint, 252)}, square_root)
    for x in (0, 1 << 200, 2 * (1 << 246) // 3):
        t = (math.isqrt(R + 4 * x) - 1) | 1
        rest = x - (t * t - R) // 4
        assert 0 <= rest <= t
        assert gadget.attack.start([x])[1] == x
        (root,) = gadget.attack.written_by(Op.ISQRT)
        lie = {root: t * pow(2, -1, R) % R}
        assert gadget.attack.judge_mended(lie, random.Random(x), most=400)


def test_costs_of_the_design_page() -> None:
    def cost(inputs: dict[str, tuple[type[Field], int | None]], body: object) -> int:
        return gadget_circuit(inputs, body).cost  # type: ignore[arg-type]

    signed = {"x": (Int, 64)}
    assert cost({"x": (Uint, 64), "y": (Uint, 32)}, divide) <= 129
    assert cost({"x": (Uint, 64)}, square_root) <= 99
    assert cost(signed, absolute) <= 66
    assert cost(signed | {"y": (Int, 64)}, minimum) <= 66
    assert cost({"x": (Field, None)}, lambda cs, x: assert_in_range(cs, x, 5, 1000)) <= 20
    fixed = {"x": (Int, 64), "y": (Int, 64)}
    assert cost(fixed, lambda cs, x, y: divide(cs, x * y, 1 << 32)[0]) <= 129
    narrow = {"x": (Int, 48), "y": (Int, 32)}
    assert cost(narrow, lambda cs, x, y: divide(cs, x * y, 1 << 24)[0]) <= 81


def test_absolute_of_an_unsigned_is_itself() -> None:
    gadget = gadget_circuit({"x": (Uint, 9), "b": (Bool, None)}, lambda cs, x, b: absolute(cs, x))
    assert gadget.cost == 0
