"""The compiled circuit's file: the canonical encoding, source lines, and a checksum.

Bytes: magic `zkmcirc\\0`, version (uint32), sections (name 8 bytes, length uint64, content),
SHA-256 of all that. The sections of the canonical encoding come first, in order; `debug` and
`rows` follow. docs/formats/circuit.md has the page. A circuit file is public.

Version 1 has no intervals of wires. It is read as a circuit of whose wires nothing is known, with
the digest it always had, so that sets of keys made with it go on.
"""

from __future__ import annotations

import json
import struct
from hashlib import sha256
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import numpy.typing as npt

from zk.compiler.compiled import (
    MATRICES,
    CompiledCircuit,
    Debug,
    digest_of,
    raw_bytes,
    section_header,
)
from zk.compiler.slots import InputSlot
from zk.compiler.witness import Op, WitnessProgram
from zk.errors import ArtifactError
from zk.field import R, from_limbs, signed
from zk.formats.atomic import write_atomic
from zk.formats.binfile import first_not_below, map_file
from zk.r1cs import R1CS, Intervals, Matrix

MAGIC = b"zkmcirc\0"
VERSION = 2
WITHOUT_INTERVALS = 1

_BLOCK = 1 << 14  # intervals checked at a time
_START = 12  # magic and version; from here to `debug` it is the canonical encoding

KINDS = frozenset({"Field", "Bool", "Uint", "Int"})
SECTIONS = frozenset(
    {"head", "table", "code", "debug", "rows"}
    | {f"{name}.{part}" for name in MATRICES for part in ("off", "wire", "coef")}
)
INTERVALS = ("i.ends", "i.wire", "i.place")

#: Wires of a circuit whose rows have fewer terms than that: 256 MB while loading.
MOST_WITHOUT_TERMS = 1 << 24


def save_circuit(path: str | Path, circuit: CompiledCircuit) -> None:
    """Write the circuit file. A killed run leaves the old file or none."""
    parts = circuit.sections()
    debug = {
        "origins": circuit.debug.origins,
        "gadgets": circuit.debug.gadgets,
        "hints": circuit.debug.hint_origin.tolist(),
    }
    parts.append((b"debug", json.dumps(debug, separators=(",", ":")).encode()))
    parts.append((b"rows", raw_bytes(circuit.debug.row_origin, "<u4")))
    version = WITHOUT_INTERVALS if circuit.intervals is None else VERSION
    chunks: list[Any] = [MAGIC, struct.pack("<I", version)]
    for name, content in parts:
        chunks += [section_header(name, len(content)), content]
    h = sha256()
    for chunk in chunks:
        h.update(chunk)
    write_atomic(path, [*chunks, h.digest()])


def load_circuit(path: str | Path) -> CompiledCircuit:
    """Read a circuit file, with every index checked. Raises ArtifactError."""
    _, data = map_file(path)
    try:
        return _parse(data)
    except ArtifactError as error:
        raise ArtifactError(f"{path}: {error}") from None


def _parse(data: memoryview) -> CompiledCircuit:
    if bytes(data[:8]) != MAGIC:
        raise ArtifactError("not a compiled circuit; make one with `zkmargin compile`")
    version = struct.unpack_from("<I", data, 8)[0] if len(data) >= 44 else 0
    if version not in (WITHOUT_INTERVALS, VERSION):
        raise ArtifactError(
            f"this version reads circuit files of version {WITHOUT_INTERVALS} and {VERSION}; "
            "compile again"
        )
    last = b"code" if version == WITHOUT_INTERVALS else b"i.place"
    # The file's checksum and the circuit's digest are taken side by side.
    encoding = sha256()
    beside = Thread(target=lambda: encoding.update(data[_START : _encoding_end(data, last)]))
    beside.start()
    whole = sha256(data[:-32]).digest() == bytes(data[-32:])
    beside.join()
    if not whole:
        raise ArtifactError("truncated or altered (its checksum differs); compile again")
    sections = _split(data)
    try:
        circuit = _build(sections, version)
    except (LookupError, ValueError, TypeError, ArithmeticError, RecursionError) as error:
        raise ArtifactError(f"malformed circuit file ({type(error).__name__})") from None
    if _is_canonical(circuit, sections):
        circuit.__dict__["digest"] = digest_of(encoding.digest())  # where the property keeps it
    return circuit


