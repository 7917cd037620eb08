"""BLAKE-512 against the examples of its proposal, and around the ends of a block."""

from __future__ import annotations

import pytest

from zk.blake import CONSTANTS, INITIAL, blake512

ZEROS = {
    0: "a8cfbbd73726062df0c6864dda65defe58ef0cc52a5625090fa17601e1eecd1b"
    "628e94f396ae402a00acc9eab77b4d4c2e852aaaa25a636d80af3fc7913ef5b8",
    1: "97961587f6d970faba6d2478045de6d1fabd09b61ae50932054d52bc29d31be4"
    "ff9102b9f69e2bbdb83be13d4b9c06091e5fa0b48bd081b634058be0ec49beb3",
    144: "313717d608e9cf758dcb1eb0f0c3cf9fc150b2d500fb33f51c52afc99d358a2f"
    "1374b8a38bba7974e7f6ef79cab16f22ce1e649d6e01ad9589c213045d545dde",
}


@pytest.mark.parametrize("length", ZEROS)
def test_published_digests(length: int) -> None:
    assert blake512(bytes(length)).hex() == ZEROS[length]


def test_constants() -> None:
    assert CONSTANTS[0] == 0x243F6A8885A308D3
    assert CONSTANTS[15] == 0x636920D871574E69
    assert INITIAL[0] == 0x6A09E667F3BCC908
    assert INITIAL[7] == 0x5BE0CD19137E2179


def test_lengths_around_a_block() -> None:
    """111 bytes leave one byte of padding, 112 need another block; all digests differ."""
    digests = {blake512(bytes(length)) for length in range(105, 135)}
    assert len(digests) == 30
    assert all(len(digest) == 64 for digest in digests)
