"""docs/errors.md lists every golden message of the compiler, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.compiler.test_errors import GOLDEN, NAMES

PAGE = (Path(__file__).parents[2] / "docs" / "errors.md").read_text()
LISTED, COMPARED = PAGE.split("## Beside circom and gnark")
#: What follows `file:line: `.
MESSAGES = {name: (GOLDEN / f"{name}.txt").read_text().strip().split(": ", 1)[1] for name in NAMES}


def rows(text: str) -> list[list[str]]:
    """The cells of a page's tables, without their heads."""
    lines = re.findall(r"^\| (?!message|mistake)(.*) \|$", text, re.MULTILINE)
    return [re.split(r" (?<!\\)\| ", line) for line in lines]


def test_every_message_is_listed_with_its_cause_and_cure() -> None:
    table = rows(LISTED)
    assert all(len(row) == 3 and all(row) for row in table)
    listed = [row[0].strip("`") for row in table]
    assert len(listed) == len(set(listed))
    assert set(listed) == set(MESSAGES.values())


@pytest.mark.parametrize("row", rows(COMPARED), ids=lambda row: row[0])
def test_the_comparison_quotes_what_the_compiler_says(row: list[str]) -> None:
    assert len(row) == 4
    quoted = re.match(r"`([^`]*)`", row[1])
    assert quoted
    assert any(message.endswith(quoted[1]) for message in MESSAGES.values())


def test_ten_mistakes_are_compared() -> None:
    assert len(rows(COMPARED)) == 10
