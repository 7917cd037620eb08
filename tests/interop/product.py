"""x * y = z as a constraint system built by hand: wires 1, z (output), x, y (private)."""

from __future__ import annotations

import numpy as np

from zk.field import Limbs, R, to_limbs
from zk.r1cs import R1CS, Matrix


def _one_term(wire: int) -> Matrix:
    return Matrix(*(np.array(values, np.uint32) for values in ([0, 1], [wire], [0])))


PRODUCT = R1CS(
    n_wires=4,
    n_outputs=1,
    n_public=0,
    n_private=2,
    a=_one_term(2),
    b=_one_term(3),
    c=_one_term(1),
    table=to_limbs([1]),
    labels=np.arange(4, dtype=np.uint64),
    n_labels=4,
)


def product_witness(x: int, y: int) -> Limbs:
    return to_limbs([1, x * y % R, x, y])
