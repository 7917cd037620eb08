"""Small constraint systems and witness programs by hand, without the compiler."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np

from zk.field import Limbs, R, to_limbs
from zk.r1cs import R1CS, U32, Matrix

Row = dict[int, int]  # wire -> coefficient


class Table:
    """Distinct coefficients, numbered as they come."""

    def __init__(self) -> None:
        self.index: dict[int, int] = {}

    def matrix(self, rows: list[Row]) -> Matrix:
        wires, coeffs, offsets = [], [], [0]
        for row in rows:
            for wire, value in sorted(row.items()):
                wires.append(wire)
                coeffs.append(self.index.setdefault(value % R, len(self.index)))
            offsets.append(len(wires))
        return Matrix(*(np.array(x, np.uint32) for x in (offsets, wires, coeffs)))

    def limbs(self) -> Limbs:
        return to_limbs(self.index)


def system(rows: list[tuple[Row, Row, Row]], n_wires: int, n_publics: int) -> R1CS:
    """Rows (A, B, C) as a system; the first wires are public inputs."""
    table = Table()
    a, b, c = (table.matrix([row[k] for row in rows]) for k in range(3))
    return R1CS(
        n_wires=n_wires,
        n_outputs=0,
        n_public=n_publics,
        n_private=0,
        a=a,
        b=b,
        c=c,
        table=table.limbs(),
        labels=np.arange(n_wires, dtype=np.uint64),
        n_labels=n_wires,
    )


@dataclass
class Program:
    """What the engine needs of a witness program."""

    code: U32
    pool: Matrix
    table: Limbs
    n_inputs: int


def program(code: list[tuple[int, int, int, int, int]], pool: list[Row], n_inputs: int) -> Program:
    table = Table()
    rows = table.matrix(pool)
    return Program(np.array(code, np.uint32).reshape(-1, 5), rows, table.limbs(), n_inputs)


def random_system(seed: int, rows: int, n_publics: int, bits: float = 0.4) -> tuple[R1CS, Limbs]:
    """A satisfied system of products and bit checks, and its witness."""
    rng = random.Random(seed)
    w = [1] + [rng.randrange(R) for _ in range(n_publics)]
    out: list[tuple[Row, Row, Row]] = []
    for _ in range(rows):
        new = len(w)
        if rng.random() < bits:
            # b (1 - b) = 0
            w.append(rng.getrandbits(1))
            out.append(({new: 1}, {0: 1, new: -1}, {}))
        else:
            left = {rng.randrange(new): rng.choice((1, -1, 5, rng.randrange(1, R))) for _ in "abc"}
            right = {rng.randrange(new): 1}
            x, y = (sum(c * w[i] for i, c in side.items()) for side in (left, right))
            w.append(x * y % R)
            out.append((left, right, {new: 1}))
    return system(out, len(w), n_publics), to_limbs(w)
