"""Circuits as classes: what is public, what is private, and of which type.

    class Product(Circuit):
        z: Field = public()
        x: Field = private()
        y: Field = private()

        def define(self, cs):
            cs.assert_equal(self.x * self.y, self.z)

A `Struct` groups private inputs; `count` makes an array. Sizes may be names of attributes of the
circuit or struct ("positions"), so that one definition serves every size class. Instances of a
circuit hold their size parameters and never a value.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from zk.compiler.frontend import ConstraintSystem
from zk.compiler.origins import source_line
from zk.compiler.slots import InputSlot
from zk.compiler.types import Bool, Field, Int, Uint
from zk.errors import CompileError
from zk.field import R

Size = int | str


@dataclass(frozen=True)
class Declaration:
    """One declared input: visibility, width, array length, and parameters of a struct."""

    visibility: str  # "public" or "private"
    bits: Size | None
    count: Size | None
    context: bool
    parameters: dict[str, Size]
    where: str  # file:line of the declaration


def public(*, bits: Size | None = None, context: bool = False) -> Any:
    """A public input. `bits` is required for Uint and Int.

    `context=True` marks one that no constraint reads: the key binds it to the proof all the same,
    as a domain or a sender is bound.
    """
    return Declaration("public", bits, None, context, {}, source_line(sys._getframe(1)))


def private(*, bits: Size | None = None, count: Size | None = None, **parameters: Size) -> Any:
    """A private input, an array of `count`, or a struct with its `parameters`."""
    where = source_line(sys._getframe(1))
    return Declaration("private", bits, count, False, parameters, where)


_TYPES: dict[str, Any] = {"Field": Field, "Int": Int, "Uint": Uint, "Bool": Bool}


class _Declared:
    """Collects the declarations of a class, in the order of its source."""

    _declared: dict[str, tuple[Any, Declaration]]

    def __init_subclass__(cls) -> None:
        scope = dict(vars(sys.modules[cls.__module__]))
        frame = sys._getframe(1)
        scope.update(frame.f_globals)
        scope.update(frame.f_locals)
        scope.update(_TYPES)
        cls._declared = {}
        for base in reversed(cls.__mro__[1:]):
            cls._declared |= vars(base).get("_declared", {})
        for name, annotation in inspect.get_annotations(cls).items():
            declaration = cls.__dict__.get(name)
            if isinstance(declaration, Declaration):
                if not isinstance(getattr(super(cls, cls), name, declaration), Declaration):
                    raise CompileError(
                        f"{cls.__name__}.{name} is a name of the language: choose another",
                        declaration.where,
                    )
                kind = eval(annotation, scope) if isinstance(annotation, str) else annotation
                if get_origin(kind) is list:
                    (kind,) = get_args(kind)
                    if declaration.count is None:
                        raise CompileError(
                            f"{cls.__name__}.{name}: a list needs count=", declaration.where
                        )
                cls._declared[name] = (kind, declaration)
        for name, declaration in vars(cls).items():
            if isinstance(declaration, Declaration) and name not in cls._declared:
                raise CompileError(
                    f"{cls.__name__}.{name} has no type: write {name}: Field = ...",
                    declaration.where,
                )


class Struct(_Declared):
    """A group of private inputs; subclasses declare members with `private()`."""

    def __init__(self, **parameters: int) -> None:
        self.__dict__.update(parameters)


class Circuit(_Declared):
    """A statement: declared inputs and `define`, which constrains them."""

    @property
    def name(self) -> str:
        return type(self).__name__

    def define(self, cs: ConstraintSystem) -> None:
        raise NotImplementedError

    def metadata(self) -> dict[str, Any]:
        """What the compiled file records besides the rows, as JSON: kind and shape."""
        return {}


def input_slots(circuit: Circuit) -> list[InputSlot]:
    """Every scalar input in wire order: publics as declared, then privates."""
    slots = list(_walk(circuit, "", circuit))
    return [s for s in slots if s.public] + [s for s in slots if not s.public]


def _walk(owner: Any, prefix: str, circuit: Circuit) -> Iterator[InputSlot]:
    for name, (kind, declaration) in owner._declared.items():
        for path in _paths(prefix + name, declaration, owner, circuit):
            if isinstance(kind, type) and issubclass(kind, Struct):
                yield from _walk(_struct(kind, declaration, owner, circuit), path + ".", circuit)
            else:
                bits = _bits(kind, declaration, path, owner, circuit)
                yield InputSlot(
                    path,
                    kind.__name__,
                    bits,
                    declaration.visibility == "public",
                    declaration.context,
                )


@dataclass(frozen=True)
class Bound:
    """What `bind` made of a slot: its decomposition's wires, its range's rows, its declaration."""

    bits: range
    rows: range
    where: str


def bind(circuit: Circuit, cs: ConstraintSystem, slots: list[InputSlot]) -> list[Bound]:
    """Give every declared name its signal, and emit the range its type promises."""
    cs.n_inputs = len(slots)
    first = cs.wires(len(slots))
    wires = {slot.path: first + i for i, slot in enumerate(slots)}
    cs.names = {wire: path for path, wire in wires.items()}
    bound: dict[str, Bound] = {}
    _bind(circuit, "", circuit, cs, wires, bound)
    return [bound[slot.path] for slot in slots]


def _bind(
    owner: Any,
    prefix: str,
    circuit: Circuit,
    cs: ConstraintSystem,
    wires: dict[str, int],
    bound: dict[str, Bound],
) -> None:
    for name, (kind, declaration) in owner._declared.items():
        values = []
        for path in _paths(prefix + name, declaration, owner, circuit):
            value: Struct | Field
            if isinstance(kind, type) and issubclass(kind, Struct):
                value = _struct(kind, declaration, owner, circuit)
                _bind(value, path + ".", circuit, cs, wires, bound)
            else:
                bits = _bits(kind, declaration, path, owner, circuit)
                start, row = cs.n_wires, len(cs.row_origin)
                with cs.obligation(f"{path} is {_words(kind, bits)}", declaration.where):
                    value = _typed(Field(cs, {wires[path]: 1}), kind, bits, cs)
                bound[path] = Bound(
                    range(start, cs.n_wires), range(row, len(cs.row_origin)), declaration.where
                )
            values.append(value)
        setattr(owner, name, values if declaration.count is not None else values[0])


def _typed(x: Field, kind: type[Field], bits: int, cs: ConstraintSystem) -> Field:
    if kind is Field:
        return x
    if kind is Bool:
        return cs.assert_bool(x)
    if kind is Int:
        return cs.assert_signed_range(x, bits)
    return cs.assert_range(x, bits)


def _words(kind: type[Field], bits: int) -> str:
    if kind is Bool:
        return "a bit"
    if kind is Int:
        return f"a signed integer of {bits} bits"
    return f"an unsigned integer of {bits} bits" if kind is Uint else "a field element"


def _paths(path: str, declaration: Declaration, owner: Any, circuit: Circuit) -> list[str]:
    if declaration.count is None:
        return [path]
    count = _size(declaration.count, declaration, owner, circuit, path)
    return [f"{path}[{i}]" for i in range(count)]


def _struct(kind: type[Struct], declaration: Declaration, owner: Any, circuit: Circuit) -> Struct:
    if declaration.visibility == "public" or declaration.bits is not None:
        # Its members say what they are; a word that did nothing here would be believed.
        raise CompileError(
            f"a {kind.__name__} is declared private(), without bits=", declaration.where
        )
    given = declaration.parameters.items()
    return kind(**{name: _size(v, declaration, owner, circuit, name) for name, v in given})


def _bits(kind: Any, declaration: Declaration, path: str, owner: Any, circuit: Circuit) -> int:
    where = declaration.where
    if not (isinstance(kind, type) and issubclass(kind, Field)):
        raise CompileError(f"{path}: declare Field, Bool, Uint, Int or a Struct", where)
    if declaration.parameters:
        name = next(iter(declaration.parameters))
        raise CompileError(f"{path}: a {kind.__name__} takes no {name}=", where)
    if kind in (Bool, Field):
        if declaration.bits is not None:
            raise CompileError(f"{path}: a {kind.__name__} takes no bits=", where)
        return 1 if kind is Bool else R.bit_length()
    if declaration.bits is None:
        raise CompileError(f"{path}: {kind.__name__} needs bits=", where)
    bits = _size(declaration.bits, declaration, owner, circuit, path)
    if bits < 1:
        raise CompileError(f"{path}: bits= must be at least 1", where)
    return bits


def _size(size: Size, of: Declaration, owner: Any, circuit: Circuit, path: str) -> int:
    if isinstance(size, str):
        for holder in (owner, circuit):
            value = getattr(holder, size, None)
            if isinstance(value, int) and not isinstance(value, Declaration):
                return value
        raise CompileError(f"{path}: no size named {size!r} on the circuit or the struct", of.where)
    return size
