"""Random tiny systems, whose second witness an exhaustive search over a few values finds.

The search is blind to all but those values, so it cannot show a system safe; what it finds shows
it unsafe, and then the analyser must not call it safe.
"""

from __future__ import annotations

import itertools
import random

import pytest

from tests.analyse.systems import LC, Row, r1cs_of
from tests.analyse.test_known import checked
from zk.field import R

VALUES = (0, 1, -1, 2)
N_OUTPUTS, N_INPUTS = 1, 1


def random_system(rng: random.Random) -> tuple[list[Row], int]:
    """Rows of the kinds that circuits have, over 3 to 5 wires and the constant."""
    n = rng.randint(3, 5)

    def lc(most: int) -> LC:
        wires = rng.sample(range(n), rng.randint(1, min(most, n)))
        return {w: rng.choice((1, 1, 1, -1, 2, -2, 3)) for w in wires}

    rows: list[Row] = []
    for _ in range(rng.randint(1, n)):
        kind = rng.random()
        wire = rng.randrange(1, n)
        if kind < 0.3:
            rows.append(({wire: 1}, {wire: 1, 0: -1}, {}))
        elif kind < 0.5:
            rows.append((lc(3), {0: 1}, lc(2)))
        elif kind < 0.65:
            rows.append((lc(2), lc(2), {}))
        elif kind < 0.75:
            rows.append(({wire: 1}, {wire: 1}, lc(2)))
        else:
            rows.append((lc(2), lc(2), lc(2)))
    return rows, n


def second_witness(rows: list[Row], n: int) -> tuple[bool, bool]:
    """(two witnesses differ on the output, on any wire) with equal inputs, among VALUES."""
    seen: dict[int, list[tuple[int, ...]]] = {}
    for values in itertools.product(VALUES, repeat=n - 1):
        w = (1, *values)
        if all((at(a, w) * at(b, w) - at(c, w)) % R == 0 for a, b, c in rows):
            seen.setdefault(w[2], []).append(w)
    outputs = any(len({w[1] for w in found}) > 1 for found in seen.values())
    return outputs, any(len(found) > 1 for found in seen.values())


def at(lc: LC, w: tuple[int, ...]) -> int:
    return sum(c * w[wire] for wire, c in lc.items())


@pytest.mark.parametrize("seed", range(8))
def test_no_wrong_safe(seed: int) -> None:
    rng = random.Random(seed)
    safe = unsafe = 0
    for _ in range(40):
        rows, n = random_system(rng)
        by_output, by_wire = second_witness(rows, n)
        found = checked(r1cs_of(rows, n, N_OUTPUTS, N_INPUTS), seconds=0.4)
        assert not (by_output and found.outputs == "safe"), rows
        assert not (by_wire and found.wires == "safe"), rows
        safe += found.outputs == "safe"
        unsafe += found.outputs == "unsafe"
    # The test says something only if both happen.
    assert safe > 3
    assert unsafe > 3
