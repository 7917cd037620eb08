"""A proof and its public inputs as calldata: for each entry point, and as snarkjs and gnark do.

Source: the Solidity ABI specification (static arrays lie in place, word after word), EIP-197 (a G2
coordinate's imaginary part comes first), and what snarkjs 0.7.6 and gnark 0.16 write. All of them
are the same eight words, A.x, A.y, B.x.c1, B.x.c0, B.y.c1, B.y.c0, C.x, C.y, and the public inputs
after them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from verifier.verify import check_proof_points, check_publics
from zk.errors import ArtifactError, BadPoint, InputError
from zk.field import Q, R, coordinates_from_limbs, coordinates_to_limbs
from zk.groth16 import Proof
from zk.keccak import selector

#: Entry point -> its signature; {n} is the number of public inputs.
ENTRY_POINTS = {
    "verifyProof": "verifyProof(uint256[8],uint256[{n}])",
    "isValid": "isValid(uint256[8],uint256[{n}])",
    "snarkjs": "verifyProof(uint256[2],uint256[2][2],uint256[2],uint256[{n}])",
}

#: Longest text read from outside, as for proof and public JSON.
MOST_CHARACTERS = 64_000

_WORD = re.compile(r"0x[0-9a-f]{64}")


def proof_words(proof: Proof) -> list[int]:
    """The eight words; BadPoint for an infinity or a coordinate that is not canonical."""
    check_proof_points(proof)
    a, b, c = (coordinates_from_limbs(point) for point in (proof.a, proof.b, proof.c))
    return [*a, b[1], b[0], b[3], b[2], *c]


def abi_calldata(proof: Proof, publics: Sequence[int], entry: str = "verifyProof") -> bytes:
    """The bytes to send to a generated contract; `entry` is a key of ENTRY_POINTS."""
    if entry not in ENTRY_POINTS:
        raise InputError(f"no entry point {entry!r}: one of {', '.join(ENTRY_POINTS)}")
    check_publics(publics, len(publics))
    words = [*proof_words(proof), *publics]
    signature = ENTRY_POINTS[entry].format(n=len(publics))
    return selector(signature) + b"".join(word.to_bytes(32, "big") for word in words)


def gnark_proof(proof: Proof) -> bytes:
    """gnark's Solidity form: 256 bytes, big-endian, without the public inputs."""
    return b"".join(word.to_bytes(32, "big") for word in proof_words(proof))


def solidity_calldata(proof: Proof, publics: Sequence[int]) -> str:
    """The text of `snarkjs zkey export soliditycalldata`, to the byte (no newline)."""
    check_publics(publics, len(publics))
    a0, a1, b0, b1, b2, b3, c0, c1 = (f'"0x{word:064x}"' for word in proof_words(proof))
    inputs = ",".join(f'"0x{value:064x}"' for value in publics)
    return f"[{a0}, {a1}],[[{b0}, {b1}],[{b2}, {b3}]],[{c0}, {c1}],[{inputs}]"


def read_solidity_calldata(text: str) -> tuple[Proof, list[int]]:
    """What `solidity_calldata` wrote, read back: every word 64 hexadecimal digits and canonical."""
    if len(text) > MOST_CHARACTERS:
        raise ArtifactError(f"calldata of {len(text)} characters: {MOST_CHARACTERS} is the most")
    try:
        parts = json.loads(f"[{text}]")
    except (ValueError, RecursionError):
        raise ArtifactError(
            "calldata: not four comma-separated lists, as snarkjs writes them"
        ) from None
    match parts:
        case [[a0, a1], [[b0, b1], [b2, b3]], [c0, c1], [*inputs]]:
            names = ["A.x", "A.y", "B.x.c1", "B.x.c0", "B.y.c1", "B.y.c0", "C.x", "C.y"]
            words = [
                _word(word, name, Q)
                for word, name in zip([a0, a1, b0, b1, b2, b3, c0, c1], names, strict=True)
            ]
            publics = [_word(word, f"public input {i}", R) for i, word in enumerate(inputs)]
        case _:
            raise ArtifactError("calldata: not [a, a], [[b, b], [b, b]], [c, c], [inputs]")
    a, b, c = words[:2], [words[3], words[2], words[5], words[4]], words[6:]
    proof = Proof(
        coordinates_to_limbs(a).reshape(8),
        coordinates_to_limbs(b).reshape(16),
        coordinates_to_limbs(c).reshape(8),
    )
    check_proof_points(proof)
    return proof, publics


def _word(word: object, name: str, bound: int) -> int:
    if not isinstance(word, str) or not _WORD.fullmatch(word):
        raise ArtifactError(f"calldata: {name} is not 0x and 64 lower-case hexadecimal digits")
    value = int(word, 16)
    if value >= bound:
        kind = "the base field's prime" if bound == Q else "the group order r"
        error = BadPoint if bound == Q else ArtifactError
        raise error(f"calldata: {name} is not below {kind}")
    return value
