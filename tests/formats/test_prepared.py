"""The file of a prepared key: written in one step, opened by its digest, refused when altered."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import numpy as np
import pytest

from tests.interop.product import PRODUCT, product_witness
from zk import engine
from zk.errors import ArtifactError, BadPoint, DigestMismatch
from zk.formats.prepared import MAGIC, load_prepared, save_prepared
from zk.groth16 import ProvingKey


@pytest.fixture(scope="module")
def key() -> ProvingKey:
    return engine.keygen(PRODUCT, 3, 5)


@pytest.fixture(scope="module")
def made(key: ProvingKey, tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, str]:
    """The file's bytes, and its digest."""
    path = tmp_path_factory.mktemp("prepared") / "key"
    digest = save_prepared(path, key, PRODUCT)
    return path.read_bytes(), digest


@pytest.fixture
def path(made: tuple[bytes, str], tmp_path: Path) -> Path:
    (tmp_path / "key.zkp").write_bytes(made[0])
    return tmp_path / "key.zkp"


def test_what_is_saved_proves(path: Path, made: tuple[bytes, str], key: ProvingKey) -> None:
    witness = product_witness(3, 5)
    for digest in (made[1], None):
        opened = load_prepared(path, digest)
        assert opened.digest.hex() == made[1]
        sizes = (opened.n_wires, opened.n_publics, opened.domain_size)
        assert sizes == (PRODUCT.n_wires, PRODUCT.n_publics, PRODUCT.domain_size)
        proof = engine.prove_prepared(opened, witness)
        assert engine.verify(key.vk, witness[1 : 1 + PRODUCT.n_publics], proof)


def test_without_the_circuit(key: ProvingKey, tmp_path: Path, made: tuple[bytes, str]) -> None:
    """A `.zkey` from elsewhere, whose constraints are not known."""
    digest = save_prepared(tmp_path / "key", key, None)
    assert digest != made[1]
    proof = engine.prove_prepared(load_prepared(tmp_path / "key", digest), product_witness(2, 7))
    assert engine.verify(key.vk, product_witness(2, 7)[1 : 1 + PRODUCT.n_publics], proof)


def test_the_same_key_gives_the_same_file(
    key: ProvingKey, tmp_path: Path, made: tuple[bytes, str]
) -> None:
    assert save_prepared(tmp_path / "again", key, PRODUCT) == made[1]
    assert (tmp_path / "again").read_bytes() == made[0]


def test_a_file_is_written_whole_or_not_at_all(key: ProvingKey, tmp_path: Path) -> None:
    points = key.a.copy()
    points[1] ^= np.uint64(1)
    bad = ProvingKey(**{**vars(key), "a": points})
    with pytest.raises(BadPoint):
        save_prepared(tmp_path / "key", bad, PRODUCT)
    assert os.listdir(tmp_path) == []


def test_another_digest_is_refused_before_the_file_is_read(path: Path) -> None:
    with pytest.raises(DigestMismatch, match=r"key\.zkp: is not the prepared key"):
        load_prepared(path, "0" * 64)


def test_altered_bytes_are_refused(path: Path, made: tuple[bytes, str]) -> None:
    good, digest = made
    rng = Random("prepared")
    places = {0, 8, 12, 16, 100, len(good) - 1, len(good) - 32, len(good) - 33}
    for place in sorted(places | {rng.randrange(len(good)) for _ in range(200)}):
        data = bytearray(good)
        data[place] ^= 1 << rng.randrange(8)
        path.write_bytes(data)
        for wanted in (digest, None):
            with pytest.raises(ArtifactError) as caught:
                load_prepared(path, wanted)
            message = str(caught.value)
            assert message.startswith(f"{path}: ")
            assert "\n" not in message


@pytest.mark.parametrize("length", [0, 1, 7, 8, 12, 191, 192, 4096, -33, -32, -1])
def test_a_file_cut_off_is_refused(path: Path, made: tuple[bytes, str], length: int) -> None:
    path.write_bytes(made[0][:length])
    for digest in (made[1], None):
        with pytest.raises(ArtifactError, match=r"key\.zkp: "):
            load_prepared(path, digest)


def test_a_longer_file_is_refused(path: Path, made: tuple[bytes, str]) -> None:
    data = made[0]
    for longer in (data + b"\0", data + data[-32:], data + bytes(4096)):
        path.write_bytes(longer)
        with pytest.raises(ArtifactError, match=r"key\.zkp: "):
            load_prepared(path)


def test_what_is_no_prepared_key_is_refused(path: Path, tmp_path: Path) -> None:
    for data in (b"zkey" + bytes(200), b"{}", MAGIC + bytes(60)):
        path.write_bytes(data)
        with pytest.raises(ArtifactError, match=r"key\.zkp: "):
            load_prepared(path)
    with pytest.raises(ArtifactError, match="cannot be read"):
        load_prepared(tmp_path / "nothing")
    with pytest.raises(ArtifactError, match="is not a regular file"):
        load_prepared(tmp_path)
