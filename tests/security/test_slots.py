"""The slots of a statement differ in their wires alone.

A lie is told in some slots of the tests beside this one, not in all. What holds of one slot holds
of every other because its constraints are the same up to the names of wires: here the rows of each
obligation are compared, slot by slot, with wires renamed in the order in which they appear.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache

import pytest

from circuits.margin.linear import STATEMENTS
from circuits.margin.shape import Shape
from zk.compiler.compiled import CompiledCircuit
from zk.compiler.lower import compile
from zk.field import from_limbs
from zk.r1cs import Matrix

SHAPE = Shape(4, 4)
SLOT = re.compile(r"^(position|collateral)\[(\d+)\](.*)$")

#: obligation without its slot -> its rows, wires renamed
Rows = dict[str, list[tuple[tuple[tuple[int, int], ...], ...]]]


@cache
def slots(statement: str) -> dict[str, dict[int, Rows]]:
    """Array -> slot -> what is asked of it."""
    circuit = compile(STATEMENTS[statement](SHAPE))
    found: dict[str, dict[int, Rows]] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    names: dict[tuple[str, int], dict[int, int]] = defaultdict(lambda: {0: 0})
    table = from_limbs(circuit.r1cs.table)
    for row in range(circuit.r1cs.n_constraints):
        match = SLOT.match(circuit.origin(row)[0])
        if match:
            array, slot, rest = match[1], int(match[2]), match[3]
            found[array][slot][rest].append(
                tuple(
                    _renamed(matrix, row, table, names[array, slot])
                    for matrix in _matrices(circuit)
                )
            )
    return found


def _matrices(circuit: CompiledCircuit) -> tuple[Matrix, Matrix, Matrix]:
    return circuit.r1cs.a, circuit.r1cs.b, circuit.r1cs.c


def _renamed(
    matrix: Matrix, row: int, table: list[int], names: dict[int, int]
) -> tuple[tuple[int, int], ...]:
    terms = slice(int(matrix.offsets[row]), int(matrix.offsets[row + 1]))
    return tuple(
        (names.setdefault(wire, len(names)), table[coefficient])
        for wire, coefficient in zip(
            matrix.wires[terms].tolist(), matrix.coeffs[terms].tolist(), strict=True
        )
    )


@pytest.mark.parametrize("array", ["position", "collateral"])
@pytest.mark.parametrize("statement", STATEMENTS)
def test_every_slot_is_asked_the_same(statement: str, array: str) -> None:
    found = slots(statement)[array]
    assert sorted(found) == list(range(4))
    asked = {rest.split(" / ")[1] for rest in found[0] if " / " in rest}
    assert "an empty slot is zero in every part" in asked
    for slot in (1, 2, 3):
        assert set(found[slot]) == set(found[0])
        for rest, rows in found[0].items():
            assert found[slot][rest] == rows, f"{array}[{slot}]{rest}"
