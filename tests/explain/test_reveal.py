"""A revealed constraint has the witness's values, and shows them only when asked."""

from __future__ import annotations

import numpy as np
import pytest

from tests.explain.circuits import inputs
from zk.compiler.compiled import CompiledCircuit, Debug
from zk.compiler.explain.names import wire_names
from zk.compiler.explain.reveal import reveal
from zk.compiler.explain.trace import trace
from zk.compiler.witness import Op, WitnessProgram
from zk.errors import ArtifactError, UnsatisfiedConstraint
from zk.field import R, from_limbs, signed

CANARY = 918273


def test_every_row_of_an_honest_witness_adds_up(vault: CompiledCircuit) -> None:
    witness = vault.witness(inputs())
    values = {n: signed(v) for n, v in zip(wire_names(vault), from_limbs(witness), strict=True)}
    for row in range(vault.r1cs.n_constraints):
        found = reveal(vault, witness, row)
        a, b, c = found.sides
        assert (a * b - c) % R == 0
        for name, value in found.signals.items():
            assert value == values.get(name, value)


@pytest.mark.parametrize(
    ("change", "rest"),
    [
        ({"slot": [7, CANARY, 9]}, 1000 - CANARY),
        ({"slot": [7, -3, 9]}, -3),
        ({"shift": 1000}, 1000 + 128),
    ],
)
def test_a_range_check_shows_what_it_bounds(vault: CompiledCircuit, change, rest: int) -> None:
    witness = vault.witness({**inputs(), **change})
    with pytest.raises(UnsatisfiedConstraint) as caught:
        vault.check(witness)
    found = reveal(vault, witness, caught.value.row)
    assert found.rest == rest
    assert f"  A without its bits is {rest}" in found.lines()
    assert found.fields()["without_bits"] == str(rest)


def test_the_repr_holds_no_value(vault: CompiledCircuit) -> None:
    witness = vault.witness({**inputs(), "slot": [7, CANARY, 9]})
    with pytest.raises(UnsatisfiedConstraint) as caught:
        vault.check(witness)
    found = reveal(vault, witness, caught.value.row)
    assert str(CANARY) in "\n".join(found.lines())
    assert str(CANARY) not in repr(found) + str(caught.value)
    assert str(1000 - CANARY) not in repr(found)


def test_a_long_row_is_cut(vault: CompiledCircuit) -> None:
    witness = vault.witness(inputs())
    longest = max(
        (reveal(vault, witness, row) for row in range(vault.r1cs.n_constraints)),
        key=lambda found: len(found.signals),
    )
    assert len(longest.signals) > 40
    assert any("more signals" in line for line in longest.lines())
    assert len(longest.lines()) < 50
    assert len(longest.fields()["signals"]) == len(longest.signals)


# Programs of hostile files ------------------------------------------------------------------------


def broken(vault: CompiledCircuit, change) -> CompiledCircuit:
    code = vault.program.code.copy()
    change(code)
    program = WitnessProgram(code, vault.program.pool, vault.program.table, len(vault.slots))
    return CompiledCircuit(vault.name, {}, vault.slots, vault.r1cs, program, vault.debug)


def put(op: Op, column: int, value: int):
    def change(code: np.ndarray) -> None:
        code[np.flatnonzero(code[:, 0] == op)[0], column] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        put(Op.BITS, 1, 10**6),
        put(Op.BITS, 1, 2**32 - 1),
        put(Op.ROW, 1, 0),
        put(Op.ROW, 1, 1),
        put(Op.ROW, 3, 10**6),
        put(Op.LESS, 3, 10**6),
        put(Op.LESS, 4, 2**32 - 1),
        put(Op.DIV, 2, 1),
    ],
)
def test_a_program_that_cannot_run_is_refused(vault: CompiledCircuit, change) -> None:
    hostile = broken(vault, change)
    for view in (lambda: wire_names(hostile), lambda: trace(hostile, "limit", depth=100)):
        with pytest.raises(ArtifactError, match="compile it again"):
            view()


def test_a_program_that_reads_in_a_circle_is_traced_once_around(vault: CompiledCircuit) -> None:
    names = wire_names(vault)
    one, two = (
        int(vault.program.code[i, 1])
        for i in np.flatnonzero(vault.program.code[:, 0] == Op.ROW)[:2]
    )

    def swap(code: np.ndarray) -> None:
        rows = np.flatnonzero(code[:, 0] == Op.ROW)[:2]
        code[rows, 1] = code[rows[::-1], 1]

    found = trace(broken(vault, swap), names[max(one, two)], depth=10_000)
    assert found.complete


def test_an_obligation_of_any_text_names_wires(vault: CompiledCircuit) -> None:
    for words in ("", " / ", "\x00\n", "ä / ☃ [0]", "a" * 100_000, "one", "limit"):
        debug = Debug(((words, ""),), np.zeros_like(vault.debug.row_origin))
        parts = (vault.name, {}, vault.slots, vault.r1cs, vault.program, debug)
        names = wire_names(CompiledCircuit(*parts))
        assert len(set(names)) == len(names)
        assert max(map(len, names)) < 400
        assert all(
            set(name) <= set("abcdefghijklmnopqrstuvwxyz_.[]0123456789") for name in names[1:]
        )
