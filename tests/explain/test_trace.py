"""Names of wires, rows in words, and traces back to the inputs."""

from __future__ import annotations

import re

import numpy as np
import pytest

from tests.explain.circuits import Vault, inputs
from zk import Circuit, Field, Uint, compile, private, public
from zk.compiler.compiled import CompiledCircuit
from zk.compiler.explain.names import defining_rows, wire_names
from zk.compiler.explain.trace import MAX_SIGNALS, trace
from zk.compiler.explain.words import Words, number
from zk.compiler.witness import Op
from zk.errors import InputError
from zk.field import R, from_limbs


@pytest.fixture(scope="module")
def words(vault: CompiledCircuit) -> Words:
    return Words(vault)


# Names --------------------------------------------------------------------------------------------


def test_every_wire_has_a_name_of_its_own(vault: CompiledCircuit) -> None:
    names = wire_names(vault)
    assert len(names) == len(set(names)) == vault.r1cs.n_wires
    assert names[0] == "(one)"
    assert names[1 : 1 + len(vault.slots)] == [slot.path for slot in vault.slots]
    assert all(re.fullmatch(r"[A-Za-z0-9_.\[\]]+", name) for name in names[1:])


def test_wires_are_named_after_their_obligation(vault: CompiledCircuit) -> None:
    names = wire_names(vault)
    assert "slot[1].bit[19]" in names  # its declaration
    assert "slot[1].is_within_the_limit.bit[1]" in names
    assert "the_sum.w[0]" in names
    assert {"parts.bit[1]", "parts.bit2[1]"} <= set(names)  # two decompositions
    rows = defining_rows(vault)
    for wire in range(1 + len(vault.slots), vault.r1cs.n_wires):
        obligation = vault.origin(int(rows[wire]))[0]
        head = re.sub(r"\.(w|bit\d*)\[\d+\]$", "", names[wire])
        assert head.split(".")[0] in obligation.replace(" ", "_")


def test_bits_of_which_some_were_cut_out_keep_their_numbers() -> None:
    class Cut(Circuit):
        x: Field = private()

        def define(self, cs) -> None:
            with cs.obligation("x"):
                cs.assert_equal(cs.bits(self.x, 12)[6], 1)

    circuit = compile(Cut())
    assert wire_names(circuit)[2:] == [f"x.bit[{i}]" for i in range(1, 12) if i != 6]
    words = Words(circuit)
    assert words.row(circuit.r1cs.n_constraints - 1).startswith(
        "(x - x.bits[1..5] - x.bits[7..11] - 64) * "
    )
    assert trace(circuit, "x.bit[9]").definitions[0].formula == "bit 9 of x"


def test_a_name_that_an_input_has_already_is_not_taken() -> None:
    class Clash(Circuit):
        z: Field = public()
        w: list[Field] = private(count=2)
        unnamed: Field = private()

        def define(self, cs) -> None:
            with cs.obligation("w"):
                cs.assert_equal(self.w[0] * self.w[1] * self.unnamed, self.z)

    circuit = compile(Clash())
    circuit = CompiledCircuit(
        circuit.name,
        {},
        (*circuit.slots[:3], type(circuit.slots[3])("w.w[0]", "Field", 254, False, False)),
        circuit.r1cs,
        circuit.program,
        circuit.debug,
    )
    names = wire_names(circuit)
    assert len(set(names)) == len(names)
    assert "w._w[0]" in names


def test_an_input_may_be_called_one() -> None:
    class One(Circuit):
        one: Field = public()
        two: Field = private()

        def define(self, cs) -> None:
            cs.assert_product(self.two, self.two, self.one)

    circuit = compile(One())
    assert wire_names(circuit)[1:] == ["one", "two"]
    assert Words(circuit).row(0) == "(two) * (two) = one"


# Words --------------------------------------------------------------------------------------------


