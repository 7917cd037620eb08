"""What importing costs: `import zkmargin` loads nothing heavy, a verifier no prover."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from tests.clock import processor_seconds
from tests.zkmargin.files import make_world

HEAVY = {"click", "galois", "numba", "numpy", "py_ecc", "pydantic", "pyrevm", "rich"}


def loaded(statement: str) -> set[str]:
    """The modules that a fresh interpreter has after a statement."""
    script = f"import sys\n{statement}\nprint(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_import_zkmargin_loads_nothing_heavy() -> None:
    assert not loaded("import zkmargin") & HEAVY


def test_the_pytest_plugin_loads_nothing_of_ours() -> None:
    modules = loaded("import zkmargin.pytest_plugin")
    assert not modules & (HEAVY - {"click"})
    assert not {name for name in modules if name.split(".")[0] in ("circuits", "prover", "zk")}


def test_the_api_loads_no_command_line_and_no_twin() -> None:
    assert not loaded("import zkmargin.api") & (HEAVY - {"numpy"})


@pytest.mark.parametrize(
    "statement",
    ["import verifier.verify", "import zkmargin.cli.verify", "import zkmargin.verifying"],
)
def test_a_verifier_loads_no_prover(statement: str) -> None:
    modules = loaded(statement)
    assert "verifier.verify" in modules
    assert not {name for name in modules if name.startswith("prover")}
    assert not modules & {"zk.compiler.lower", "circuits.margin.linear", "rich", "zk.reference"}


def test_every_public_name_is_there() -> None:
    import zkmargin
    from zkmargin import api

    for name in api.__all__:
        assert getattr(zkmargin, name) is getattr(api, name)
    assert set(api.__all__) <= set(dir(zkmargin))
    with pytest.raises(AttributeError):
        _ = zkmargin.no_such_name


def test_import_time() -> None:
    """The budget is 0.2 s for `import zkmargin`; the interpreter alone is taken off, not more."""

    def seconds(statement: str) -> float:
        command = [sys.executable, "-c", statement]
        return processor_seconds(lambda: subprocess.run(command, check=True), runs=9)

    assert seconds("import zkmargin") - seconds("pass") < 0.2


def test_time_to_verify(tmp_path: Path) -> None:
    """The budget is 0.35 s for `zkmargin verify`, the whole process."""
    world = make_world(tmp_path)
    words = [str(word) for word in (*world.verify, "--allow-development-key")]
    command = [sys.executable, "-m", "zkmargin", *words]
    run = partial(subprocess.run, command, check=True, capture_output=True)
    assert processor_seconds(run, runs=9) < 0.35
