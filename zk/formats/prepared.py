"""The prepared key: a proving key in the engine's own form, mapped into memory and ready at once.

The engine alone writes and reads its bytes (docs/formats/prepared-key.md): points in the order the
proof takes them, matrices by row, and at the end the digest of all before it, SHA-256 over pieces
that are hashed on all threads. Here is what surrounds them: one-step writing, mapping, and whose
key it is.

Whoever writes a prepared key can make proofs that tell the witness, so a file is taken by a digest
that its reader knows from elsewhere, or made by the reader itself.
"""

from __future__ import annotations

import os

from zk import engine
from zk.engine import PreparedKey
from zk.errors import ArtifactError, BadPoint, DigestMismatch, EngineError
from zk.formats.atomic import write_atomic
from zk.formats.binfile import map_file, raw
from zk.groth16 import ProvingKey
from zk.r1cs import R1CS, Intervals

MAGIC = b"zkmprep\0"

_DIGEST = 32  # bytes, the last of the file


def save_prepared(
    path: str | os.PathLike[str],
    pk: ProvingKey,
    r1cs: R1CS | None,
    intervals: Intervals | None = None,
) -> str:
    """Prepare a key, with the system it is for where that is known; write it; return its digest.

    `intervals`: what the system's compiler knows of its wires. Every point of the key is checked on
    the way: BadPoint names one that is not good.
    """
    data = engine.prepare(pk, r1cs, intervals)
    write_atomic(path, [raw(data)])
    return data[-_DIGEST:].tobytes().hex()


def load_prepared(path: str | os.PathLike[str], digest: str | None = None) -> PreparedKey:
    """Map and open a prepared key; with `digest`, only the one that has it.

    Raises DigestMismatch for another key, ArtifactError for a file that is cut off or altered, or
    of another version.
    """
    name, data = map_file(path)
    if bytes(data[: len(MAGIC)]) != MAGIC:
        raise ArtifactError(f"{name}: is not a prepared key")
    if digest is not None and bytes(data[-_DIGEST:]).hex() != digest:
        raise DigestMismatch(f"{name}: is not the prepared key that was asked for by its digest")
    try:
        return engine.open_prepared(data)
    except (EngineError, BadPoint) as error:
        raise ArtifactError(f"{name}: {error}") from None
