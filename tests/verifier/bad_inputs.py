"""The bad-input table: what every verifier must refuse, and the name the contract gives it.

A call is its words, the proof's eight and the public inputs after them, in the contract's order; so
a row can say what no honest encoder would.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from verifier.calldata import abi_calldata, proof_words, read_solidity_calldata
from verifier.foundry import OUTSIDE_SUBGROUP
from verifier.verify import verify
from zk.errors import ZkError
from zk.field import Q, R, from_limbs
from zk.formats.json import read_proof, read_public
from zk.groth16 import Proof, VerifyingKey

COORDINATES = ("A.x", "A.y", "B.x.c1", "B.x.c0", "B.y.c1", "B.y.c0", "C.x", "C.y")


@dataclass(frozen=True)
class Row:
    """One refused call: what is wrong, its words, and the custom error of `verifyProof`."""

    what: str
    words: tuple[int, ...]
    error: str


def words_of(proof: Proof, publics: Sequence[int]) -> tuple[int, ...]:
    return (*proof_words(proof), *publics)


def table(words: Sequence[int]) -> Iterator[Row]:
    """Every row, made out of a valid call."""

    def changed(*changes: tuple[int, int]) -> tuple[int, ...]:
        new = list(words)
        for at, value in changes:
            new[at] = value
        return tuple(new)

    n = len(words) - 8
    for i in range(n):
        x = words[8 + i]
        yield Row(f"public {i} changed", changed((8 + i, (x + 1) % R)), "ProofInvalid")
        yield Row(f"public {i} zero", changed((8 + i, 0)), "ProofInvalid")
        yield Row(f"public {i} + r", changed((8 + i, x + R)), "PublicInputNotInField")
        yield Row(f"public {i} = r", changed((8 + i, R)), "PublicInputNotInField")
        yield Row(f"public {i} largest", changed((8 + i, 2**256 - 1)), "PublicInputNotInField")
    for i, name in enumerate(COORDINATES):
        c = words[i]
        yield Row(f"{name} + q", changed((i, c + Q)), "CoordinateNotInField")
        yield Row(f"{name} largest", changed((i, 2**256 - 1)), "CoordinateNotInField")
        yield Row(f"{name} off the curve", changed((i, (c + 1) % Q)), "MalformedPoint")
    outside = [(2 + i, word) for i, word in enumerate(OUTSIDE_SUBGROUP)]
    yield Row("B outside the subgroup", changed(*outside), "MalformedPoint")
    for name, span in (("A", range(2)), ("B", range(2, 6)), ("C", range(6, 8))):
        yield Row(f"{name} infinity", changed(*((i, 0) for i in span)), "PointAtInfinity")
    yield Row("all zero", (0,) * len(words), "PointAtInfinity")
    yield Row("A negated", changed((1, Q - words[1])), "ProofInvalid")
    yield Row("A and C swapped", changed(*zip(range(8), _swap(words), strict=True)), "ProofInvalid")
    yield Row("G2 halves swapped", changed((2, words[3]), (3, words[2])), "MalformedPoint")


def _swap(words: Sequence[int]) -> list[int]:
    return [*words[6:8], *words[2:6], *words[:2]]


def calldata_text(words: Sequence[int]) -> str:
    """snarkjs's calldata text of any words, canonical or not."""
    w = [f'"0x{word:064x}"' for word in words]
    inputs = ",".join(w[8:])
    return f"[{w[0]}, {w[1]}],[[{w[2]}, {w[3]}],[{w[4]}, {w[5]}]],[{w[6]}, {w[7]}],[{inputs}]"


def raw_calldata(words: Sequence[int]) -> bytes:
    """The words as bytes, without a selector."""
    return b"".join(word.to_bytes(32, "big") for word in words)


def python_verdict(vk: VerifyingKey, words: Sequence[int]) -> str:
    """The class of what Python raises for the words, read as text; nothing when it accepts.

    Read as proof and public JSON they must be accepted and refused alike.
    """
    try:
        proof, publics = read_solidity_calldata(calldata_text(words))
        verify(vk, proof, publics)
    except ZkError as error:
        with pytest.raises(ZkError):
            _verify_json(vk, words)
        return type(error).__name__
    assert abi_calldata(proof, publics)[4:] == raw_calldata(words)  # one spelling only
    _verify_json(vk, words)
    return ""


def proof_json(words: Sequence[int]) -> dict[str, Any]:
    """proof.json of any eight words, canonical or not."""
    w = [str(word) for word in words]
    return {
        "pi_a": [w[0], w[1], "1"],
        "pi_b": [[w[3], w[2]], [w[5], w[4]], ["1", "0"]],
        "pi_c": [w[6], w[7], "1"],
        "protocol": "groth16",
        "curve": "bn128",
    }


def _verify_json(vk: VerifyingKey, words: Sequence[int]) -> None:
    proof = read_proof(json.dumps(proof_json(words)))
    publics = read_public(json.dumps([str(word) for word in words[8:]]))
    verify(vk, proof, from_limbs(publics))
