"""A killed run leaves the old files or the new ones; the larger run is a command of kills.py."""

from __future__ import annotations

from pathlib import Path

from tests.zkmargin.kills import rounds


def test_kills(tmp_path: Path) -> None:
    found = rounds(4, 2026, tmp_path)
    assert sum(one.killed for one in found) == 4
