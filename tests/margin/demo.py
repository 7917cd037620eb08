"""The demo's files as tests use them: paths, and JSON trees to alter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

DEMO = Path(__file__).parents[2] / "examples" / "demo"
NAMES = ("params", "market", "account")


def tree(name: str) -> Any:
    """A fresh copy of a demo file's tree."""
    return json.loads((DEMO / f"{name}.json").read_bytes())


def put(root: Any, path: tuple[str | int, ...], value: Any) -> Any:
    """The tree with the value at a path replaced (or added)."""
    node = root
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    return root


def drop(root: Any, path: tuple[str | int, ...]) -> Any:
    """The tree without what stands at a path."""
    node = root
    for step in path[:-1]:
        node = node[step]
    del node[path[-1]]
    return root
