"""Circuit files that anybody can write: every view answers or refuses, and nothing else happens."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np

from tests.explain.test_flame import Boxes
from zk import Bool, Circuit, Field, Uint, compile, private, public
from zk.compiler.compiled import CompiledCircuit, Debug
from zk.compiler.explain.flame import page, speedscope
from zk.compiler.explain.names import wire_names
from zk.compiler.explain.profile import VIEWS, Cost, changes, flame, profiles, table
from zk.compiler.explain.reveal import reveal
from zk.compiler.explain.trace import trace
from zk.compiler.witness import WitnessProgram
from zk.errors import ArtifactError, ZkError
from zk.field import to_limbs
from zk.formats.circuit import load_circuit, save_circuit
from zk.formats.program import write_program
from zk.formats.sym import write_sym
from zk.r1cs import R1CS, Matrix

ROUNDS = 200
TEXTS = ("", " / ", " > ", "a / b / c", "x > y", "<b>&\"'", "\x00\x1b[31m", "☃", "[0]", "z" * 3000)


class Small(Circuit):
    z: Field = public()
    x: Uint = private(bits=5)
    b: Bool = private()

    def define(self, cs) -> None:
        bits = cs.bits(self.x, 5)
        quotient, rest = cs.hint_divide(self.x, cs.constant(3))
        cs.assert_equal(3 * cs.assert_range(quotient, 4) + rest, self.x)
        with cs.obligation("part"):
            cs.assert_product(bits[1] + 2 * bits[2] + 4 * bits[3], self.x * self.b, self.z)


def mutated(circuit: CompiledCircuit, draw: random.Random) -> CompiledCircuit:
    """The circuit with some numbers and texts of it replaced."""
    system = circuit.r1cs

    def numbers(values: Any, most: int) -> Any:
        changed = values.copy()
        if changed.size and draw.random() < 0.4:
            flat = changed.reshape(-1)
            flat[draw.randrange(flat.size)] = draw.choice((0, 1, most, draw.randrange(most + 1)))
        return changed

    def matrix(m: Matrix) -> Matrix:
        return Matrix(
            m.offsets,
            numbers(m.wires, system.n_wires - 1),
            numbers(m.coeffs, len(system.table) - 1),
        )

    code = circuit.program.code
    program = WitnessProgram(
        numbers(numbers(code, system.n_wires), 8),
        matrix(circuit.program.pool),
        circuit.program.table,
        circuit.program.n_inputs,
    )
    r1cs = R1CS(
        *(system.n_wires, 0, system.n_public, system.n_private),
        *(matrix(m) for m in (system.a, system.b, system.c)),
        *(system.table, system.labels, system.n_labels),
    )
    count = draw.randrange(1, 5)
    origins = tuple((draw.choice(TEXTS), draw.choice(TEXTS)) for _ in range(count))
    gadgets = tuple(draw.choice(TEXTS) for _ in range(count)) if draw.random() < 0.8 else ()
    rows = [draw.randrange(count) for _ in range(system.n_constraints)]
    debug = Debug(origins, np.array(rows, dtype=np.uint32), gadgets)
    return CompiledCircuit(draw.choice(TEXTS), {}, circuit.slots, r1cs, program, debug)


def look(circuit: CompiledCircuit) -> None:
    """Every view of a circuit, with what must hold of its answer."""
    whole = Cost(circuit.r1cs.n_constraints, 0)
    for view in VIEWS:
        one, two = profiles([circuit, circuit], view)
        assert changes(one, two) == []
        assert sum((line.own for line in table(one)), Cost()).constraints == whole.constraints
        stacks = flame(circuit, view)
        text = page(stacks)
        assert Boxes(text).boxes[0][:2] == (0, 100)
        assert all(c.isprintable() or c == "\n" for c in text)
        assert json.loads(speedscope(stacks))["profiles"][0]["endValue"] == whole.constraints
    json.loads(write_program(circuit))
    names = wire_names(circuit)
    assert len(set(names)) == circuit.r1cs.n_wires
    write_sym(circuit.r1cs, names)
    witness = to_limbs(range(circuit.r1cs.n_wires))
    for row in range(circuit.r1cs.n_constraints):
        reveal(circuit, witness, row).lines()
    for name in names[1:]:
        trace(circuit, name, depth=100)


def test_views_of_altered_circuit_files(tmp_path: Path) -> None:
    circuit = compile(Small())
    look(circuit)
    draw = random.Random(20261120)
    verdicts = {"shown": 0, "refused by the reader": 0, "refused by a view": 0}
    for _ in range(ROUNDS):
        save_circuit(tmp_path / "c.zkc", mutated(circuit, draw))
        try:
            loaded = load_circuit(tmp_path / "c.zkc")
        except ArtifactError:
            verdicts["refused by the reader"] += 1
            continue
        try:
            look(loaded)
            verdicts["shown"] += 1
        except ZkError:
            verdicts["refused by a view"] += 1
    assert all(count > ROUNDS // 20 for count in verdicts.values()), verdicts
