"""`.sym`: the names of a circuit's signals, as circom writes them and snarkjs reads them.

Source: iden3/circom, "formats: sym". One line for each signal, in the order of the labels:

    label,wire,component,name

`wire` is -1 for a signal that the optimiser removed; `component` numbers the part of the circuit
that the signal belongs to, the name without its last member. A line's fields are ASCII integers but
for the last, which may hold anything in what is read. docs/formats/sym.md has the page.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

import numpy as np

from zk.errors import ArtifactError
from zk.formats.atomic import write_atomic
from zk.formats.binfile import map_file
from zk.r1cs import R1CS

_LINE = re.compile(rb"([0-9]{1,12}),(-1|[0-9]{1,10}),(-1|[0-9]{1,10}),([^\r\n]{1,4096})\r?")
#: What a name may hold that is written: circom's characters, and letters of any script.
_NAME = re.compile(r"[\w.\[\]]{1,1000}")


def load_sym(path: str | os.PathLike[str], n_wires: int) -> dict[int, str]:
    """wire -> its first name. ArtifactError unless every wire is below `n_wires`."""
    name, data = map_file(path)
    return read_sym(bytes(data), n_wires, name)


def read_sym(data: bytes, n_wires: int, name: str = "sym") -> dict[int, str]:
    """The names in the bytes of a `.sym`."""
    names: dict[int, str] = {}
    for number, line in enumerate(data.split(b"\n"), start=1):
        if not line:
            continue
        fields = _LINE.fullmatch(line)
        if fields is None:
            raise ArtifactError(f"{name}: line {number} is not label,wire,component,name")
        wire = int(fields[2])
        if wire >= n_wires:
            raise ArtifactError(f"{name}: line {number}: wire {wire} is not below {n_wires}")
        if wire >= 0:
            names.setdefault(wire, fields[4].decode("utf-8", "replace"))
    return names


def save_sym(path: str | os.PathLike[str], system: R1CS, names: Sequence[str]) -> None:
    """Write the names of a system's wires; names[0], of the constant, is left out as circom does.

    Raises ArtifactError for a name that the format cannot hold.
    """
    write_atomic(path, write_sym(system, names))


def write_sym(system: R1CS, names: Sequence[str]) -> bytes:
    """The bytes of a `.sym`; a name gets circom's `main.` before it."""
    return "".join(_lines(system, names)).encode()


def _lines(system: R1CS, names: Sequence[str]) -> Iterator[str]:
    components: dict[str, int] = {"main": 0}
    labels = system.labels.tolist()
    for wire in np.argsort(system.labels, kind="stable").tolist():
        if wire == 0:
            continue
        if not _NAME.fullmatch(names[wire]):
            raise ArtifactError(f"the name of wire {wire} has characters that a .sym cannot hold")
        name = f"main.{names[wire]}"
        component = components.setdefault(name.rpartition(".")[0], len(components))
        yield f"{labels[wire]},{wire},{component},{name}\n"
