"""Section 10 of a `.zkey`: the circuit's hash and who contributed to phase 2, as snarkjs has it.

Source: snarkjs `zkey_utils`. Notation: s, sx = x s, spx = x sp are the contributor's proof of
knowing x, the factor by which delta changed. Only the layout is read here, no proof is checked.

    circuit_hash[64], n u32, then n times: delta after[64], s[64], sx[64], spx[128], transcript[64],
    kind u32 (0 contribution, 1 beacon), size u32 and that many bytes of parameters, tags ascending:
    1 name (u8 length, UTF-8), 2 log2 of the beacon's iterations (u8), 3 beacon (u8 length, bytes)
"""

from __future__ import annotations

from dataclasses import dataclass

from zk.errors import ArtifactError

_PROOF = 64 + 64 + 64 + 128
_RECORD = _PROOF + 64 + 4 + 4
NAME, ITERATIONS, BEACON = 1, 2, 3


@dataclass(frozen=True)
class Contribution:
    """One record: `points` are delta after, s, sx (G1) and spx (G2), Montgomery limbs."""

    points: bytes
    transcript: bytes
    is_beacon: bool
    name: str
    iterations_log: int | None
    beacon: bytes | None


def read_contributions(
    section: bytes, name: str = "zkey"
) -> tuple[bytes, tuple[Contribution, ...]]:
    """The circuit's hash and the records; ArtifactError unless the section is exactly these."""
    if len(section) < 68:
        raise ArtifactError(f"{name}: section 10 (contributions) is cut off")
    circuit_hash, count = section[:64], int.from_bytes(section[64:68], "little")
    position = 68
    records = []
    for i in range(count):
        where = f"{name}: section 10, contribution {i}"
        if len(section) - position < _RECORD:
            raise ArtifactError(f"{where} is cut off")
        head = section[position : position + _RECORD]
        kind = int.from_bytes(head[-8:-4], "little")
        size = int.from_bytes(head[-4:], "little")
        position += _RECORD
        if size > len(section) - position:
            raise ArtifactError(f"{where} is cut off in its parameters")
        if kind not in (0, 1):
            raise ArtifactError(f"{where} is of unknown kind {kind}")
        tags = _parameters(section[position : position + size], where)
        position += size
        try:
            contributor = tags.get(NAME, b"").decode()
        except UnicodeDecodeError:
            raise ArtifactError(f"{where}: the name is not UTF-8") from None
        iterations = tags[ITERATIONS][0] if ITERATIONS in tags else None
        records.append(
            Contribution(
                head[:_PROOF],
                head[_PROOF : _PROOF + 64],
                kind == 1,
                contributor,
                iterations,
                tags.get(BEACON),
            )
        )
    if position != len(section):
        raise ArtifactError(f"{name}: section 10 has {len(section) - position} bytes too many")
    return circuit_hash, tuple(records)


def _parameters(data: bytes, where: str) -> dict[int, bytes]:
    """Tag -> content of one record's parameters."""
    tags: dict[int, bytes] = {}
    position = last = 0
    while position < len(data):
        tag = data[position]
        if tag <= last or tag > BEACON:
            raise ArtifactError(f"{where}: parameter {tag} is unknown or out of order")
        # An iteration count is one byte; the other two are a length and that many bytes.
        start = position + (1 if tag == ITERATIONS else 2)
        size = 1 if tag == ITERATIONS else data[start - 1] if start <= len(data) else 0
        if start + size > len(data):
            raise ArtifactError(f"{where} is cut off in its parameters")
        tags[tag] = data[start : start + size]
        position, last = start + size, tag
    return tags
