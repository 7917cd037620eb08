"""Where constraints come from: the emitting lines of a system, recorded while it is written.

A site is the nearest line outside the language (`circuits/gadgets/compare.py:61`), with the line of
the language's own function where that emits several kinds of rows (`> bits:361`). What a test or a
declaration asks of the language directly is the language's own site (`zk/compiler/frontend.py >
bits:361`).

An occurrence is ("row", its index) or ("linear", its index). Rows of a template are those of every
place where it was instantiated.
"""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

from tests.mutation.names import LANGUAGE
from zk.compiler import lower
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.template import Template

Occurrence = tuple[str, int]
Sites = dict[str, list[Occurrence]]

#: Functions through which others emit: their lines tell nothing apart.
_PLAIN = {"row", "_product", "multiply", "assert_bool", "assert_product", "assert_equal"}
_templates: dict[int, tuple[Template, Sites]] = {}
#: Called with a system that is complete and not yet compiled.
_finished: list[Any] = []


def sites_of(cs: ConstraintSystem) -> Sites:
    """What was recorded of a system so far."""
    return cs.__dict__.setdefault("mutation_sites", {})  # type: ignore[no-any-return]


def on_finished(call: Any) -> None:
    """Call with every system when its circuit has been written, before the passes."""
    _finished.append(call)


def site(frame: FrameType | None) -> str:
    """The site of what is being emitted."""
    via = plain = ""
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        name = frame.f_code.co_name
        if module.startswith("circuits."):
            line = f"{module.replace('.', '/')}.py:{frame.f_lineno}"
            return f"{line} > {via}" if via else line
        if module.startswith("zk.compiler"):
            if module.endswith("frontend") and name not in _PLAIN:
                via = via or f"{name}:{frame.f_lineno}"
            elif module.endswith("frontend") and name != "row":
                plain = name
        elif not module.startswith("tests.mutation"):
            break
        frame = frame.f_back
    return f"{LANGUAGE} > {via or plain}"


def install() -> None:
    """Record from now on. Once a process."""
    row, equal = ConstraintSystem.row, ConstraintSystem.assert_equal
    instantiate, record = ConstraintSystem.instantiate, Template.record
    eliminate = lower.eliminate_linear  # type: ignore[attr-defined]

    def recorded_row(self: Any, a: Any, b: Any, c: Any) -> int:
        index = row(self, a, b, c)
        _add(self, site(sys._getframe(1)), ("row", index))
        return index

    def recorded_equal(self: Any, x: Any, y: Any) -> None:
        before = len(self.linear)
        equal(self, x, y)
        if len(self.linear) > before:
            _add(self, site(sys._getframe(1)), ("linear", before))

    def recorded_template(scratch: Any, n_externals: int, build: Any) -> Template:
        template = record(scratch, n_externals, build)
        _templates[id(template)] = template, sites_of(scratch)
        return template

    def recorded_instance(self: Any, template: Template, externals: list[int]) -> Any:
        first = len(self.row_origin)
        outputs = instantiate(self, template, externals)
        for name, occurrences in _templates[id(template)][1].items():
            for _, index in occurrences:
                _add(self, name, ("row", first + index))
        return outputs

    def eliminated(cs: Any) -> set[int]:
        for call in _finished:
            call(cs)
        return eliminate(cs)

    ConstraintSystem.row = recorded_row  # type: ignore[method-assign]
    ConstraintSystem.assert_equal = recorded_equal  # type: ignore[method-assign]
    ConstraintSystem.instantiate = recorded_instance  # type: ignore[method-assign]
    Template.record = staticmethod(recorded_template)  # type: ignore[method-assign]
    lower.eliminate_linear = eliminated  # type: ignore[attr-defined]


def _add(cs: ConstraintSystem, name: str, occurrence: Occurrence) -> None:
    sites_of(cs).setdefault(name, []).append(occurrence)
