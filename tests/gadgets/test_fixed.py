"""Fixed point: rescaling equals Python, and directions that would bound nothing do not compile."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

import pytest

from circuits.gadgets.fixed import CEIL, EXACT, FLOOR, Fixed, assert_covers
from tests.checks import gadget_circuit
from tests.gadgets.test_compare import edges
from zk.compiler.types import Int, Uint
from zk.errors import CompileError

CENTS, PPM = 100, 10**6


def test_rescaling_equals_python() -> None:
    gadget = gadget_circuit(
        {"x": (Int, 40)},
        lambda cs, x: [Fixed(x, PPM).floor(CENTS).value, Fixed(x, PPM).ceil(CENTS).value],
    )
    for x in edges(-(1 << 39), (1 << 39) - 1, "fixed"):
        exact = Fraction(x, PPM) * CENTS
        assert gadget.honest({"x": x}) == [floor(exact), ceil(exact)]
    gadget.assert_forgeries_rejected({"x": -1234567})


def test_a_product_floored_equals_python() -> None:
    gadget = gadget_circuit(
        {"price": (Uint, 40), "rate": (Uint, 20)},
        lambda cs, price, rate: (Fixed(price, CENTS) * Fixed(rate, PPM)).floor(CENTS).value,
    )
    for price in edges(0, (1 << 40) - 1, "price"):
        for rate in edges(0, (1 << 20) - 1, "rate"):
            assert gadget.honest({"price": price, "rate": rate}) == [price * rate // PPM]


def test_covers() -> None:
    gadget = gadget_circuit(
        {"have": (Uint, 20), "need": (Uint, 30)},
        lambda cs, have, need: assert_covers(cs, Fixed(have, CENTS), Fixed(need, PPM).ceil(CENTS)),
    )
    gadget.honest({"have": 3, "need": 30_000})
    gadget.refusal({"have": 3, "need": 30_001})
    gadget.honest({"have": 4, "need": 30_001})


def directions(body: object) -> None:
    gadget_circuit({"x": (Uint, 20), "y": (Int, 20)}, body)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "body",
    [
        lambda cs, x, y: (Fixed(x, 10).floor(1) + Fixed(x, 10).ceil(1)).value,
        lambda cs, x, y: (Fixed(x, 10).floor(1) - Fixed(x, 10).floor(1)).value,
        lambda cs, x, y: Fixed(x, 100).floor(10).ceil(1).value,
        lambda cs, x, y: (Fixed(x, 10).floor(1) * Fixed(x, 10).ceil(1)).value,
    ],
)
def test_mixed_directions_do_not_compile(body: object) -> None:
    with pytest.raises(CompileError, match="mixes a floor with a ceiling"):
        directions(body)


def test_a_rounded_factor_beside_an_unknown_sign_does_not_compile() -> None:
    with pytest.raises(CompileError, match="may be negative"):
        directions(lambda cs, x, y: (Fixed(x, 10).floor(1) * Fixed(y, 1)).value)
    with pytest.raises(CompileError, match="may be negative"):
        # Two ceilings of numbers that may be below zero: -0.5 * -0.5 is above 0 * 0.
        directions(lambda cs, x, y: (Fixed(y, 10).ceil(1) * Fixed(y, 10).ceil(1)).value)


def test_claims_that_rounding_could_make_true_do_not_compile() -> None:
    with pytest.raises(CompileError, match="rounded down"):
        directions(lambda cs, x, y: assert_covers(cs, Fixed(x, 10).ceil(1), Fixed(y, 1)))
    with pytest.raises(CompileError, match="rounded down"):
        directions(lambda cs, x, y: assert_covers(cs, Fixed(x, 1), Fixed(y, 10).floor(1)))


def test_directions_of_results() -> None:
    def body(cs, x, y):
        down, up = Fixed(x, 100).floor(10), Fixed(x, 100).ceil(10)
        assert (-down).rounding is CEIL
        assert (down - up).rounding is FLOOR
        assert (down + Fixed(y, 1)).rounding is FLOOR
        assert (up * up).rounding is CEIL
        assert (down * Fixed(x, 3)).rounding is FLOOR
        assert (Fixed(x, 2) * Fixed(y, 5)).rounding is EXACT
        assert (Fixed(x, 2) * Fixed(y, 5)).scale == 10
        return down.value

    gadget_circuit({"x": (Uint, 20), "y": (Int, 20)}, body)


def test_scales_without_a_common_one_do_not_compile() -> None:
    with pytest.raises(CompileError, match="no common one"):
        directions(lambda cs, x, y: (Fixed(x, 2) + Fixed(x, 3)).value)
    with pytest.raises(CompileError, match="neither divides"):
        directions(lambda cs, x, y: Fixed(x, 4).floor(3).value)
