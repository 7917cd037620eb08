"""statement.json: what a key is for, and the digests of the files that belong together.

Setup writes it last, so it names either the old set of files or the new one. It is public: a
verifier needs it and the verification key, a prover the whole folder.

    format            "zkmargin.statement/1"
    statement         "meets" or "liquidatable", of the portfolio model "portfolio meets" and so on
    shape             what is compiled in: slots, tiers or lanes, rows
    public_inputs     their names, in the order of public.json
    setup             "development" (anyone can forge), or "not verified" (a key from elsewhere)
    circuit, proving_key, verification_key    each a file beside this one and what it must be
    prepared          the proving key in the engine's own form, if the set has it
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from circuits.margin.checker import Choice, Decimal, List, Object, Place, Text
from circuits.margin.documents import load
from circuits.margin.jsonfile import parse_json
from circuits.margin.shape import MAX_ROWS, MAX_TIERS, SIZE_CLASSES, TINY_CLASS, Shape, slots
from zk.errors import ArtifactError, InputError
from zk.formats.atomic import write_atomic
from zkmargin.models import PREFIX, class_name

if TYPE_CHECKING:
    from zkmargin.models import AnyShape

FORMAT: Final = "zkmargin.statement/1"
FILE: Final = "statement.json"
DEVELOPMENT: Final = "development"
NOT_VERIFIED: Final = "not verified"
LIMIT: Final = 1_000_000

#: Names of the public inputs of each statement.
_SHARED: Final = ("domain", "account", "commitment", "epoch_root", "params_digest")
PUBLIC_INPUTS: Final = {
    "meets": (*_SHARED, "claim"),
    "liquidatable": (*_SHARED, "liquidator"),
    "portfolio meets": (*_SHARED, "claim"),
    "portfolio liquidatable": (*_SHARED, "liquidator"),
    "portfolio greeks": (*_SHARED, "claim"),
}

# A plain name: the files stand beside statement.json and nowhere else.
_NAME: Final = Text(r"[a-z0-9][a-z0-9_.-]{0,63}", "the name of a file in the same folder")
_SHA256: Final = Text(r"[0-9a-f]{64}", "a SHA-256 in 64 hexadecimal digits")
_DIGEST: Final = Text(r"0x[0-1][0-9a-f]{63}", "a circuit digest: 0x and 64 hexadecimal digits")
_TIERS: Final = Decimal(0, 1, MAX_TIERS, "a number of tiers")
_FILE: Final = Object({"file": _NAME, "sha256": _SHA256})
_TREE: Final = Text(r"[0-9a-f]{64}", "a prepared key's digest in 64 hexadecimal digits")

_SHAPE: Final = Object(
    {
        "size_class": Choice((*SIZE_CLASSES, TINY_CLASS)),
        "requirement_tiers": _TIERS,
        "haircut_tiers": _TIERS,
        "rows": Decimal(0, 1, MAX_ROWS, "a number of rows"),
    }
)


def _spec(shape: Object) -> Object:
    return Object(
        {
            "format": Choice((FORMAT,)),
            "statement": Choice(tuple(PUBLIC_INPUTS)),
            "shape": shape,
            "public_inputs": List(Text(r"[a-z_]{1,40}", "a name"), 16),
            "setup": Choice((DEVELOPMENT, NOT_VERIFIED)),
            "circuit": Object({"file": _NAME, "digest": _DIGEST}),
            "proving_key": _FILE,
            "verification_key": _FILE,
        },
        {"prepared": Object({"file": _NAME, "digest": _TREE})},
    )


@dataclass(frozen=True)
class Pinned:
    """A file beside statement.json, and the SHA-256 it must have."""

    file: str
    sha256: str


@dataclass(frozen=True)
class Prepared:
    """A prepared key beside statement.json, and the digest that the engine must find in it."""

    file: str
    digest: str


@dataclass(frozen=True)
class Statement:
    """What a key proves: the statement, its shape, and the circuit's digest."""

    kind: str
    shape: AnyShape
    circuit_digest: int
    setup: str

    @property
    def development(self) -> bool:
        return self.setup == DEVELOPMENT

    @property
    def public_inputs(self) -> tuple[str, ...]:
        return PUBLIC_INPUTS[self.kind]

    def __str__(self) -> str:
        return f"{self.kind} {self.shape.size_class}"