def _encoding_end(data: memoryview, last: bytes) -> int:
    """Where the section after `last` begins; the end of what can be read if there is none."""
    position, name = _START, b""
    while name != last.ljust(8, b"\0") and position + 16 <= len(data):
        name = bytes(data[position : position + 8])
        (length,) = struct.unpack_from("<Q", data, position + 8)
        position += 16 + length
    return min(position, len(data))


def _is_canonical(circuit: CompiledCircuit, sections: dict[str, memoryview]) -> bool:
    """Whether the first sections of the file are the canonical encoding.

    Arrays are views of the file, and runs of intervals are as few as can be (`_intervals`), so only
    the order of the sections and the head's text could differ.
    """
    encoding = circuit.sections()
    names = [name.decode() for name, _ in encoding]
    return list(sections)[: len(names)] == names and encoding[0][1] == sections["head"]


def _split(data: memoryview) -> dict[str, memoryview]:
    sections: dict[str, memoryview] = {}
    position, end = _START, len(data) - 32
    while position < end:
        if position + 16 > end:
            raise ArtifactError("truncated section header")
        name = bytes(data[position : position + 8]).rstrip(b"\0").decode("ascii", "replace")
        (length,) = struct.unpack_from("<Q", data, position + 8)
        position += 16
        if length > end - position or name in sections:
            raise ArtifactError(f"section {name!r} is longer than the file or stands twice")
        sections[name] = data[position : position + length]
        position += length
    return sections


def _build(sections: dict[str, memoryview], version: int) -> CompiledCircuit:
    if set(sections) != SECTIONS.union(INTERVALS if version == VERSION else ()):
        raise ArtifactError("a section is missing, or one is too many")
    head = json.loads(bytes(sections["head"]))
    debug = json.loads(bytes(sections["debug"]))
    slots = tuple(InputSlot(*slot) for slot in head["inputs"])
    _check_head(head, slots)
    code = np.frombuffer(sections["code"], dtype="<u4").reshape(-1, 5)
    n_wires = head["wires"]
    # Every wire is given or written once.
    if n_wires != 1 + len(slots) + _results(code):
        raise ArtifactError("its program does not write the wires it declares")
    table = np.frombuffer(sections["table"], dtype="<u8").reshape(-1, 4)
    if first_not_below(table, R) is not None or not table.any(axis=1).all():
        raise ArtifactError("a coefficient is zero or not canonical")
    matrices = {
        name: Matrix(
            *(
                np.frombuffer(sections[f"{name}.{part}"], dtype="<u4")
                for part in ("off", "wire", "coef")
            )
        )
        for name in MATRICES
    }
    for name, matrix in matrices.items():
        _check_matrix(name, matrix, n_wires, len(table))
    # What follows has arrays of all wires, and one instruction of 20 bytes can write 256.
    if n_wires > max(MOST_WITHOUT_TERMS, sum(len(matrices[name].wires) for name in "abc")):
        raise ArtifactError("it has more wires than its rows have terms")
    r1cs = R1CS(
        n_wires,
        0,
        head["public"],
        head["private"],
        matrices["a"],
        matrices["b"],
        matrices["c"],
        table,
        np.arange(n_wires, dtype=np.uint64),
        n_wires,
    )
    if set(debug) - {"hints"} != {"origins", "gadgets"}:
        raise ArtifactError("its debug section has a part too many or too few")
    origins = tuple((words, where) for words, where in debug["origins"])
    if not all(isinstance(text, str) for origin in origins for text in origin):
        raise ArtifactError("an origin is not a pair of texts")
    gadgets = tuple(debug["gadgets"])
    if len(gadgets) not in (0, len(origins)) or not all(isinstance(g, str) for g in gadgets):
        raise ArtifactError("a gadget path is not a text, or not one for each origin")
    hint_origin = debug.get("hints", [])
    n_hints = int(np.count_nonzero(code[:, 0] != Op.ROW))
    if len(hint_origin) not in (0, n_hints) or not all(
        type(k) is int and 0 <= k < len(origins) for k in hint_origin
    ):
        raise ArtifactError("a hint's origin is not there, or not one for each hint")
    row_origin = np.frombuffer(sections["rows"], dtype="<u4")
    rows = {matrices[name].rows for name in "abc"}
    consistent = rows == {len(row_origin)} and (
        len(row_origin) == 0 or int(row_origin.max()) < len(origins)
    )
    if not consistent:
        raise ArtifactError("its parts do not fit together")
    return CompiledCircuit(
        head["name"],
        head["metadata"],
        slots,
        r1cs,
        WitnessProgram(code, matrices["p"], table, len(slots)),
        Debug(origins, row_origin, gadgets, np.array(hint_origin, dtype=np.uint32)),
        _intervals(sections, n_wires) if version == VERSION else None,
    )


