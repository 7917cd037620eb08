"""A prover that is opened once: what it checks of key, witness and proof, and from many threads."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prover.keygen import setup
from prover.prover import Prover
from verifier.verify import verify
from zk import Circuit, Field, Uint, compile, private, public
from zk.compiler.compiled import CompiledCircuit
from zk.errors import ArtifactError, DigestMismatch, EngineError, UnsatisfiedConstraint
from zk.field import to_limbs
from zk.formats.prepared import save_prepared
from zk.groth16 import ProvingKey


class Sums(Circuit):
    """x * y == z, both below 2^16, and a chain that fills the domain a little."""

    z: Field = public()
    x: Uint = private(bits=16)
    y: Uint = private(bits=16)

    def define(self, cs: Any) -> None:
        with cs.obligation("z is the product"):
            cs.assert_equal(self.x * self.y, self.z)


class Others(Sums):
    """Of the same sizes, with another constraint."""

    def define(self, cs: Any) -> None:
        with cs.obligation("z is twice the product"):
            cs.assert_equal(self.x * self.y * 2, self.z)


@pytest.fixture(scope="module")
def circuit() -> CompiledCircuit:
    return compile(Sums())


@pytest.fixture(scope="module")
def pk(circuit: CompiledCircuit) -> ProvingKey:
    return setup(circuit, development=True)


@pytest.fixture(scope="module")
def path(
    circuit: CompiledCircuit, pk: ProvingKey, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    found = tmp_path_factory.mktemp("prover") / "key.zkp"
    save_prepared(found, pk, circuit.r1cs)
    return found


@pytest.fixture
def prover(path: Path, circuit: CompiledCircuit) -> Prover:
    return Prover.open(path, circuit)


def test_it_proves_from_many_threads(
    prover: Prover, circuit: CompiledCircuit, pk: ProvingKey
) -> None:
    def prove(i: int) -> tuple[bytes, int]:
        z = (i + 2) * (i + 3)
        proof = prover.prove(circuit.witness({"x": i + 2, "y": i + 3, "z": z}))
        verify(pk.vk, proof, [z], allow_development_key=True)
        return proof.a.tobytes(), z

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(prove, [*range(20), *range(20)]))
    assert len({proof for proof, _ in found}) == 40  # r and s are new for every proof


def test_a_false_witness_is_named(
    prover: Prover, circuit: CompiledCircuit, pk: ProvingKey, tmp_path: Path
) -> None:
    """By the author's words, whether the key knows the constraints or not."""
    save_prepared(tmp_path / "untyped", pk, None)
    untyped = Prover.open(tmp_path / "untyped", circuit)
    for each in (prover, untyped):
        with pytest.raises(UnsatisfiedConstraint, match="Sums: not satisfied: z is the product"):
            each.prove(circuit.witness({"x": 3, "y": 5, "z": 16}))
        each.prove(circuit.witness({"x": 3, "y": 5, "z": 15}))


def test_one_false_witness_among_threads(prover: Prover, circuit: CompiledCircuit) -> None:
    def outcome(z: int) -> bool:
        try:
            prover.prove(circuit.witness({"x": 3, "y": 5, "z": z}))
        except UnsatisfiedConstraint:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(outcome, [15, 16, 15, 15, 14, 15])) == [
            z == 15 for z in (15, 16, 15, 15, 14, 15)
        ]


def test_without_a_compiled_circuit(path: Path, circuit: CompiledCircuit) -> None:
    prover = Prover.open(path, circuit.r1cs)
    prover.prove(circuit.witness({"x": 3, "y": 5, "z": 15}))
    with pytest.raises(UnsatisfiedConstraint, match="the circuit: not satisfied"):
        prover.prove(circuit.witness({"x": 3, "y": 5, "z": 16}))


def test_the_digest_decides(path: Path, circuit: CompiledCircuit, prover: Prover) -> None:
    assert Prover.open(path, circuit, digest=prover.digest).digest == prover.digest
    with pytest.raises(DigestMismatch):
        Prover.open(path, circuit, digest="ab" * 32)


def test_a_key_of_other_sizes_is_refused(path: Path, circuit: CompiledCircuit) -> None:
    for wrong in (
        replace(circuit.r1cs, n_wires=circuit.r1cs.n_wires + 1),
        replace(circuit.r1cs, n_public=2, n_private=circuit.r1cs.n_private - 1),
    ):
        with pytest.raises(DigestMismatch, match="of another circuit"):
            Prover.open(path, wrong)


def test_a_verification_key_of_other_sizes_is_refused(
    path: Path, circuit: CompiledCircuit, pk: ProvingKey
) -> None:
    vk = replace(pk.vk, ic=pk.vk.ic[:1])
    with pytest.raises(DigestMismatch, match="of another circuit"):
        Prover.open(path, circuit, vk=vk)


def test_a_proof_that_does_not_verify_does_not_leave(
    path: Path, circuit: CompiledCircuit, pk: ProvingKey
) -> None:
    """Against the verification key of another setup, as when files of two sets are mixed."""
    other = setup(circuit, development=True).vk
    prover = Prover.open(path, circuit, vk=other)
    with pytest.raises(ArtifactError, match="does not verify, so it was thrown away"):
        prover.prove(circuit.witness({"x": 3, "y": 5, "z": 15}))


def test_a_key_of_another_circuit_with_its_sizes(path: Path, circuit: CompiledCircuit) -> None:
    others = compile(Others())
    assert others.r1cs.n_wires == circuit.r1cs.n_wires
    prover = Prover.open(path, others)
    with pytest.raises(DigestMismatch, match="the prepared key is of another circuit"):
        prover.prove(others.witness({"x": 3, "y": 5, "z": 30}))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda w: w[:-1],
        lambda w: np.concatenate([w, w[:1]]),
        lambda w: w.astype(np.int64),
        lambda w: w.reshape(-1),
    ],
)
def test_a_witness_of_another_form_is_refused(
    prover: Prover, circuit: CompiledCircuit, wrong: Callable[[Any], Any]
) -> None:
    with pytest.raises(ArtifactError, match="made for another circuit"):
        prover.prove(wrong(circuit.witness({"x": 3, "y": 5, "z": 15})))


def test_a_value_that_is_not_canonical_is_refused(prover: Prover, circuit: CompiledCircuit) -> None:
    witness = circuit.witness({"x": 3, "y": 5, "z": 15})
    witness[2] = to_limbs([(1 << 256) - 1])[0]
    with pytest.raises((EngineError, UnsatisfiedConstraint)):
        prover.prove(witness)


def test_its_repr_shows_no_more_than_the_key(prover: Prover) -> None:
    assert repr(prover) == f"<Prover with the key {prover.digest[:16]}>"
