"""Small files of every kind, made by the engine, and a way to take containers apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from circuits.margin.shape import TINY
from verifier.calldata import solidity_calldata
from zk import Circuit, ConstraintSystem, Field, Uint, compile, engine, private, public
from zk.field import Limbs, R, from_limbs, to_limbs
from zk.formats.circuit import save_circuit
from zk.formats.json import write_proof, write_public, write_verifying_key
from zk.formats.r1cs import R1csFile, write_r1cs
from zk.formats.wtns import write_wtns
from zk.formats.zkey import write_zkey
from zk.groth16 import development_scalar
from zk.r1cs import R1CS, Matrix
from zkmargin.statement_file import (
    DEVELOPMENT,
    Pinned,
    Statement,
    StatementFile,
    save_statement,
)

DEMO = Path(__file__).parents[2] / "examples" / "demo"

Sections = list[tuple[int, bytes]]


def matrix(rows: Iterable[dict[int, int]]) -> Matrix:
    """Rows of wire -> place of the coefficient."""
    terms_of = [sorted(row.items()) for row in rows]
    offsets = np.cumsum([0, *(len(terms) for terms in terms_of)], dtype=np.uint32)
    terms = [term for terms in terms_of for term in terms]
    wires, coeffs = (np.array([term[i] for term in terms], np.uint32) for i in (0, 1))
    return Matrix(offsets, wires, coeffs)


#: Wires 1, z, x, y, t: t = (x + 5) * (y - 1), z = (t + 2 x) * t, 0 = 0.
SYSTEM = R1CS(
    n_wires=5,
    n_outputs=1,
    n_public=1,
    n_private=1,
    a=matrix([{0: 1, 2: 0}, {2: 2, 4: 0}, {}]),
    b=matrix([{0: 3, 3: 0}, {4: 0}, {}]),
    c=matrix([{4: 0}, {1: 0}, {}]),
    table=to_limbs([1, 5, 2, R - 1]),
    labels=np.array([0, 7, 3, 4, 9], np.uint64),
    n_labels=10,
)


def witness(x: int, y: int) -> Limbs:
    t = (x + 5) * (y - 1) % R
    return to_limbs([1, (t + 2 * x) * t % R, x, y, t])


@cache
def samples() -> dict[str, bytes]:
    """One file of each kind, and an r1cs with every freedom of order that the format has."""
    pk = engine.keygen(SYSTEM, development_scalar("alpha"), development_scalar("beta"))
    values = witness(3, 5)
    proof = engine.prove(pk, values)
    file = R1csFile(**{name: getattr(SYSTEM, name) for name in R1CS.__dataclass_fields__})
    swapped = R1csFile(
        **{name: getattr(SYSTEM, name) for name in R1CS.__dataclass_fields__},
        sections=(77, 3, 2, 4, 1),
        order=(np.array([1, 0, 3, 2], np.uint32), None, None),
        extra={77: b"ignored", 4: bytes(4)},
    )
    return {
        "r1cs": write_r1cs(file),
        "r1cs in another order": write_r1cs(swapped),
        "wtns": write_wtns(values),
        "zkey": write_zkey(pk),
        "vk": write_verifying_key(pk.vk).encode(),
        "proof": write_proof(proof).encode(),
        "public": write_public(values[1:3]).encode(),
        "calldata": solidity_calldata(proof, from_limbs(values[1:3])).encode(),
        **_margin_samples(),
    }


def _margin_samples() -> dict[str, bytes]:
    """Files of the margin statement: a small circuit, a statement.json, the demo's documents."""
    made = {name: (DEMO / f"{name}.json").read_bytes() for name in ("account", "market", "params")}
    statement = Statement("meets", TINY, 12345, DEVELOPMENT)
    pk, vk = (Pinned(name, "0" * 64) for name in ("proving.zkey", "verification_key.json"))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        save_circuit(path, compile(Product()))
        made["circuit"] = path.read_bytes()
        save_statement(path, StatementFile(statement, "circuit.zkc", pk, vk, path))
        made["statement"] = path.read_bytes()
    return made


class Product(Circuit):
    """z is the product of a field element and a number of three bits."""

    z: Field = public()
    x: Field = private()
    y: Uint = private(bits=3)

    def define(self, cs: ConstraintSystem) -> None:
        cs.assert_equal(self.x * self.y, self.z)


def take_apart(data: bytes) -> tuple[bytes, Sections]:
    """Magic and version; the sections. Trusts its input: for samples only."""
    sections, position = [], 12
    while position < len(data):
        section = int.from_bytes(data[position : position + 4], "little")
        size = int.from_bytes(data[position + 4 : position + 12], "little")
        sections.append((section, data[position + 12 : position + 12 + size]))
        position += 12 + size
    return data[:8], sections


def put_together(head: bytes, sections: Sections) -> bytes:
    parts = [head, len(sections).to_bytes(4, "little")]
    for section, content in sections:
        parts += [section.to_bytes(4, "little"), len(content).to_bytes(8, "little"), content]
    return b"".join(parts)


def edit(data: bytes, section: int, change: Callable[[bytes], bytes]) -> bytes:
    """The container with one section's content changed and its size right again."""
    head, sections = take_apart(data)
    return put_together(head, [(s, change(c) if s == section else c) for s, c in sections])


def patch(content: bytes, at: int, new: bytes) -> bytes:
    return content[:at] + new + content[at + len(new) :]
