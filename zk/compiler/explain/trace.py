"""One signal's origin: the instruction that computes it, from what, and the rows that bind it.

A trace follows definitions back to the inputs, breadth first, up to a depth and a number of
signals. Rows are those in which the signal stands, with their obligations. Only the circuit is
read: no witness, no value.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zk.compiler.compiled import CompiledCircuit
from zk.compiler.explain.names import row_of_terms
from zk.compiler.explain.words import Words
from zk.compiler.types import LinearCombination
from zk.compiler.witness import Op

#: Above this a trace stops, whatever its depth.
MAX_SIGNALS = 500


@dataclass(frozen=True)
class Definition:
    """How a signal comes to be, or several bits of one decomposition at once."""

    name: str
    wires: tuple[int, ...]
    operation: str  # "input", "constant", or an operation of the witness program
    formula: str
    sources: tuple[int, ...]  # the wires it is computed from
    depth: int
    where: str = ""  # file:line of the hint, or of the row that computes it
    gadgets: str = ""


@dataclass(frozen=True)
class RowUse:
    """A row in which a signal stands; `sides` of A, B, C."""

    row: int
    sides: str
    obligation: str
    where: str
    gadgets: str
    formula: str


@dataclass(frozen=True)
class Trace:
    """A signal's definition, then those of its sources; `rows`, of `row_count` that read it."""

    definitions: tuple[Definition, ...]
    rows: tuple[RowUse, ...]
    row_count: int
    complete: bool  # every definition down to the depth is there


def trace(circuit: CompiledCircuit, signal: str, *, depth: int = 3, rows: int = 20) -> Trace:
    """Trace a signal `depth` definitions back, with the first `rows` of the rows that read it.

    Raises InputError, with names that come near, where no signal has this name.
    """
    words = Words(circuit)
    start = words.wire(signal)
    found: list[Definition] = []
    seen: set[int] = set()
    level = [start]
    for distance in range(depth + 1):
        following: dict[int, None] = {}
        for group in _groups(words, level):
            if len(found) == MAX_SIGNALS:
                break
            definition = _definition(words, group, distance)
            found.append(definition)
            seen.update(group)
            following |= dict.fromkeys(definition.sources)
        level = [wire for wire in following if wire not in seen]
    uses = _uses(circuit, start)
    shown = tuple(_row_use(words, row, start) for row in uses[:rows])
    return Trace(tuple(found), shown, len(uses), len(found) < MAX_SIGNALS)


def _groups(words: Words, wires: list[int]) -> list[tuple[int, ...]]:
    """The wires one by one, but the bits of one decomposition together."""
    groups: dict[int, list[int]] = {}
    for wire in wires:
        writer = int(words.writers[wire])
        bits = writer >= 0 and words.circuit.program.code[writer, 0] == Op.BITS
        groups.setdefault(-1 - writer if bits else wire, []).append(wire)
    return [tuple(sorted(group)) for group in groups.values()]


def _definition(words: Words, wires: tuple[int, ...], depth: int) -> Definition:
    """The definition of a wire, or of several bits of one decomposition."""
    circuit, wire = words.circuit, wires[0]
    name = words.names[wire]
    if wire == 0:
        return Definition(name, wires, "constant", "1", (), depth)
    if words.writers[wire] < 0:
        slot = circuit.slots[wire - 1]
        kind = f"{'public' if slot.public else 'private'} {slot.kind}"
        if slot.kind in ("Int", "Uint"):
            kind += f" of {slot.bits} bits"
        return Definition(name, wires, "input", kind, (), depth)
    op, dst, _, a, b = (int(n) for n in circuit.program.code[words.writers[wire]])
    if op == Op.ROW:
        left, right, _ = words.sides(a)
        formula = f"({words.show(left)}) * ({words.show(right)}), constraint {a}"
        place = circuit.origin(a)[1], circuit.gadgets(a)
        return Definition(name, wires, "ROW", formula, _sources(left, right), depth, *place)
    pattern = _FORMULAS[Op(op).name]
    pool = circuit.program.pool
    x = words.combination(pool, a)
    y = words.combination(pool, b) if "{y}" in pattern else {}
    part = ""
    if op == Op.DIV:
        part = ("floor", "remainder")[wire - dst]
    elif op == Op.BITS:
        low, high = b + wire - dst, b + wires[-1] - dst
        part = f"bit {low}" if low == high else f"bits {low} to {high}"
        if high - low + 1 != len(wires):
            part = f"{len(wires)} of the {part}"
        name = name if low == high else words.bits_name(wire, low, high)
    formula = pattern.format(x=words.show(x), y=words.show(y), place=part)
    place = circuit.hint_origin(int(words.writers[wire]))[1:]
    return Definition(name, wires, Op(op).name, formula, _sources(x, y), depth, *place)


_FORMULAS = {
    "MUL": "({x}) * ({y}), unconstrained",
    "LIN": "{x}",
    "INV": "1 / ({x}), or 0",
    "BITS": "{place} of {x}",
    "LESS": "1 if {x} < {y} else 0",
    "DIV": "{place} of ({x}) / ({y})",
    "EQ": "1 if {x} = {y} else 0",
    "ISQRT": "floor of the square root of {x}",
    "QUOT": "({x}) / ({y}) in the field, or 0",
}


def _sources(*combinations: LinearCombination) -> tuple[int, ...]:
    return tuple(sorted({wire for lc in combinations for wire in lc} - {0}))


def _uses(circuit: CompiledCircuit, wire: int) -> list[int]:
    """The rows in which a wire stands."""
    system = circuit.r1cs
    rows = [row_of_terms(m)[m.wires == wire] for m in (system.a, system.b, system.c)]
    return [int(row) for row in np.unique(np.concatenate(rows))]


def _row_use(words: Words, row: int, wire: int) -> RowUse:
    circuit = words.circuit
    sides = "".join(
        letter for letter, lc in zip("ABC", words.sides(row), strict=True) if wire in lc
    )
    obligation, where = circuit.origin(row)
    return RowUse(row, sides, obligation, where, circuit.gadgets(row), words.row(row))
