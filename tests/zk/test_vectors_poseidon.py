"""circomlibjs's Poseidon vectors, widths 2 to 17, over both engines."""

from __future__ import annotations

from types import ModuleType

import pytest

from tests.zk import vectors
from zk import engine, reference
from zk.field import from_limbs, to_limbs


@pytest.mark.parametrize("module", [engine, reference])
def test_poseidon_vectors(module: ModuleType) -> None:
    widths = set()
    for vector in vectors.load("poseidon.json"):
        inputs = [int(value) for value in vector["inputs"]]
        widths.add(len(inputs) + 1)
        limbs = to_limbs(inputs).reshape(1, -1, 4)
        assert from_limbs(module.poseidon(limbs)) == [int(vector["expected"])], inputs
    assert widths == set(range(2, 18))
