"""Poseidon: constants, hash, sponge."""

from __future__ import annotations

import random

import numpy as np
import pytest

from zk import engine, grain, reference
from zk.errors import EngineError
from zk.field import R, from_limbs, to_limbs
from zk.poseidon import (
    FULL_ROUNDS,
    PARTIAL_ROUNDS,
    mds_matrix,
    poseidon,
    poseidon_many,
    poseidon_sponge,
    round_constants,
)

ONE_TWO = 7853200120776062878684798364095072458815029376092732009249414926327459813530


def test_known_hash() -> None:
    assert poseidon([1, 2]) == ONE_TWO
    assert poseidon_sponge([1, 2]) == ONE_TWO


@pytest.mark.parametrize("t", range(2, 18))
def test_constants(t: int) -> None:
    constants, matrix = round_constants(t), mds_matrix(t)
    assert len(constants) == (FULL_ROUNDS + PARTIAL_ROUNDS[t]) * t
    assert all(0 <= c < R for c in constants)
    assert len(set(constants)) == len(constants)
    # A Cauchy matrix: 1 / m is x_i + y_j, so rows of inverses differ by a constant.
    inverses = [[pow(m, -1, R) for m in row] for row in matrix]
    for row in inverses[1:]:
        assert len({(a - b) % R for a, b in zip(row, inverses[0], strict=True)}) == 1


def test_the_lfsr_by_its_definition() -> None:
    """The doubling in zk/grain.py gives the same bits as one step at a time."""
    fast = grain._lfsr(3, 2000)
    bits = [fast >> i & 1 for i in range(80)]
    head = f"{1:02b}{0:04b}{254:012b}{3:012b}{8:010b}{57:010b}" + "1" * 30
    assert "".join(map(str, bits)) == head
    while len(bits) < 2000:
        bits.append(bits[-18] ^ bits[-29] ^ bits[-42] ^ bits[-57] ^ bits[-67] ^ bits[-80])
    assert fast == sum(bit << i for i, bit in enumerate(bits))


@pytest.mark.parametrize("k", [1, 2, 5, 16])
def test_engines_agree(k: int) -> None:
    rng = random.Random(k)
    values = to_limbs(rng.choice([0, 1, R - 1, rng.randrange(R)]) for _ in range(4 * k))
    inputs, state = values.reshape(4, k, 4), to_limbs(rng.randrange(R) for _ in range(4))
    for given in (None, state):
        np.testing.assert_array_equal(
            engine.poseidon(inputs, given), reference.poseidon(inputs, given)
        )
    zero = to_limbs([0] * 4)
    np.testing.assert_array_equal(engine.poseidon(inputs, zero), poseidon_many(inputs))


@pytest.mark.parametrize("n", [1, 15, 16, 17, 32, 40])
def test_sponge_by_definition(n: int) -> None:
    rng = random.Random(n)
    values = [rng.randrange(R) for _ in range(n)]
    state = 0
    for start in range(0, n, 16):
        chunk = to_limbs(values[start : start + 16])
        state = from_limbs(reference.poseidon(chunk[np.newaxis], to_limbs([state])))[0]
    assert poseidon_sponge(values) == state
    if n <= 16:
        assert poseidon(values) == state


def test_many_is_row_by_row() -> None:
    rows = [[3, 4, 5], [0, 0, 0], [R - 1, 1, 2]]
    limbs = to_limbs(value for row in rows for value in row).reshape(3, 3, 4)
    assert from_limbs(poseidon_many(limbs)) == [poseidon(row) for row in rows]
    assert poseidon_many(limbs[:0]).shape == (0, 4)


def test_lengths_do_not_collide() -> None:
    assert poseidon([1]) != poseidon([1, 0])
    assert poseidon_sponge([1] * 16) != poseidon_sponge([1] * 16 + [0])


@pytest.mark.parametrize("wrong", [[], [R], [-1], [0] * 17])
def test_refuses(wrong: list[int]) -> None:
    with pytest.raises(EngineError):
        poseidon(wrong)


@pytest.mark.parametrize("module", [engine, reference])
def test_refuses_shapes(module: object) -> None:
    call = module.poseidon  # type: ignore[attr-defined]
    good = to_limbs(range(6)).reshape(2, 3, 4)
    for inputs, state in (
        (good[0], None),
        (good.astype(np.int64), None),
        (good[:, :0], None),
        (good, to_limbs([1])),
        (good, to_limbs([1, R])),
        (to_limbs([R]).reshape(1, 1, 4), None),
    ):
        with pytest.raises(EngineError):
            call(inputs, state)
