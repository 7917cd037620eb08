"""Keys and proofs of a small circuit: what is checked before, and what after."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from prover.keygen import check_coefficients, setup
from prover.prove import prove
from verifier.verify import verify
from zk import Circuit, Field, compile, private, public
from zk.compiler.compiled import CompiledCircuit
from zk.errors import (
    ArtifactError,
    CeremonyError,
    DigestMismatch,
    InvalidProof,
    UnsatisfiedConstraint,
)
from zk.formats.zkey import check_zkey_points, read_zkey, write_zkey
from zk.groth16 import ProvingKey
from zk.keylint import is_development, lint_key


class Product(Circuit):
    """x * y == z."""

    z: Field = public()
    x: Field = private()
    y: Field = private()

    def define(self, cs: object) -> None:
        with cs.obligation("z is the product"):  # type: ignore[attr-defined]
            cs.assert_equal(self.x * self.y, self.z)  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def circuit() -> CompiledCircuit:
    return compile(Product())


@pytest.fixture(scope="module")
def pk(circuit: CompiledCircuit) -> ProvingKey:
    return setup(circuit, development=True)


def test_setup_makes_development_keys_only(circuit: CompiledCircuit, pk: ProvingKey) -> None:
    with pytest.raises(CeremonyError, match="--development"):
        setup(circuit)
    assert is_development(pk.vk)
    lint_key(pk.vk, allow_development=True, pk=pk)
    check_zkey_points(pk)


def test_setup_takes_fresh_secrets(circuit: CompiledCircuit, pk: ProvingKey) -> None:
    other = setup(circuit.r1cs, development=True)
    assert (other.vk.delta2 != pk.vk.delta2).any()
    assert (other.h != pk.h).any()
    assert (other.vk.alpha1 == pk.vk.alpha1).all()


def test_prove_and_verify(circuit: CompiledCircuit, pk: ProvingKey) -> None:
    witness = circuit.witness({"x": 3, "y": 5, "z": 15})
    proofs = [prove(pk, circuit, witness), prove(pk, circuit.r1cs, witness)]
    for proof in proofs:
        verify(pk.vk, proof, [15], allow_development_key=True)
        with pytest.raises(InvalidProof):
            verify(pk.vk, proof, [16], allow_development_key=True)
    assert (proofs[0].a != proofs[1].a).any()  # r and s are new for every proof


def test_a_false_witness_is_named(circuit: CompiledCircuit, pk: ProvingKey) -> None:
    witness = circuit.witness({"x": 3, "y": 5, "z": 16})
    with pytest.raises(UnsatisfiedConstraint, match="Product: not satisfied: z is the product"):
        prove(pk, circuit, witness)
    with pytest.raises(UnsatisfiedConstraint):
        prove(pk, circuit.r1cs, witness)


def test_a_key_of_other_sizes_is_refused(circuit: CompiledCircuit, pk: ProvingKey) -> None:
    witness = circuit.witness({"x": 3, "y": 5, "z": 15})
    for wrong in (replace(pk, n_wires=5), replace(pk, domain_size=8)):
        with pytest.raises(DigestMismatch, match="of another circuit"):
            prove(wrong, circuit, witness)


def test_a_witness_of_another_circuit_is_refused(circuit: CompiledCircuit, pk: ProvingKey) -> None:
    with pytest.raises(ArtifactError, match="made for another circuit"):
        prove(pk, circuit, np.zeros((7, 4), np.uint64))


def test_a_damaged_key_gives_no_proof(circuit: CompiledCircuit, pk: ProvingKey) -> None:
    """Points of the right kind in the wrong places: only the last check can notice."""
    witness = circuit.witness({"x": 3, "y": 5, "z": 15})
    for damaged in (replace(pk, a=pk.a[::-1].copy()), replace(pk, h=pk.h[::-1].copy())):
        with pytest.raises(ArtifactError, match="does not verify, so it was thrown away"):
            prove(damaged, circuit, witness)


def test_coefficients_tell_circuits_apart(circuit: CompiledCircuit, pk: ProvingKey) -> None:
    check_coefficients(pk, circuit.r1cs)
    check_coefficients(read_zkey(write_zkey(pk)), circuit.r1cs)
    shuffled = replace(pk, coefficients=pk.coefficients[::-1].copy())
    check_coefficients(shuffled, circuit.r1cs)  # their order means nothing
    with pytest.raises(DigestMismatch):
        check_coefficients(replace(pk, coefficients=pk.coefficients[1:]), circuit.r1cs)
    changed = pk.coefficients.copy()
    changed["value"][0][0] ^= np.uint64(1)
    with pytest.raises(DigestMismatch):
        check_coefficients(replace(pk, coefficients=changed), circuit.r1cs)
