"""The witness program as JSON, for tools that compute witnesses of circuits written here.

docs/formats/program.md has the page: the fields, every operation, and an example. The program goes
with the `.r1cs` of the same export, whose rows the operation ROW evaluates.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

from zk.compiler.compiled import CompiledCircuit
from zk.compiler.witness import Op
from zk.field import R, from_limbs
from zk.formats.atomic import write_atomic

FORMAT = "zkmargin.program/1"


def save_program(path: str | os.PathLike[str], circuit: CompiledCircuit) -> None:
    """Write a circuit's witness program."""
    write_atomic(path, (text.encode() for text in _pieces(circuit)))


def write_program(circuit: CompiledCircuit) -> str:
    """A circuit's witness program as JSON text."""
    return "".join(_pieces(circuit))


def _pieces(circuit: CompiledCircuit) -> Iterator[str]:
    """The text, an item a line, without ever holding all of it."""
    program = circuit.program
    head = {
        "format": FORMAT,
        "circuit": circuit.name,
        "digest": f"{circuit.digest:#066x}",
        "prime": str(R),
        "wires": circuit.r1cs.n_wires,
    }
    inputs = (
        {"path": s.path, "wire": wire, "kind": s.kind, "bits": s.bits, "public": s.public}
        for wire, s in enumerate(circuit.slots, start=1)
    )
    pool = program.pool
    offsets, wires, places = pool.offsets.tolist(), pool.wires.tolist(), pool.coeffs.tolist()
    combinations = (
        [[w, k] for w, k in zip(wires[i:j], places[i:j], strict=True)] for i, j in pairwise(offsets)
    )
    names = {int(op): op.name for op in Op}
    instructions = ([names[op], *rest] for op, *rest in program.code.tolist())
    yield json.dumps(head, indent=1)[:-2] + ",\n"
    yield from _array("inputs", inputs)
    yield from _array("coefficients", (str(value) for value in from_limbs(program.table)))
    yield from _array("combinations", combinations)
    yield from _array("instructions", instructions, last=True)
    yield "}\n"


def _array(name: str, items: Iterable[Any], *, last: bool = False) -> Iterator[str]:
    separator = f' "{name}": [\n  '
    empty = True
    for item in items:
        yield separator + json.dumps(item)
        separator, empty = ",\n  ", False
    yield (f' "{name}": []' if empty else "\n ]") + ("\n" if last else ",\n")
