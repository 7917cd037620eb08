"""What importing costs: `import zkmargin` loads nothing heavy, a verifier no prover."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

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
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", statement], check=True)
        return time.perf_counter() - started

    medians = [
        statistics.median(seconds(statement) for _ in range(9))
        for statement in ("pass", "import zkmargin")
    ]
    assert medians[1] - medians[0] < 0.2


def test_time_to_verify(tmp_path: Path) -> None:
    """The budget is 0.35 s for `zkmargin verify`, the whole process; processor time is compared,
    since other tests run beside this one."""
    world = make_world(tmp_path)
    command = [str(word) for word in (*world.verify, "--allow-development-key")]
    spent = []
    for _ in range(9):
        before = os.times()
        subprocess.run(
            [sys.executable, "-m", "zkmargin", *command], check=True, capture_output=True
        )
        after = os.times()
        spent.append(
            after.children_user
            + after.children_system
            - before.children_user
            - before.children_system
        )
    assert statistics.median(spent) < 0.35
