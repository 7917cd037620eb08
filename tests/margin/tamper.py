"""Witnesses with forged hints: put values in the place of what instructions give, and run on.

`Wiring` knows, for one circuit, which instructions and rows read each wire, so a forged wire costs
only what depends on it, and all hints of a circuit can be forged one by one. The slow twin's
`run_witness(overrides=...)` does the same from scratch; a test compares the two.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from math import isqrt

import numpy as np
import numpy.typing as npt

from zk import engine
from zk.compiler.compiled import CompiledCircuit
from zk.compiler.witness import Op
from zk.field import Limbs, R, from_limbs, signed, to_limbs
from zk.r1cs import R1CS, Matrix

Terms = list[tuple[int, int]]  # (coefficient, wire)


def broken_rows(circuit: CompiledCircuit, witness: Limbs) -> list[int]:
    """Every constraint that a witness breaks."""
    found: list[int] = []
    start = 0
    while start < circuit.r1cs.n_constraints:
        row = engine.first_unsatisfied(_from(circuit.r1cs, start), witness)
        if row is None:
            break
        found.append(start + row)
        start += row + 1
    return found


def obligations(circuit: CompiledCircuit, rows: Iterable[int]) -> set[str]:
    """What the rows stand for."""
    return {circuit.origin(row)[0] for row in rows}


@dataclass(frozen=True)
class Outcome:
    """A tampered witness: the wires that differ from the base, and the rows it breaks."""

    changed: Mapping[int, int]
    broken: tuple[int, ...]


class Wiring:
    """Who reads what, in one circuit."""

    def __init__(self, circuit: CompiledCircuit) -> None:
        self.circuit = circuit
        r1cs, program = circuit.r1cs, circuit.program
        self.code: list[list[int]] = program.code.tolist()
        tables = (from_limbs(r1cs.table), from_limbs(program.table))
        self.a, self.b, self.c = (_Sparse(m, tables[0]) for m in (r1cs.a, r1cs.b, r1cs.c))
        self.pool = _Sparse(program.pool, tables[1])
        self._shortest: dict[int, int] = {}
        self._by_row: dict[int, int] = {}
        self._by_pool: dict[int, int] = {}
        for i, (op, _, _, a, b) in enumerate(self.code):
            if op == Op.ROW:
                self._by_row[a] = i
            else:
                self._by_pool[a] = i
                if op in (Op.MUL, Op.LESS, Op.DIV, Op.EQ, Op.QUOT):
                    self._by_pool[b] = i

    def rows(self, wire: int) -> set[int]:
        """The constraints that hold a wire."""
        return {row for matrix in (self.a, self.b, self.c) for row in matrix.holders(wire)}

    def shortest(self, wire: int) -> int:
        """The constraint with the fewest terms among those that hold a wire."""
        if wire not in self._shortest:
            self._shortest[wire] = min(self.rows(wire), key=self._length)
        return self._shortest[wire]

    def _length(self, row: int) -> int:
        return sum(int(m.matrix.offsets[row + 1] - m.matrix.offsets[row]) for m in (self.a, self.b))

    def readers(self, wire: int) -> set[int]:
        """The instructions that read a wire."""
        rows = {row for matrix in (self.a, self.b) for row in matrix.holders(wire)}
        found = {self._by_row[row] for row in rows if row in self._by_row}
        return found | {self._by_pool[p] for p in self.pool.holders(wire) if p in self._by_pool}

    def hints(self, op: Op, words: str) -> list[int]:
        """The first wire of every hint of a kind whose result stands in a row of an obligation."""
        return [
            dst
            for kind, dst, _, _, _ in self.code
            if kind == op and any(words in self.circuit.origin(row)[0] for row in self.rows(dst))
        ]


@cache
def wiring(circuit: CompiledCircuit) -> Wiring:
    return Wiring(circuit)


class Run:
    """An honest run on some inputs, to be tampered with."""

    def __init__(self, circuit: CompiledCircuit, inputs: Limbs) -> None:
        self.circuit, self.wiring = circuit, wiring(circuit)
        limbs = engine.run_witness(circuit.r1cs, circuit.program, inputs)
        self.witness = from_limbs(limbs)
        self.broken = tuple(broken_rows(circuit, limbs))

    def tampered(self, forged: Mapping[int, int], rerun: Collection[Op] = tuple(Op)) -> Outcome:
        """The run with these wires forged, and everything that follows from them by instructions
        of the kinds in `rerun`; what others gave is kept."""
        w, wires = self.wiring, _Overlay(self.witness)
        waiting: list[int] = []
        queued: set[int] = set()

        def write(wire: int, value: int) -> None:
            if wires[wire] == value % R:
                return
            wires.changed[wire] = value % R
            for reader in w.readers(wire) - queued:
                queued.add(reader)
                if w.code[reader][0] in rerun:
                    heapq.heappush(waiting, reader)

        for wire, value in forged.items():
            write(wire, value)
        while waiting:  # instructions come after those whose wires they read
            index = heapq.heappop(waiting)
            dst = w.code[index][1]
            for i, value in enumerate(self._results(index, wires)):
                if dst + i not in forged:
                    write(dst + i, value)
        rows = set(self.broken).union(*(w.rows(wire) for wire in wires.changed))
        broken = tuple(sorted(row for row in rows if not self._holds(row, wires)))
        return Outcome(wires.changed, broken)

    def refuses(self, forged: Mapping[int, int]) -> bool:
        """Whether a row breaks if these wires are forged and nothing is computed anew."""
        wires = _Overlay(self.witness)
        wires.changed.update(forged)
        own = [self.wiring.shortest(wire) for wire in forged]
        if any(not self._holds(row, wires) for row in own):  # of a bit the row that makes it one
            return True
        rows = {row for wire in forged for row in self.wiring.rows(wire)}
        return any(not self._holds(row, wires) for row in rows)

    def limbs(self, outcome: Outcome) -> Limbs:
        """The whole tampered witness."""
        wires = list(self.witness)
        for wire, value in outcome.changed.items():
            wires[wire] = value
        return to_limbs(wires)

    def pooled(self, instruction: int, outcome: Outcome | None = None) -> int:
        """The first operand of a hint, signed."""
        wires = _Overlay(self.witness)
        wires.changed.update(outcome.changed if outcome else {})
        return signed(self.wiring.pool.dot(self.wiring.code[instruction][3], wires))

    def _holds(self, row: int, wires: _Overlay) -> bool:
        w = self.wiring
        return w.a.dot(row, wires) * w.b.dot(row, wires) % R == w.c.dot(row, wires)

    def _results(self, index: int, wires: _Overlay) -> list[int]:
        w = self.wiring
        op, _, n, a, b = w.code[index]
        if op == Op.ROW:
            return [w.a.dot(a, wires) * w.b.dot(a, wires) % R]
        x = w.pool.dot(a, wires)
        if op == Op.LIN:
            return [x]
        if op == Op.INV:
            return [pow(x, -1, R) if x else 0]
        if op == Op.BITS:
            return [x >> (b + i) & 1 for i in range(n)]
        if op == Op.ISQRT:
            return [isqrt(x)]
        y = w.pool.dot(b, wires)
        if op == Op.MUL:
            return [x * y % R]
        if op == Op.QUOT:
            return [x * pow(y, -1, R) % R if y else 0]
        if op == Op.EQ:
            return [int(x == y)]
        if op == Op.LESS:
            return [int(signed(x) < signed(y))]
        assert op == Op.DIV
        quotient, remainder = divmod(signed(x), signed(y)) if signed(y) > 0 else (0, 0)
        return [quotient % R, remainder]


class _Overlay:
    """The base witness with some wires changed."""

    def __init__(self, base: list[int]) -> None:
        self.base = base
        self.changed: dict[int, int] = {}

    def __getitem__(self, wire: int) -> int:
        value = self.changed.get(wire)
        return self.base[wire] if value is None else value


class _Sparse:
    """A matrix, by rows and by wires."""

    def __init__(self, matrix: Matrix, table: list[int]) -> None:
        self.matrix, self.table = matrix, table
        self._rows: dict[int, Terms] = {}
        self._order = np.argsort(matrix.wires, kind="stable")
        self._sorted = matrix.wires[self._order]
        offsets = matrix.offsets.astype(np.int64)
        counts = offsets[1:] - offsets[:-1]
        self._row_of_term: npt.NDArray[np.int64] = np.repeat(np.arange(matrix.rows), counts)

    def terms(self, row: int) -> Terms:
        found = self._rows.get(row)
        if found is None:
            start, end = int(self.matrix.offsets[row]), int(self.matrix.offsets[row + 1])
            wires = self.matrix.wires[start:end].tolist()
            coeffs = self.matrix.coeffs[start:end].tolist()
            found = [(self.table[k], wire) for k, wire in zip(coeffs, wires, strict=True)]
            self._rows[row] = found
        return found

    def dot(self, row: int, wires: _Overlay) -> int:
        return sum(k * wires[wire] for k, wire in self.terms(row)) % R

    def holders(self, wire: int) -> list[int]:
        """The rows that hold a wire."""
        low, high = np.searchsorted(self._sorted, [wire, wire + 1])
        rows: list[int] = self._row_of_term[self._order[low:high]].tolist()
        return rows


def _from(r1cs: R1CS, start: int) -> R1CS:
    """The system without its first rows."""
    if start == 0:
        return r1cs

    def rest(matrix: Matrix) -> Matrix:
        first = matrix.offsets[start]
        return Matrix(matrix.offsets[start:] - first, matrix.wires[first:], matrix.coeffs[first:])

    return R1CS(
        n_wires=r1cs.n_wires,
        n_outputs=r1cs.n_outputs,
        n_public=r1cs.n_public,
        n_private=r1cs.n_private,
        a=rest(r1cs.a),
        b=rest(r1cs.b),
        c=rest(r1cs.c),
        table=r1cs.table,
        labels=r1cs.labels,
        n_labels=r1cs.n_labels,
    )
