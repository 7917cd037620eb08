"""The gadget path of a row: which functions emitted it, whoever called them and however."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from circuits.gadgets.compare import assert_le, is_zero
from circuits.gadgets.hash import poseidon
from circuits.gadgets.order import ordered_slots
from zk import Circuit, Field, Uint, compile, private, public
from zk.compiler.compiled import CompiledCircuit
from zk.compiler.frontend import ConstraintSystem
from zk.errors import ArtifactError, UnsatisfiedConstraint
from zk.formats.circuit import load_circuit, save_circuit


def at_most(cs: ConstraintSystem, x: Uint, y: Uint) -> None:
    assert_le(cs, x, y)


class Calls(Circuit):
    """Rows emitted in every way that an author has."""

    digest: Field = public()
    limit: Uint = public(bits=20)
    amounts: list[Uint] = private(bits=20, count=2)

    def define(self, cs) -> None:
        def inner(x):
            cs.assert_bool(x)  # a closure over cs

        with cs.obligation("within the limit"):
            for amount in self.amounts:
                at_most(cs, amount, self.limit)
        [is_zero(cs, amount) for amount in self.amounts]
        self.hashed(self.amounts[0] * self.amounts[1])
        inner(self.amounts[1])
        cs.assert_product(self.amounts[0], self.amounts[0], 49)

    def hashed(self, x) -> None:
        x.cs.assert_equal(poseidon(x.cs, [x]), self.digest)


@pytest.fixture(scope="module")
def circuit() -> CompiledCircuit:
    return compile(Calls())


def paths(circuit: CompiledCircuit) -> list[str]:
    return [circuit.gadgets(row) for row in range(circuit.r1cs.n_constraints)]


def test_paths_name_gadgets_and_the_authors_functions(circuit: CompiledCircuit) -> None:
    found = paths(circuit)
    assert found.count("assert_range") == 60  # the three declarations
    assert found.count("at_most > assert_le > assert_non_negative") == 2 * 20
    assert found.count("is_zero > *") == 2
    assert found.count("is_zero > assert_product") == 2
    assert found.count("*") == 1
    assert found.count("inner > assert_bool") == 1
    assert found.count("assert_product") == 1
    assert found.count("hashed > poseidon > _fifth_power > *") == 3
    assert found.count("hashed > poseidon") == 210
    assert "" not in found


def test_a_path_begins_below_define_in_any_caller(circuit: CompiledCircuit) -> None:
    def deeper(n: int) -> CompiledCircuit:
        return compile(Calls()) if n == 0 else deeper(n - 1)

    assert paths(deeper(5)) == paths(circuit)


def test_a_system_without_a_circuit_has_paths_too() -> None:
    cs = ConstraintSystem("bare")
    x = Field(cs, {cs.wires(1): 1})
    is_zero(cs, x)
    paths = [cs.gadgets[origin] for origin in cs.row_origin]
    assert paths == ["is_zero > *", "is_zero > assert_product"]


def test_the_error_names_the_path(circuit: CompiledCircuit) -> None:
    values = {"digest": 0, "limit": 5, "amounts": [7, 6]}
    with pytest.raises(UnsatisfiedConstraint) as caught:
        circuit.check(circuit.witness(values))
    assert caught.value.gadgets == "at_most > assert_le > assert_non_negative"
    assert f"({caught.value.where}, in {caught.value.gadgets}, constraint " in str(caught.value)


def test_the_file_keeps_the_paths_and_the_digest_ignores_them(
    circuit: CompiledCircuit, tmp_path: Path
) -> None:
    save_circuit(tmp_path / "c.zkc", circuit)
    loaded = load_circuit(tmp_path / "c.zkc")
    assert loaded.debug.gadgets == circuit.debug.gadgets
    bare = CompiledCircuit(
        circuit.name,
        circuit.metadata,
        circuit.slots,
        circuit.r1cs,
        circuit.program,
        type(circuit.debug)(circuit.debug.origins, circuit.debug.row_origin),
        circuit.intervals,
    )
    assert bare.digest == circuit.digest
    save_circuit(tmp_path / "bare.zkc", bare)
    loaded = load_circuit(tmp_path / "bare.zkc")
    assert loaded.debug.gadgets == ()
    assert loaded.gadgets(0) == ""


@pytest.mark.parametrize("gadgets", [("one",), (1,) * 100])
def test_a_file_with_other_paths_is_refused(
    circuit: CompiledCircuit, tmp_path: Path, gadgets
) -> None:
    debug = type(circuit.debug)(
        (("words", "x.py:1"),) * 100, np.zeros_like(circuit.debug.row_origin), gadgets
    )
    parts = (circuit.name, circuit.metadata, circuit.slots, circuit.r1cs, circuit.program, debug)
    save_circuit(tmp_path / "c.zkc", CompiledCircuit(*parts))
    with pytest.raises(ArtifactError, match="gadget path"):
        load_circuit(tmp_path / "c.zkc")


def test_an_array_of_slots_has_one_path_for_each_kind_of_row() -> None:
    class Slots(Circuit):
        key: list[Field] = private(count=2)

        def define(self, cs) -> None:
            ordered_slots(cs, self.key, 8)

    found = paths(compile(Slots()))
    assert all(path.startswith("ordered_slots > ") for path in found)
    assert "ordered_slots > is_zero > *" in found
