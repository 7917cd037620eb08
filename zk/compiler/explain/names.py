"""A name for every wire of a compiled circuit: an input's path, or the obligation it serves.

A wire that a row computes belongs to that row's obligation; a hint's wire to the obligation of the
first row that reads it. Within an obligation such wires are counted, in their order:
`position[0].requirement.w[3]`. The bits of a decomposition have their own numbers, `cash.bit[5]`;
of an obligation's second decomposition, `bit2[5]`. Names are distinct and consist of letters,
digits, `_`, `.`, `[` and `]`, so that they can stand in iden3's `.sym`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from zk.compiler.compiled import CompiledCircuit
from zk.compiler.witness import Op
from zk.errors import ArtifactError
from zk.r1cs import Matrix

_LONGEST = 300  # characters of an obligation in a name
_NUMBER = re.compile(r"\d+")
#: Operations whose second operand is a combination too.
_BINARY = [int(op) for op in Op if op.name in ("MUL", "LESS", "DIV", "EQ", "QUOT")]


def wire_names(circuit: CompiledCircuit) -> list[str]:
    """The name of each wire; of wire 0, the constant, "(one)"."""
    names = ["(one)", *(slot.path for slot in circuit.slots)]
    taken = set(names)
    inputs = frozenset(names)
    writers, rows = writing_instructions(circuit).tolist(), defining_rows(circuit).tolist()
    slugs = [_slug(words, inputs) for words, _ in circuit.debug.origins]
    of_row = circuit.debug.row_origin.tolist()
    code = circuit.program.code.tolist()
    counts: Counter[str] = Counter()
    block, member = -1, ""  # the decomposition under way, by what it decomposes; its bits' name
    for wire in range(len(names), circuit.r1cs.n_wires):
        op, dst, _, operand, first = code[writers[wire]]
        if op == Op.BITS and operand == block:  # bits may be cut out: then it has several parts
            name = f"{member}[{first + wire - dst}]"
        else:
            slug = slugs[of_row[rows[wire]]] if rows[wire] >= 0 else "unread"
            if op == Op.BITS:
                counts[f"{slug}.bit"] += 1
                number = counts[f"{slug}.bit"]
                block, member = operand, f"{slug}.bit{number if number > 1 else ''}"
                name = f"{member}[{first + wire - dst}]"
            else:
                name = f"{slug}.w[{counts[slug]}]"
                counts[slug] += 1
        while name in taken:  # an input has this very path
            head, _, last = name.rpartition(".")
            name = f"{head}._{last}"
        taken.add(name)
        names.append(name)
    return names


def writing_instructions(circuit: CompiledCircuit) -> npt.NDArray[np.int64]:
    """For each wire the instruction of the program that writes it; -1 for inputs and wire 0.

    Raises ArtifactError for a program, of a file, that could not run.
    """
    code = circuit.program.code.astype(np.int64)
    op, dst, counts, a, b = code.T
    rows, pool = circuit.r1cs.n_constraints, circuit.program.pool.rows
    if np.any(a >= np.where(op == Op.ROW, rows, pool)) or np.any(b[np.isin(op, _BINARY)] >= pool):
        raise ArtifactError("the circuit's program reads what is not there; compile it again")
    instruction = np.repeat(np.arange(len(code), dtype=np.int64), counts)
    first: npt.NDArray[np.int64] = np.cumsum(counts) - counts
    cells = dst[instruction] + np.arange(len(instruction)) - first[instruction]
    inner = np.arange(1 + len(circuit.slots), circuit.r1cs.n_wires)
    if not np.array_equal(np.sort(cells), inner):
        raise ArtifactError("the circuit's program writes a wire twice or not; compile it again")
    writer = np.full(circuit.r1cs.n_wires, -1, dtype=np.int64)
    writer[cells] = instruction
    return writer


def defining_rows(circuit: CompiledCircuit) -> npt.NDArray[np.int64]:
    """For each wire the row that computes it, else the first that reads it, else -1."""
    system = circuit.r1cs
    last = system.n_constraints
    first = np.full(system.n_wires, last, dtype=np.int64)
    for matrix in (system.a, system.b, system.c):
        np.minimum.at(first, matrix.wires, row_of_terms(matrix))
    first[first == last] = -1
    code = circuit.program.code
    computed = code[code[:, 0] == Op.ROW]
    first[computed[:, 1]] = computed[:, 3]
    return first


def row_of_terms(matrix: Matrix) -> npt.NDArray[np.int64]:
    """The row of each term."""
    return np.repeat(np.arange(matrix.rows, dtype=np.int64), terms_of_rows(matrix))


def terms_of_rows(matrix: Matrix) -> npt.NDArray[np.int64]:
    """How many terms each row has."""
    offsets = matrix.offsets.astype(np.int64)
    return offsets[1:] - offsets[:-1]


def collapse(texts: Iterable[str]) -> dict[str, str]:
    """Each text with the numbers that tell it from its siblings replaced by `*`.

    Siblings are texts that are the same but for their numbers. A number that all of them share
    stays, as do the numbers of a text without siblings: "rates lie between 0 and 1".
    """
    families: dict[str, list[str]] = {}
    for text in dict.fromkeys(texts):
        families.setdefault(_NUMBER.sub("0", text), []).append(text)
    collapsed: dict[str, str] = {}
    for family in families.values():
        columns = list(zip(*(_NUMBER.findall(text) for text in family), strict=True))
        kept = [column[0] if len(set(column)) == 1 else "*" for column in columns]
        numbers = iter(kept)
        name = _NUMBER.sub(lambda _: next(numbers), family[0])  # noqa: B023
        collapsed |= dict.fromkeys(family, name)
    return collapsed


def _slug(words: str, inputs: frozenset[str]) -> str:
    """An obligation as the head of a name: "a / b c" is `a.b_c`; a declaration's is its input."""
    declared = words.partition(" is a")[0]
    if declared in inputs:
        words = declared
    parts = [re.sub(r"[^A-Za-z0-9_.\[\]]+", "_", part).strip("_.") for part in words.split(" / ")]
    return ".".join(part for part in parts if part)[:_LONGEST] or "unnamed"
