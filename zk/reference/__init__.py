"""The slow twin of the engine: the same functions on Python integers, py_ecc and galois.

It shares no kernel with the Rust engine, so the two check each other; only it imports py_ecc and
galois. Only `run_witness` takes more than the engine's: `overrides`, to forge witnesses in tests.
"""

from __future__ import annotations

from zk.errors import EngineError
from zk.reference.groth16 import keygen, prove, verify, verify_many
from zk.reference.kernels import (
    first_bad_g1,
    first_bad_g2,
    msm_g1,
    msm_g2,
    mul_g1,
    mul_g2,
    ntt,
    pairing,
    pairing_check,
    poseidon,
)
from zk.reference.prepared import PreparedKey, open_prepared, prepare, prove_prepared
from zk.reference.witness import (
    first_unsatisfied,
    prepare_witness,
    run_prepared,
    run_witness,
    run_witness_many,
)

__all__ = [
    "PreparedKey",
    "first_bad_g1",
    "first_bad_g2",
    "first_unsatisfied",
    "keygen",
    "msm_g1",
    "msm_g2",
    "mul_g1",
    "mul_g2",
    "name",
    "ntt",
    "open_prepared",
    "pairing",
    "pairing_check",
    "poseidon",
    "prepare",
    "prepare_witness",
    "prove",
    "prove_prepared",
    "run_prepared",
    "run_witness",
    "run_witness_many",
    "set_threads",
    "verify",
    "verify_many",
]


def name() -> str:
    """Which engine answers: "native" or "reference"."""
    return "reference"


def set_threads(n: int) -> None:
    """The twin has one thread; the argument is checked all the same."""
    if not 0 <= n <= 1024:
        raise EngineError("the number of threads is from 0 (one for each processor) to 1024")
