"""Rank-1 constraint systems as arrays: m rows <A_i, w> * <B_i, w> = <C_i, w> over Fr.

Notation: w is the witness with w[0] = 1; then outputs, public inputs, private inputs, and the
rest, as in iden3's `.r1cs`. A matrix is stored by rows; its coefficients are indices into one table
of distinct field elements, since a circuit of a million terms has a few hundred of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from zk.field import Limbs, from_limbs, signed

U32 = npt.NDArray[np.uint32]


@dataclass(frozen=True, eq=False)
class Matrix:
    """One sparse matrix, row-major.

    Shapes: `offsets` uint32[m + 1], `wires` and `coeffs` uint32[nnz]. Row i holds the terms
    offsets[i] .. offsets[i + 1]; term k is table[coeffs[k]] * w[wires[k]], wires ascending in a
    row.
    """

    offsets: U32
    wires: U32
    coeffs: U32

    @property
    def rows(self) -> int:
        return len(self.offsets) - 1


@dataclass(frozen=True, eq=False)
class R1CS:
    """A constraint system with its wire layout.

    n_wires counts the constant wire; n_outputs + n_public are the public signals (wires 1 ..), then
    n_private private inputs. `table` is uint64[k, 4], canonical, every entry in [1, R). `labels` is
    uint64[n_wires], iden3's wire-to-label map.
    """

    n_wires: int
    n_outputs: int
    n_public: int
    n_private: int
    a: Matrix
    b: Matrix
    c: Matrix
    table: Limbs
    labels: npt.NDArray[np.uint64]
    n_labels: int

    @property
    def n_constraints(self) -> int:
        return self.a.rows

    @property
    def n_publics(self) -> int:
        """Outputs and public inputs: the length of public.json."""
        return self.n_outputs + self.n_public

    @property
    def domain_size(self) -> int:
        """Smallest power of two that holds the rows, and one more per public signal and for w[0].

        snarkjs adds those rows so that every public signal has a point of its own in the key.
        """
        return 1 << (self.n_constraints + self.n_publics).bit_length()


@dataclass(frozen=True, eq=False)
class Intervals:
    """What a compiler says of the wires of a system: in which intervals their values lie.

    `ends` is uint64[k, 2, 4], the least and the greatest value of each interval, canonical and read
    in (-R/2, R/2). `of` is uint32[n_wires]: the place of a wire's interval, counted from 1, or 0
    where nothing is said.
    """

    ends: Limbs
    of: U32

    def interval(self, wire: int) -> tuple[int, int] | None:
        """(least, greatest) value of a wire, if anything is said of it."""
        place = int(self.of[wire])
        if place == 0:
            return None
        low, high = from_limbs(self.ends[place - 1])
        return signed(low), signed(high)
