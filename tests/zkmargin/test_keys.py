"""A folder of keys is one set: its files belong together, or they are refused."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from unittest import mock

import pytest

from tests.zkmargin.files import World, changed, run
from zk.errors import ArtifactError, BadPoint, DigestMismatch, InputError, ZkError
from zk.formats.zkey import save_zkey
from zkmargin import keys as module
from zkmargin.keys import ProvingKey, VerifyingKey
from zkmargin.statement_file import load_statement

NAMES = ["circuit.zkc", "proving.zkey", "statement.json", "verification_key.json"]
ALL_NAMES = sorted([*NAMES, "proving.zkp"])


@pytest.fixture
def folder(world: World, tmp_path: Path) -> Path:
    return Path(shutil.copytree(world.path("keys"), tmp_path / "keys"))


def test_a_set_loads(folder: Path) -> None:
    pk, circuit = ProvingKey.load(folder)
    vk = VerifyingKey.load(folder / "statement.json")
    assert pk.statement == vk.statement
    assert pk.statement.circuit_digest == circuit.digest
    assert repr(pk) == "<ProvingKey of meets 1+1>"


@pytest.mark.parametrize("name", ["circuit.zkc", "proving.zkey"])
def test_a_file_of_another_set_is_refused(world: World, folder: Path, name: str) -> None:
    shutil.copy(world.path("liquidation-keys") / name, folder / name)
    with pytest.raises(DigestMismatch, match=name):
        ProvingKey.load(folder)
    (folder / "proving.zkp").unlink()  # or the proving key would not be looked at
    outcome = run("prove", "--keys", folder, *world.venue, *world.owner)
    assert outcome.code == 2
    assert name in outcome.stderr


def test_a_verification_key_of_another_set_is_refused(world: World, folder: Path) -> None:
    name = "verification_key.json"
    shutil.copy(world.path("liquidation-keys") / name, folder / name)
    with pytest.raises(DigestMismatch, match=name):
        VerifyingKey.load(folder / "statement.json")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("harm", ["truncated", "empty", "flipped", "gone"])
def test_a_damaged_file_is_refused(folder: Path, name: str, harm: str) -> None:
    path = folder / name
    data = bytearray(path.read_bytes())
    if harm == "gone":
        path.unlink()
    elif harm == "flipped":
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    else:
        path.write_bytes(data[: len(data) // 2 if harm == "truncated" else 0])
    with pytest.raises(ZkError):  # noqa: PT012
        VerifyingKey.load(folder / "statement.json")
        ProvingKey.load(folder)


STATEMENTS = [
    ({"statement": "solvent"}, "statement: must be"),
    ({"public_inputs": ["account", "domain"]}, "public_inputs: must be domain, account"),
    ({"setup": "ceremony"}, "setup: must be"),
    ({"circuit": {"file": "circuit.zkc", "digest": "0x12"}}, "circuit.digest: must be"),
    ({"proving_key": {"file": "../x", "sha256": "0" * 64}}, "proving_key.file: must be the name"),
    ({"proving_key": {"file": "x", "sha256": "0"}}, "proving_key.sha256: must be"),
    ({"more": "1"}, "is not known here"),
    ({"format": "zkmargin.statement/2"}, "format: must be"),
]


@pytest.mark.parametrize(("members", "words"), STATEMENTS)
def test_a_wrong_statement_is_refused(folder: Path, members: dict[str, object], words: str) -> None:
    path = folder / "statement.json"
    path.write_text(json.dumps(changed(json.loads(path.read_text()), **members)))
    with pytest.raises(ArtifactError) as caught:
        load_statement(path)
    assert words in str(caught.value)


def test_a_folder_without_statement_is_no_set(folder: Path) -> None:
    (folder / "statement.json").unlink()
    with pytest.raises(InputError, match="no complete set"):
        ProvingKey.load(folder)


class Killed(BaseException):
    """Stands for the end of the process."""


STEPS = [
    "save_circuit",
    "save_verifying_key",
    "_write_prepared",
    "save_statement",
    "_give_name",
    "_sweep",
]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("after", [False, True])
def test_at_every_step_one_whole_set_stands(
    world: World, folder: Path, step: str, after: bool
) -> None:
    """A new set takes the old one's place; the run ends before or after each call of a step."""
    old = load_statement(folder / "statement.json").proving_key.sha256
    run("setup", "--circuit", world.path("meets.zkc"), "--development", "--out", folder / "other")
    new_key, circuit = ProvingKey.load(folder / "other")
    new = load_statement(folder / "other" / "statement.json").proving_key.sha256
    assert old != new
    original = getattr(module, step)
    for count in range(1, 4):
        calls = 0

        def until(*arguments: object, _count: int = count) -> object:
            nonlocal calls
            calls += 1
            if calls == _count and not after:
                raise Killed
            found = original(*arguments)
            if calls == _count and after:
                raise Killed
            return found

        with mock.patch.object(module, step, until), suppress(Killed):
            new_key.save(folder, circuit)
        pk, _ = ProvingKey.load(folder)
        vk = VerifyingKey.load(folder / "statement.json")
        assert load_statement(folder / "statement.json").proving_key.sha256 in (old, new)
        assert (pk.key.vk.delta2 == vk.key.delta2).all()
        new_key.save(folder, circuit)  # the next run is not in the way of what was left
        assert sorted(os.listdir(folder)) == sorted([*ALL_NAMES, "other"])
        assert load_statement(folder / "statement.json").proving_key.sha256 == new
        shutil.copytree(world.path("keys"), folder, dirs_exist_ok=True)


