"""Proofs, keys and witnesses that cross between snarkjs and us, in each direction.

A false statement is tried wherever a true one is: snarkjs exits 0 with a proof made from a witness
that breaks a constraint, so only a verdict on the proof counts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tests import snarkjs
from tests.formats.iden3 import Iden3Files
from tests.interop.product import PRODUCT, product_witness
from zk import engine
from zk.errors import ArtifactError
from zk.field import Limbs, Q, coordinates_from_limbs, to_limbs
from zk.formats.contributions import read_contributions
from zk.formats.json import (
    load_proof,
    load_public,
    load_verifying_key,
    save_proof,
    save_public,
    save_verifying_key,
)
from zk.formats.r1cs import load_r1cs, save_r1cs
from zk.formats.wtns import load_wtns, save_wtns
from zk.formats.zkey import check_zkey_points, load_zkey, save_zkey
from zk.groth16 import Proof, ProvingKey, development_scalar


@dataclass(frozen=True)
class Texts:
    vk: Path
    public: Path
    proof: Path


def save_texts(folder: Path, pk: ProvingKey, publics: Limbs, proof: Proof) -> Texts:
    texts = Texts(*(folder / f"our_{name}.json" for name in ("vk", "public", "proof")))
    save_verifying_key(texts.vk, pk.vk)
    save_public(texts.public, publics)
    save_proof(texts.proof, proof)
    return texts


def broken(witness: Limbs) -> Limbs:
    """The witness with its last wire, an inner value, off by one."""
    changed = witness.copy()
    changed[-1, 0] ^= np.uint64(1)
    return changed


def test_snarkjs_accepts_our_proof_with_our_key(tmp_path: Path) -> None:
    """x * y = z, built by hand: our key, our witness, our proof, our three texts."""
    pk = engine.keygen(PRODUCT, development_scalar("alpha"), development_scalar("beta"))
    witness = product_witness(3, 5)
    texts = save_texts(tmp_path, pk, witness[1:2], engine.prove(pk, witness))
    assert snarkjs.verifies(texts.vk, texts.public, texts.proof)
    save_public(texts.public, to_limbs([16]))
    assert not snarkjs.verifies(texts.vk, texts.public, texts.proof)


def test_snarkjs_accepts_our_r1cs_and_witness(tmp_path: Path) -> None:
    """`snarkjs wtns check` and `r1cs info` on what we wrote."""
    r1cs, good, bad = (tmp_path / name for name in ("p.r1cs", "good.wtns", "bad.wtns"))
    save_r1cs(r1cs, PRODUCT)
    save_wtns(good, product_witness(3, 5))
    save_wtns(bad, broken(product_witness(3, 5)))
    assert "# of Constraints: 1" in snarkjs.snarkjs("r1cs", "info", r1cs, cwd=tmp_path).text
    check = snarkjs.snarkjs("wtns", "check", r1cs, good, cwd=tmp_path)
    assert "WITNESS IS CORRECT" in check.text
    check = snarkjs.snarkjs("wtns", "check", r1cs, bad, cwd=tmp_path, check=False)
    assert "WITNESS IS CORRECT" not in check.text


def test_snarkjs_sets_up_our_r1cs(iden3_files: Iden3Files, tmp_path: Path) -> None:
    """A key that snarkjs makes from our r1cs, proven with by us, accepted by snarkjs."""
    r1cs = tmp_path / "p.r1cs"
    save_r1cs(r1cs, PRODUCT)
    zkey = snarkjs.groth16_setup(r1cs, iden3_files.ptau, tmp_path)
    checked = snarkjs.snarkjs("zkey", "verify", r1cs, iden3_files.ptau, zkey, cwd=tmp_path)
    assert "ZKey Ok!" in checked.text
    pk, witness = load_zkey(zkey), product_witness(7, 11)
    check_zkey_points(pk)
    texts = save_texts(tmp_path, pk, witness[1:2], engine.prove(pk, witness))
    assert snarkjs.verifies(texts.vk, texts.public, texts.proof)


def test_snarkjs_proves_with_our_key(
    our_key: ProvingKey, iden3_files: Iden3Files, tmp_path: Path
) -> None:
    """snarkjs's proof from our zkey: we accept it; from a bad witness: we refuse what it made."""
    zkey, bad = tmp_path / "our.zkey", tmp_path / "bad.wtns"
    save_zkey(zkey, our_key)
    proof, public = snarkjs.prove(zkey, iden3_files.witness, tmp_path)
    assert engine.verify(our_key.vk, load_public(public), load_proof(proof))

    save_wtns(bad, broken(load_wtns(iden3_files.witness)))
    proof, public = snarkjs.prove(zkey, bad, tmp_path)  # exits 0
    assert not engine.verify(our_key.vk, load_public(public), load_proof(proof))


def test_we_prove_with_the_key_of_snarkjs(iden3_files: Iden3Files, tmp_path: Path) -> None:
    """circom2's circuit, snarkjs's zkey and wtns, our proof: snarkjs and we accept it."""
    pk, witness = load_zkey(iden3_files.zkey), load_wtns(iden3_files.witness)
    assert engine.first_unsatisfied(load_r1cs(iden3_files.r1cs), witness) is None
    publics = witness[1 : pk.vk.n_public + 1]
    proof = engine.prove(pk, witness)
    texts = save_texts(tmp_path, pk, publics, proof)
    assert texts.vk.read_text() == iden3_files.vk.read_text()
    assert texts.public.read_text() == iden3_files.public.read_text()
    assert snarkjs.verifies(iden3_files.vk, iden3_files.public, texts.proof)
    assert engine.verify(pk.vk, publics, proof)

    texts = save_texts(tmp_path, pk, publics, engine.prove(pk, broken(witness)))
    assert not snarkjs.verifies(iden3_files.vk, iden3_files.public, texts.proof)


