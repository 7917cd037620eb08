"""Calldata: snarkjs's text to the byte, gnark's 256 bytes, each entry point's ABI, and back."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.evm import node
from tests.forge import publics as random_publics
from tests.forge import trapdoor
from tests.verifier.bad_inputs import calldata_text, words_of
from verifier.calldata import (
    MOST_CHARACTERS,
    abi_calldata,
    gnark_proof,
    read_solidity_calldata,
    solidity_calldata,
)
from zk.errors import ArtifactError, BadPoint, InputError
from zk.field import Q, R, coordinates_from_limbs
from zk.keccak import selector

KEY = trapdoor(3)
PUBLICS = [0, R - 1, random_publics(1)[0]]
PROOF = KEY.proof(PUBLICS)
WORDS = words_of(PROOF, PUBLICS)

_SNARKJS = """
const snarkjs = require("snarkjs"), fs = require("fs");
const [proof, publics] = JSON.parse(fs.readFileSync(0, "utf8"));
snarkjs.groth16.exportSolidityCallData(proof, publics).then((text) => {
  fs.writeSync(1, text);
  process.exit(0);
});
"""


def test_the_text_is_snarkjs_own() -> None:
    w = [str(word) for word in WORDS]
    proof = {"pi_a": [w[0], w[1], "1"], "pi_b": [[w[3], w[2]], [w[5], w[4]], ["1", "0"]]}
    proof["pi_c"] = [w[6], w[7], "1"]
    theirs = node(_SNARKJS, json.dumps([proof, w[8:]]), package="snarkjs")
    assert solidity_calldata(PROOF, PUBLICS) == theirs


def test_the_text_is_read_back_as_it_was() -> None:
    proof, publics = read_solidity_calldata(solidity_calldata(PROOF, PUBLICS))
    assert publics == PUBLICS
    for name in ("a", "b", "c"):
        assert np.array_equal(getattr(proof, name), getattr(PROOF, name))
    assert read_solidity_calldata(solidity_calldata(PROOF, []))[1] == []


def test_gnark_form_is_big_endian_with_imaginary_parts_first() -> None:
    data = gnark_proof(PROOF)
    assert len(data) == 256
    x0, x1, y0, y1 = coordinates_from_limbs(PROOF.b)
    assert data[64:192] == b"".join(c.to_bytes(32, "big") for c in (x1, x0, y1, y0))


@pytest.mark.parametrize(
    ("entry", "signature"),
    [
        ("verifyProof", "verifyProof(uint256[8],uint256[3])"),
        ("isValid", "isValid(uint256[8],uint256[3])"),
        ("snarkjs", "verifyProof(uint256[2],uint256[2][2],uint256[2],uint256[3])"),
    ],
)
def test_abi(entry: str, signature: str) -> None:
    data = abi_calldata(PROOF, PUBLICS, entry)
    assert data[:4] == selector(signature)
    assert data[4:260] == gnark_proof(PROOF)
    assert [int.from_bytes(data[i : i + 32], "big") for i in range(260, 356, 32)] == PUBLICS
    assert len(data) == 356


def test_what_cannot_be_encoded_is_refused() -> None:
    with pytest.raises(InputError):
        abi_calldata(PROOF, PUBLICS, "verify")
    with pytest.raises(InputError):
        abi_calldata(PROOF, [R])
    with pytest.raises(InputError):
        solidity_calldata(PROOF, [-1])
    with pytest.raises(BadPoint):
        gnark_proof(KEY.proof(PUBLICS, at_infinity="A"))


TEXT = solidity_calldata(PROOF, PUBLICS)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "null",
        TEXT[:-1],
        TEXT + ",[]",
        TEXT + "\0",
        "[" * 5000,
        TEXT.replace("0x", "", 1),
        TEXT.replace("0x", "0X", 1),
        TEXT.replace('"0x', '"-0x', 1),
        TEXT.replace('"0x', '" 0x', 1),
        TEXT.replace('"0x', '"0x0', 1),
        TEXT.replace('"0x0', '"0x', 1) if '"0x0' in TEXT else TEXT[1:],
        TEXT.upper().replace("0X", "0x"),
        TEXT.replace('"', ""),
        TEXT.replace('"', "'"),
        "[1, 2],[[3, 4],[5, 6]],[7, 8],[9]",
        '["0x1", "0x2"],[["0x3", "0x4"],["0x5", "0x6"]],["0x7", "0x8"],[]',
        TEXT + " " * MOST_CHARACTERS,
    ],
)
def test_text_that_is_not_calldata_is_refused(text: str) -> None:
    with pytest.raises(ArtifactError):
        read_solidity_calldata(text)


def test_a_second_spelling_is_refused() -> None:
    for i in range(8):
        words = list(WORDS)
        words[i] += Q
        with pytest.raises(BadPoint, match="not below"):
            read_solidity_calldata(calldata_text(words))
    for i in range(8, 11):
        words = list(WORDS)
        words[i] += R
        with pytest.raises(ArtifactError, match=f"public input {i - 8} is not below"):
            read_solidity_calldata(calldata_text(words))
