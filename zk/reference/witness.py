"""Constraint systems and witness programs on integers.

Notation: w the wires; an instruction is (op, dst, n, a, b), as in zk/compiler/witness.py. A run
never fails because of a value, only because the program is malformed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import isqrt
from typing import Protocol

import numpy as np
import numpy.typing as npt

from zk.errors import EngineError
from zk.field import Limbs, R, signed, to_limbs
from zk.r1cs import R1CS, U32, Matrix
from zk.reference import arrays

_ROW, _MUL, _LIN, _INV, _BITS, _LESS, _DIV, _EQ, _ISQRT, _QUOT = range(10)


class _Program(Protocol):
    @property
    def code(self) -> U32: ...

    @property
    def pool(self) -> Matrix: ...

    @property
    def table(self) -> Limbs: ...

    @property
    def n_inputs(self) -> int: ...


class Rows:
    """A matrix as lists of (wire, coefficient), checked."""

    def __init__(self, matrix: Matrix, table: list[int], n_wires: int, what: str) -> None:
        parts = (matrix.offsets, matrix.wires, matrix.coeffs)
        if any(part.dtype != np.uint32 or part.ndim != 1 for part in parts):
            raise EngineError(f"{what}: an array of uint32 is needed")
        offsets, wires, coeffs = ([int(x) for x in part] for part in parts)
        rising = all(a <= b for a, b in pairwise(offsets))
        whole = bool(offsets) and offsets[0] == 0 and offsets[-1] == len(wires) == len(coeffs)
        if not (rising and whole):
            raise EngineError(f"{what}: the offsets do not partition the terms")
        if any(wire >= n_wires for wire in wires):
            raise EngineError(f"{what}: a wire is out of range")
        if any(coeff >= len(table) for coeff in coeffs):
            raise EngineError(f"{what}: a coefficient is out of range")
        terms = list(zip(wires, (table[coeff] for coeff in coeffs), strict=True))
        self.rows = [terms[start:end] for start, end in pairwise(offsets)]

    def dot(self, i: int, w: list[int] | list[int | None]) -> int:
        """Row i times w."""
        if i >= len(self.rows):
            raise EngineError(f"row {i} is out of range")
        total = 0
        for wire, coefficient in self.rows[i]:
            value = w[wire]
            if value is None:
                raise EngineError(f"wire {wire} is read before it is written")
            total += coefficient * value
        return total % R


def system_rows(r1cs: R1CS) -> tuple[Rows, Rows, Rows]:
    """A, B and C."""
    if not r1cs.n_publics < r1cs.n_wires:
        raise EngineError(f"{r1cs.n_publics} publics among {r1cs.n_wires} wires")
    table = arrays.scalars_in(r1cs.table, "r1cs.table")
    a, b, c = (
        Rows(matrix, table, r1cs.n_wires, f"r1cs.{name}")
        for name, matrix in (("a", r1cs.a), ("b", r1cs.b), ("c", r1cs.c))
    )
    if not len(a.rows) == len(b.rows) == len(c.rows):
        raise EngineError("r1cs: a, b and c have different numbers of rows")
    return a, b, c


def first_unsatisfied(r1cs: R1CS, witness: Limbs) -> int | None:
    """The first row that the witness breaks."""
    a, b, c = system_rows(r1cs)
    w = arrays.scalars_in(witness, "witness")
    if len(w) != r1cs.n_wires:
        raise EngineError(f"{len(w)} values for {r1cs.n_wires} wires")
    for i in range(len(a.rows)):
        if a.dot(i, w) * b.dot(i, w) % R != c.dot(i, w):
            return i
    return None


def run_witness(
    r1cs: R1CS,
    program: _Program,
    inputs: Limbs,
    *,
    overrides: Mapping[int, int] | None = None,
) -> Limbs:
    """The whole witness from the inputs w[1] .. w[n_inputs].

    `overrides` puts a value in a wire's place, whatever the input or instruction gives: with it a
    test forges a witness that the program would never make. Only the twin has it.
    """
    values = arrays.scalars_in(inputs, "inputs")
    if len(values) != program.n_inputs:
        raise EngineError(f"{len(values)} inputs for a program that takes {program.n_inputs}")
    code: npt.NDArray[np.uint32] = program.code
    if code.dtype != np.uint32 or code.ndim != 2 or code.shape[1] != 5:
        raise EngineError("program.code: uint32[k, 5] is needed")
    run = _Run(r1cs, program, overrides or {})
    for wire, value in enumerate([1, *values]):
        run.write(wire, value)
    for index, (op, dst, n, a, b) in enumerate(code.tolist()):
        try:
            run.step(op, dst, n, a, b)
        except EngineError as error:
            raise EngineError(f"instruction {index}: {error}") from None
    return to_limbs(run.finished())


@dataclass(frozen=True, eq=False)
class PreparedProgram:
    """A program that a run on zeros has checked."""

    r1cs: R1CS
    program: _Program
    n_wires: int
    n_inputs: int


def prepare_witness(r1cs: R1CS, program: _Program) -> PreparedProgram:
    """The program checked, to run many times: whatever is wrong with it is found here.

    A run's errors do not depend on its inputs, so a run on zeros finds them all.
    """
    if not 0 <= program.n_inputs < r1cs.n_wires:
        raise EngineError(f"{program.n_inputs} inputs for {r1cs.n_wires} wires")
    run_witness(r1cs, program, np.zeros((program.n_inputs, 4), np.uint64))
    return PreparedProgram(r1cs, program, r1cs.n_wires, program.n_inputs)


def run_prepared(program: PreparedProgram, inputs: Limbs) -> Limbs:
    """The witnesses uint64[m, n_wires, 4] from the inputs uint64[m, n_inputs, 4] of m accounts."""
    if not isinstance(program, PreparedProgram):
        raise EngineError("a program of this engine's prepare_witness is needed")
    if inputs.dtype != np.uint64 or inputs.ndim != 3 or inputs.shape[2] != 4:
        raise EngineError("inputs: uint64[m, n_inputs, 4] is needed")
    if inputs.shape[1] != program.n_inputs:
        raise EngineError(f"{inputs.shape[1]} inputs for a program that takes {program.n_inputs}")
    out = np.zeros((len(inputs), program.n_wires, 4), np.uint64)
    for one, into in zip(inputs, out, strict=True):
        into[:] = run_witness(program.r1cs, program.program, one)
    return out


def run_witness_many(r1cs: R1CS, program: _Program, inputs: Limbs) -> Limbs:
    """As `run_prepared`, of a program that is prepared for this call alone."""
    return run_prepared(prepare_witness(r1cs, program), inputs)


class _Run:
    def __init__(self, r1cs: R1CS, program: _Program, overrides: Mapping[int, int]) -> None:
        self.a, self.b, self.c = system_rows(r1cs)
        table = arrays.scalars_in(program.table, "program.table")
        self.pool = Rows(program.pool, table, r1cs.n_wires, "program.pool")
        self.w: list[int | None] = [None] * r1cs.n_wires
        self.overrides = overrides

    def write(self, wire: int, value: int) -> None:
        if wire >= len(self.w):
            raise EngineError(f"wire {wire} is out of range")
        if self.w[wire] is not None:
            raise EngineError(f"wire {wire} is written twice")
        self.w[wire] = self.overrides.get(wire, value) % R

    def finished(self) -> list[int]:
        out = []
        for wire, value in enumerate(self.w):
            if value is None:
                raise EngineError(f"wire {wire} is never written")
            out.append(value)
        return out

    def step(self, op: int, dst: int, n: int, a: int, b: int) -> None:
        def pool(row: int) -> int:
            return self.pool.dot(row, self.w)

        if op == _ROW:
            product = self.a.dot(a, self.w) * self.b.dot(a, self.w)
            if self.c.rows[a] != [(dst, 1)]:
                raise EngineError(f"row {a} does not define wire {dst}")
            self.write(dst, product)
        elif op == _MUL:
            self.write(dst, pool(a) * pool(b))
        elif op == _LIN:
            self.write(dst, pool(a))
        elif op == _INV:
            x = pool(a)
            self.write(dst, pow(x, -1, R) if x else 0)
        elif op == _BITS:
            if b + n > 256:
                raise EngineError(f"bits {b} to {b + n} of 256")
            x = pool(a)
            for i in range(n):
                self.write(dst + i, x >> (b + i) & 1)
        elif op == _LESS:
            self.write(dst, int(signed(pool(a)) < signed(pool(b))))
        elif op == _DIV:
            x, y = signed(pool(a)), signed(pool(b))
            quotient, remainder = divmod(x, y) if y > 0 else (0, 0)
            if n not in (1, 2):
                raise EngineError(f"a division has no {n} results")
            self.write(dst, quotient)
            if n == 2:
                self.write(dst + 1, remainder)
        elif op == _EQ:
            self.write(dst, int(pool(a) == pool(b)))
        elif op == _ISQRT:
            self.write(dst, isqrt(pool(a)))
        elif op == _QUOT:
            y = pool(b)
            self.write(dst, pool(a) * pow(y, -1, R) if y else 0)
        else:
            raise EngineError(f"there is no operation {op}")
