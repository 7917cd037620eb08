"""The margin statement across snarkjs: our constraints, witness, key and proof of a random account.

A true claim and a false one go the same way; only the true one may come out as a valid proof.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from circuits.margin import commitment
from circuits.margin.shape import TINY
from circuits.margin.statement import PUBLIC_INPUTS, book_inputs, meets_margin
from tests import snarkjs
from tests.strategies import Case, cases, shape_of
from zk import compile, engine
from zk.compiler.compiled import CompiledCircuit
from zk.field import Limbs
from zk.formats.json import (
    load_proof,
    load_public,
    save_proof,
    save_public,
    save_verifying_key,
    write_verifying_key,
)
from zk.formats.r1cs import load_r1cs, save_r1cs
from zk.formats.wtns import save_wtns
from zk.formats.zkey import check_zkey_points, load_zkey, save_zkey
from zk.groth16 import ProvingKey, development_scalar

CLASSES = [TINY.size_class, "4+4"]


@dataclass(frozen=True)
class Margin:
    """A compiled statement, a development key of it, and two witnesses."""

    circuit: CompiledCircuit
    key: ProvingKey
    true: Limbs
    false: Limbs


@cache
def margin(size_class: str) -> Margin:
    shape = shape_of(size_class)
    circuit = compile(meets_margin(shape))
    key = engine.keygen(circuit.r1cs, development_scalar("alpha"), development_scalar("beta"))
    near = [case for case in cases(shape, 24) if case.statement == "meets" and case.kind == "near"]
    true = next(case for case in near if case.distance >= 0)
    false = next(case for case in near if case.distance < 0)
    return Margin(circuit, key, witness(circuit, true), witness(circuit, false))


def witness(circuit: CompiledCircuit, case: Case) -> Limbs:
    book, epoch = case.book, case.epoch
    opened = commitment.commitment(book, case.salt)
    claim = case.mode + (case.buffer << 8)
    publics = (1, book.account, opened, epoch.root, epoch.params_digest, claim)
    shape = shape_of(book.size_class)
    values = book_inputs(shape, book, case.salt, epoch, case.mode)
    values |= dict(zip((*PUBLIC_INPUTS, "claim"), publics, strict=True))
    return circuit.witness(values | {"maintenance": case.mode, "buffer": case.buffer})


@pytest.mark.parametrize("size_class", CLASSES)
def test_r1cs_and_witness(size_class: str, tmp_path: Path) -> None:
    """snarkjs reads our r1cs, finds the true witness correct, and the false one not."""
    made = margin(size_class)
    r1cs = tmp_path / "margin.r1cs"
    save_r1cs(r1cs, made.circuit.r1cs)
    info = snarkjs.snarkjs("r1cs", "info", r1cs, cwd=tmp_path).text
    assert f"# of Constraints: {made.circuit.r1cs.n_constraints}\n" in info
    assert f"# of Wires: {made.circuit.r1cs.n_wires}\n" in info
    for name, values, right in (("true", made.true, True), ("false", made.false, False)):
        path = tmp_path / f"{name}.wtns"
        save_wtns(path, values)
        check = snarkjs.snarkjs("wtns", "check", r1cs, path, cwd=tmp_path, check=False)
        assert ("WITNESS IS CORRECT" in check.text) == right
        assert (engine.first_unsatisfied(made.circuit.r1cs, values) is None) == right
        # What we read from our own file is what we compiled.
        assert (engine.first_unsatisfied(load_r1cs(r1cs), values) is None) == right


@pytest.mark.parametrize("size_class", CLASSES)
def test_our_proof(size_class: str, tmp_path: Path) -> None:
    """snarkjs accepts our proof with our key, and refuses ours of a false claim."""
    made = margin(size_class)
    vk, public, proof = (tmp_path / f"{name}.json" for name in ("vk", "public", "proof"))
    save_verifying_key(vk, made.key.vk)
    for values, right in ((made.true, True), (made.false, False)):
        publics = values[1 : made.key.vk.n_public + 1]
        save_public(public, publics)
        save_proof(proof, engine.prove(made.key, values))
        assert snarkjs.verifies(vk, public, proof) == right
        assert engine.verify(made.key.vk, publics, load_proof(proof)) == right


@pytest.mark.parametrize("size_class", CLASSES)
def test_their_proof(size_class: str, tmp_path: Path) -> None:
    """snarkjs proves with our zkey and witness: we accept, and refuse what it makes of a lie."""
    made = margin(size_class)
    zkey = tmp_path / "margin.zkey"
    save_zkey(zkey, made.key)
    for values, right in ((made.true, True), (made.false, False)):
        wtns = tmp_path / f"{right}.wtns"
        save_wtns(wtns, values)
        proof, public = snarkjs.prove(zkey, wtns, tmp_path)
        publics = load_public(public)
        assert np.array_equal(publics, values[1 : made.key.vk.n_public + 1])
        assert engine.verify(made.key.vk, publics, load_proof(proof)) == right
    vk = snarkjs.export_verifying_key(zkey, tmp_path)
    assert vk.read_text() == write_verifying_key(made.key.vk)


@pytest.mark.slow  # snarkjs takes minutes to prepare 2^12 powers of tau
def test_their_key(tmp_path: Path) -> None:
    """A key that snarkjs sets up for our margin circuit: checked, proven with, accepted."""
    made = margin(TINY.size_class)
    r1cs = tmp_path / "margin.r1cs"
    save_r1cs(r1cs, made.circuit.r1cs)
    ptau = snarkjs.powers_of_tau(tmp_path, power=12)
    pk = load_zkey(snarkjs.groth16_setup(r1cs, ptau, tmp_path))
    check_zkey_points(pk)
    assert np.array_equal(np.sort(pk.coefficients), np.sort(made.key.coefficients))
    publics = made.true[1 : pk.vk.n_public + 1]
    vk, public, proof = (tmp_path / f"{name}.json" for name in ("vk", "public", "proof"))
    save_verifying_key(vk, pk.vk)
    save_public(public, publics)
    save_proof(proof, engine.prove(pk, made.true))
    assert snarkjs.verifies(vk, public, proof)
    assert engine.verify(pk.vk, publics, load_proof(proof))
