"""Of the rows that a witness breaks the first is named, wherever the work that found it was done.

Rows are checked side by side, and by the transform of a prepared key in its own order, while
whatever was found ends the proof. The expected row is the least of all that are broken, each
computed here with Python's integers.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from types import ModuleType

import pytest

from tests.zk.systems import random_system
from zk import engine as native
from zk.errors import UnsatisfiedRow
from zk.field import Limbs, R, from_limbs, to_limbs
from zk.r1cs import R1CS
from zk.reference.witness import system_rows

#: One eight of rows, one task, some of both; a transform on vectors begins at a domain of 2^9.
SIZES = (5, 61, 700, 3000)


@pytest.fixture(params=[1, 2, 0], ids=["one thread", "two threads", "all threads"])
def threads(request: pytest.FixtureRequest) -> Iterator[None]:
    native.set_threads(request.param)
    yield
    native.set_threads(0)


def broken_rows(r1cs: R1CS, w: list[int]) -> list[int]:
    a, b, c = system_rows(r1cs)
    rows = range(len(a.rows))
    return [i for i in rows if a.dot(i, w) * b.dot(i, w) % R != c.dot(i, w)]


def forged(r1cs: R1CS, w: Limbs, count: int) -> Iterator[tuple[Limbs, list[int]]]:
    """Witnesses with a few other values, and the rows that they break: one at least."""
    rng = random.Random(r1cs.n_constraints)
    honest = from_limbs(w)
    for i in range(count):
        lie = list(honest)
        # Anywhere, or all in the last rows, or all among the first.
        low, high = ((1, len(w)), (len(w) * 3 // 4, len(w)), (1, 2 + len(w) // 4))[i % 3]
        for _ in range(rng.choice((1, 2, 3, 20))):
            lie[rng.randrange(low, high)] = rng.choice((2, R - 1, rng.randrange(R)))
        if rows := broken_rows(r1cs, lie):
            yield to_limbs(lie), rows


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("rows", SIZES)
def test_of_a_prepared_key(rows: int) -> None:
    r1cs, w = random_system(rows, rows, n_publics=2)
    key = native.open_prepared(native.prepare(native.keygen(r1cs, 3, 4), r1cs))
    native.prove_prepared(key, w)
    several = 0
    for lie, broken in forged(r1cs, w, 24):
        several += len(broken) > 1
        assert native.first_unsatisfied(r1cs, lie) == broken[0]
        with pytest.raises(UnsatisfiedRow) as caught:
            native.prove_prepared(key, lie)
        assert caught.value.row == broken[0]
    assert several > 5


def test_of_the_engine_and_its_twin(engine: ModuleType) -> None:
    for rows in SIZES[:3]:
        r1cs, w = random_system(rows, rows, n_publics=2)
        for lie, broken in forged(r1cs, w, 9):
            assert engine.first_unsatisfied(r1cs, lie) == broken[0]
    r1cs, w = random_system(1, 20, n_publics=1)
    key = engine.open_prepared(engine.prepare(engine.keygen(r1cs, 3, 4), r1cs))
    for lie, broken in forged(r1cs, w, 9):
        with pytest.raises(UnsatisfiedRow) as caught:
            engine.prove_prepared(key, lie)
        assert caught.value.row == broken[0]
