"""Declared inputs: order, arrays, structs, sizes by name, ranges from types."""

from __future__ import annotations

import pytest

from tests.checks import forged
from zk import Bool, Circuit, Field, Int, Struct, Uint, compile, private, public
from zk.compiler.declare import input_slots
from zk.errors import CompileError, InputError, UnsatisfiedConstraint
from zk.field import R


class Leg(Struct):
    size: Uint = private(bits="width")
    rates: list[Uint] = private(bits=4, count="tiers")


class Book(Circuit):
    """Public inputs come first in wire order, wherever they are declared."""

    cash: Int = private(bits=9)
    total: Field = public()
    leg: list[Leg] = private(count="legs", tiers=2)
    flag: Bool = private()
    domain: Uint = public(bits=8, context=True)

    width = 7

    def __init__(self, legs: int) -> None:
        self.legs = legs

    def define(self, cs) -> None:
        total = self.cash + self.flag
        for leg in self.leg:
            total = total + leg.size * leg.rates[0] + leg.rates[1]
        cs.assert_equal(total, self.total)


VALUES = {
    "cash": -3,
    "flag": 1,
    "domain": 77,
    "leg": [{"size": 5, "rates": [2, 1]}, {"size": 100, "rates": [0, 15]}],
    "total": -3 + 1 + 11 + 15,
}


def test_slots_in_wire_order() -> None:
    slots = input_slots(Book(2))
    assert [slot.path for slot in slots] == [
        "total",
        "domain",
        "cash",
        "leg[0].size",
        "leg[0].rates[0]",
        "leg[0].rates[1]",
        "leg[1].size",
        "leg[1].rates[0]",
        "leg[1].rates[1]",
        "flag",
    ]
    assert [slot.bits for slot in slots] == [254, 8, 9, 7, 4, 4, 7, 4, 4, 1]
    assert [slot.public for slot in slots] == [True] * 2 + [False] * 8
    assert [slot.path for slot in slots if slot.context] == ["domain"]


def test_one_definition_serves_every_size() -> None:
    circuits = [compile(Book(legs)) for legs in (0, 1, 2, 5)]
    assert [c.r1cs.n_private for c in circuits] == [2, 5, 8, 17]
    assert len({c.digest for c in circuits}) == 4
    same = Book(2)
    first = compile(same)
    assert compile(same).digest == first.digest  # an instance can be compiled again


def test_a_witness() -> None:
    circuit = compile(Book(2))
    circuit.check(circuit.witness(VALUES))
    with pytest.raises(UnsatisfiedConstraint):
        circuit.check(circuit.witness(forged(VALUES, {"total": 0})))


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("cash", 256, "cash is a signed integer of 9 bits"),
        ("cash", -257, "cash is a signed integer of 9 bits"),
        ("leg[1].size", 128, "leg[1].size is an unsigned integer of 7 bits"),
        ("leg[0].rates[1]", -1, "leg[0].rates[1] is an unsigned integer of 4 bits"),
        ("flag", 2, "flag is a bit"),
        ("flag", R - 1, "flag is a bit"),
        ("domain", 256, "domain is an unsigned integer of 8 bits"),
    ],
)
def test_every_declared_range_is_a_constraint(path: str, value: int, words: str) -> None:
    circuit = compile(Book(2))
    with pytest.raises(UnsatisfiedConstraint) as caught:
        circuit.check(circuit.witness(forged(VALUES, {path: value})))
    assert caught.value.obligation == words
    assert caught.value.where.startswith("tests/compiler/test_declare.py:")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"cash": None}, "an integer is needed"),
        ({"cash": 1.0}, "an integer is needed"),
        ({"cash": "1"}, "an integer is needed"),
        ({"leg": []}, "missing circuit input"),
        ({"other": 1}, "no such circuit input"),
        ({"leg": [*VALUES["leg"], VALUES["leg"][0]]}, "no such circuit input"),
    ],
)
def test_inputs_are_complete_and_integers(change: dict, words: str) -> None:
    circuit = compile(Book(2))
    with pytest.raises(InputError, match=words):
        circuit.assign(VALUES | change)


def test_subclasses_add_inputs() -> None:
    class Stated(Book):
        limit: Uint = private(bits=5)

        def define(self, cs) -> None:
            super().define(cs)
            cs.assert_product(self.limit, self.limit, 9)

    circuit = compile(Stated(1))
    assert [slot.path for slot in circuit.slots][-1] == "limit"
    assert circuit.name == "Stated"


def test_mixins_bring_their_inputs() -> None:
    class Priced(Circuit):
        price: Uint = private(bits=4)

    class Sized(Circuit):
        size: Uint = private(bits=4)

    class Value(Priced, Sized):
        value: Field = public()

        def define(self, cs) -> None:
            cs.assert_equal(self.price * self.size, self.value)

    circuit = compile(Value())
    assert {slot.path for slot in circuit.slots} == {"price", "size", "value"}
    circuit.check(circuit.witness({"price": 3, "size": 5, "value": 15}))


def test_context_is_for_what_no_constraint_reads() -> None:
    class Loose(Circuit):
        x: Field = private()
        sender: Field = public()

        def define(self, cs) -> None:
            cs.assert_equal(self.x * self.x, 4)

    with pytest.raises(CompileError, match="context=True"):
        compile(Loose())


def test_an_input_read_by_its_bits_alone_is_read() -> None:
    class Parity(Circuit):
        x: Uint = private(bits=8)
        odd: Bool = public()

        def define(self, cs) -> None:
            cs.assert_equal(cs.bits(self.x, 8)[3], self.odd)

    circuit = compile(Parity())
    circuit.check(circuit.witness({"x": 0b1000, "odd": 1}))
    with pytest.raises(UnsatisfiedConstraint):
        circuit.check(circuit.witness({"x": 0b0111, "odd": 1}))


def test_an_input_of_which_a_bit_is_said_to_be_constant_is_read() -> None:
    class Even(Circuit):
        x: Uint = private(bits=8)

        def define(self, cs) -> None:
            cs.assert_equal(cs.bits(self.x, 8)[3], 1)

    circuit = compile(Even())
    assert circuit.r1cs.n_constraints == 7
    circuit.check(circuit.witness({"x": 0b1000}))
    with pytest.raises(UnsatisfiedConstraint):
        circuit.check(circuit.witness({"x": 0b0111}))


def test_a_range_does_not_read_another_input() -> None:
    class Two(Circuit):
        x: Uint = private(bits=8)
        y: Uint = private(bits=8)
        z: Bool = public()

        def define(self, cs) -> None:
            cs.assert_equal(cs.bits(self.x, 8)[3], self.z)

    with pytest.raises(CompileError, match="no constraint reads the input y"):
        compile(Two())