def test_the_words_of_a_row_are_the_row(vault: CompiledCircuit, words: Words) -> None:
    """Each side, read back with the witness's values, has the value of that side."""
    witness = from_limbs(vault.witness(inputs()))
    for row in range(vault.r1cs.n_constraints):
        for lc in words.sides(row):
            exact = sum(k * witness[w] for w, k in lc.items()) % R
            values = {w: witness[w] for w in (*lc, 0)}
            terms = words.terms(lc)
            assert sum(t.coefficient * t.value(values) for t in terms) % R == exact
            assert sorted(w for t in terms for w in t.wires) == sorted(lc)


def test_bits_in_place_are_one_number(words: Words) -> None:
    vault = words.circuit
    row = next(r for r in range(vault.r1cs.n_constraints) if vault.origin(r)[0].startswith("slot"))
    assert re.fullmatch(r"\(slot\[0\]\.bit\[\d+\]\) \* .* = 0", words.row(row))
    texts = [words.row(row) for row in range(vault.r1cs.n_constraints)]
    whole = "slot[0] - slot[0].bits[1..19]"
    assert f"({whole}) * ({whole} - 1) = 0" in texts


def test_bits_that_are_not_in_place_stay_apart() -> None:
    class Odd(Circuit):
        z: Field = public()
        x: Uint = private(bits=6)

        def define(self, cs) -> None:
            bits = cs.bits(self.x, 6)
            cs.assert_product(bits[1] + bits[2] + 3 * bits[3], self.x, self.z)
            cs.assert_product(5 * bits[2] + 10 * bits[3] + 20 * bits[4], self.x, self.z)
            cs.assert_product(bits[1] + 2 * bits[2] + 8 * bits[4], self.x, self.z)

    odd = Words(compile(Odd()))
    assert odd.row(6) == "(x.bit[1] + x.bit[2] + 3*x.bit[3]) * (x) = z"
    text = odd.row(7).split(")")[0]
    assert re.fullmatch(r"\(\S+\*x\.bits\[2\.\.4\]", text)  # 5/4, an element of the field
    assert odd.row(8).startswith("(x.bit[1] + 2*x.bit[2] + 8*x.bit[4])")


def test_long_combinations_are_counted(words: Words) -> None:
    texts = [words.row(row, terms=2) for row in range(words.circuit.r1cs.n_constraints)]
    assert any("more terms)" in text for text in texts)


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (0, "0"),
        (1023, "1023"),
        (1 << 20, "2^20"),
        (100, "100"),
        (10**14, "10^14"),
        (R - 1, "21888242...08495616"),
    ],
)
def test_numbers_are_short(n: int, text: str) -> None:
    assert number(n) == text


# Traces -------------------------------------------------------------------------------------------


def test_an_input_stands_where_the_matrices_say(vault: CompiledCircuit) -> None:
    found = trace(vault, "limit", rows=1000)
    (start,) = found.definitions
    assert (start.name, start.operation) == ("limit", "input")
    assert start.formula == "public Uint of 20 bits"
    r = vault.r1cs
    for row in range(r.n_constraints):
        sides = "".join(
            letter
            for letter, m in zip("ABC", (r.a, r.b, r.c), strict=True)
            if start.wires[0] in m.wires[m.offsets[row] : m.offsets[row + 1]]
        )
        uses = [use for use in found.rows if use.row == row]
        assert [use.sides for use in uses] == ([sides] if sides else [])
    assert found.row_count == len(found.rows) > 3
    assert {use.obligation for use in found.rows} >= {"slot[0] / is within the limit", "parts"}
    assert "assert_le > assert_non_negative" in {use.gadgets for use in found.rows}


