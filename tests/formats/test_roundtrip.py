"""Random systems, witnesses and orders of terms: written, read, and written again."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.formats.samples import matrix
from zk.field import R, from_limbs, to_limbs
from zk.formats.r1cs import R1csFile, read_r1cs, write_r1cs
from zk.formats.wtns import read_wtns, write_wtns
from zk.r1cs import R1CS, U32, Matrix


@st.composite
def systems(draw: st.DrawFn) -> tuple[R1CS, random.Random]:
    """A system of up to 40 rows over up to 600 wires, and a source of more randomness."""
    rng = random.Random(draw(st.integers(0, 2**32)))
    n_wires = draw(st.integers(1, 600))
    publics = draw(st.integers(0, n_wires - 1))
    outputs = rng.randint(0, publics)
    table = [1, R - 1, *{rng.randrange(2, R - 1) for _ in range(4)}]
    rows = draw(st.integers(0, 40))

    def row() -> dict[int, int]:
        wires = rng.sample(range(n_wires), rng.randint(0, min(n_wires, 9)))
        return {wire: rng.randrange(len(table)) for wire in wires}

    a, b, c = (matrix(row() for _ in range(rows)) for _ in range(3))

    labels = np.array([0, *sorted(rng.sample(range(1, 2000), n_wires - 1))], np.uint64)
    counts = (n_wires, outputs, publics - outputs, rng.randrange(5))
    return R1CS(*counts, a, b, c, to_limbs(table), labels, 2000), rng


def terms(r1cs: R1CS) -> list[list[tuple[int, int]]]:
    """Every combination as (wire, coefficient), A then B then C."""
    table = from_limbs(r1cs.table)
    return [
        [(int(m.wires[k]), table[m.coeffs[k]]) for k in range(m.offsets[i], m.offsets[i + 1])]
        for m in (r1cs.a, r1cs.b, r1cs.c)
        for i in range(m.rows)
    ]


@pytest.mark.parametrize("chunk", [1, 30, 1 << 20])
@given(made=systems())
@settings(max_examples=40, deadline=None)
def test_r1cs(chunk: int, made: tuple[R1CS, random.Random]) -> None:
    """Also with blocks so small that they end inside and between rows."""
    system, rng = made
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("zk.formats.r1cs._CHUNK", chunk)
        data = write_r1cs(system)
        loaded = read_r1cs(data)
        assert write_r1cs(loaded) == data
        assert loaded.order == (None, None, None)
        assert terms(loaded) == terms(system)
        assert np.array_equal(loaded.labels, system.labels)
        counts = ("n_wires", "n_outputs", "n_public", "n_private", "n_labels", "n_constraints")
        assert all(getattr(loaded, name) == getattr(system, name) for name in counts)

        a, b, c = (shuffled(m, rng) for m in (system.a, system.b, system.c))
        mixed = R1csFile(**vars(system), order=(a, b, c))
        data = write_r1cs(mixed)
        again = read_r1cs(data)
        assert write_r1cs(again) == data
        assert terms(again) == terms(system)


def shuffled(m: Matrix, rng: random.Random) -> U32:
    """Some order of the terms inside each row."""
    order: list[int] = []
    for i in range(m.rows):
        row = list(range(m.offsets[i], m.offsets[i + 1]))
        rng.shuffle(row)
        order += row
    return np.array(order, np.uint32)


@given(values=st.lists(st.one_of(st.integers(0, R - 1), st.sampled_from((0, 1, R - 1)))))
def test_wtns(values: list[int]) -> None:
    witness = to_limbs([1, *values])
    data = write_wtns(witness)
    assert np.array_equal(read_wtns(data), witness)
    assert len(data) == 76 + 32 * len(witness)
