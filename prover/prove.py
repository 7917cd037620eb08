"""Prove that a witness satisfies a circuit: the witness is checked first, the proof itself last.

Source: Groth (EUROCRYPT 2016), section 3.2. The blinding scalars r and s are drawn in the engine
for every proof; nothing here can pass or see them. The first check names what is not satisfied; the
last one catches a damaged key or a fault of the machine, so that no proof leaves here that does not
verify.
"""

from __future__ import annotations

import numpy as np

from zk import engine
from zk.compiler.compiled import CompiledCircuit
from zk.errors import ArtifactError, DigestMismatch, UnsatisfiedConstraint
from zk.field import Limbs
from zk.groth16 import Proof, ProvingKey, VerifyingKey
from zk.r1cs import R1CS


def prove(pk: ProvingKey, circuit: CompiledCircuit | R1CS, witness: Limbs) -> Proof:
    """A proof that `witness` satisfies `circuit`, already verified.

    Raises DigestMismatch if the key's sizes are not the circuit's, ArtifactError for a witness of
    another circuit or a key whose proofs do not verify, UnsatisfiedConstraint for a witness that
    breaks a constraint.
    """
    r1cs = circuit.r1cs if isinstance(circuit, CompiledCircuit) else circuit
    check_sizes(pk.n_wires, pk.vk.n_public, pk.domain_size, r1cs)
    check_witness(circuit, witness)
    proof = engine.prove(pk, witness)
    check_proof(pk.vk, witness[1 : 1 + r1cs.n_publics], proof)
    return proof


def check_witness_size(r1cs: R1CS, witness: Limbs) -> None:
    """ArtifactError unless a witness has a value for every wire."""
    if witness.dtype != np.uint64 or witness.shape != (r1cs.n_wires, 4):
        raise ArtifactError(
            f"the witness has {len(witness)} values and the circuit {r1cs.n_wires} wires: it was "
            "made for another circuit"
        )


def check_proof(vk: VerifyingKey, publics: Limbs, proof: Proof) -> None:
    """ArtifactError unless a finished proof verifies."""
    if not engine.verify(vk, publics, proof):
        raise ArtifactError(
            "the finished proof does not verify, so it was thrown away: the proving key is damaged "
            "or was made for another circuit; make the keys again or fetch them anew"
        )


def check_witness(circuit: CompiledCircuit | R1CS, witness: Limbs) -> None:
    """UnsatisfiedConstraint, with the obligation where the circuit knows it."""
    check_witness_size(circuit.r1cs if isinstance(circuit, CompiledCircuit) else circuit, witness)
    if isinstance(circuit, CompiledCircuit):
        circuit.check(witness)
    elif (row := engine.first_unsatisfied(circuit, witness)) is not None:
        raise UnsatisfiedConstraint("the circuit", "a constraint", ".r1cs", row)


def check_sizes(n_wires: int, n_publics: int, domain_size: int, r1cs: R1CS) -> None:
    """DigestMismatch unless wires, public signals and domain of a key are the circuit's.

    Sizes alone do not make a key the circuit's; a digest does, where one is pinned.
    """
    sizes = (
        ("wires", n_wires, r1cs.n_wires),
        ("public signals", n_publics, r1cs.n_publics),
        ("rows of the domain", domain_size, r1cs.domain_size),
    )
    for what, of_key, of_circuit in sizes:
        if of_key != of_circuit:
            raise DigestMismatch(
                f"the proving key is of another circuit: it has {of_key} {what}, the circuit "
                f"{of_circuit}"
            )
