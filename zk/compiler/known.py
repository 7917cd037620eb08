"""What the types of signals say of single wires: intervals, kept for the compiled circuit.

A signal's interval is that of a linear combination. Where one wire stands in it, beside a constant
and with coefficient 1 or -1, it is one of the wire; of several of the same wire the narrowest is
kept. Like the types' it is a consequence of the constraints, so that no satisfying witness has a
value outside: it is claimed where the author or a gadget claims it, and nothing here checks it.

Notation: as in types.py; of[w] is 0 where nothing is known of wire w, else the place of its
interval, counted from 1.
"""

from __future__ import annotations

from array import array

import numpy as np
import numpy.typing as npt

from zk.field import R, signed, to_limbs
from zk.r1cs import Intervals

_HALF = R // 2  # as types.HALF, which needs this module


class Known:
    """The intervals of the wires of one system under construction."""

    __slots__ = ("_places", "ends", "of")

    def __init__(self) -> None:
        self.ends = [(1, 1)]
        self.of = array("I", [1])  # wire 0 is 1
        self._places = {(1, 1): 1}

    def learn(self, lc: dict[int, int], lo: int, hi: int) -> None:
        """A combination lies in [lo, hi], so its wire does, if it has one of coefficient +-1."""
        if lo > hi:
            return  # of a claim that nothing fulfils: whatever is said is true
        constant = wire = coefficient = 0
        for w, k in lc.items():
            if w == 0:
                constant = k
            elif wire:
                return
            else:
                wire, coefficient = w, k
        if coefficient == R - 1:
            lo, hi = -hi, -lo
            constant = R - constant if constant else 0
        elif coefficient != 1:
            return
        if constant:
            constant = signed(constant)
            lo, hi = lo - constant, hi - constant
            if lo < -_HALF or hi > _HALF:
                return  # read in (-R/2, R/2) these are no longer one interval
        if wire >= len(self.of):
            self.of.frombytes(bytes(4 * (wire + 1 - len(self.of))))
        elif known := self.of[wire]:
            low, high = self.ends[known - 1]
            if lo <= low and high <= hi:
                return
            lo, hi = max(lo, low), min(hi, high)
            if lo > hi:
                return  # no witness satisfies both: either is true
        place = self._places.setdefault((lo, hi), len(self.ends) + 1)
        if place > len(self.ends):
            self.ends.append((lo, hi))
        self.of[wire] = place

    def interval(self, wire: int) -> tuple[int, int] | None:
        """What is known of a wire."""
        place = self.of[wire] if wire < len(self.of) else 0
        return self.ends[place - 1] if place else None

    def intervals(self, stays: npt.NDArray[np.bool_]) -> Intervals:
        """Those of the wires that stay, each interval once, in the order of first use."""
        of = np.zeros(len(stays), dtype=np.uint32)
        of[: len(self.of)] = self.of
        used, first, inverse = np.unique(of[stays], return_index=True, return_inverse=True)
        numbers = np.zeros(len(used), dtype=np.uint32)
        known = np.flatnonzero(used)
        known = known[np.argsort(first[known])]
        numbers[known] = np.arange(1, len(known) + 1)
        values = [end % R for place in used[known].tolist() for end in self.ends[place - 1]]
        return Intervals(to_limbs(values).reshape(-1, 2, 4), numbers[inverse])
