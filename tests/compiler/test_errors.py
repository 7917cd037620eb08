"""What does not compile, and in which words: one circuit a file, one golden message each.

    python -m tests.compiler.test_errors --write     renews tests/golden/errors

A message names the source line and what to do, and holds no value.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from zk.compiler.lower import compile
from zk.errors import CompileError

FAILURES = Path(__file__).parent / "failures"
GOLDEN = Path(__file__).parents[1] / "golden" / "errors"
NAMES = sorted(path.stem for path in FAILURES.glob("*.py") if path.stem != "__init__")


def message(name: str) -> str:
    """The error of one circuit, or an empty text if it compiles."""
    module = f"tests.compiler.failures.{name}"
    sys.modules.pop(module, None)
    try:
        compile(importlib.import_module(module).Failing())
    except CompileError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", NAMES)
def test_the_message_is_golden(name: str) -> None:
    assert message(name) == (GOLDEN / f"{name}.txt").read_text().rstrip("\n")


def test_every_golden_message_has_its_circuit() -> None:
    assert sorted(path.stem for path in GOLDEN.glob("*.txt")) == NAMES


def test_a_product_that_overflows_is_explained() -> None:
    text = message("product_overflow")
    assert "price (Uint in [0, 2^200 - 1])" in text
    assert "Uint in [1, 2^60]" in text
    assert "tests/compiler/failures/product_overflow.py:13" in text


def main() -> None:
    for name in NAMES:
        text = message(name)
        print(f"{name}: {text}")
        if "--write" in sys.argv[1:]:
            (GOLDEN / f"{name}.txt").write_text(text + "\n")


if __name__ == "__main__":
    main()
