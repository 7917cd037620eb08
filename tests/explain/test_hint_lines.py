"""Where hints come from: in a trace, in the error of a constraint that reads them, in the file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from circuits.gadgets.arith import divide
from tests.explain.circuits import Vault
from zk import Circuit, Field, Uint, compile, private, public
from zk.compiler.compiled import CompiledCircuit
from zk.compiler.explain.trace import trace
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.witness import Op
from zk.errors import ArtifactError, UnsatisfiedConstraint
from zk.formats.circuit import load_circuit, save_circuit


class Inverse(Circuit):
    """A hint on one line, bits of which two are cut, and the constraints on others."""

    z: Field = public()
    x: Field = private()
    y: Uint = private(bits=8)

    def define(self, cs: ConstraintSystem) -> None:
        with cs.obligation("guess"):
            inverse = cs.hint_inverse(self.x)
            bits = cs.bits(self.y, 8)
        cs.assert_equal(bits[3], 1)
        with cs.obligation("x is not zero"):
            cs.assert_product(self.x, inverse, 1)
        quotient, _ = divide(cs, self.y, 10)
        cs.assert_product(quotient, self.x, self.z)


@pytest.fixture(scope="module")
def circuit() -> CompiledCircuit:
    return compile(Inverse())


def line_of(text: str) -> str:
    """The one line of this file that has `text` in it, as origins name it."""
    lines = Path(__file__).read_text().splitlines()
    (number,) = [
        i for i, line in enumerate(lines, start=1) if text in line and "line_of" not in line
    ]
    return f"tests/explain/test_hint_lines.py:{number}"


def test_every_hint_has_its_line(circuit: CompiledCircuit) -> None:
    ops = circuit.program.code[:, 0].tolist()
    found = {(Op(op).name, *circuit.hint_origin(i)) for i, op in enumerate(ops) if op != Op.ROW}
    divided = line_of("divide(cs, self.y, 10)")
    assert found == {
        ("BITS", "y is an unsigned integer of 8 bits", line_of("private(bits=8)"), "assert_range"),
        ("INV", "guess", line_of("cs.hint_inverse(self.x)"), "hint_inverse"),
        ("DIV", "", divided, "divide > hint_floor"),
        ("BITS", "", divided, "divide > assert_range"),
        ("BITS", "", divided, "divide > assert_less > assert_le > assert_non_negative"),
    }
    # The bits of y are two blocks now, with one origin.
    assert sum(op == Op.BITS for op in ops) == 5
    assert len(circuit.debug.hint_origin) == sum(op != Op.ROW for op in ops)


def test_a_trace_names_the_lines(circuit: CompiledCircuit) -> None:
    found = trace(circuit, "x_is_not_zero.w[0]").definitions
    assert (found[0].operation, found[0].where) == ("INV", line_of("cs.hint_inverse(self.x)"))
    assert found[0].gadgets == "hint_inverse"
    assert (found[1].operation, found[1].where) == ("input", "")


def test_a_product_has_the_line_of_its_constraint(vault: CompiledCircuit) -> None:
    found = trace(vault, "the_sum.w[0]").definitions[0]
    assert found.operation == "ROW"
    assert found.where == "tests/explain/circuits.py:31"


def test_a_failing_constraint_names_the_hints_that_it_reads(circuit: CompiledCircuit) -> None:
    with pytest.raises(UnsatisfiedConstraint) as caught:
        circuit.check(circuit.witness({"z": 0, "x": 0, "y": 8}))
    error = caught.value
    assert error.obligation == "x is not zero"
    assert error.hints == (line_of("cs.hint_inverse(self.x)"),)
    assert str(error).endswith(f"constraint {error.row}; reads hints of {error.hints[0]})")


def test_the_line_of_the_constraint_itself_is_not_said_twice(circuit: CompiledCircuit) -> None:
    with pytest.raises(UnsatisfiedConstraint) as caught:
        circuit.check(circuit.witness({"z": 0, "x": 1, "y": 0}))  # bit 3 is not 1
    assert "given an equality" in caught.value.obligation
    assert caught.value.hints == ()


def test_of_many_lines_the_first_are_shown() -> None:
    error = UnsatisfiedConstraint(
        "C", "words", "a.py:1", 7, "", tuple(f"b.py:{i}" for i in range(5))
    )
    assert str(error).endswith("reads hints of b.py:0, b.py:1, b.py:2 and 2 more lines)")


def test_the_file_keeps_the_lines_and_the_digest_ignores_them(
    circuit: CompiledCircuit, tmp_path: Path
) -> None:
    save_circuit(tmp_path / "c.zkc", circuit)
    loaded = load_circuit(tmp_path / "c.zkc")
    assert np.array_equal(loaded.debug.hint_origin, circuit.debug.hint_origin)
    assert loaded.hint_lines(0) == circuit.hint_lines(0)
    none = replace(circuit.debug, hint_origin=np.zeros(0, dtype=np.uint32))
    bare = replace(circuit, debug=none)
    assert bare.digest == circuit.digest
    save_circuit(tmp_path / "bare.zkc", bare)
    loaded = load_circuit(tmp_path / "bare.zkc")
    assert loaded.hint_origin(0) == ("", "", "")
    assert loaded.hint_lines(circuit.r1cs.n_constraints - 1) == ()


@pytest.mark.parametrize("hints", [[0], [99] * 7, [-1] * 7, [0.5] * 7, ["a"] * 7, [True] * 7])
def test_a_file_with_other_lines_is_refused(
    circuit: CompiledCircuit, tmp_path: Path, hints, monkeypatch
) -> None:
    assert len(circuit.debug.hint_origin) == 7
    real = json.dumps

    def altered(value, **options) -> str:
        return real({**value, "hints": hints} if "hints" in value else value, **options)

    monkeypatch.setattr("zk.formats.circuit.json.dumps", altered)
    save_circuit(tmp_path / "c.zkc", circuit)
    with pytest.raises(ArtifactError, match="a hint's origin is not there"):
        load_circuit(tmp_path / "c.zkc")


def test_an_obligation_of_hints_alone_is_no_part_of_the_breakdown(
    circuit: CompiledCircuit,
) -> None:
    assert "guess" not in dict(circuit.breakdown())
    assert sum(count for _, count in circuit.breakdown()) == circuit.r1cs.n_constraints
    assert all(count for _, count in compile(Vault()).breakdown())
