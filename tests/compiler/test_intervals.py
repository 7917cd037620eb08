"""The intervals of wires in a compiled circuit: what is known, and that it holds of witnesses."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from circuits.gadgets.compare import is_zero
from circuits.margin.portfolio.exposure import exposures
from circuits.margin.portfolio.shape import SIZE_CLASSES, PortfolioShape
from tests import strategies
from tests.checks import gadget_circuit, outside
from tests.compiler.programs import Program
from tests.margin import agreement as linear
from tests.portfolio import agreement as portfolio
from tests.portfolio.books import random_book
from tests.portfolio.exposures import greek_values, limits
from zk import Bool, Circuit, Field, Int, Uint, compile, private, public
from zk.compiler.compiled import CompiledCircuit
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.known import Known
from zk.field import Limbs, R

Interval = tuple[int, int] | None


def intervals_of(circuit: CompiledCircuit) -> list[Interval]:
    assert circuit.intervals is not None
    assert len(circuit.intervals.of) == circuit.r1cs.n_wires
    return [circuit.intervals.interval(wire) for wire in range(circuit.r1cs.n_wires)]


def assert_holds(circuit: CompiledCircuit, witness: Limbs) -> int:
    """No value is outside of its wire's interval; how many wires have one."""
    assert outside(circuit, witness) == []
    assert circuit.intervals is not None
    return int(np.count_nonzero(circuit.intervals.of))


# What is known ------------------------------------------------------------------------------------


class Kinds(Circuit):
    """One wire of each kind, in this order."""

    z: Field = public()
    bit: Bool = private()
    small: Uint = private(bits=1)
    uint: Uint = private(bits=4)
    signed: Int = private(bits=4)
    field: Field = private()

    def define(self, cs: ConstraintSystem) -> None:
        product = self.uint * self.signed
        square = self.signed * self.signed
        wide = self.field * self.field
        cs.assert_equal(product + square + wide * wide + self.bit + self.small, self.z)


def test_every_kind_of_signal() -> None:
    circuit = compile(Kinds())
    known = intervals_of(circuit)
    assert known[0] == (1, 1)
    assert known[1:7] == [None, (0, 1), (0, 1), (0, 15), (-8, 7), None]
    # Three high bits of each decomposition; the lowest is what is left, no wire.
    assert known[7:13] == [(0, 1)] * 6
    # A product's interval is exact, a square is not negative, a field's product has none; a fourth
    # is what the equality was solved for.
    assert known[13:] == [(-120, 105), (0, 64), None]
    values = {"bit": 1, "small": 0, "uint": 15, "signed": -8, "field": 3}
    assert_holds(circuit, circuit.witness(values | {"z": 81 + 64 - 120 + 1}))


def known_of(inputs: dict[str, Any], body: Any) -> tuple[CompiledCircuit, list[Interval]]:
    circuit = gadget_circuit(inputs, body).circuit
    return circuit, intervals_of(circuit)


def test_what_an_eliminated_wire_was_known_for_passes_to_what_replaces_it() -> None:
    def body(cs: Any, x: Field, y: Field) -> None:
        product, other = x * y, y * y
        # The hints are the wires that go, and all that was said of the products.
        hint, second = cs.hint_product(x, y), cs.hint_product(y, y)
        cs.assert_range(hint, 7)
        cs.assert_range(second, 7)
        cs.assert_equal(hint, product)
        cs.assert_equal(second, 5 - other)

    _, known = known_of({"x": (Field, None), "y": (Field, None)}, body)
    assert known[:5] == [(1, 1), None, None, (0, 127), (-122, 5)]
    assert set(known[5:]) == {(0, 1)}


def test_a_sum_says_nothing_of_its_wires() -> None:
    def body(cs: Any, x: Field, y: Field) -> None:
        cs.assert_range(x + y, 7)
        cs.assert_range(2 * x, 7)

    _, known = known_of({"x": (Field, None), "y": (Field, None)}, body)
    assert known[1:3] == [None, None]


def test_a_zero_test_makes_a_bit_of_a_product() -> None:
    """Of x / x, which no row of its own says."""
    circuit, known = known_of({"x": (Field, None)}, lambda cs, x: [is_zero(cs, x)])
    assert known == [(1, 1), None, None, (0, 1)]
    for x in (0, 1, R - 1, 77):
        assert_holds(circuit, circuit.witness({"x": x}))


