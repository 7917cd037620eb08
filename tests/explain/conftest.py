"""The circuit that the views are tested on, compiled once."""

from __future__ import annotations

import pytest

from tests.explain.circuits import Vault
from zk import compile
from zk.compiler.compiled import CompiledCircuit


@pytest.fixture(scope="session")
def vault() -> CompiledCircuit:
    return compile(Vault())