def test_we_accept_the_proof_of_snarkjs(iden3_files: Iden3Files) -> None:
    vk, publics = load_verifying_key(iden3_files.vk), load_public(iden3_files.public)
    proof = load_proof(iden3_files.proof)
    assert engine.verify(vk, publics, proof)
    for i in range(len(publics)):
        changed = publics.copy()
        changed[i, 0] ^= np.uint64(1)
        assert not engine.verify(vk, changed, proof)


def test_keys_of_one_circuit_have_the_same_shape(
    our_key: ProvingKey, iden3_files: Iden3Files
) -> None:
    """Ours and snarkjs's key of one r1cs: the same sizes, and the same terms in section 4."""
    theirs = load_zkey(iden3_files.zkey)
    assert (our_key.n_wires, our_key.domain_size) == (theirs.n_wires, theirs.domain_size)
    assert our_key.vk.ic.shape == theirs.vk.ic.shape
    for name in ("a", "b1", "b2", "c", "h"):
        assert getattr(our_key, name).shape == getattr(theirs, name).shape
    assert np.array_equal(np.sort(our_key.coefficients), np.sort(theirs.coefficients))
    # A wire that no row of A reads is at infinity in both.
    for name in ("a", "b1", "b2"):
        ours, others = (getattr(key, name).any(axis=1) for key in (our_key, theirs))
        assert np.array_equal(ours, others)


def test_exports_of_our_key_are_equal(our_key: ProvingKey, tmp_path: Path) -> None:
    """snarkjs's export of our key and ours of the same key, as text."""
    zkey, texts = tmp_path / "our.zkey", tmp_path / "our_vk.json"
    save_zkey(zkey, our_key)
    save_verifying_key(texts, our_key.vk)
    assert snarkjs.export_verifying_key(zkey, tmp_path).read_text() == texts.read_text()
    snarkjs.snarkjs("zkey", "export", "solidityverifier", zkey, "v.sol", cwd=tmp_path)
    assert str(coordinates_from_limbs(our_key.vk.alpha1)[0]) in (tmp_path / "v.sol").read_text()


@pytest.mark.parametrize("ci", ["", "true"])
def test_missing_tools_skip_here_and_fail_on_ci(
    ci: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(snarkjs, "MODULES", tmp_path / "node_modules")
    monkeypatch.setenv("CI", ci)
    outcome = pytest.fail.Exception if ci else pytest.skip.Exception
    with pytest.raises(outcome, match="run `npm ci`"):
        snarkjs.snarkjs("--help", cwd=tmp_path)


def test_contribution_keeps_the_development_mark(
    our_key: ProvingKey, iden3_files: Iden3Files, tmp_path: Path
) -> None:
    """snarkjs contributes to a development key: the key works, and vk_alpha_1 still marks it."""
    before, after = tmp_path / "our.zkey", tmp_path / "more.zkey"
    save_zkey(before, our_key)
    snarkjs.snarkjs(
        "zkey", "contribute", before, after, "--name=somebody", "-e=entropy", cwd=tmp_path
    )
    pk = load_zkey(after)
    check_zkey_points(pk)
    assert np.array_equal(pk.vk.alpha1, our_key.vk.alpha1)
    assert not np.array_equal(pk.vk.delta2, our_key.vk.delta2)
    circuit_hash, contributions = read_contributions(pk.contributions)
    assert circuit_hash == bytes(64)  # ours: no `zkey new` made this key, nothing to compare with
    assert [c.name for c in contributions] == ["somebody"]
    witness = load_wtns(iden3_files.witness)
    publics = witness[1 : pk.vk.n_public + 1]
    texts = save_texts(tmp_path, pk, publics, engine.prove(pk, witness))
    assert snarkjs.verifies(texts.vk, texts.public, texts.proof)
    # And snarkjs itself does not take the key for one of a ceremony.
    done = snarkjs.snarkjs(
        *("zkey", "verify", iden3_files.r1cs, iden3_files.ptau, after), cwd=tmp_path, check=False
    )
    assert "ZKey Ok!" not in done.text


def test_a_zkey_is_not_a_ptau(iden3_files: Iden3Files) -> None:
    with pytest.raises(ArtifactError, match=r"is not a \.zkey file"):
        load_zkey(iden3_files.ptau)


def test_forms_that_snarkjs_takes_and_we_refuse(iden3_files: Iden3Files, tmp_path: Path) -> None:
    """Other texts of a valid proof: snarkjs's verifier says OK to each, ours is never asked.

    A record of the difference: where snarkjs has become strict, the line here can go.
    """
    good = json.loads(iden3_files.proof.read_text())
    x, y = (int(c) for c in good["pi_a"][:2])
    forms = {
        "coordinate plus q": {"pi_a": [str(x + Q), str(y), "1"]},
        "projective": {"pi_a": [str(4 * x % Q), str(8 * y % Q), "2"]},
        "hexadecimal": {"pi_a": [hex(x), hex(y), "0x1"]},
        "surplus key": {"pi_d": "1"},
        "no curve": {"curve": None},
    }
    path = tmp_path / "proof.json"
    for name, form in forms.items():
        path.write_text(json.dumps(good | form))
        assert snarkjs.verifies(iden3_files.vk, iden3_files.public, path), name
        with pytest.raises(ArtifactError):
            load_proof(path)
