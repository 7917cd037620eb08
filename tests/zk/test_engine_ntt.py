"""Transforms of the engine and its twin."""

from __future__ import annotations

import random
from types import ModuleType

import numpy as np
import pytest

from zk import engine as native
from zk import reference
from zk.errors import EngineError
from zk.field import R, from_limbs, root_of_unity, to_limbs


@pytest.mark.parametrize("log", [0, 1, 2, 5])
@pytest.mark.parametrize("shift", [1, 7, root_of_unity(64), R - 1])
def test_ntt_by_definition(engine: ModuleType, log: int, shift: int) -> None:
    rng = random.Random(log)
    n = 1 << log
    values = [rng.choice([0, 1, R - 1, rng.randrange(R)]) for _ in range(n)]
    points = [shift * pow(root_of_unity(n), i, R) % R for i in range(n)]
    expected = [sum(v * pow(x, k, R) for k, v in enumerate(values)) % R for x in points]
    there = engine.ntt(to_limbs(values), shift=shift)
    assert from_limbs(there) == expected
    assert from_limbs(engine.ntt(there, inverse=True, shift=shift)) == values


def test_engines_agree_on_a_long_transform() -> None:
    rng = random.Random(3)
    values = to_limbs(rng.randrange(R) for _ in range(1 << 12))
    for inverse in (False, True):
        np.testing.assert_array_equal(
            native.ntt(values, inverse, 5), reference.ntt(values, inverse, 5)
        )


def test_ntt_refuses_other_sizes(engine: ModuleType) -> None:
    for n in (0, 3, 12):
        with pytest.raises(EngineError, match="power of two"):
            engine.ntt(to_limbs([1] * n))
    for shift in (0, R, -1):
        with pytest.raises(EngineError, match="shift"):
            engine.ntt(to_limbs([1]), shift=shift)
