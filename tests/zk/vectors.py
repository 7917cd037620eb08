"""The third-party vectors beside the checkout; a test says so when they are absent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "vectors"


def load(name: str) -> list[dict[str, Any]]:
    """The vectors of one file, or a skip with the path that is missing."""
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"no third-party vectors at {path}")
    vectors: list[dict[str, Any]] = json.loads(path.read_text())
    assert vectors
    return vectors
