"""docs/gadgets.md: what each gadget says, requires and costs, from its docstring.

    python -m tests.gadgets.pages            print the page
    python -m tests.gadgets.pages --write    renew docs/gadgets.md

Beside the docstring stand the golden counts whose name begins with the gadget's.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import circuits.gadgets
from tests.gadgets import costs

PAGE = Path(__file__).parents[2] / "docs" / "gadgets.md"
HEAD = """# Gadgets

Made by `python -m tests.gadgets.pages --write` from the docstrings; a test holds it to them. Every
gadget takes the constraint system first. `assert_x` adds constraints, `is_x` returns a Bool, `x` a
value. *Requires* is what the caller must have shown beside the types; *cost* is in constraints.
Why each is sound stands in its source, above the constraint.
"""


def modules() -> list[ModuleType]:
    found = pkgutil.iter_modules(circuits.gadgets.__path__)
    return [importlib.import_module(f"circuits.gadgets.{module.name}") for module in found]


def members(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """What a module defines for others, in the order of its source."""
    for name, value in vars(module).items():
        if name.startswith("_") or getattr(value, "__module__", "") != module.__name__:
            continue
        if inspect.isfunction(value) or inspect.isclass(value):
            yield name, value


def methods(kind: type) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The public methods of a class that say what they do."""
    for name, value in vars(kind).items():
        function = value.__func__ if isinstance(value, staticmethod | classmethod) else value
        if inspect.isfunction(function) and not name.startswith("_") and function.__doc__:
            yield name, function


def signature(function: Callable[..., Any]) -> str:
    """Its parameters and result, with short types."""
    text = re.sub(r"'([^']*)'", r"\1", str(inspect.signature(function)))
    return text.replace("cs: ConstraintSystem", "cs").removesuffix(" -> None")


def prose(thing: Any) -> str:
    """A docstring in Markdown: what is required and what it costs stand on lines of their own."""
    text = inspect.getdoc(thing) or ""
    text = re.sub(r"^(Requires|Cost):", r"- *\1:*", text, flags=re.MULTILINE)
    return re.sub(r" {2,}Cost:", "\n- *Cost:*", text)


def measured(name: str) -> str:
    """The golden counts of this gadget, as a line."""
    found = {
        entry: count
        for entry, count in costs.golden()["gadgets"].items()
        if re.match(rf"(?:[\w\- ]+: )?{re.escape(name)}(?!\w)", entry)
    }
    if not found:
        return ""
    listed = "; ".join(f"{entry}: {count:,}" for entry, count in found.items())
    return f"- *Measured:* {listed}\n"


def section(module: ModuleType) -> str:
    parts = [f"## {module.__name__.split('.')[-1]}\n\n{prose(module)}\n"]
    for name, value in members(module):
        if inspect.isclass(value):
            parts.append(f"### class `{name}`\n\n{prose(value)}\n")
            parts += [
                f"#### `{name}.{method}{signature(function)}`\n\n{prose(function)}\n"
                for method, function in methods(value)
            ]
        else:
            parts.append(f"### `{name}{signature(value)}`\n\n{prose(value)}\n{measured(name)}")
    return "\n".join(parts)


def page() -> str:
    return "\n".join([HEAD, *map(section, modules())])


def main() -> None:
    print(page())
    if "--write" in sys.argv[1:]:
        PAGE.write_text(page())


if __name__ == "__main__":
    main()
