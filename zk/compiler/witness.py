"""The witness program: a list of instructions, as data, that computes every wire from the inputs.

Rust and Python both run it. Cells are the wires of the R1CS: w[0] = 1, w[1 .. n_inputs] the inputs,
and each instruction writes cells that no other writes. An instruction is five uint32: operation,
destination, count, and two operands, rows of `pool` (linear combinations of earlier cells) unless
the table says otherwise.

    ROW    dst = A_a.w * B_a.w, rows of the R1CS whose C is the wire dst alone
    MUL    dst = pool[a] * pool[b]
    LIN    dst = pool[a]
    INV    dst = 1 / pool[a], or 0 when pool[a] is 0
    BITS   dst .. dst + n - 1 = bits b .. b + n - 1 of the canonical pool[a]
    LESS   dst = [pool[a] < pool[b]], both read in (-R/2, R/2)
    DIV    dst, and dst + 1 if n = 2: floor and remainder of pool[a] / pool[b], read signed; 0, 0
           unless the divisor is above 0
    EQ     dst = [pool[a] == pool[b]]
    ISQRT  dst = floor(sqrt(pool[a])), canonical
    QUOT   dst = pool[a] / pool[b] in Fr, or 0 when pool[b] is 0

A run never fails on a bad value: the constraints do. The set of operations is closed, so a circuit
file can hold no code.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from zk.field import Limbs
from zk.r1cs import Matrix


class Op(IntEnum):
    """The operations, numbered as they are stored."""

    ROW = 0
    MUL = 1
    LIN = 2
    INV = 3
    BITS = 4
    LESS = 5
    DIV = 6
    EQ = 7
    ISQRT = 8
    QUOT = 9


@dataclass(frozen=True, eq=False)
class WitnessProgram:
    """code uint32[k, 5]; pool: rows over wires, coefficients into `table` (uint64[t, 4],
    canonical).
    """

    code: npt.NDArray[np.uint32]
    pool: Matrix
    table: Limbs
    n_inputs: int