@dataclass(frozen=True)
class StatementFile:
    """A statement and the files of its keys; `path` is where it was read."""

    statement: Statement
    circuit: str
    proving_key: Pinned
    verification_key: Pinned
    path: Path
    prepared: Prepared | None = None

    def beside(self, name: str) -> Path:
        return self.path.parent / name


def load_statement(path: str | os.PathLike[str]) -> StatementFile:
    """Read a statement.json. Raises ArtifactError, for it is a program's file."""
    try:
        return _parse(*load(path, LIMIT), Path(path))
    except InputError as error:
        raise ArtifactError(str(error)) from None


def save_statement(path: str | os.PathLike[str], file: StatementFile) -> None:
    """Write a statement.json in one step."""
    statement = file.statement
    content: dict[str, Any] = {
        "format": FORMAT,
        "statement": statement.kind,
        "shape": _sizes(statement.shape),
        "public_inputs": list(statement.public_inputs),
        "setup": statement.setup,
        "circuit": {"file": file.circuit, "digest": f"{statement.circuit_digest:#066x}"},
        "proving_key": vars(file.proving_key),
        "verification_key": vars(file.verification_key),
    }
    if file.prepared is not None:
        content["prepared"] = vars(file.prepared)
    write_atomic(path, json.dumps(content, indent=2) + "\n")


def _sizes(shape: AnyShape) -> dict[str, str]:
    """The shape as the file has it: the size class by its name, then the other sizes."""
    if isinstance(shape, Shape):
        names = ["requirement_tiers", "haircut_tiers", "rows"]
    else:
        names = [name for name in vars(shape) if name != "options"]
    return {"size_class": class_name(shape), **{n: str(getattr(shape, n)) for n in names}}


def _shape(sizes: dict[str, Any], at: Place) -> AnyShape:
    """The shape of checked sizes."""
    size_class = sizes.pop("size_class")
    if size_class in (*SIZE_CLASSES, TINY_CLASS):
        return Shape(*slots(size_class), **sizes)
    from circuits.margin.portfolio.shape import PortfolioShape

    try:
        return PortfolioShape(int(size_class), **sizes)
    except InputError as error:
        raise at.key(error.path).error(error.message) from None


def _shape_spec(kind: Any) -> Object:
    """What the shape of a statement must have."""
    if not (isinstance(kind, str) and kind.startswith(PREFIX)):
        return _SHAPE
    from circuits.margin.portfolio.params_fields import SHAPE_FIELDS
    from circuits.margin.portfolio.shape import SIZE_CLASSES, TINY_OPTIONS

    classes = Choice(tuple(str(size) for size in (*SIZE_CLASSES, TINY_OPTIONS)))
    return Object({"size_class": classes, **SHAPE_FIELDS})


def _parse(data: bytes, name: str, path: Path) -> StatementFile:
    at = Place(name)
    tree = parse_json(data, name, limit=LIMIT)
    kind = tree.get("statement") if isinstance(tree, dict) else None
    content = _spec(_shape_spec(kind)).check(tree, at)
    kind = content["statement"]
    if tuple(content["public_inputs"]) != PUBLIC_INPUTS[kind]:
        raise at.key("public_inputs").error(
            f"must be {', '.join(PUBLIC_INPUTS[kind])}: this version knows no other order"
        )
    statement = Statement(
        kind=kind,
        shape=_shape(content["shape"], at.key("shape")),
        circuit_digest=int(content["circuit"]["digest"], 16),
        setup=content["setup"],
    )
    return StatementFile(
        statement=statement,
        circuit=content["circuit"]["file"],
        proving_key=Pinned(**content["proving_key"]),
        verification_key=Pinned(**content["verification_key"]),
        path=path,
        prepared=Prepared(**content["prepared"]) if "prepared" in content else None,
    )
