"""Ranges and comparisons."""

from __future__ import annotations

import random

import pytest

from circuits.gadgets.compare import (
    assert_le,
    assert_less,
    assert_nonzero,
    is_equal,
    is_le,
    is_less,
    is_zero,
)
from tests.checks import Gadget, gadget_circuit
from zk.compiler.types import Bool, Field, Int, Uint
from zk.errors import CompileError
from zk.field import R

WIDTHS = (1, 2, 8, 64)


def edges(lo: int, hi: int, seed: str) -> list[int]:
    """Both ends, their neighbours, what lies about 0, a few between; and of the distance from lo
    every bit both ways beside its neighbour, and beside bit 0.
    """
    rng = random.Random(f"edges {seed} {lo} {hi}")
    values = {lo, lo + 1, hi, hi - 1, -1, 0, 1, *(rng.randint(lo, hi) for _ in range(3))}
    ones = (1 << (hi - lo).bit_length()) - 1
    even = (ones + 1) ** 2 // 3 & ones  # the bits 0, 2, 4 ..
    odd = ones - even
    values |= {lo + even, lo + (even & ~1), lo + odd, lo + (odd | 1)}
    return sorted(value for value in values if lo <= value <= hi)


# Ranges -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [1, 2, 9, 64, 252])
def test_range_equals_python_and_refuses(bits: int) -> None:
    gadget = gadget_circuit({"x": (Field, None)}, lambda cs, x: cs.assert_range(x, bits))
    top = 1 << bits
    for x in edges(0, top - 1, "range"):
        assert gadget.honest({"x": x}) == [x]
    for x in (top, top + 1, -1, R - top, R // 2, R // 2 + 1, 1 << 253):
        gadget.refusal({"x": x})
    gadget.assert_refused({"x": top}, wires=8)
    gadget.assert_forgeries_rejected({"x": top - 1})


def test_a_bit_is_refused_unless_0_or_1() -> None:
    """Declared, and asserted of an element."""
    declared = gadget_circuit({"bit": (Bool, None)}, lambda cs, bit: bit)
    asserted = gadget_circuit({"bit": (Field, None)}, lambda cs, bit: cs.assert_bool(bit))
    for gadget in (declared, asserted):
        for bit in (0, 1):
            assert gadget.honest({"bit": bit}) == [bit]
        for bit in (2, -1, R // 2, 1 << 128):
            gadget.refusal({"bit": bit})


def test_range_of_no_bits_is_zero() -> None:
    gadget = gadget_circuit({"x": (Field, None)}, lambda cs, x: cs.assert_range(x, 0))
    assert gadget.honest({"x": 0}) == [0]
    gadget.refusal({"x": 1})
    inputs = {"x": (Field, None), "y": (Field, None)}
    gadget = gadget_circuit(inputs, lambda cs, x, y: cs.assert_range(x - y, 0))
    assert gadget.honest({"x": 5, "y": 5}) == [0]
    for x, y in ((5, 6), (0, 5), (5, 0), (R - 5, 5)):
        gadget.refusal({"x": x, "y": y})


@pytest.mark.parametrize("bits", [1, 2, 9, 64, 252])
def test_signed_range_equals_python_and_refuses(bits: int) -> None:
    gadget = gadget_circuit({"x": (Field, None)}, lambda cs, x: cs.assert_signed_range(x, bits))
    half = 1 << (bits - 1)
    for x in edges(-half, half - 1, "signed"):
        assert gadget.honest({"x": x}) == [x]
    for x in (half, -half - 1, R // 2, R // 2 + 1):
        gadget.refusal({"x": x})
    gadget.assert_refused({"x": half}, wires=8)
    gadget.assert_forgeries_rejected({"x": -half})


@pytest.mark.parametrize(("lo", "hi"), [(-40, 7), (-8, 40), (-40, 40), (-8, 7)])
def test_signed_range_of_an_integer(lo: int, hi: int) -> None:
    """A type that is too wide at either end does not stand for the constraint."""
    gadget = gadget_circuit(
        {"x": (Field, None)}, lambda cs, x: cs.assert_signed_range(cs.number(x.lc, lo, hi), 4)
    )
    assert gadget.cost == (0 if (lo, hi) == (-8, 7) else 4)
    for x in (-8, 0, 7):
        assert gadget.honest({"x": x}) == [x]
    for x in {max(lo, -9), min(hi, 8)} - {-8, 7}:
        gadget.refusal({"x": x})


@pytest.mark.parametrize(("lo", "hi"), [(-1, 15), (0, 16), (-20, 40), (0, 15), (3, 9)])
def test_range_of_an_integer(lo: int, hi: int) -> None:
    def body(cs, x):
        y = cs.assert_range(cs.number(x.lc, lo, hi), 4)
        assert (y.lo, y.hi) == (max(lo, 0), min(hi, 15))
        return y

    gadget = gadget_circuit({"x": (Field, None)}, body)
    assert gadget.cost == (0 if lo >= 0 and hi <= 15 else 4)
    for x in {max(lo, -1), min(hi, 16)} - set(range(16)):
        gadget.refusal({"x": x})


@pytest.mark.parametrize("bits", [0, -1, 253, 254, 300])
def test_a_decomposition_has_one_answer(bits: int) -> None:
    """254 bits have two, which is a classic."""
    for call in ("bits", "assert_range", "assert_signed_range"):
        if (call, bits) != ("assert_range", 0):
            with pytest.raises(CompileError):
                gadget_circuit({"x": (Field, None)}, lambda cs, x, c=call: getattr(cs, c)(x, bits))


def test_bits_are_the_binary_digits() -> None:
    gadget = gadget_circuit({"x": (Field, None)}, lambda cs, x: cs.bits(x, 12))
    for x in edges(0, 4095, "bits"):
        assert gadget.honest({"x": x}) == [x >> i & 1 for i in range(12)]
    for x in (4096, -1):
        gadget.refusal({"x": x})
    gadget.assert_forgeries_rejected({"x": 0xA53})


def test_a_second_decomposition_is_the_first_one() -> None:
    """The cached bits say nothing that their own width does not allow."""

    def body(cs, x, y):
        wide = cs.bits(x, 8)
        assert all(a is b for a, b in zip(cs.bits(x, 8), wide, strict=True))
        wider = cs.bits(x, 12)
        # y is a Field that was shown to be narrow only as a sum: no type says so.
        cs.bits(y, 8)
        narrow = cs.bits(y, 4)
        return [*wider[8:], *narrow]

    gadget = gadget_circuit({"x": (Field, None), "y": (Field, None)}, body)
    assert gadget.cost == 8 + 8 + 4
    assert gadget.honest({"x": 255, "y": 9}) == [0, 0, 0, 0, 1, 0, 0, 1]
    gadget.refusal({"x": 256, "y": 0})
    gadget.refusal({"x": 0, "y": 16})
    gadget.assert_forgeries_rejected({"x": 255, "y": 9})


def test_known_bits_serve_a_narrower_question_only_where_the_type_answers_it() -> None:
    def body(cs, x):
        narrow = cs.assert_range(x, 4)  # of 16
        assert narrow.hi == 15
        assert len(cs.bits(narrow, 4)) == 4
        return cs.bits(narrow, 5)

    gadget = gadget_circuit({"x": (Uint, 16)}, body)
    assert gadget.cost == 4
    assert gadget.honest({"x": 13}) == [1, 0, 1, 1, 0]
    gadget.refusal({"x": 16})


@pytest.mark.parametrize(("lo", "hi"), [(-5, 5), (-1, 0), (-(1 << 40), 1), (-1, (1 << 252) - 1)])
def test_non_negative_equals_python_and_refuses(lo: int, hi: int) -> None:
    def body(cs, x):
        y = cs.assert_range(x - lo, (hi - lo).bit_length())
        assert_le(cs, y, hi - lo)
        return cs.assert_non_negative(cs.number(x.lc, lo, hi))

    if hi - lo >= 1 << 252:
        lo = -1  # the widest: x >= 0 alone
        gadget = gadget_circuit(
            {"x": (Field, None)}, lambda cs, x: cs.assert_non_negative(cs.number(x.lc, lo, hi))
        )
    else:
        gadget = gadget_circuit({"x": (Field, None)}, body)
    for x in edges(lo, hi, "non-negative"):
        if x >= 0:
            assert gadget.honest({"x": x}) == [x]
        else:
            gadget.refusal({"x": x})


# Zero and equality ------------------------------------------------------------------------------

ELEMENTS = [0, 1, 2, R - 1, R // 2, R // 2 + 1, 1 << 253, random.Random(1).randrange(R)]


def test_is_zero() -> None:
    gadget = gadget_circuit({"x": (Field, None)}, is_zero)
    for x in ELEMENTS:
        assert gadget.honest({"x": x}) == [int(x == 0)]
        tried = gadget.assert_forgeries_rejected({"x": x})
        # The inverse of 0 is free; every other lie is refused.
        assert (tried.harmless > 0) == (x == 0)


def test_is_zero_of_a_constant_costs_nothing() -> None:
    for value in (0, 7):
        gadget = gadget_circuit({"x": (Uint, 4)}, lambda cs, x, v=value: is_equal(cs, x - x, v))
        assert gadget.cost == 0
        assert gadget.honest({"x": 3}) == [int(value == 0)]


def test_is_equal() -> None:
    gadget = gadget_circuit({"x": (Field, None), "y": (Field, None)}, is_equal)
    for x in ELEMENTS[:5]:
        for y in ELEMENTS[:5]:
            assert gadget.honest({"x": x, "y": y}) == [int(x == y)]
    gadget.assert_forgeries_rejected({"x": 5, "y": 5})
    gadget.assert_forgeries_rejected({"x": 5, "y": 6})


def test_assert_nonzero() -> None:
    gadget = gadget_circuit({"x": (Field, None)}, assert_nonzero)
    for x in ELEMENTS[1:]:
        gadget.honest({"x": x})
    gadget.refusal({"x": 0})
    attack = gadget.attack
    attack.start([0])
    for value in ELEMENTS:
        assert attack.forge({attack.hints[0]: value})[0] is not None


def test_assert_nonzero_when() -> None:
    inputs = {"x": (Field, None), "bit": (Bool, None)}
    gadget = gadget_circuit(inputs, assert_nonzero)
    gadget.honest({"x": 0, "bit": 0})
    for x in ELEMENTS[1:]:
        gadget.honest({"x": x, "bit": 1})
    gadget.refusal({"x": 0, "bit": 1})
    attack = gadget.attack
    attack.start([0, 1])
    for value in ELEMENTS:
        assert attack.forge({attack.hints[-1]: value})[0] is not None


# Order ------------------------------------------------------------------------------------------


def signed_pair(bits: int, compare) -> tuple[Gadget, list[tuple[int, int]]]:
    gadget = gadget_circuit({"x": (Int, bits), "y": (Int, bits)}, compare)
    values = edges(-(1 << (bits - 1)), (1 << (bits - 1)) - 1, "pair")
    return gadget, [(x, y) for x in values for y in values]


def unsigned_pair(bits: int, compare) -> tuple[Gadget, list[tuple[int, int]]]:
    gadget = gadget_circuit({"x": (Uint, bits), "y": (Uint, bits)}, compare)
    values = edges(0, (1 << bits) - 1, "pair")
    return gadget, [(x, y) for x in values for y in values]


@pytest.mark.parametrize("pair", [signed_pair, unsigned_pair])
@pytest.mark.parametrize("bits", WIDTHS)
def test_is_less_and_is_le(pair, bits: int) -> None:
    less, values = pair(bits, is_less)
    le, _ = pair(bits, is_le)
    for x, y in values:
        assert less.honest({"x": x, "y": y}) == [int(x < y)]
        assert le.honest({"x": x, "y": y}) == [int(x <= y)]
    low, high = values[0][0], values[-1][0]
    for x, y in ((low, high), (high, low), (high, high)):
        less.assert_forgeries_rejected({"x": x, "y": y})
        le.assert_forgeries_rejected({"x": x, "y": y})


@pytest.mark.parametrize("pair", [signed_pair, unsigned_pair])
@pytest.mark.parametrize("bits", WIDTHS)
def test_assert_le_and_assert_less(pair, bits: int) -> None:
    le, values = pair(bits, assert_le)
    less, _ = pair(bits, assert_less)
    for x, y in values:
        for gadget, holds in ((le, x <= y), (less, x < y)):
            if holds:
                gadget.honest({"x": x, "y": y})
            else:
                gadget.refusal({"x": x, "y": y})
    le.assert_forgeries_rejected({"x": values[0][0], "y": values[-1][0]})
    for gadget in (le, less):
        gadget.assert_refused({"x": values[-1][0], "y": values[0][0]}, wires=8)


def test_a_false_order_cannot_be_forged() -> None:
    """The prover of 9 <= 5 has no bits that help."""
    gadget = gadget_circuit({"x": (Uint, 4), "y": (Uint, 4)}, assert_le)
    attack = gadget.attack
    attack.start([9, 5])
    rng = random.Random(9)
    for _ in range(300):
        lies = {wire: rng.choice((0, 1, R - 1)) for wire in rng.sample(attack.hints, 3)}
        assert attack.forge(lies)[0] is not None


def test_orders_of_constants() -> None:
    gadget = gadget_circuit({"x": (Uint, 8)}, lambda cs, x: [is_less(cs, x, 17), is_le(cs, x, 17)])
    for x in (0, 16, 17, 18, 255):
        assert gadget.honest({"x": x}) == [int(x < 17), int(x <= 17)]
    free = gadget_circuit({"x": (Uint, 8)}, lambda cs, x: assert_le(cs, x, 255))
    assert free.cost == 0


@pytest.mark.parametrize("compare", [is_less, is_le, assert_le, assert_less])
def test_what_has_no_range_is_not_compared(compare) -> None:
    with pytest.raises(CompileError, match="takes an integer with a range"):
        gadget_circuit({"x": (Uint, 8), "y": (Field, None)}, compare)
    with pytest.raises((CompileError, AttributeError)):
        gadget_circuit({"x": (Field, None), "y": (Uint, 8)}, compare)


def test_an_integer_may_stand_on_either_side_of_an_equality() -> None:
    for constant in (5, 0):
        gadget = gadget_circuit(
            {"x": (Field, None)}, lambda cs, x, constant=constant: cs.assert_equal(constant, x)
        )
        gadget.honest({"x": constant})
        gadget.refusal({"x": constant + 1})