def test_files_of_others_are_not_replaced(world: World, tmp_path: Path) -> None:
    setup = ["setup", "--circuit", world.path("meets.zkc"), "--development", "--out", tmp_path]
    (tmp_path / "proving.zkey").write_bytes(b"somebody's own")
    outcome = run(*setup)
    assert outcome.code == 2
    assert "holds a proving.zkey and no statement.json" in outcome.stderr
    assert os.listdir(tmp_path) == ["proving.zkey"]
    assert (tmp_path / "proving.zkey").read_bytes() == b"somebody's own"
    (tmp_path / "proving.zkey").unlink()
    # The circuit itself may stand there already.
    shutil.copy(world.path("meets.zkc"), tmp_path / "circuit.zkc")
    assert run(*setup).code == 0


def test_a_failed_setup_leaves_nothing(world: World, tmp_path: Path) -> None:
    pk, circuit = ProvingKey.load(world.path("keys"))
    fault = mock.patch.object(module, "save_verifying_key", side_effect=ArtifactError("disk full"))
    with fault, pytest.raises(ArtifactError, match="disk full"):
        pk.save(tmp_path / "keys", circuit)
    assert os.listdir(tmp_path) == []


def test_one_setup_at_a_time(world: World, folder: Path) -> None:
    pk, circuit = ProvingKey.load(folder)
    with module._locked(folder), pytest.raises(ArtifactError, match="another setup"):
        pk.save(folder, circuit)
    pk.save(folder, circuit)


@pytest.mark.parametrize("section", ["a", "b2", "c", "h"])
def test_a_bad_point_is_found_before_a_key_is_pinned(
    world: World, tmp_path: Path, section: str
) -> None:
    pk, circuit = ProvingKey.load(world.path("keys"))
    points = getattr(pk.key, section).copy()
    points[7] = points[8] ^ 1  # not on the curve
    bad = replace(pk.key, **{section: points})
    with pytest.raises(BadPoint, match=rf"{section.upper()}\[7\]"):
        replace(pk, key=bad, is_checked=False).save(tmp_path / "keys", circuit)
    save_zkey(tmp_path / "bad.zkey", bad)
    arguments = ["--circuit", world.path("meets.zkc"), "--import", tmp_path / "bad.zkey"]
    outcome = run("setup", *arguments, "--out", tmp_path / "keys")
    assert outcome.code == 2
    assert f"{section.upper()}[7] is not a point of its group" in outcome.stderr
    assert os.listdir(tmp_path) == ["bad.zkey"]
