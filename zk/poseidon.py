"""Poseidon over Fr with circomlib's parameters: the hash, the sponge, and their constants.

Source: Grassi, Khovratovich, Rechberger, Roy, Schofnegger, "Poseidon" (USENIX Security 2021).
Notation: lane 0 is the capacity; a hash of k inputs is lane 0 of the permutation of width k + 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zk import engine
from zk.errors import EngineError
from zk.field import Limbs, R, from_limbs, to_limbs
from zk.grain import FULL_ROUNDS, PARTIAL_ROUNDS, mds_matrix, round_constants

__all__ = [
    "FULL_ROUNDS",
    "PARTIAL_ROUNDS",
    "RATE",
    "mds_matrix",
    "poseidon",
    "poseidon_many",
    "poseidon_sponge",
    "round_constants",
]

RATE = 16  # inputs of the widest permutation


def poseidon(inputs: Sequence[int]) -> int:
    """The hash of 1 to 16 field elements."""
    return _hash(inputs, None)


def poseidon_sponge(values: Sequence[int]) -> int:
    """The hash of any number of field elements that both sides know; 16 at a time, overwrite mode.

    Each permutation takes the capacity lane that the last one left, and up to 16 values. The last
    chunk is not padded, so lists of different lengths may only meet where a length is fixed.
    """
    if not values:
        raise EngineError("Poseidon takes at least one input")
    state = 0
    for start in range(0, len(values), RATE):
        state = _hash(values[start : start + RATE], state)
    return state


def poseidon_many(inputs: Limbs) -> Limbs:
    """Row-wise hashes of uint64[n, k, 4], in parallel."""
    return engine.poseidon(inputs)


def _hash(inputs: Sequence[int], state: int | None) -> int:
    if not all(0 <= value < R for value in inputs):
        raise EngineError("Poseidon's inputs are integers in [0, r)")
    initial = to_limbs([state]) if state else None
    return from_limbs(engine.poseidon(to_limbs(inputs)[np.newaxis], initial))[0]
