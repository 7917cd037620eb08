"""The executable specification of the intermediate representation, checked between the passes.

**A constraint system** is rows A * B = C over wires, linear constraints, a pool of linear
combinations, and a witness program (`zk.compiler.witness`). What holds at every moment:

    R1  three matrices with as many rows each as there are origins; offsets from 0, never falling,
        up to the number of terms
    R2  coefficients are in the table, whose entries are distinct and lie in [1, R): no zero terms
    R3  wires exist, are not among those that are gone, and ascend in a row: none is twice in it
    O1  the origin of every row and of every hint exists, and every origin has its gadget path
    P1  every operation is known, with the number of results and the operands that it takes
    P2  every wire after the inputs that is not gone is written, once, and no other
    P3  an instruction reads wires below the first that it writes: defined before used
    P4  a ROW instruction defines its row's C, which is that wire alone; no row defines two
    L1  linear combinations, in the pool and among the linear constraints, are over such wires with
        coefficients in [1, R)
    K1  what is known of a wire, which exists, is an interval [lo, hi] inside (-R/2, R/2)

`check` asks for all of it where `THOROUGH` is set in the environment (the tests do), else for
what arrays answer at once. A violation is a bug of the compiler, not of a circuit.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from zk.compiler.frontend import ConstraintSystem, Rows
from zk.compiler.types import HALF, LinearCombination
from zk.compiler.witness import Op
from zk.field import R

#: The environment variable that asks for everything between passes.
THOROUGH = "ZKMARGIN_CHECK_IR"

#: Operations whose results are more than one, with the most there can be.
_SEVERAL = {Op.BITS: R.bit_length(), Op.DIV: 2}
_ONE_OPERAND = {Op.LIN, Op.INV, Op.BITS, Op.ISQRT}

Bits = npt.NDArray[np.bool_]
U32 = npt.NDArray[np.uint32]


class SpecError(AssertionError):
    """The representation is not what the passes promise each other."""


def check(cs: ConstraintSystem, gone: set[int], when: str, *, thorough: bool | None = None) -> None:
    """Raises SpecError, naming the clause and the moment (`when`)."""
    if thorough is None:
        thorough = bool(os.environ.get(THOROUGH))
    here = _Check(cs, gone, when)
    here.origins()
    for name, rows in (("A", cs.a), ("B", cs.b), ("C", cs.c)):
        here.offsets(name, rows)
    if thorough:
        here.table()
        for name, rows in (("A", cs.a), ("B", cs.b), ("C", cs.c)):
            here.terms(name, rows)
        here.combinations("pool", cs.pool)
        here.combinations("linear", (lc for lc, _ in cs.linear))
        here.intervals()
        here.program()


class _Check:
    """One moment: the system, the wires that are gone, and what to call it."""

    def __init__(self, cs: ConstraintSystem, gone: set[int], when: str) -> None:
        self.cs, self.when = cs, when
        self.exists = np.ones(cs.n_wires, dtype=bool)
        if gone:
            self.holds(min(gone) > 0 and max(gone) < cs.n_wires, "R3", "no such wire is gone")
            self.exists[list(gone)] = False
        self.holds(bool(self.exists[: cs.n_inputs + 1].all()), "R3", "an input is gone")

    def holds(self, condition: bool, clause: str, words: str) -> None:
        if not condition:
            raise SpecError(f"{self.cs.name}, {self.when}: {clause}: {words}")

    def origins(self) -> None:
        cs = self.cs
        known = len(cs.origins)
        self.holds(len(cs.gadgets) == known, "O1", "an origin without a gadget path")
        of_rows = _array(cs.row_origin)
        self.holds(not len(of_rows) or int(of_rows.max()) < known, "O1", "no such origin of a row")
        self.holds(all(o < known for _, o in cs.linear), "O1", "no such origin of an equality")
        self.holds(
            all(o < known for o in cs.hint_origins.values()), "O1", "no such origin of a hint"
        )

    def offsets(self, name: str, rows: Rows) -> None:
        offsets = _array(rows.offsets)
        self.holds(len(offsets) == len(self.cs.row_origin) + 1, "R1", f"{name}: number of rows")
        self.holds(
            offsets[0] == 0 and int(offsets[-1]) == len(rows.wires) == len(rows.coeffs),
            "R1",
            f"{name}: the offsets do not end at the number of terms",
        )
        self.holds(bool((offsets[1:] >= offsets[:-1]).all()), "R1", f"{name}: an offset falls")

    def table(self) -> None:
        table = self.cs.table
        self.holds(len(set(table)) == len(table), "R2", "a coefficient is twice in the table")
        self.holds(all(0 < k < R for k in table), "R2", "a coefficient outside [1, R)")

    def terms(self, name: str, rows: Rows) -> None:
        offsets, wires, coeffs = (_array(x) for x in (rows.offsets, rows.wires, rows.coeffs))
        if not len(wires):
            return
        self.holds(int(coeffs.max()) < len(self.cs.table), "R2", f"{name}: no such coefficient")
        self.holds(int(wires.max()) < self.cs.n_wires, "R3", f"{name}: no such wire")
        self.holds(bool(self.exists[wires].all()), "R3", f"{name}: a wire that is gone")
        rising = np.concatenate(([True], wires[1:] > wires[:-1]))
        starts = offsets[:-1][np.diff(offsets) > 0]
        rising[starts] = True
        self.holds(bool(rising.all()), "R3", f"{name}: wires do not ascend")

    def combinations(self, name: str, lcs: Iterable[LinearCombination]) -> None:
        for lc in lcs:
            ends = (min(lc, default=0), max(lc, default=0))
            self.holds(ends[0] >= 0 and ends[1] < self.cs.n_wires, "L1", f"{name}: no such wire")
            self.holds(all(self.exists[w] for w in lc), "L1", f"{name}: a wire that is gone")
            self.holds(all(0 < k < R for k in lc.values()), "L1", f"{name}: a coefficient")

    def intervals(self) -> None:
        known = self.cs.known
        self.holds(len(known.of) <= self.cs.n_wires, "K1", "of a wire that is not there")
        self.holds(max(known.of) <= len(known.ends), "K1", "no such interval")
        self.holds(all(-HALF <= lo <= hi <= HALF for lo, hi in known.ends), "K1", "not an interval")

    def program(self) -> None:
        cs = self.cs
        self.holds(len(cs.code) % 5 == 0, "P1", "instructions are five numbers")
        lasts = [_last_wires(rows) for rows in (cs.a, cs.b)]
        written = ~self.exists
        written[: cs.n_inputs + 1] = True
        defining: set[int] = set()
        code = np.array(cs.code, dtype=np.uint32).reshape(-1, 5).tolist()
        for index, (op, dst, count, a, b) in enumerate(code):
            at = f"instruction {index}"
            self.holds(op in list(Op), "P1", f"{at}: no such operation")
            self.holds(1 <= count <= _SEVERAL.get(Op(op), 1), "P1", f"{at}: {count} results")
            self.holds(dst + count <= cs.n_wires, "P2", f"{at}: no such wire")
            self.holds(not written[dst : dst + count].any(), "P2", f"{at}: written twice, or gone")
            written[dst : dst + count] = True
            if op == Op.ROW:
                self.holds(a < len(cs.row_origin), "P4", f"{at}: no such row")
                self.holds(a not in defining, "P4", f"{at}: a row that defines two wires")
                defining.add(a)
                start, end = cs.c.offsets[a], cs.c.offsets[a + 1]
                self.holds(
                    end - start == 1
                    and cs.c.wires[start] == dst
                    and cs.table[cs.c.coeffs[start]] == 1,
                    "P4",
                    f"{at}: its row's C is not the wire alone",
                )
                read = max(int(last[a]) for last in lasts)
            else:
                operands = [a] if op in _ONE_OPERAND else [a, b]
                self.holds(max(operands) < len(cs.pool), "P1", f"{at}: no such operand")
                if op == Op.BITS:
                    self.holds(b + count <= R.bit_length(), "P1", f"{at}: bits past the last")
                read = max(max(cs.pool[operand], default=0) for operand in operands)
            self.holds(read < dst, "P3", f"{at}: reads a wire before it is defined")
        self.holds(bool(written.all()), "P2", "a wire that nothing writes")


def _last_wires(rows: Rows) -> U32:
    """The last wire of each row, 0 of an empty one."""
    offsets, wires = _array(rows.offsets), _array(rows.wires)
    result = np.zeros(len(offsets) - 1, dtype=np.uint32)
    full = np.diff(offsets) > 0
    result[full] = wires[offsets[1:][full] - 1]
    return result


def _array(values: object) -> U32:
    return np.array(values, dtype=np.uint32)
