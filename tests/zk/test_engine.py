"""The door to the engine: its names, shapes that it refuses, and how it is chosen."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import numpy as np
import pytest

from tests.zk.points import G1, raw
from zk import engine as native
from zk import reference
from zk.errors import EngineError
from zk.field import R


def test_names() -> None:
    assert (native.name(), reference.name()) == ("native", "reference")
    assert set(reference.__all__) == set(native.__all__) - {"WitnessProgram"}


def test_shapes_are_refused(engine: ModuleType) -> None:
    one, points = raw(1), G1[np.newaxis]
    with pytest.raises(EngineError):
        engine.msm_g1(points, raw(1, 2))
    with pytest.raises(EngineError):
        engine.msm_g1(points, raw(R))
    with pytest.raises(EngineError):
        engine.msm_g2(points, one)
    with pytest.raises(EngineError):
        engine.msm_g1(points.astype(np.int64), one)
    with pytest.raises(EngineError):
        engine.mul_g1(points, one)
    with pytest.raises(EngineError):
        engine.first_bad_g1(G1)
    with pytest.raises(EngineError):
        engine.set_threads(-1)


def run(script: str, **env: str) -> str:
    import os

    return subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **env},
        timeout=600,
    ).stdout


def test_a_forked_child_has_its_own_threads() -> None:
    script = """
import os, numpy as np
from zk import engine
from zk.field import to_limbs
values = to_limbs(range(1 << 13))
engine.ntt(values)
child = os.fork()
if child == 0:
    engine.ntt(values)
    os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert run(script).strip() == "7"


def test_the_door_opens_no_slow_module() -> None:
    script = """
import sys
import zk.engine, zk.poseidon
print(sorted({"py_ecc", "galois", "numba", "zk.reference"} & set(sys.modules)), zk.engine.name())
"""
    assert run(script, ZKMARGIN_ENGINE="native").strip() == "[] native"


def test_the_environment_chooses_the_engine() -> None:
    script = "from zk import engine; print(engine.name(), engine.msm_g1.__module__)"
    assert run(script, ZKMARGIN_ENGINE="reference").split()[0] == "reference"
    script = """
from zk.errors import EngineError
from zk.field import R
try:
    import zk.engine
except EngineError as error:
    print(error)
"""
    assert "native or reference" in run(script, ZKMARGIN_ENGINE="fast")


def test_an_engine_that_is_not_built_says_so() -> None:
    script = """
import sys
sys.modules["zk._engine"] = None
from zk.errors import EngineError
from zk.field import R
try:
    import zk.engine
except EngineError as error:
    print(error)
"""
    assert "not built" in run(script, ZKMARGIN_ENGINE="native")


def test_the_stub_is_the_module_s() -> None:
    import ast
    from pathlib import Path

    from zk import _engine, errors

    stub = Path(errors.__file__).with_name("_engine.pyi").read_text()
    declared = {
        node.name: [argument.arg for argument in node.args.args]
        for node in ast.parse(stub).body
        if isinstance(node, ast.FunctionDef)
    }
    import inspect

    real = {
        name: list(inspect.signature(value).parameters)
        for name, value in vars(_engine).items()
        if callable(value) and not isinstance(value, type)
    }
    assert declared == real
    classes = {
        node.name: {member.name for member in node.body if isinstance(member, ast.FunctionDef)}
        for node in ast.parse(stub).body
        if isinstance(node, ast.ClassDef)
    }
    assert classes == {
        name: {member for member in vars(value) if not member.startswith("__")} | {"__init__"}
        for name, value in vars(_engine).items()
        if isinstance(value, type)
    }
