"""What the passes share: rows as dictionaries, and the removal of rows and instructions."""

from __future__ import annotations

from array import array
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from zk.compiler.frontend import ConstraintSystem, Rows
from zk.compiler.types import LinearCombination
from zk.compiler.witness import Op

U32 = npt.NDArray[np.uint32]

#: Operations whose fourth and fifth number are rows of the pool.
_ONE_OPERAND = (Op.LIN, Op.INV, Op.BITS, Op.ISQRT)
_TWO_OPERANDS = (Op.MUL, Op.LESS, Op.DIV, Op.EQ, Op.QUOT)


def view(values: array[int]) -> U32:
    """An array's numbers, without a copy. The array cannot grow while the view lives."""
    return np.frombuffer(values, dtype=np.uint32) if values else np.zeros(0, dtype=np.uint32)


def combination(cs: ConstraintSystem, rows: Rows, i: int) -> LinearCombination:
    """Row i of a matrix."""
    terms = range(rows.offsets[i], rows.offsets[i + 1])
    return {rows.wires[k]: cs.table[rows.coeffs[k]] for k in terms}


def instructions(cs: ConstraintSystem) -> U32:
    """The witness program, uint32[k, 5]; a copy."""
    return np.array(cs.code, dtype=np.uint32).reshape(-1, 5)


def keep_instructions(cs: ConstraintSystem, code: U32) -> None:
    """Put `code` in the program's place; pool rows that only the former program read are emptied.

    They keep their numbers, so that no operand moves.
    """
    before, after = pool_rows(instructions(cs)), pool_rows(code)
    for row in np.setdiff1d(before, after).tolist():
        cs.pool[row] = {}
    cs.code = array("I", np.ascontiguousarray(code, dtype=np.uint32).tobytes())


def pool_rows(code: U32) -> U32:
    """The rows of the pool that a program reads."""
    first = code[np.isin(code[:, 0], _ONE_OPERAND + _TWO_OPERANDS), 3]
    second = code[np.isin(code[:, 0], _TWO_OPERANDS), 4]
    return np.unique(np.concatenate((first, second)))


def defining_rows(cs: ConstraintSystem) -> dict[int, int]:
    """row -> the wire that a ROW instruction computes from it."""
    code = instructions(cs)
    code = code[code[:, 0] == Op.ROW]
    return dict(zip(code[:, 3].tolist(), code[:, 1].tolist(), strict=True))


def drop_products(cs: ConstraintSystem, wires: Iterable[int]) -> None:
    """Remove the ROW instructions of these wires, which the caller sees solved or gone."""
    gone = np.array(sorted(wires), dtype=np.uint32)
    if len(gone):
        code = instructions(cs)
        keep_instructions(cs, code[~((code[:, 0] == Op.ROW) & np.isin(code[:, 1], gone))])


def drop_rows(cs: ConstraintSystem, rows: Iterable[int]) -> None:
    """Remove rows; ROW instructions follow the others. None may read a row that goes."""
    stays = np.ones(len(cs.row_origin), dtype=bool)
    stays[list(rows)] = False
    for matrix in (cs.a, cs.b, cs.c):
        offsets = view(matrix.offsets)
        lengths = np.diff(offsets)
        terms = np.repeat(stays, lengths)
        kept = np.concatenate(([0], np.cumsum(lengths[stays], dtype=np.uint32))).astype(np.uint32)
        matrix.wires = array("I", view(matrix.wires)[terms].tobytes())
        matrix.coeffs = array("I", view(matrix.coeffs)[terms].tobytes())
        matrix.offsets = array("I", kept.tobytes())
    cs.row_origin = array("I", view(cs.row_origin)[stays].tobytes())
    code = instructions(cs)
    of_rows = code[:, 0] == Op.ROW
    if not stays[code[of_rows, 3]].all():
        raise AssertionError("a pass dropped a row that the witness program reads")
    numbers = (np.cumsum(stays) - 1).astype(np.uint32)
    code[of_rows, 3] = numbers[code[of_rows, 3]]
    cs.code = array("I", code.tobytes())


def fixed_wires(cs: ConstraintSystem) -> npt.NDArray[np.bool_]:
    """Which wires no constraint can take away: 1, the inputs, and a quotient beside its remainder.

    No operation computes a remainder alone; bits can be cut out of a decomposition, and a remainder
    off its quotient (`cut_results`).
    """
    code = instructions(cs)
    fixed = np.zeros(cs.n_wires, dtype=bool)
    fixed[: cs.n_inputs + 1] = True
    fixed[code[(code[:, 0] == Op.DIV) & (code[:, 2] > 1), 1]] = True
    return fixed


def cut_results(code: U32, gone: npt.NDArray[np.bool_]) -> U32:
    """The program without the wires that are gone.

    A decomposition of which bits go falls apart into those of the runs of bits between them.
    """
    lost = np.add.reduceat(gone[written(code)], starts(code)) if len(code) else np.zeros(0)
    split = np.flatnonzero((lost > 0) & (lost < code[:, 2]))
    kept: list[U32] = []
    last = 0
    for index in split.tolist():
        kept.append(code[last:index][lost[last:index] == 0])
        kept.append(_remaining(code[index], gone))
        last = index + 1
    kept.append(code[last:][lost[last:] == 0])
    return np.concatenate(kept)


def _remaining(instruction: U32, gone: npt.NDArray[np.bool_]) -> U32:
    """An instruction of several results as those of the runs that stay."""
    op, dst, count, a, b = instruction.tolist()
    edges = np.flatnonzero(np.diff(np.concatenate(([True], gone[dst : dst + count], [True]))))
    pairs = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    # The second operand of BITS is its first bit, that of DIV the divisor.
    runs = [(op, dst + i, j - i, a, b + i if op == Op.BITS else b) for i, j in pairs]
    return np.array(runs, dtype=np.uint32)


def starts(code: U32) -> npt.NDArray[np.int64]:
    """Where each instruction's wires start among those that all of them write."""
    counts = code[:, 2].astype(np.int64)
    return np.cumsum(counts) - counts


def written(code: U32) -> npt.NDArray[np.int64]:
    """The wires that these instructions write, in the order of the program."""
    counts = code[:, 2].astype(np.int64)
    ends = np.cumsum(counts)
    within = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - counts, counts)
    wires: npt.NDArray[np.int64] = np.repeat(code[:, 1].astype(np.int64), counts) + within
    return wires
