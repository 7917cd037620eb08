"""The verifier's side: check a proof against what the verifier knows itself, generate a contract.

The public inputs are rebuilt from the claim, the account's id and the commitment that a ledger or a
contract holds; a prover's own list of them is never used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verifier import verify as verifier
from zk.errors import InputError
from zk.groth16 import Proof
from zkmargin.models import offered

if TYPE_CHECKING:
    from collections.abc import Iterable

    from verifier.contract import Contract
    from zkmargin.keys import VerifyingKey
    from zkmargin.models import AnyClaim

__all__ = ["contract", "public_inputs", "verify", "verify_many"]


def public_inputs(vk: VerifyingKey, claim: AnyClaim, *, account: int, commitment: int) -> list[int]:
    """The public inputs of a claim about an account, for the circuit of this key."""
    statement = vk.statement
    if claim.statement != statement.kind:
        raise InputError(f"the key is for {statement.kind!r}, the claim is {claim.statement!r}")
    found = offered(claim, statement.shape)
    if found != statement.shape:
        raise InputError(
            f"the key is for another shape ({statement.shape}) than these params have ({found})"
        )
    return claim.publics(statement.circuit_digest, account, commitment)


def verify(
    vk: VerifyingKey,
    proof: Proof,
    claim: AnyClaim,
    *,
    account: int,
    commitment: int,
    allow_development_key: bool = False,
) -> None:
    """Return when the proof proves the claim; raise InvalidProof when it does not.

    `account` and `commitment` are what the verifier knows from its ledger or contract, never what
    came with the proof.
    """
    publics = public_inputs(vk, claim, account=account, commitment=commitment)
    verifier.verify(vk.key, proof, publics, allow_development_key=allow_development_key)


def verify_many(
    vk: VerifyingKey,
    proofs: Iterable[tuple[Proof, AnyClaim, int, int]],
    *,
    allow_development_key: bool = False,
) -> None:
    """Return when all of (proof, claim, account, commitment) hold for one key; raise as `verify`.

    For a venue that checks an epoch's accounts: several times quicker than one by one. The message
    says which proof is refused, by its place.
    """
    given = [
        (proof, public_inputs(vk, claim, account=account, commitment=commitment))
        for proof, claim, account, commitment in proofs
    ]
    verifier.verify_many(vk.key, given, allow_development_key=allow_development_key)


def contract(
    vk: VerifyingKey,
    *,
    name: str = "MarginVerifier",
    allow_development_key: bool = False,
    setup_not_verified: bool = False,
) -> Contract:
    """The Solidity contract that verifies this key's proofs; `.save(path)` writes it."""
    from verifier.contract import contract as generate

    return generate(
        vk.key,
        name=name,
        circuit_digest=vk.statement.circuit_digest,
        allow_development_key=allow_development_key,
        setup_not_verified=setup_not_verified,
    )