def _intervals(sections: dict[str, memoryview], n_wires: int) -> Intervals:
    """What is known of the wires, from runs of wires of which the same is known."""
    ends = np.frombuffer(sections["i.ends"], dtype="<u8").reshape(-1, 2, 4)
    first, places = (np.frombuffer(sections[name], dtype="<u4") for name in INTERVALS[1:])
    good = (
        first_not_below(ends.reshape(-1, 4), R) is None
        and len(first) == len(places) > 0
        and first[0] == 0
        and bool(np.all(first[1:] > first[:-1]))
        and int(first[-1]) < n_wires
        and bool(np.all(places[1:] != places[:-1]))
        and int(places.max()) <= len(ends)
    )
    if not good:
        raise ArtifactError("its intervals are malformed")
    for start in range(0, len(ends), _BLOCK):  # integers take several times their bytes
        values = [signed(end) for end in from_limbs(ends[start : start + _BLOCK])]
        if any(low > high for low, high in zip(values[::2], values[1::2], strict=True)):
            raise ArtifactError("an interval ends before it begins")
    lengths = np.diff(first, append=np.uint32(n_wires))
    return Intervals(ends, np.repeat(places, lengths).astype(np.uint32, copy=False))


def _check_head(head: dict[str, Any], slots: tuple[InputSlot, ...]) -> None:
    """The head's types, and public inputs before private ones."""
    types = {"name": str, "metadata": dict, "inputs": list, "wires": int, "public": int}
    n_public = sum(slot.public for slot in slots)
    good = (
        set(head) == {*types, "private"}
        and all(type(head[name]) is kind for name, kind in types.items())
        and all(type(s.path) is str and s.kind in KINDS and type(s.bits) is int for s in slots)
        and all(type(s.public) is bool and type(s.context) is bool for s in slots)
        and len({slot.path for slot in slots}) == len(slots)
        and all(slot.public for slot in slots[:n_public])
        and (head["public"], head["private"]) == (n_public, len(slots) - n_public)
    )
    if not good:
        raise ArtifactError("its head is malformed")


def _results(code: npt.NDArray[np.uint32]) -> int:
    """How many wires a program writes; refuses what is no instruction."""
    op, count = code[:, 0], code[:, 2]
    most = np.where(op == Op.DIV, 2, np.where(op == Op.BITS, 256, 1))
    none = (count == 0) & (op != Op.BITS)
    if np.any(op > max(Op)) or np.any(count > most) or np.any(none):
        raise ArtifactError("its program holds what is no instruction")
    return int(count.sum(dtype=np.uint64))


def _check_matrix(name: str, m: Matrix, n_wires: int, n_table: int) -> None:
    good = (
        len(m.offsets) >= 1
        and m.offsets[0] == 0
        and int(m.offsets[-1]) == len(m.wires) == len(m.coeffs)
        and bool(np.all(m.offsets[1:] >= m.offsets[:-1]))
        and (len(m.wires) == 0 or (int(m.wires.max()) < n_wires and int(m.coeffs.max()) < n_table))
        and _ascending(m)
    )
    if not good:
        raise ArtifactError(f"matrix {name} is malformed")


def _ascending(m: Matrix) -> bool:
    """Whether the wires of every row ascend, none twice."""
    rises = np.ones(len(m.wires) + 1, dtype=bool)
    rises[1:-1] = m.wires[1:] > m.wires[:-1]
    rises[m.offsets] = True  # a row's first term follows another row's last
    return bool(rises.all())
