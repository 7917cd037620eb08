"""The EVM's bn254 add, mul and pairing vectors (EIP-196, EIP-197): verdict and value.

The calls are laid out here as the EVM defines them; whether a point is good is the engine's word.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tests.zk import vectors
from zk import engine, reference
from zk.errors import BadPoint, EngineError
from zk.field import MONTGOMERY, Limbs, Q, R, coordinates_from_limbs, to_limbs

PAIR = 192  # bytes of a G1 and a G2 point


class Refused(Exception):
    """The precompile fails."""


def words(data: bytes) -> list[int]:
    return [int.from_bytes(data[i : i + 32], "big") for i in range(0, len(data), 32)]


def limbs(values: list[int]) -> Limbs:
    """Montgomery limbs; a coordinate that is not canonical stays one that is not."""
    return to_limbs(
        value * MONTGOMERY % Q if value < Q else min(value, MONTGOMERY - 1) for value in values
    ).reshape(-1)


def precompile(module: ModuleType, address: str, data: bytes) -> bytes:
    """What the EVM returns, or Refused."""
    if address == "0x08":
        if len(data) % PAIR:
            raise Refused
        g1, g2 = [], []
        for start in range(0, len(data), PAIR):
            w = words(data[start : start + PAIR])
            g1.append(limbs(w[:2]))
            # The EVM writes the imaginary part first.
            g2.append(limbs([w[3], w[2], w[5], w[4]]))
        try:
            shapes = np.array(g1, np.uint64).reshape(-1, 8), np.array(g2, np.uint64).reshape(-1, 16)
            return int(module.pairing_check(*shapes)).to_bytes(32, "big")
        except (BadPoint, EngineError) as error:
            raise Refused from error
    size = 128 if address == "0x06" else 96
    w = words(data[:size].ljust(size, b"\0"))
    scalars = [1, 1] if address == "0x06" else [w.pop() % R]
    points = limbs(w).reshape(-1, 8)
    if module.first_bad_g1(points) is not None:
        raise Refused
    out = coordinates_from_limbs(module.msm_g1(points, to_limbs(scalars)))
    return b"".join(value.to_bytes(32, "big") for value in out)


def check(module: ModuleType, cases: list[dict[str, Any]]) -> None:
    for vector in cases:
        data = bytes.fromhex(vector["input"])
        if vector["expected"] is None:
            with pytest.raises(Refused):
                precompile(module, vector["precompile"], data)
        else:
            answer = precompile(module, vector["precompile"], data)
            assert answer.hex() == vector["expected"], vector["input"]


def test_precompiles() -> None:
    check(engine, vectors.load("bn254_precompiles.json"))


def test_pairings() -> None:
    cases = vectors.load("bn254_pairing.json")
    assert sum(case["expected"] is None for case in cases) == 106
    check(engine, cases)


def test_precompiles_on_the_twin() -> None:
    check(reference, vectors.load("bn254_precompiles.json"))


def test_pairings_on_the_twin() -> None:
    check(reference, vectors.load("bn254_pairing.json"))
