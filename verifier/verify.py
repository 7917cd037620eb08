"""Check a Groth16 proof against a key and its public inputs: None, or an error with the reason.

Source: Groth, "On the Size of Pairing-based Non-interactive Arguments" (EUROCRYPT 2016), section
3.2. Notation: x_1 .. x_n the public inputs, IC_i the key's points, vk_x = IC_0 + sum x_i IC_i.
Accepted when

    e(A, B) = e(alpha, beta) e(vk_x, gamma) e(C, delta)

and nothing is read twice: every x_i is the canonical integer in [0, r), every coordinate below q,
and no point of the proof at infinity. The generated contract (verifier/contract.py) gives the same
verdicts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zk import engine
from zk.errors import BadPoint, InputError, InvalidProof
from zk.field import Limbs, Q, R, from_limbs, to_limbs
from zk.groth16 import Proof, VerifyingKey
from zk.keylint import lint_key


def verify(
    vk: VerifyingKey,
    proof: Proof,
    publics: Sequence[int],
    *,
    allow_development_key: bool = False,
) -> None:
    """Return when the proof is valid for these public inputs; raise otherwise.

    Raises ForgeableKey or BadPoint for a key that the lint refuses, InputError for public inputs
    that are not `vk.n_public` integers in [0, r), BadPoint for a malformed proof, InvalidProof for
    a false one.
    """
    lint_key(vk, allow_development=allow_development_key)
    check_publics(publics, vk.n_public)
    check_proof_points(proof)
    if not engine.verify(vk, to_limbs(publics), proof):
        raise InvalidProof("the proof is not valid for these public inputs and this key")


def verify_many(
    vk: VerifyingKey,
    proofs: Sequence[tuple[Proof, Sequence[int]]],
    *,
    allow_development_key: bool = False,
) -> None:
    """Return when all proofs, each with its public inputs, are valid for one key.

    Quicker than one by one: a random combination of the equations is checked, with factors of 128
    bits drawn afterwards, and accepts a false proof with probability below 2^-126 (Bellare, Garay,
    Rabin, EUROCRYPT 1998). Raises as `verify`, with the place of the proof in the message.
    """
    lint_key(vk, allow_development=allow_development_key)
    for i, (proof, publics) in enumerate(proofs):
        try:
            check_publics(publics, vk.n_public)
            check_proof_points(proof)
        except InputError as error:
            raise InputError(error.message, f"[{i}]{error.path}") from None
        except BadPoint as error:
            raise BadPoint(f"proof {i}: {error}") from None
    signals = to_limbs(value for _, publics in proofs for value in publics)
    shaped = signals.reshape(len(proofs), vk.n_public, 4)
    false = engine.verify_many(vk, shaped, [proof for proof, _ in proofs])
    if false is not None:
        raise InvalidProof(
            f"proof {false} is not valid for its public inputs and this key (the first such of "
            f"{len(proofs)})"
        )


def check_publics(publics: Sequence[int], expected: int) -> None:
    """InputError unless `publics` are exactly `expected` canonical integers."""
    if len(publics) != expected:
        raise InputError(f"the key takes {expected} public inputs, and {len(publics)} were given")
    for i, value in enumerate(publics):
        # bool is an int to Python, and x + r is the same residue as x: both would be a second
        # spelling.
        if type(value) is not int:
            raise InputError("a public input must be an integer", f"[{i}]")
        if not 0 <= value < R:
            raise InputError(
                "a public input must be at least 0 and below the field's order r", f"[{i}]"
            )


def check_proof_points(proof: Proof) -> None:
    """BadPoint for an infinity, a wrong shape, or a coordinate not below q.

    The engine checks the curve and the subgroup; infinity it accepts, since it is a point. Here it
    is refused: no honest prover makes one (A and B hold alpha and beta plus blinding), and
    verifiers differ on it.
    """
    for name, limbs, size in (("A", proof.a, 8), ("B", proof.b, 16), ("C", proof.c, 8)):
        _check_point(name, limbs, size)


def _check_point(name: str, limbs: Limbs, size: int) -> None:
    if limbs.shape != (size,) or limbs.dtype != np.uint64:
        raise BadPoint(f"proof: {name} is not a point of {size} limbs")
    if not limbs.any():
        raise BadPoint(f"proof: {name} is the point at infinity")
    if any(coordinate >= Q for coordinate in from_limbs(limbs)):
        raise BadPoint(f"proof: {name} has a coordinate that is not below the field's prime")
