"""A circuit's inputs as a JSON file: nested objects and arrays of decimal strings, by name.

The file holds the prover's secrets. What is refused is named by its path, and never quoted.
"""

from __future__ import annotations

import re
from typing import Any, Final

from circuits.margin.jsonfile import Repeated, parse_json, read_bytes
from zk.errors import InputError

_LIMIT: Final = 16_000_000
_DEEPEST: Final = 50
_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]{0,77})|0x[0-9a-fA-F]{1,64}", re.ASCII)


def load_inputs(path: str) -> dict[str, Any]:
    """The values of a file, as `CompiledCircuit.assign` takes them."""
    tree = parse_json(read_bytes(path, _LIMIT), path, limit=_LIMIT)
    if not isinstance(tree, dict | Repeated):
        raise InputError("must be an object: the circuit's inputs by name", file=path)
    values: dict[str, Any] = _value(tree, "", path, 0)
    return values


def _value(tree: Any, path: str, file: str, depth: int) -> Any:
    if depth > _DEEPEST:
        raise InputError("is nested deeper than any circuit's inputs", file=file)
    if isinstance(tree, dict):
        head = f"{path}." if path else ""
        return {name: _value(x, head + name, file, depth + 1) for name, x in tree.items()}
    if isinstance(tree, list):
        return [_value(x, f"{path}[{i}]", file, depth + 1) for i, x in enumerate(tree)]
    if isinstance(tree, str) and _NUMBER.fullmatch(tree):
        return int(tree, 0)
    if isinstance(tree, Repeated):
        raise InputError("has one of its names twice", path, file)
    raise InputError('must be a whole number as text: "12", "-3" or "0x1f"', path, file)
