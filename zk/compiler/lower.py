"""From a constraint system to arrays: wires renumbered, rows and witness program laid out.

Wires keep their order; the eliminated ones leave no gap. A hint that no constraint reads is
refused: a value that is assigned and not constrained is the classic hole of circuits.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from zk.compiler import spec
from zk.compiler.compiled import CompiledCircuit, Debug
from zk.compiler.declare import Bound, Circuit, bind, input_slots
from zk.compiler.frontend import ConstraintSystem, Rows
from zk.compiler.passes import eliminate_linear, simplify
from zk.compiler.slots import InputSlot
from zk.compiler.witness import Op, WitnessProgram
from zk.errors import CompileError
from zk.field import to_limbs
from zk.r1cs import R1CS, Matrix

U32 = npt.NDArray[np.uint32]


def compile(circuit: Circuit) -> CompiledCircuit:
    """Compile a circuit; it sees sizes and types, never a value.

    Raises: CompileError, with the source line.
    """
    slots = input_slots(circuit)
    cs = ConstraintSystem(circuit.name)
    bound = bind(circuit, cs, slots)
    circuit.define(cs)
    spec.check(cs, set(), "as written")
    gone = eliminate_linear(cs)
    spec.check(cs, gone, "after linear")
    # Asked of what the author wrote: the later passes may find that a row says nothing.
    _refuse_unconstrained(cs, slots, gone, bound)
    gone = simplify(cs, gone)

    stays = np.ones(cs.n_wires, dtype=bool)
    stays[list(gone)] = False
    numbers = (np.cumsum(stays) - 1).astype(np.uint32)
    pool = _pool(cs, numbers)  # may add to the coefficient table: before the table is laid out
    table = to_limbs(cs.table) if cs.table else np.zeros((0, 4), dtype=np.uint64)
    n_wires = cs.n_wires - len(gone)
    r1cs = R1CS(
        n_wires=n_wires,
        n_outputs=0,
        n_public=sum(slot.public for slot in slots),
        n_private=sum(not slot.public for slot in slots),
        a=_matrix(cs.a, numbers),
        b=_matrix(cs.b, numbers),
        c=_matrix(cs.c, numbers),
        table=table,
        labels=np.arange(n_wires, dtype=np.uint64),
        n_labels=n_wires,
    )
    code = np.array(cs.code, dtype=np.uint32).reshape(-1, 5)
    hint_origin = _hint_origins(cs, code[code[:, 0] != Op.ROW, 1])
    code[:, 1] = numbers[code[:, 1]]
    return CompiledCircuit(
        name=circuit.name,
        metadata=circuit.metadata(),
        slots=tuple(slots),
        r1cs=r1cs,
        program=WitnessProgram(code, pool, table, len(slots)),
        debug=Debug(
            tuple(cs.origins),
            np.array(cs.row_origin, dtype=np.uint32),
            tuple(cs.gadgets),
            hint_origin,
        ),
        intervals=cs.known.intervals(stays),
    )


def _refuse_unconstrained(
    cs: ConstraintSystem, slots: list[InputSlot], gone: set[int], bound: list[Bound]
) -> None:
    """CompileError for a hint that appears in no row, and for an input that appears in none but
    those of its own range, neither itself nor by its bits, of which no equality took one away.
    """
    used, read = np.zeros(cs.n_wires, dtype=bool), np.zeros(cs.n_wires, dtype=bool)
    # The inputs' ranges are the first rows, each of them one input's; so are its bits.
    ranges = max((at.rows.stop for at in bound), default=0)
    of_row, of_wire = np.zeros(ranges, dtype=np.int64), np.zeros(cs.n_wires, dtype=np.int64)
    for wire, at in enumerate(bound, start=1):
        of_row[at.rows.start : at.rows.stop] = wire
        of_wire[wire] = of_wire[at.bits.start : at.bits.stop] = wire
    for rows in (cs.a, cs.b, cs.c):
        wires, offsets = np.array(rows.wires, dtype=np.uint32), rows.offsets[: ranges + 1]
        used[wires] = True
        read[wires[offsets[-1] :]] = True
        declared = wires[: offsets[-1]]
        read[declared[of_wire[declared] != np.repeat(of_row, np.diff(offsets))]] = True
    used[list(gone)] = read[list(gone)] = True
    for loose in np.flatnonzero(~used[cs.n_inputs + 1 :])[:1] + cs.n_inputs + 1:
        (origin,) = _hint_origins(cs, np.array([loose], dtype=np.uint32))
        line = cs.origins[origin][1]
        raise CompileError(f"{cs.name}: a hint's result is read by no constraint", line)
    for wire, (slot, at) in enumerate(zip(slots, bound, strict=True), start=1):
        if not (slot.context or read[wire] or read[at.bits.start : at.bits.stop].any()):
            advice = "; if it is only to be bound, declare public(context=True)" * slot.public
            raise CompileError(
                f"{cs.name}: no constraint reads the input {slot.path}{advice}", at.where
            )


def _hint_origins(cs: ConstraintSystem, wires: U32) -> U32:
    """The origins of the hints that write these wires; a hint is entered by its first."""
    first = np.array(sorted(cs.hint_origins), dtype=np.uint32)
    origins = np.array([cs.hint_origins[wire] for wire in first.tolist()], dtype=np.uint32)
    found: U32 = origins[np.searchsorted(first, wires, side="right") - 1]
    return found


def _matrix(rows: Rows, numbers: U32) -> Matrix:
    return Matrix(
        np.array(rows.offsets, dtype=np.uint32),
        numbers[np.array(rows.wires, dtype=np.uint32)],
        np.array(rows.coeffs, dtype=np.uint32),
    )


def _pool(cs: ConstraintSystem, numbers: U32) -> Matrix:
    """The linear combinations that hints read."""
    rows = Rows()
    for lc in cs.pool:
        wires = sorted(lc)
        rows.wires.extend(wires)
        rows.coeffs.extend([cs.coefficient(lc[wire]) for wire in wires])
        rows.offsets.append(len(rows.wires))
    return _matrix(rows, numbers)
