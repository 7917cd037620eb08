"""A set of keys with a prepared key: pinned, used, missing, damaged; and a prover of it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from unittest import mock

import pytest

import zkmargin as zm
from tests.zkmargin.files import ACCOUNT_ID, Outcome, World, changed, run
from zk.errors import ArtifactError, DigestMismatch, InputError, UnsatisfiedConstraint
from zkmargin import keys as module
from zkmargin.keys import ProvingKey, prepare_set
from zkmargin.statement_file import load_statement

NAMES = ["circuit.zkc", "proving.zkey", "proving.zkp", "statement.json", "verification_key.json"]


@pytest.fixture
def folder(world: World, tmp_path: Path) -> Path:
    return Path(shutil.copytree(world.path("keys"), tmp_path / "keys"))


@pytest.fixture
def older(folder: Path) -> Path:
    """A set as it was made before there were prepared keys."""
    path = folder / "statement.json"
    path.write_text(json.dumps(changed(json.loads(path.read_text()), prepared=None)))
    (folder / "proving.zkp").unlink()
    return folder


def prove(world: World, folder: Path, *more: object) -> Outcome:
    outputs = ["--proof", folder.parent / "proof.json", "--public", folder.parent / "public.json"]
    return run("prove", "--keys", folder, *world.venue, *world.owner, *outputs, *more)


def outputs(folder: Path) -> list[str]:
    return sorted(name for name in os.listdir(folder.parent) if name.endswith(".json"))


def spoil(path: Path) -> None:
    with path.open("r+b") as stream:
        stream.seek(path.stat().st_size // 2)
        byte = stream.read(1)
        stream.seek(-1, os.SEEK_CUR)
        stream.write(bytes([byte[0] ^ 1]))


# The file in the set ------------------------------------------------------------------------------


def test_setup_makes_and_pins_it(world: World) -> None:
    file = load_statement(world.path("keys/statement.json"))
    assert file.prepared is not None
    data = world.path("keys/proving.zkp").read_bytes()
    assert (file.prepared.file, file.prepared.digest) == ("proving.zkp", data[-32:].hex())


def test_the_proving_key_is_not_read(world: World, folder: Path) -> None:
    (folder / "proving.zkey").write_bytes(b"nothing of use")
    outcome = prove(world, folder)
    assert outcome.code == 0, outcome.stderr
    assert "proving.zk" not in outcome.stderr
    (folder / "proving.zkey").unlink()
    assert prove(world, folder).code == 0


def test_an_older_set_proves_and_is_prepared(world: World, older: Path) -> None:
    outcome = prove(world, older)
    assert outcome.code == 0, outcome.stderr
    assert "prepare" not in outcome.stderr
    made = run("prepare", older, "--json")
    assert made.code == 0, made.stderr
    again = load_statement(older / "statement.json")
    fresh = load_statement(world.path("keys/statement.json"))
    assert again.prepared == fresh.prepared  # the same key gives the same file
    assert made.fields["prepared_digest"] == again.prepared.digest  # type: ignore[union-attr]
    assert sorted(os.listdir(older)) == NAMES
    (older / "proving.zkey").unlink()
    assert prove(world, older).code == 0


def test_an_imported_key_is_prepared(world: World, tmp_path: Path) -> None:
    arguments = ["--circuit", world.path("meets.zkc"), "--import", world.path("keys/proving.zkey")]
    assert run("setup", *arguments, "--out", tmp_path / "keys").code == 0
    assert zm.Prover.open(tmp_path / "keys").is_prepared


def test_a_lost_file_is_said_and_done_without(world: World, folder: Path) -> None:
    (folder / "proving.zkp").unlink()
    outcome = prove(world, folder)
    assert outcome.code == 0, outcome.stderr
    assert f"{folder / 'proving.zkp'} is not there, so proving.zkey is read" in outcome.stderr
    assert f"zkmargin prepare {folder}" in outcome.stderr
    assert not zm.Prover.open(folder).is_prepared
    # What stands in for it is checked as ever.
    spoil(folder / "proving.zkey")
    outcome = prove(world, folder)
    assert outcome.code == 2
    assert "proving.zkey: is not the file that" in outcome.stderr


HARMS: dict[str, Callable[[Path], object]] = {
    "flipped": spoil,
    "cut off": lambda path: os.truncate(path, path.stat().st_size // 2),
    "empty": lambda path: os.truncate(path, 0),
    "of another kind": lambda path: path.write_bytes(b"zkey" * 100),
    "longer": lambda path: path.write_bytes(path.read_bytes() + bytes(32)),
}


@pytest.mark.parametrize("harm", HARMS)
def test_a_damaged_file_is_refused_before_use(world: World, folder: Path, harm: str) -> None:
    """And not passed over for the proving key: somebody has altered the set."""
    HARMS[harm](folder / "proving.zkp")
    outcome = prove(world, folder)
    assert outcome.code == 2
    (line,) = outcome.stderr.splitlines()
    assert line.startswith(f"zkmargin: {folder / 'proving.zkp'}: ")
    assert line.endswith(f"fetch the keys anew, or run `zkmargin prepare {folder}`")
    assert outputs(folder) == []
    with pytest.raises(ArtifactError, match=r"proving\.zkp: "):
        zm.Prover.open(folder)
    assert run("prepare", folder).code == 0  # as the message says
    assert prove(world, folder).code == 0


def test_a_file_of_another_set_is_refused(world: World, folder: Path) -> None:
    shutil.copy(world.path("liquidation-keys/proving.zkp"), folder / "proving.zkp")
    with pytest.raises(DigestMismatch, match=r"proving\.zkp: is not the prepared key"):
        zm.Prover.open(folder)
    assert prove(world, folder).code == 2
    assert outputs(folder) == []


def test_a_pin_of_another_setup_gives_no_proof(world: World, folder: Path, tmp_path: Path) -> None:
    """Everything pinned, yet from two setups of one circuit: the last check notices."""
    setup = ["setup", "--circuit", world.path("meets.zkc"), "--development"]
    assert run(*setup, "--out", tmp_path / "other").code == 0
    shutil.copy(tmp_path / "other/proving.zkp", folder / "proving.zkp")
    path = folder / "statement.json"
    other = json.loads((tmp_path / "other/statement.json").read_text())["prepared"]
    path.write_text(json.dumps(changed(json.loads(path.read_text()), prepared=other)))
    outcome = prove(world, folder)
    assert outcome.code == 2
    assert "does not verify, so it was thrown away" in outcome.stderr
    assert outputs(folder) == []


PINS = [
    ({"file": "../proving.zkp", "digest": "0" * 64}, "prepared.file: must be the name"),
    ({"file": "proving.zkp", "digest": "0" * 63}, "prepared.digest: must be"),
    ({"file": "proving.zkp", "sha256": "0" * 64}, "'sha256' is not known here"),
    ({"file": "proving.zkp"}, "'digest' is missing"),
    ("proving.zkp", "prepared: must be an object"),
]


@pytest.mark.parametrize(("pin", "words"), PINS)
def test_a_wrong_pin_is_refused(folder: Path, pin: object, words: str) -> None:
    path = folder / "statement.json"
    path.write_text(json.dumps(changed(json.loads(path.read_text()), prepared=pin)))
    with pytest.raises(ArtifactError) as caught:
        load_statement(path)
    assert words in str(caught.value)


# prepare ------------------------------------------------------------------------------------------


def test_only_the_pinned_key_is_prepared(folder: Path) -> None:
    before = (folder / "statement.json").read_bytes()
    spoil(folder / "proving.zkey")
    outcome = run("prepare", folder)
    assert outcome.code == 2
    assert "proving.zkey: is not the file that" in outcome.stderr
    assert sorted(os.listdir(folder)) == NAMES
    assert (folder / "statement.json").read_bytes() == before


def test_what_is_no_set_is_not_prepared(tmp_path: Path) -> None:
    outcome = run("prepare", tmp_path)
    assert outcome.code == 2
    assert "no complete set of keys" in outcome.stderr


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize("step", ["_write_prepared", "save_statement", "_give_name", "_sweep"])
@pytest.mark.parametrize("after", [False, True])
def test_at_every_step_of_prepare_a_whole_set_stands(older: Path, step: str, after: bool) -> None:
    original = getattr(module, step)
    for count in range(1, 3):
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
            prepare_set(older)
        file = load_statement(older / "statement.json")
        assert zm.Prover.open(older).is_prepared == (file.prepared is not None)
        prepare_set(older)
        assert sorted(os.listdir(older)) == NAMES


# The prover ---------------------------------------------------------------------------------------


def claim_of(world: World) -> tuple[zm.Claim, zm.Account, zm.Account]:
    params = zm.RiskParams.load(world.path("params.json"))
    claim = zm.Claim(zm.Domain(), params, zm.Market.load(world.path("market.json")))
    secret = world.path("secret")
    rich, poor = (
        zm.Account.load(world.path(f"{name}.json"), secret=secret)
        for name in ("account", "underwater")
    )
    return claim, rich, poor


def test_one_prover_many_threads(world: World) -> None:
    prover = zm.Prover.open(world.path("keys"))
    claim, rich, poor = claim_of(world)

    def attempt(account: zm.Account) -> zm.Proof | None:
        try:
            return prover.prove(claim, account)
        except UnsatisfiedConstraint:
            return None

    with ThreadPoolExecutor(4) as pool:
        proofs = list(pool.map(attempt, [rich, poor, rich, rich, poor, rich]))
    assert [proof is None for proof in proofs] == [False, True, False, False, True, False]
    for proof in filter(None, proofs):
        zm.verify(
            prover.verifying_key,
            proof,
            claim,
            account=int(ACCOUNT_ID, 16),
            commitment=int(world.commitment),
            allow_development_key=True,
        )


def test_a_false_claim_names_the_same_obligation(world: World, older: Path) -> None:
    claim, _, poor = claim_of(world)
    found = []
    for keys in (world.path("keys"), older):
        with pytest.raises(UnsatisfiedConstraint) as caught:
            zm.Prover.open(keys).prove(claim, poor)
        found.append((caught.value.obligation, caught.value.where, caught.value.row))
    assert found[0] == found[1]
    assert found[0][0]


def test_a_claim_of_another_statement_is_refused(world: World) -> None:
    prover = zm.Prover.open(world.path("liquidation-keys"))
    claim, rich, _ = claim_of(world)
    with pytest.raises(InputError, match="the circuit states 'liquidatable'"):
        prover.prove(claim, rich)


def test_its_repr_says_what_it_proves(world: World) -> None:
    assert repr(zm.Prover.open(str(world.path("keys")))) == "<Prover of meets 1+1>"


def test_a_set_can_be_replaced_while_it_is_open(world: World, folder: Path) -> None:
    """The old files stay with who has them open."""
    prover = zm.Prover.open(folder)
    claim, rich, _ = claim_of(world)
    pk, circuit = ProvingKey.load(world.path("keys"))
    pk.save(folder, circuit)
    prepare_set(folder)
    prover.prove(claim, rich)
