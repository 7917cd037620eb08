"""The comparison behind `fold`, in a field so small that every choice can be tried."""

from __future__ import annotations

import itertools
import random

import pytest

from zk.analyse import digits
from zk.analyse.digits import part_table, reduced


@pytest.mark.parametrize("seed", range(6))
def test_forbids_is_never_wrong(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(seed)
    forbidden = possible = 0
    for _ in range(400):
        field = rng.choice((23, 53, 101, 211))
        monkeypatch.setattr(digits, "R", field)
        groups = rng.randint(2, 4)
        size = rng.choice((2, 4))
        tables = [
            [(v * size**i, rng.choice((0, 1 << i, -(1 << i), 7))) for v in range(size)]
            for i in range(groups)
        ]
        scales = [rng.choice((1, -1)) << rng.randint(0, 4) for _ in range(rng.randint(0, 3))]
        others = [(min(0, c), max(0, c)) for c in scales]
        constant, modulus = rng.randint(-4, 4), 1 << rng.randint(1, 6)
        exists = any(
            sum(v for v, _ in choice) >= field
            and (sum(t for _, t in choice) + sum(ends) + constant) % field == 0
            for choice in itertools.product(*tables)
            for ends in itertools.product(*others)
        )
        if digits.forbids(tables, others, constant, modulus):
            forbidden += 1
            assert not exists
        possible += exists
    assert forbidden > 10
    assert possible > 10


def test_a_part_is_a_function_of_its_bits() -> None:
    # 3 b1 b2 = part - 5 b1 - 1, where wire 7 is a copy of b2.
    row = ({1: 3}, {7: 1}, {9: 1, 1: -5, 0: -1})
    made = part_table(row, 9, 1, {1: 1, 2: 2, 7: 2}, {1: 1, 2: 2})
    assert made == ({1, 2}, [(0, 1), (2, 1), (1, 6), (3, 9)])
    assert part_table(row, 9, 1, {1: 1}, {1: 1}) is None
    assert part_table(({9: 1}, {7: 1}, {9: 1}), 9, 1, {7: 2}, {2: 2}) is None
    assert part_table(({1: 1}, {7: 1}, {1: 1}), 9, 1, {1: 1, 7: 2}, {1: 1, 2: 2}) is None


def test_a_solved_bit_is_put_back() -> None:
    # Wire 20 stands for 3 w5 + 2 w1, and w5 is no bit: 6 w5 + 5 w1 = 2 w20 + w1.
    assert reduced({5: 6, 1: 5}, {20: {5: 3, 1: 2}}, {1: 1, 20: 20}) == {20: 2, 1: 1}
