"""Keccak-256 against published digests and against the EVM's own opcode."""

from __future__ import annotations

import random

import pytest

from tests.evm import Chain
from zk.keccak import keccak256, selector


@pytest.mark.parametrize(
    ("message", "digest"),
    [
        (b"", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"),
        (b"abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"),
    ],
)
def test_known_digests(message: bytes, digest: str) -> None:
    assert keccak256(message).hex() == digest


def test_known_selectors() -> None:
    assert selector("transfer(address,uint256)").hex() == "a9059cbb"
    assert selector("balanceOf(address)").hex() == "70a08231"


def test_every_padding_length_agrees_with_the_evm() -> None:
    # calldatacopy(0, 0, size); mstore(0, keccak256(0, size)); return(0, 32)
    runtime = bytes.fromhex("365f5f37365f205f5260205ff3")
    creation = bytes.fromhex(f"60{len(runtime):02x}600b5f3960{len(runtime):02x}5ff300") + runtime
    chain = Chain()
    address = chain.deploy(creation)
    rng = random.Random("keccak")
    for length in [*range(280), 407, 408, 409, 2000]:
        message = rng.randbytes(length)
        assert chain.call(address, message).data == keccak256(message), length
