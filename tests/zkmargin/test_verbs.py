"""Every verb does what it says: result, JSON, files and their modes."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from tests.zkmargin.files import ACCOUNT_ID, LIQUIDATOR, World, all_verbs, run, write
from zkmargin.cli import VERBS, cli


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_key_new_makes_a_private_file_once(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    assert run("key", "new", path).stdout == f"{path}\n"
    assert mode(path) == 0o600
    content = path.read_bytes()
    again = run("key", "new", path)
    assert (again.code, again.stdout) == (2, "")
    assert "never overwritten" in again.stderr
    assert path.read_bytes() == content
    assert [p.name for p in tmp_path.iterdir()] == ["secret"]


def test_commit_needs_names_or_keys(world: World) -> None:
    named = run("commit", *world.owner, "--params", world.path("params.json"), "--json")
    assert named.fields == {
        "ok": True,
        "commitment": world.commitment,
        "account": ACCOUNT_ID,
        "size_class": "1+1",
    }
    without = run("commit", *world.owner)
    assert without.code == 2
    assert "is a name: give the params file" in without.stderr


def test_root(world: World) -> None:
    words, fields = run("root", *world.venue), run("root", *world.venue, "--json").fields
    assert words.stdout.strip() == fields["epoch_root"]
    assert fields["rows"] == 2
    assert fields["timestamp"] == "1795000000"


def test_compile_writes_circuit_and_r1cs(world: World, tmp_path: Path) -> None:
    out, r1cs = tmp_path / "c.zkc", tmp_path / "c.r1cs"
    arguments = ["--params", world.path("params.json"), "--out", out, "--r1cs", r1cs]
    fields = run("compile", "meets", *arguments, "--json").fields
    assert out.read_bytes() == world.path("meets.zkc").read_bytes()
    assert r1cs.read_bytes()[:4] == b"r1cs"
    assert fields["public_inputs"] == 6
    assert sum(fields["breakdown"].values()) == fields["constraints"]
    assert "constraints" in run("compile", "meets", *arguments).stdout


def test_setup_pins_its_files(world: World) -> None:
    names = sorted(path.name for path in world.path("keys").iterdir())
    keys = ["proving.zkey", "proving.zkp", "statement.json", "verification_key.json"]
    assert names == ["circuit.zkc", *keys]
    statement = json.loads(world.path("keys/statement.json").read_text())
    assert statement["setup"] == "development"
    assert statement["shape"]["size_class"] == "1+1"


def test_setup_imports_a_key(world: World, tmp_path: Path) -> None:
    key = world.path("keys/proving.zkey")
    arguments = ["setup", "--circuit", world.path("meets.zkc"), "--import", key, "--out"]
    assert run(*arguments, tmp_path / "keys").code == 0
    assert (tmp_path / "keys/proving.zkey").read_bytes() == key.read_bytes()
    other = ["setup", "--circuit", world.path("liquidatable.zkc"), "--import", key, "--out"]
    refused = run(*other, tmp_path / "other")
    assert refused.code == 2
    assert "of another circuit" in refused.stderr
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("from_keys", [False, True])
def test_check(world: World, from_keys: bool) -> None:
    source = ["--keys", world.path("keys")] if from_keys else ["--circuit", world.path("meets.zkc")]
    outcome = run("check", *source, *world.venue, *world.owner)
    assert (outcome.code, outcome.stdout) == (0, "satisfied: meets 1+1\n")
    assert ("development key" in outcome.stderr) == from_keys


def test_check_reveals_only_on_request(world: World) -> None:
    arguments = ["check", "--circuit", world.path("meets.zkc"), *world.venue, *world.owner]
    plain, revealed = run(*arguments, "--json"), run(*arguments, "--reveal", "--json")
    assert "revealed" not in plain.fields
    found = revealed.fields["revealed"]
    assert found["equity"] == "19698.145"
    assert found["requirement"] == "568.753125"
    assert found["distance"] == "19129.391875"
    assert found["binding"] == "BTC-PERP"
    words = run(*arguments, "--reveal").stdout
    assert "above the line by  19,129.39" in words


def test_check_reveals_a_failure_too(world: World) -> None:
    arguments = ["check", "--circuit", world.path("meets.zkc"), *world.venue, *world.poor]
    outcome = run(*arguments, "--reveal", "--json")
    assert outcome.code == 1
    assert outcome.fields["ok"] is False
    assert outcome.fields["revealed"]["distance"] == "-10169.608125"
    assert "below the line by" in run(*arguments, "--reveal").stdout


def test_check_writes_a_private_witness(world: World, tmp_path: Path) -> None:
    arguments = ["check", "--circuit", world.path("meets.zkc"), *world.venue, *world.owner]
    out = tmp_path / "w.wtns"
    assert run(*arguments, "--witness", out).code == 0
    assert mode(out) == 0o600
    assert run("inspect", out, "--json").fields["contents"] == "secret"


def test_prove_and_verify(world: World) -> None:
    valid = run(*world.verify, "--allow-development-key", "--json")
    assert valid.code == 0
    assert valid.fields["valid"] is True
    publics = json.loads(world.path("public.json").read_text())
    assert list(valid.fields["public_inputs"].values()) == publics
    assert publics[1:3] == [str(int(ACCOUNT_ID, 16)), world.commitment]


@pytest.mark.parametrize(
    "other",
    [
        ["--mode", "IM"],
        ["--buffer", "1000"],
        ["--chain-id", "1"],
        ["--gate", ACCOUNT_ID],
        ["--account-id", "5"],
        ["--commitment", "5"],
    ],
)
def test_verify_is_about_what_was_proven(world: World, other: list[str]) -> None:
    outcome = run(*world.verify, *other, "--allow-development-key", "--json")
    assert (outcome.code, outcome.fields["error"]) == (1, "InvalidProof")


def test_verify_any_groth16_proof(world: World) -> None:
    key = world.path("keys/verification_key.json")
    raw = ["verify", "--vk", key, "--public", world.path("public.json"), *world.proof]
    assert run(*raw, "--allow-development-key").stdout == "valid\n"
    refused = run(*raw)
    assert refused.code == 2
    assert "development key" in refused.stderr


def test_liquidatable_story(world: World, tmp_path: Path) -> None:
    proof, public = tmp_path / "p.json", tmp_path / "public.json"
    keys = world.path("liquidation-keys")
    claim = [*world.venue, "--liquidator", LIQUIDATOR]
    outputs = ["--proof", proof, "--public", public]
    assert run("prove", "--keys", keys, *claim, *world.owner, *outputs).code == 1
    assert not proof.exists()
    proven = run("prove", "--keys", keys, *claim, *world.poor, *outputs, "--json")
    assert proven.code == 0
    inputs = proven.fields["public_inputs"]
    assert inputs["liquidator"] == str(int(LIQUIDATOR, 16))
    ledger = ["--account-id", ACCOUNT_ID, "--commitment", inputs["commitment"]]
    verify = ["verify", "--statement", keys / "statement.json", *ledger, "--proof", proof]
    assert run(*verify, *claim, "--allow-development-key").code == 0
    stranger = [*world.venue, "--liquidator", ACCOUNT_ID]
    assert run(*verify, *stranger, "--allow-development-key").code == 1


@pytest.mark.parametrize(
    ("form", "start"),
    [("solidity", '["0x'), ("verifyProof", "0x"), ("isValid", "0x"), ("gnark", "0x")],
)
def test_calldata(world: World, form: str, start: str) -> None:
    arguments = [*world.proof, "--public", world.path("public.json"), "--form", form]
    outcome = run("calldata", *arguments)
    assert outcome.code == 0
    assert outcome.stdout.startswith(start)
    assert run("calldata", *arguments, "--json").fields["calldata"] == outcome.stdout.strip()


def test_contract(world: World, tmp_path: Path) -> None:
    statement = ["--statement", world.path("keys/statement.json")]
    out = tmp_path / "V.sol"
    fields = run("contract", *statement, "--allow-development-key", "--out", out, "--json").fields
    assert fields["name"] == "MarginVerifierDevelopment"
    assert "contract MarginVerifierDevelopment" in out.read_text()
    printed = run("contract", *statement, "--allow-development-key")
    assert printed.stdout == out.read_text()
    digest = json.loads(world.path("keys/statement.json").read_text())["circuit"]["digest"]
    assert fields["circuit_digest"] == digest


def test_contract_with_a_foundry_project(world: World, tmp_path: Path) -> None:
    statement = ["--statement", world.path("keys/statement.json"), "--allow-development-key"]
    files = [*world.proof, "--public", world.path("public.json")]
    out = ["--out", tmp_path / "V.sol", "--foundry", tmp_path / "project"]
    assert run("contract", *statement, *files, *out).code == 0
    made = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert "project/foundry.toml" in made
    # A proof that is not valid makes no project.
    numbers = json.loads(world.path("public.json").read_text())
    wrong = write(tmp_path / "wrong.json", [*numbers[:5], "2"])
    files = [*world.proof, "--public", wrong]
    refused = run("contract", *statement, *files, "--foundry", tmp_path / "other")
    assert refused.code == 1
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("params.json", "params"),
        ("market.json", "market"),
        ("account.json", "account"),
        ("secret", "secret"),
        ("meets.zkc", "circuit"),
        ("keys", "statement"),
        ("keys/proving.zkey", "proving key"),
        ("keys/proving.zkp", "prepared key"),
        ("keys/verification_key.json", "verification key"),
        ("proof.json", "proof"),
        ("public.json", "public inputs"),
    ],
)
def test_inspect(world: World, name: str, kind: str) -> None:
    outcome = run("inspect", world.path(name), "--json")
    assert outcome.code == 0
    assert outcome.fields["kind"] == kind
    assert run("inspect", world.path(name)).stdout.splitlines()[0] == kind


def test_inspect_checks_every_point(world: World) -> None:
    outcome = run("inspect", world.path("keys/proving.zkey"), "--full", "--json")
    assert outcome.fields["points"] == "all checked"
    assert outcome.fields["setup"].startswith("development")


def test_inspect_reveals_an_account(world: World) -> None:
    arguments = ["inspect", world.path("account.json"), *world.venue, "--reveal", "--json"]
    assert run(*arguments).fields["revealed"]["equity"] == "19698.145"


def test_the_list_of_verbs_is_true() -> None:
    for name, (_, words) in VERBS.items():
        command = cli.get_command(None, name)  # type: ignore[arg-type]
        assert command is not None
        assert command.help
        assert words.endswith(".")


@pytest.mark.parametrize("verb", all_verbs())
def test_help_has_an_example(verb: str) -> None:
    outcome = run(*verb.split(), "--help")
    assert outcome.code == 0
    assert f"zkmargin {verb} " in outcome.stdout.split("Example:")[1]
    assert "--json" in outcome.stdout
