"""A prover that opens its key once and proves many times, from several threads.

Source: Groth (EUROCRYPT 2016), section 3.2. The key is a prepared one (zk/formats/prepared.py): it
is mapped, its digest and every index in it are checked once, and from then on it is only read. What
the engine does, it does without the interpreter's lock, so threads prove side by side; one proof
takes all processors by itself, and more threads gain what it leaves idle.

Every witness is checked before its proof is made, and every proof before it leaves, as in
prover/prove.py.
"""

from __future__ import annotations

import os

from prover.prove import check_proof, check_sizes, check_witness, check_witness_size
from zk import engine
from zk.compiler.compiled import CompiledCircuit
from zk.engine import PreparedKey
from zk.errors import DigestMismatch, UnsatisfiedRow
from zk.field import Limbs
from zk.formats.prepared import load_prepared
from zk.groth16 import Proof, VerifyingKey
from zk.r1cs import R1CS


class Prover:
    """A prepared key, the circuit it is for, and the verifying key that its proofs satisfy."""

    def __init__(
        self,
        key: PreparedKey,
        circuit: CompiledCircuit | R1CS,
        vk: VerifyingKey | None = None,
    ) -> None:
        """`vk`: what proofs are checked against, if it is known from elsewhere than the key.

        Raises DigestMismatch if the sizes of key and circuit differ.
        """
        self._r1cs = circuit.r1cs if isinstance(circuit, CompiledCircuit) else circuit
        check_sizes(key.n_wires, key.n_publics, key.domain_size, self._r1cs)
        self._key = key
        self._circuit = circuit
        self._vk = key.vk if vk is None else vk
        if self._vk.n_public != key.n_publics:
            raise DigestMismatch("the verification key is of another circuit than the prepared key")

    def __repr__(self) -> str:
        return f"<Prover with the key {self.digest[:16]}>"

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        circuit: CompiledCircuit | R1CS,
        *,
        digest: str | None = None,
        vk: VerifyingKey | None = None,
    ) -> Prover:
        """Open a prepared key; with `digest`, only the one that has it.

        Without a digest the file must be one that you made yourself: whoever makes a prepared key
        can make it so that its proofs tell the witness.
        """
        return cls(load_prepared(path, digest), circuit, vk)

    @property
    def digest(self) -> str:
        """The key's digest, in hexadecimal."""
        return self._key.digest.hex()

    def prove(self, witness: Limbs) -> Proof:
        """A proof that `witness` satisfies the circuit, already verified.

        Raises UnsatisfiedConstraint for a witness that breaks a constraint, ArtifactError for one
        of another circuit, or if the key's proofs do not verify.
        """
        if self._key.is_typed:
            check_witness_size(self._r1cs, witness)
        else:
            check_witness(self._circuit, witness)
        try:
            proof = engine.prove_prepared(self._key, witness)
        except UnsatisfiedRow:
            check_witness(self._circuit, witness)  # the same row, in the author's words
            raise DigestMismatch(
                "the prepared key is of another circuit: it has a constraint that the circuit has "
                "not"
            ) from None
        check_proof(self._vk, witness[1 : 1 + self._r1cs.n_publics], proof)
        return proof
