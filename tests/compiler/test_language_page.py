"""docs/language.md and examples/product.py say what is so: their code runs."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import zk
from tests.checks import gadget_circuit
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.types import Uint

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "language.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def run(block: str) -> dict[str, Any]:
    # As a module's code would run: the class looks its types up in the globals.
    scope: dict[str, Any] = {"__name__": __name__}
    exec(compile(block, "docs/language.md", "exec"), scope)
    return scope


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_every_block_runs(block: str) -> None:
    run(block)


def test_the_pages_division_is_sound() -> None:
    (block,) = (block for block in BLOCKS if "def floor_divide" in block)
    divide = run(block)["floor_divide"]
    gadget = gadget_circuit({"x": (Uint, 16), "y": (Uint, 8)}, divide)
    assert gadget.honest({"x": 1000, "y": 7}) == [142]
    gadget.refusal({"x": 1000, "y": 0})
    gadget.assert_forgeries_rejected({"x": 1000, "y": 7})


def test_the_page_names_every_hint_and_every_export() -> None:
    hints = [name for name in vars(ConstraintSystem) if name.startswith("hint_")]
    assert len(hints) == 9
    for name in [*hints, "Circuit", "Field", "Uint", "Int", "Bool", "Struct", "compile"]:
        assert name in PAGE
    assert {"Circuit", "Field", "Uint", "Int", "Bool", "Struct", "compile"} <= set(zk.__all__)


def test_every_constraint_named_on_the_page_exists() -> None:
    for name in re.findall(r"`cs\.(\w+)", PAGE):
        assert inspect.isfunction(getattr(ConstraintSystem, name))


def test_the_example_runs_as_a_script() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "product.py")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "391 has two factors above 1: proven and verified" in done.stdout
    assert "397: the proof is not valid" in done.stdout
