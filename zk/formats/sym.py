"""`.sym`: the names of a circuit's signals, as circom writes them and snarkjs reads them.

Source: iden3/circom, "formats: sym". One line for each signal, in the order of the labels:

    label,wire,component,name

`wire` is -1 for a signal that was optimised away; `component` numbers the part of the circuit that
the signal belongs to, the name without its last member. docs/formats/sym.md has the page.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

import numpy as np

from zk.errors import ArtifactError
from zk.formats.atomic import write_atomic
from zk.r1cs import R1CS

#: What a name may hold: circom's characters, and letters of any script.
_NAME = re.compile(r"[\w.\[\]]+")


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
