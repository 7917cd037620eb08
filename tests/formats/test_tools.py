"""A file written by circom2 or snarkjs, read and written by us, has the same bytes."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import snarkjs
from tests.formats.iden3 import BEACON, Iden3Files
from zk.errors import ArtifactError
from zk.formats.contributions import read_contributions
from zk.formats.json import (
    load_proof,
    load_public,
    load_verifying_key,
    save_proof,
    save_public,
    save_verifying_key,
    write_verifying_key,
)
from zk.formats.r1cs import load_r1cs, save_r1cs
from zk.formats.wtns import load_wtns, save_wtns
from zk.formats.zkey import check_zkey_points, load_zkey, save_zkey


def assert_same_bytes(
    path: Path, folder: Path, load: Callable[[Path], Any], save: Callable[[Path, Any], None]
) -> None:
    copy = folder / "copy"
    save(copy, load(path))
    assert sha256(copy.read_bytes()).digest() == sha256(path.read_bytes()).digest()


@pytest.mark.parametrize("level", ["--O0", "--O1", "--O2"])
def test_r1cs_of_circom(level: str, tmp_path: Path) -> None:
    path = snarkjs.compile_circom(snarkjs.CIRCUITS / "multiply.circom", tmp_path, level)
    loaded = load_r1cs(path)
    assert loaded.sections == (2, 1, 3)
    # The reason for `order`: circom's own terms do not ascend. If they ever do, it can go.
    assert any(order is not None for order in loaded.order)
    assert_same_bytes(path, tmp_path, load_r1cs, save_r1cs)


def test_r1cs_with_unused_gates_and_inputs(tmp_path: Path) -> None:
    path = snarkjs.compile_circom(snarkjs.CIRCUITS / "unused_gates.circom", tmp_path)
    loaded = load_r1cs(path)
    assert loaded.sections == (2, 1, 3, 4, 5)
    assert (loaded.n_wires, loaded.n_outputs, loaded.n_private) == (3, 1, 2)
    assert_same_bytes(path, tmp_path, load_r1cs, save_r1cs)


def test_r1cs_with_custom_gates_is_refused(tmp_path: Path) -> None:
    path = snarkjs.compile_circom(snarkjs.CIRCUITS / "custom_gates.circom", tmp_path)
    with pytest.raises(ArtifactError, match=r"custom_gates\.r1cs: has custom gates"):
        load_r1cs(path)


def test_witness(iden3_files: Iden3Files, tmp_path: Path) -> None:
    assert_same_bytes(iden3_files.witness, tmp_path, load_wtns, save_wtns)


@pytest.mark.parametrize("which", range(4), ids=["new", "one", "two", "beacon"])
def test_zkey(which: int, iden3_files: Iden3Files, tmp_path: Path) -> None:
    path = iden3_files.zkeys[which]
    assert_same_bytes(path, tmp_path, load_zkey, save_zkey)
    _, contributions = read_contributions(load_zkey(path).contributions)
    names = ["person 0", "person 1", "beacon"][:which]
    assert [contribution.name for contribution in contributions] == names
    if which == 3:
        assert contributions[2].beacon == bytes.fromhex(BEACON)
        assert contributions[2].iterations_log == 10


def test_zkey_section_orders_differ(iden3_files: Iden3Files) -> None:
    """The two orders that snarkjs writes; ours for new keys is that of `zkey new`."""
    new, contributed = (load_zkey(path).sections for path in iden3_files.zkeys[:2])
    assert new == (1, 2, 4, 3, 9, 8, 5, 6, 7, 10)
    assert contributed == tuple(range(1, 11))


def test_zkey_points(iden3_files: Iden3Files) -> None:
    for path in iden3_files.zkeys:
        check_zkey_points(load_zkey(path))


def test_zkey_and_r1cs_agree(iden3_files: Iden3Files) -> None:
    """Our reading of the r1cs gives the counts and the domain that snarkjs put in the key."""
    r1cs, pk = load_r1cs(iden3_files.r1cs), load_zkey(iden3_files.zkey)
    assert pk.n_wires == r1cs.n_wires == len(load_wtns(iden3_files.witness))
    assert pk.vk.n_public == r1cs.n_publics
    assert pk.domain_size == r1cs.domain_size
    matrices = pk.coefficients["matrix"]
    assert np.count_nonzero(matrices == 0) == len(r1cs.a.wires) + r1cs.n_publics + 1
    assert np.count_nonzero(matrices == 1) == len(r1cs.b.wires)


def test_verifying_key_text(iden3_files: Iden3Files, tmp_path: Path) -> None:
    """Our export of a key is snarkjs's export of it, vk_alphabeta_12 included."""
    text = iden3_files.vk.read_text()
    assert write_verifying_key(load_zkey(iden3_files.zkey).vk) == text
    assert_same_bytes(iden3_files.vk, tmp_path, load_verifying_key, save_verifying_key)


def test_proof_and_public_text(iden3_files: Iden3Files, tmp_path: Path) -> None:
    assert_same_bytes(iden3_files.proof, tmp_path, load_proof, save_proof)
    assert_same_bytes(iden3_files.public, tmp_path, load_public, save_public)
    publics = load_public(iden3_files.public)
    assert np.array_equal(publics, load_wtns(iden3_files.witness)[1 : len(publics) + 1])
