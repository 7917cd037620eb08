"""The harness itself: it finds the holes it is there to find."""

from __future__ import annotations

import random
import re

import pytest

from circuits.gadgets.compare import assert_less, is_less
from tests.checks import forged, gadget_circuit, square_root
from zk import engine
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.types import Bool, Field, Uint, add_lc
from zk.errors import UnsatisfiedConstraint
from zk.field import R, from_limbs, to_limbs


def is_zero_without_second_row(cs: ConstraintSystem, x: Field) -> Bool:
    return Bool(cs, add_lc({0: 1}, (x * cs.hint_inverse(x)).lc, -1))


def bit_without_link(cs: ConstraintSystem, x: Field, y: Field) -> Bool:
    """Assigned and not constrained: the bit is a bit, and nothing says which."""
    return cs.assert_bool(cs.hint_less(x, y))


def remainder_without_bound(cs: ConstraintSystem, x: Uint, y: Uint) -> Uint:
    quotient, remainder = cs.hint_divide(x, y)
    quotient = cs.assert_range(quotient, 16)
    remainder = cs.assert_range(remainder, 8)
    cs.assert_product(quotient, y, x - remainder)
    return quotient


def quotient_without_range(cs: ConstraintSystem, x: Uint, y: Uint) -> Field:
    quotient, remainder = cs.hint_divide(x, y)
    remainder = cs.assert_range(remainder, 8)
    cs.assert_product(quotient, y, x - remainder)
    return quotient


FIELDS = {"x": (Field, None), "y": (Field, None)}
UINTS = {"x": (Uint, 16), "y": (Uint, 8)}


@pytest.mark.parametrize(
    ("inputs", "body", "values"),
    [
        ({"x": (Field, None)}, is_zero_without_second_row, {"x": 5}),
        (FIELDS, bit_without_link, {"x": 1, "y": 2}),
        (UINTS, quotient_without_range, {"x": 1000, "y": 7}),
    ],
)
def test_holes_are_found(inputs, body, values) -> None:
    gadget = gadget_circuit(inputs, body)
    with pytest.raises(AssertionError, match=r"a forged witness passes|no row binds wire"):
        gadget.assert_forgeries_rejected(values)


def test_a_lie_in_two_hints_of_one_instruction_is_found() -> None:
    """q - 1 and r + y satisfy the row together; each alone does not."""
    gadget = gadget_circuit(UINTS, remainder_without_bound)
    attack = gadget.attack
    attack.start([1000, 7])
    quotient, remainder = 142, 6
    first = next(w for w in attack.hints if attack._honest[w : w + 2] == [quotient, remainder])
    with pytest.raises(AssertionError, match="DIV"):
        attack.judge({first: quotient - 1, first + 1: remainder + 7})


def test_a_link_of_a_chain_that_nothing_binds_is_found() -> None:
    """x y z = 0 by way of a product that is only assigned."""

    def body(cs, x, y, z):
        cs.assert_product(cs.hint_product(x, y), z, 0)

    gadget = gadget_circuit(dict.fromkeys("xyz", (Field, None)), body)
    with pytest.raises(AssertionError, match="false inputs pass"):
        gadget.refusal({"x": 1, "y": 2, "z": 3})


def test_an_assertion_with_a_bit_that_nothing_holds_is_found() -> None:
    """x < 16 by a decomposition whose bit 2 is anything; nothing is returned that a lie changes."""

    def body(cs, x):
        hints = cs.hint_bits(x, 3, 1)
        low = x - hints[1] * 4
        for i in (0, 2):
            low = low - cs.assert_bool(hints[i]) * (2 << i)
        cs.assert_bool(low)

    gadget = gadget_circuit({"x": (Field, None)}, body)
    with pytest.raises(AssertionError, match="false inputs pass"):
        gadget.refusal({"x": 16})


@pytest.mark.parametrize("free", range(4))
def test_a_bit_that_nothing_holds_is_found(free: int) -> None:
    """A decomposition with one bit unasserted: a lie in another bit is mended by that one."""

    def body(cs, x):
        hints = cs.hint_bits(x, 4, 1)
        high = [bit if i == free else cs.assert_bool(bit) for i, bit in enumerate(hints)]
        low = x
        for i, bit in enumerate(high, start=1):
            low = Field(cs, low.lc) - bit * (1 << i)
        return [cs.assert_bool(low), *high]

    gadget = gadget_circuit({"x": (Uint, 5)}, body)
    with pytest.raises(AssertionError, match="a forged witness passes"):
        gadget.assert_forgeries_rejected({"x": 22})


def test_a_quotient_with_a_bit_that_nothing_holds_is_found() -> None:
    """Another remainder, the quotient that goes with it, and the bit that makes it one."""

    def body(cs, x, y):
        quotient, remainder = cs.hint_divide(x, y)
        bits = cs.hint_bits(quotient, 16)
        cs.assert_equal(quotient, sum((b * (1 << i) for i, b in enumerate(bits)), Field(cs, {})))
        for i, b in enumerate(bits):
            if i != 5:
                cs.assert_bool(b)
        assert_less(cs, cs.assert_range(remainder, 8), y)
        cs.assert_product(quotient, y, x - remainder)
        return quotient

    gadget = gadget_circuit(UINTS, body)
    with pytest.raises(AssertionError, match="a forged witness passes"):
        gadget.assert_forgeries_rejected({"x": 50_000, "y": 77})


def test_square_roots() -> None:
    rng = random.Random(3)
    for x in (0, 1, 4, R - 1, *(rng.randrange(R) for _ in range(40))):
        root = square_root(x * x % R)
        assert root in (x, R - x, 0)
        assert root is not None
        assert root * root % R == x * x % R
    assert square_root(5) is None


def test_a_sound_gadget_passes_and_every_lie_is_counted() -> None:
    gadget = gadget_circuit({"x": (Uint, 8), "y": (Uint, 8)}, is_less)
    tried = gadget.assert_forgeries_rejected({"x": 3, "y": 200})
    assert tried.rejected > 200
    assert tried.harmless == 0


def test_invalid_inputs_reach_the_constraints() -> None:
    gadget = gadget_circuit({"x": (Uint, 8), "y": (Uint, 8)}, is_less)
    assert "x is an unsigned integer of 8 bits" in str(gadget.refusal({"x": 256, "y": 0}))
    with pytest.raises(AssertionError, match="were accepted"):
        gadget.refusal({"x": 255, "y": 0})
    with pytest.raises(UnsatisfiedConstraint):
        gadget.honest({"x": 0, "y": -1})


def test_the_interpreter_agrees_with_the_engine() -> None:
    gadget = gadget_circuit(UINTS, remainder_without_bound)
    inputs = to_limbs([60_000, 251])
    witness = engine.run_witness(gadget.circuit.r1cs, gadget.circuit.program, inputs)
    assert gadget.attack.start([60_000, 251]) == from_limbs(witness)


def test_forged_inputs_are_set_by_path() -> None:
    values = {"a": 1, "b": [{"c": 2, "d": [3, 4]}]}
    changed = forged(values, {"a": 9, "b[0].d[1]": 8})
    assert changed == {"a": 9, "b": [{"c": 2, "d": [3, 8]}]}
    assert values["b"] == [{"c": 2, "d": [3, 4]}]
    with pytest.raises(KeyError, match=re.escape("b[0].e")):
        forged(values, {"b[0].e": 1})
