"""The language of circuits, in one import.

    from zk import Circuit, Field, compile, private, public

The names are loaded on first use, so that a verifier which imports `zk.groth16` loads no compiler.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zk.compiler.declare import Circuit, Struct, private, public
    from zk.compiler.frontend import ConstraintSystem
    from zk.compiler.lower import compile
    from zk.compiler.types import Bool, Field, Int, Uint

__all__ = [
    "Bool",
    "Circuit",
    "ConstraintSystem",
    "Field",
    "Int",
    "Struct",
    "Uint",
    "compile",
    "private",
    "public",
]

_HOME = {
    "Circuit": "zk.compiler.declare",
    "Struct": "zk.compiler.declare",
    "private": "zk.compiler.declare",
    "public": "zk.compiler.declare",
    "ConstraintSystem": "zk.compiler.frontend",
    "compile": "zk.compiler.lower",
    "Bool": "zk.compiler.types",
    "Field": "zk.compiler.types",
    "Int": "zk.compiler.types",
    "Uint": "zk.compiler.types",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'zk' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOME[name]), name)