def test_what_is_outside_is_found() -> None:
    circuit = compile(Kinds())
    values = {"z": 0, "bit": 2, "small": 1, "uint": 16, "signed": -9, "field": 3}
    # Their lowest bits, what is left, are no wires: these two, and (-9)^2, 16 (-9).
    assert outside(circuit, circuit.witness(values)) == [2, 4, 5, 13, 14]


def known_after(*claims: tuple[dict[int, int], int, int]) -> Interval:
    known = Known()
    for lc, low, high in claims:
        known.learn(lc, low, high)
    return known.interval(7)


def test_one_wire_beside_a_constant() -> None:
    assert known_after() is None
    assert known_after(({7: 1}, -3, 9)) == (-3, 9)
    assert known_after(({7: R - 1}, -3, 9)) == (-9, 3)
    assert known_after(({0: 10, 7: 1}, -3, 9)) == (-13, -1)
    assert known_after(({7: 1, 0: R - 10}, -3, 9)) == (7, 19)
    assert known_after(({0: 10, 7: R - 1}, -3, 9)) == (1, 13)
    for lc in ({}, {0: 3}, {7: 2}, {7: 1, 8: 1}, {0: 1, 7: 2}):
        assert known_after((lc, -3, 9)) is None


def test_the_narrowest_of_several_claims() -> None:
    assert known_after(({7: 1}, 0, 9), ({7: 1}, -3, 5)) == (0, 5)
    assert known_after(({7: 1}, 0, 9), ({7: 1}, -3, 20)) == (0, 9)
    assert known_after(({7: 1}, 0, 9), ({7: 1}, 10, 20)) == (0, 9)


def test_an_empty_claim_says_nothing() -> None:
    """Its circuit has no witness; a file of it is read all the same."""
    assert known_after(({7: 1}, 5, 3)) is None
    assert known_after(({7: 1}, 0, 9), ({0: 2, 7: R - 1}, 5, 3)) == (0, 9)


def test_an_interval_that_would_wrap_is_not_kept() -> None:
    half = R // 2
    assert known_after(({7: 1}, -half, half)) == (-half, half)
    assert known_after(({0: 1, 7: 1}, -half, half)) is None
    assert known_after(({0: R - 1, 7: 1}, 0, half)) is None
    assert known_after(({0: half, 7: 1}, 0, half)) == (-half, 0)


def test_intervals_are_part_of_the_digest_and_in_the_order_of_first_use() -> None:
    circuit = compile(Kinds())
    assert circuit.intervals is not None
    of = circuit.intervals.of[circuit.intervals.of > 0].tolist()
    assert list(dict.fromkeys(of)) == list(range(1, len(circuit.intervals.ends) + 1))
    assert circuit.digest == compile(Kinds()).digest
    parts = [content for name, content in circuit.sections() if name.startswith(b"i.")]
    assert [len(part) for part in parts] == [64 * 6, 4 * 10, 4 * 10]


# That it holds ------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", range(6))
def test_random_programs(batch: int) -> None:
    for seed in range(batch, 120, 6):
        program = Program(seed)
        for _ in range(4):
            program.gadget.honest(program.values())  # asserts it


@pytest.mark.parametrize("statement", ["meets", "liquidatable"])
def test_the_linear_statements(statement: str) -> None:
    shape = strategies.shape_of("4+4")
    circuit = linear.circuit(statement, shape)
    for case in strategies.cases(shape, 12, 3):
        witness = circuit.witness(linear.raw_values(case, statement, shape))
        assert assert_holds(circuit, witness) > 7000


@pytest.mark.parametrize("statement", portfolio.STATEMENTS)
def test_the_portfolio_statements(statement: str) -> None:
    shape = PortfolioShape(SIZE_CLASSES[0])
    circuit = portfolio.circuit(statement, shape)
    at = portfolio.epoch(0, shape)
    for index in range(6):
        rng = random.Random(f"intervals {index}")
        book = random_book(at, shape, rng, full=index % 2 == 0)
        made = portfolio.values(book, at, statement, rng.randrange(2), 0)
        assert assert_holds(circuit, circuit.witness(made)) > 4000


def test_the_greek_limits() -> None:
    shape = PortfolioShape(SIZE_CLASSES[0])
    circuit = portfolio.circuit(portfolio.GREEKS, shape)
    at = portfolio.epoch(0, shape)
    for index in range(4):
        rng = random.Random(f"intervals {index}")
        book = random_book(at, shape, rng, full=index % 2 == 0)
        for _, limit in limits(exposures(book, at), rng):
            made = greek_values(book, at, limit)
            assert assert_holds(circuit, circuit.witness(made)) > 4000
