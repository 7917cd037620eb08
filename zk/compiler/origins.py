"""Where a constraint comes from: the author's source line, and the gadgets on the stack.

The stack is read for every constraint, so all that it says is kept: of a code object what it is, of
a stack its path, of an instruction its line. Nothing here enters a circuit's digest.
"""

from __future__ import annotations

import os
from contextlib import suppress
from enum import Enum
from types import CodeType, FrameType

#: Modules whose frames are passed over when a constraint's source line is looked for.
LIBRARY = ("zk.", "circuits.gadgets")
#: Modules that call a circuit: no gadget path reaches past them.
_CALLERS = ("zk.compiler.declare", "zk.compiler.lower", "zk.compiler.template")
#: How an operation stands in a gadget path where not by its method's name; "" for not at all.
_OPERATORS = {"__mul__": "*", "__rmul__": "*", "__and__": "&", "__or__": "|", "__xor__": "^"}
_OPERATORS |= {"instantiate": ""}


class _Kind(Enum):
    """What a frame on the stack is."""

    LANGUAGE = 0  # an operation of a signal or of the constraint system
    GADGET = 1
    AUTHOR = 2  # a function of the circuit's author
    STOP = 3  # `define`, and what lies outside a circuit


class Stacks:
    """Reads stacks for one constraint system."""

    def __init__(self) -> None:
        # By the code objects' ids; they are kept, so that no id is used twice.
        self._kinds: dict[int, tuple[_Kind, CodeType]] = {}
        self._paths: dict[tuple[int, ...], str] = {}
        self._lines: dict[tuple[int, int], str] = {}

    def place(self, frame: FrameType | None) -> tuple[str, str]:
        """(source line, gadget path) of what is emitted under `frame`.

        The path has the functions between `define` and the constraint, outermost first: those of
        the circuit, the gadgets, and the one operation of the language that the innermost called.
        """
        codes: list[int] = []
        author: FrameType | None = None  # the innermost frame outside the library
        kinds = self._kinds
        while frame is not None:
            code = frame.f_code
            known = kinds.get(id(code))
            if known is None:
                known = kinds[id(code)] = (_kind_of(frame), code)
            kind = known[0]
            if author is None and (kind is _Kind.AUTHOR or kind is _Kind.STOP):
                author = frame
            if kind is _Kind.STOP:
                break
            codes.append(id(code))
            frame = frame.f_back
        key = tuple(codes)
        path = self._paths.get(key)
        if path is None:
            path = self._paths[key] = _gadget_path([kinds[code] for code in codes])
        if author is None:
            return "", path
        at = (id(author.f_code), author.f_lasti)
        where = self._lines.get(at)
        if where is None:
            where = self._lines[at] = source_line(author)
        return where, path


def _kind_of(frame: FrameType) -> _Kind:
    module, code = frame.f_globals.get("__name__", ""), frame.f_code
    if module.startswith(_CALLERS):
        return _Kind.STOP
    if module.startswith("zk."):
        return _Kind.LANGUAGE
    if module.startswith(LIBRARY):
        return _Kind.GADGET
    # Functions that are given a constraint system, methods, closures over one, comprehensions.
    inside = code.co_varnames[: code.co_argcount] + code.co_freevars
    written = not code.co_name.startswith("<")
    if code.co_name == "define" or (written and not {"cs", "self"} & {*inside}):
        return _Kind.STOP
    return _Kind.STOP if code.co_name == "<module>" else _Kind.AUTHOR


def _gadget_path(stack: list[tuple[_Kind, CodeType]]) -> str:
    """The stack's functions, outermost first; of the language, the operation that was called."""
    called = 0
    while called + 1 < len(stack) and stack[called + 1][0] is _Kind.LANGUAGE:
        called += 1
    names = [
        _OPERATORS.get(code.co_name, code.co_name)
        for place, (kind, code) in enumerate(stack)
        if place >= called
        and (kind is not _Kind.LANGUAGE or place == called)
        and not code.co_name.startswith("<")
    ]
    return " > ".join(name for name in reversed(names) if name)


def author_line(frame: FrameType | None) -> str:
    """`file:line` of the nearest frame outside the language and the gadgets."""
    while frame is not None and frame.f_back is not None:
        if not frame.f_globals.get("__name__", "").startswith(LIBRARY):
            break
        frame = frame.f_back
    return source_line(frame) if frame is not None else ""


def source_line(frame: FrameType) -> str:
    """`file:line` of a frame; a package's module reads the same wherever it is installed."""
    module = frame.f_globals.get("__name__", "")
    if "." in module:
        return f"{module.replace('.', '/')}.py:{frame.f_lineno}"
    file = frame.f_code.co_filename
    with suppress(OSError):  # a script: as its author calls it, if it lies below
        file = file.removeprefix(os.getcwd() + os.sep)
    return f"{file}:{frame.f_lineno}"
