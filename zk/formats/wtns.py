"""`.wtns`: the values of all wires in one run of a circuit. Secret: written with mode 0600.

Source: snarkjs `wtns`, circom's witness calculators. Notation: w[0] = 1, then as in `.r1cs`.

    "wtns" version 2; section 1, header: n8 u32 = 32, r[32], n u32; section 2: n values[32] < r

docs/formats/wtns.md has the bytes and an example. No message names a value.
"""

from __future__ import annotations

import os

import numpy as np

from zk.field import Limbs, R
from zk.formats.atomic import write_atomic
from zk.formats.binfile import SectionToWrite, compose, first_not_below, map_file, parse, raw

_HEADER = 40
_FIELD = (32).to_bytes(4, "little") + R.to_bytes(32, "little")


def load_wtns(path: str | os.PathLike[str]) -> Limbs:
    """Read a witness from a file."""
    name, data = map_file(path)
    return read_wtns(data, name)


def save_wtns(path: str | os.PathLike[str], witness: Limbs) -> None:
    """Write a witness to a file that only its owner can read."""
    write_atomic(path, write_wtns(witness), secret=True)


def read_wtns(data: bytes | memoryview, name: str = "witness") -> Limbs:
    """The witness in `data`, uint64[n, 4]; every value must be canonical, and w[0] = 1."""
    file = parse(data, b"wtns", 2, name)
    if surplus := set(file.sections) - {1, 2}:
        file.refuse(f"has a section {min(surplus)}, which .wtns version 2 does not know")
    header = file.sized(1, "header", _HEADER)
    if header[:36] != _FIELD:
        file.refuse("is over another field than BN254's scalars")
    count = int.from_bytes(header[36:], "little")
    values = file.sized(2, "values", 32 * count)
    if not count:
        file.refuse("holds no values: a witness has at least the constant wire")
    witness: Limbs = np.frombuffer(values, "<u8").reshape(-1, 4).astype(np.uint64)
    if (bad := first_not_below(witness, R)) is not None:
        file.refuse(f"wire {bad}: the value is not below the field's order")
    if witness[0].tolist() != [1, 0, 0, 0]:
        file.refuse("wire 0 must be 1")
    return witness


def write_wtns(witness: Limbs) -> bytes:
    """The bytes of a `.wtns` with these values."""
    header = _FIELD + len(witness).to_bytes(4, "little")
    values = raw(np.ascontiguousarray(witness, dtype="<u8"))
    sections: list[SectionToWrite] = [(1, _HEADER, [header]), (2, 32 * len(witness), [values])]
    return b"".join(compose(b"wtns", 2, sections))