def test_a_trace_ends_at_the_inputs(vault: CompiledCircuit) -> None:
    last = vault.r1cs.n_wires - 1
    found = trace(vault, str(last), depth=1000)
    assert found.complete
    seen = {wire for definition in found.definitions for wire in definition.wires}
    for definition in found.definitions:
        assert set(definition.sources) <= seen
        assert (definition.sources == ()) == (definition.operation == "input")
    wires = [wire for definition in found.definitions for wire in definition.wires]
    assert len(wires) == len(set(wires))
    depths = [definition.depth for definition in found.definitions]
    assert depths == sorted(depths)


def test_every_operation_has_words(vault: CompiledCircuit) -> None:
    operations = {}
    for name in wire_names(vault)[1:]:
        (start, *_) = trace(vault, name, depth=0).definitions
        operations.setdefault(start.operation, start.formula)
    used = {Op(int(op)).name for op in vault.program.code[:, 0]}
    assert set(operations) == used | {"input"}
    assert {"ROW", "MUL", "INV", "BITS", "LESS", "DIV", "ISQRT"} <= used
    assert operations["LESS"] == "1 if slot[1] < slot[2] else 0"
    assert operations["ISQRT"] == "floor of the square root of slot[1]"
    assert operations["DIV"] == "floor of (slot[0]) / (limit + 1)"
    assert all("{" not in formula for formula in operations.values())


def test_bits_are_traced_together(vault: CompiledCircuit) -> None:
    start = trace(vault, "slot[2].bit[7]")
    assert start.definitions[0].formula == "bit 7 of slot[2]"

    class Sum(Circuit):
        z: Field = public()
        x: Uint = private(bits=30)

        def define(self, cs) -> None:
            bits = cs.bits(self.x, 30)
            cs.assert_equal((bits[1] + bits[2] + bits[3]) * self.x * self.x, self.z)

    circuit = compile(Sum())
    found = trace(circuit, "unnamed.w[0]")
    assert [d.name for d in found.definitions] == ["unnamed.w[0]", "x", "x.bits[1..3]"]
    assert found.definitions[2].formula == "bits 1 to 3 of x"
    assert len(found.definitions[2].wires) == 3


def test_a_trace_is_bounded(vault: CompiledCircuit) -> None:
    class Chain(Circuit):
        z: Field = public()
        x: Field = private()

        def define(self, cs) -> None:
            y = self.x
            for _ in range(MAX_SIGNALS + 10):
                y = y * y
            cs.assert_equal(y, self.z)

    circuit = compile(Chain())
    found = trace(circuit, str(circuit.r1cs.n_wires - 1), depth=10_000, rows=0)
    assert not found.complete
    assert len(found.definitions) == MAX_SIGNALS
    assert found.rows == ()
    assert trace(circuit, str(circuit.r1cs.n_wires - 1), depth=5).complete


@pytest.mark.parametrize("signal", ["nothing", "", "-1", "99999", "9" * 50, "slot", "1.5", "²"])
def test_an_unknown_signal_is_refused(vault: CompiledCircuit, signal: str) -> None:
    with pytest.raises(InputError) as caught:
        trace(vault, signal)
    if signal == "slot":
        assert "slot[0]" in str(caught.value)


def test_a_signal_has_three_names(vault: CompiledCircuit) -> None:
    wire = wire_names(vault).index("the_sum.w[0]")
    named = [trace(vault, name) for name in ("the_sum.w[0]", "main.the_sum.w[0]", str(wire))]
    assert named[0] == named[1] == named[2]
    assert trace(vault, "0").definitions[0].operation == "constant"


def test_no_view_needs_the_gadgets(vault: CompiledCircuit) -> None:
    debug = type(vault.debug)((("", ""),), np.zeros_like(vault.debug.row_origin))
    parts = (vault.name, {}, vault.slots, vault.r1cs, vault.program, debug)
    found = trace(CompiledCircuit(*parts), "limit")
    assert found.rows[0].gadgets == found.rows[0].obligation == ""


def test_the_test_circuit_is_satisfied(vault: CompiledCircuit) -> None:
    vault.check(vault.witness(inputs()))
    compile(Vault(checked=1))
