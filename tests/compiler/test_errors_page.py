"""docs/errors.md lists every golden message of the compiler, and no other; and every message that
the source can raise is golden.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.compiler.test_errors import GOLDEN, NAMES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "errors.md").read_text()
LISTED, COMPARED = PAGE.split("## Beside circom and gnark")
#: What follows `file:line: `.
MESSAGES = {name: (GOLDEN / f"{name}.txt").read_text().strip().split(": ", 1)[1] for name in NAMES}
#: What no circuit can reach: a gadget's own slip.
INTERNAL = {re.escape("a template's externals are distinct wires, in order")}


def rows(text: str) -> list[list[str]]:
    """The cells of a page's tables, without their heads."""
    lines = re.findall(r"^\| (?!message|mistake)(.*) \|$", text, re.MULTILINE)
    return [re.split(r" (?<!\\)\| ", line) for line in lines]


def test_every_message_is_listed_with_its_cause_and_cure() -> None:
    table = rows(LISTED)
    assert all(len(row) == 3 and all(row) for row in table)
    listed = [message for row in table for message in re.findall(r"`([^`]*)`", row[0])]
    assert len(listed) == len(set(listed))
    assert set(listed) == set(MESSAGES.values())


def raised() -> list[tuple[str, re.Pattern[str]]]:
    """Every message of a CompileError in the language and its gadgets: source line, pattern."""
    found = []
    for folder in ("zk/compiler", "circuits/gadgets"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "CompileError":
                    where = f"{path.relative_to(ROOT)}:{node.lineno}"
                    found.append((where, re.compile(pattern(node.args[0]))))
    return found


def pattern(message: ast.expr) -> str:
    """What a message may read; a part in braces is anything."""
    if isinstance(message, ast.JoinedStr):
        return "".join(map(pattern, message.values))
    if isinstance(message, ast.Constant):
        return re.escape(str(message.value))
    return ".*"


@pytest.mark.parametrize(("where", "words"), raised(), ids=lambda part: str(part)[:60])
def test_every_message_of_the_source_is_golden(where: str, words: re.Pattern[str]) -> None:
    assert words.pattern != ".*", f"{where}: a message that only a run knows"
    if words.pattern not in INTERNAL:
        assert any(words.fullmatch(message) for message in MESSAGES.values()), where


@pytest.mark.parametrize("row", rows(COMPARED), ids=lambda row: row[0])
def test_the_comparison_quotes_what_the_compiler_says(row: list[str]) -> None:
    assert len(row) == 4
    quoted = re.match(r"`([^`]*)`", row[1])
    assert quoted
    assert any(message.endswith(quoted[1]) for message in MESSAGES.values())


def test_ten_mistakes_are_compared() -> None:
    assert len(rows(COMPARED)) == 10
