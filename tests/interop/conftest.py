"""The files of iden3's tools, and a development key of ours for the same circuit."""

from __future__ import annotations

import pytest

from tests.formats import iden3
from tests.formats.conftest import iden3_files
from zk import engine
from zk.formats.r1cs import load_r1cs
from zk.groth16 import ProvingKey, development_scalar

__all__ = ["iden3_files"]


@pytest.fixture(scope="session")
def our_key(iden3_files: iden3.Iden3Files) -> ProvingKey:
    """A development key, made by our engine for the circuit that circom2 compiled."""
    r1cs = load_r1cs(iden3_files.r1cs)
    return engine.keygen(r1cs, development_scalar("alpha"), development_scalar("beta"))
