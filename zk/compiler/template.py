"""A block of rows recorded once and emitted many times, such as the rounds of a hash.

A template is written by running its function on a scratch constraint system; its instances differ
in their wires alone. Local wires: 0 is the constant, 1 .. e the external wires it reads, the rest
fresh.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from zk.compiler.types import Field, LinearCombination
from zk.compiler.witness import Op

if TYPE_CHECKING:
    from zk.compiler.frontend import ConstraintSystem, Rows

U32 = npt.NDArray[np.uint32]


@dataclass(frozen=True, eq=False)
class Template:
    """Rows over local wires; `matrices` holds (offsets, wires, coeffs) of A, B and C."""

    n_externals: int
    n_fresh: int
    matrices: tuple[tuple[U32, U32, U32], ...]
    code: U32
    table: list[int]
    outputs: list[LinearCombination]

    @property
    def n_rows(self) -> int:
        return len(self.matrices[0][0]) - 1

    @staticmethod
    def record(
        scratch: ConstraintSystem, n_externals: int, build: Callable[[list[Field]], list[Field]]
    ) -> Template:
        """Run `build` on the external wires of an empty system and keep what it emits.

        It may emit products and nothing else: no hints, no linear constraints.
        """
        first = scratch.wires(n_externals)
        outputs = build([Field(scratch, {first + i: 1}) for i in range(n_externals)])
        code = _u32(scratch.code).reshape(-1, 5)
        if scratch.linear or scratch.pool or np.any(code[:, 0] != Op.ROW):
            raise AssertionError("a template holds products alone")
        return Template(
            n_externals,
            scratch.n_wires - 1 - n_externals,
            tuple(
                (_u32(m.offsets), _u32(m.wires), _u32(m.coeffs))
                for m in (scratch.a, scratch.b, scratch.c)
            ),
            code,
            scratch.table,
            [output.lc for output in outputs],
        )

    def emit(
        self, cs_rows: tuple[Rows, ...], externals: list[int], first: int, coefficients: U32
    ) -> U32:
        """Append the rows to a system's matrices; returns the map from local wires to its wires."""
        wires = np.concatenate(
            (
                np.array([0, *externals], dtype=np.uint32),
                np.arange(first, first + self.n_fresh, dtype=np.uint32),
            )
        )
        for rows, (offsets, local, coeffs) in zip(cs_rows, self.matrices, strict=True):
            base = np.uint32(len(rows.wires))
            rows.offsets.frombytes((offsets[1:] + base).tobytes())
            rows.wires.frombytes(wires[local].tobytes())
            rows.coeffs.frombytes(coefficients[coeffs].tobytes())
        return wires

    def instructions(self, wires: U32, first_row: int) -> bytes:
        """The instance's part of the witness program."""
        code = self.code.copy()
        code[:, 1] = wires[code[:, 1]]
        code[:, 3] += np.uint32(first_row)
        return code.tobytes()


def _u32(values: array[int]) -> U32:
    return np.array(values, dtype=np.uint32)
