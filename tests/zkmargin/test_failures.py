"""Bad input: exit 2 and one line that says which file, which path in it, what to do; no file made.

Each row alters one thing of a call that works.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.zkmargin.files import (
    ACCOUNT,
    LIQUIDATOR,
    MARKET,
    PARAMS,
    Document,
    Outcome,
    World,
    changed,
    run,
    write,
)

Alter = Callable[[Document], Document]


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("zkmargin: ")]


def assert_refused(outcome: Outcome, words: str, out: Path, code: int = 2) -> None:
    """One line with these words, nothing on stdout, nothing written."""
    assert outcome.code == code, outcome.stderr
    assert outcome.stdout == ""
    (line,) = lines(outcome.stderr)
    assert words in line
    assert "Traceback" not in outcome.stderr
    assert list(out.iterdir()) == []


PERP = {"instrument": "BTC-PERP", "quantity": "0.5", "funding_index": "12"}

ACCOUNTS: list[tuple[str, Document, str]] = [
    ("missing", changed(ACCOUNT, cash=None), "'cash' is missing"),
    ("surplus", changed(ACCOUNT, nonce="1"), "is not known here"),
    ("float", changed(ACCOUNT, cash=1.5), "cash: must be an amount in the quote in quotes"),
    ("negative zero", changed(ACCOUNT, cash="-0"), "cash: must not be negative zero"),
    ("too fine", changed(ACCOUNT, cash="0.123456789"), "cash: has more than 8 decimals"),
    ("too large", changed(ACCOUNT, cash="9" * 40), "cash: must be from"),
    ("other kind", MARKET, "format: this is a zkmargin.market/1 file"),
    (
        "unknown instrument",
        changed(ACCOUNT, positions=[{**PERP, "instrument": "ETH-PERP"}]),
        "positions[0].instrument: is not an instrument of the params",
    ),
    (
        "zero quantity",
        changed(ACCOUNT, positions=[{**PERP, "quantity": "0"}]),
        "positions[0].quantity: must not be zero",
    ),
    ("two of one", changed(ACCOUNT, positions=[PERP, PERP]), "positions: has more than 1"),
    (
        "negative collateral",
        changed(ACCOUNT, collateral=[{"asset": "USDT", "quantity": "-1"}]),
        "collateral[0].quantity: must not be negative",
    ),
    ("other class", changed(ACCOUNT, size_class="4+4"), "size_class: is not offered"),
]

MARKETS: list[tuple[str, Document, str]] = [
    ("other venue", changed(MARKET, venue="8"), "venue: is another venue"),
    (
        "zero price",
        changed(MARKET, collaterals={"USDT": {"price": "0"}}),
        "collaterals.USDT.price: must be from",
    ),
    ("no row", changed(MARKET, instruments={}), "'BTC-PERP' is listed and has no mark here"),
    (
        "surplus row",
        changed(MARKET, collaterals={"USDT": {"price": "1"}, "X": {"price": "1"}}),
        "is not a collateral of the params",
    ),
]

PARAMETERS: list[tuple[str, Document, str]] = [
    (
        "rates fall",
        changed(
            PARAMS,
            margin_tiers={
                "major": [
                    {"above": "0", "max_leverage": "20"},
                    {"above": "1", "max_leverage": "40"},
                ]
            },
        ),
        "margin_tiers.major[1]: requirement rates must not fall",
    ),
    (
        "rate over one",
        changed(PARAMS, haircut_tiers={"stable": [{"above": "0", "rate": "1.1"}]}),
        "haircut_tiers.stable[0].rate: must be from 0 to 1",
    ),
    (
        "another shape",
        changed(PARAMS, shape={**PARAMS["shape"], "rows": "8"}),
        "another shape",
    ),
    (
        "class not offered",
        changed(PARAMS, shape={**PARAMS["shape"], "size_classes": ["4+4"]}),
        "do not offer this size class",
    ),
]

TABLES = [
    *(("account.json", *row) for row in ACCOUNTS),
    *(("market.json", *row) for row in MARKETS),
    *(("params.json", *row) for row in PARAMETERS),
]


@pytest.mark.parametrize(
    ("file", "document", "words"),
    [(file, document, words) for file, _, document, words in TABLES],
    ids=[f"{file}: {name}" for file, name, _, _ in TABLES],
)
def test_bad_documents(
    world: World, tmp_path: Path, file: str, document: Document, words: str
) -> None:
    bad = write(tmp_path / file, document)
    out = tmp_path / "out"
    out.mkdir()
    files = {name: world.path(name) for name in ("params.json", "market.json", "account.json")}
    files[file] = bad
    outcome = run(
        "prove",
        *("--keys", world.path("keys"), "--params", files["params.json"]),
        *("--market", files["market.json"], "--account", files["account.json"]),
        *("--secret", world.path("secret")),
        *("--proof", out / "p.json", "--public", out / "public.json"),
    )
    assert_refused(outcome, words, out)
    if "shape" not in words and "size class" not in words and "class" not in words:
        assert str(bad) in outcome.stderr


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\xff\xfe", "is not UTF-8 text"),
        (b"{", "is not JSON"),
        (b"[" * 100_000, "is nested too deeply"),
        (b" " * 1_000_001, "is larger than 1 MB"),
        (b'{"format": "zkmargin.account/1", "format": "zkmargin.account/1"}', "occurs twice"),
    ],
)
def test_bad_account_bytes(world: World, tmp_path: Path, content: bytes, words: str) -> None:
    bad, out = tmp_path / "account.json", tmp_path / "out"
    bad.write_bytes(content)
    out.mkdir()
    arguments = ["--circuit", world.path("meets.zkc"), *world.venue, "--account", bad]
    outcome = run(
        "check", *arguments, "--secret", world.path("secret"), "--witness", out / "w.wtns"
    )
    assert_refused(outcome, words, out)


def prove(
    world: World, out: Path, *, keys: Path | None = None, secret: Path | None = None
) -> Outcome:
    return run(
        "prove",
        *("--keys", keys or world.path("keys"), *world.venue),
        *("--account", world.path("account.json")),
        *("--secret", secret or world.path("secret")),
        *("--proof", out / "p.json", "--public", out / "public.json"),
    )


@pytest.mark.parametrize(
    ("content", "permissions", "words"),
    [
        ("hello\n", 0o600, "is not an account secret"),
        (None, 0o644, "can be read by others: run chmod 600"),
        ("zkmargin account secret v1\n" + "0" * 64 + "\n", 0o600, "is not an account secret"),
    ],
)
def test_bad_secrets(
    world: World, tmp_path: Path, content: str | None, permissions: int, words: str
) -> None:
    secret, out = tmp_path / "secret", tmp_path / "out"
    secret.write_text(world.path("secret").read_text() if content is None else content)
    secret.chmod(permissions)
    out.mkdir()
    assert_refused(prove(world, out, secret=secret), words, out)


def test_missing_files_are_named(world: World, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    assert_refused(prove(world, out, secret=tmp_path / "gone"), "gone: cannot be read", out)
    assert_refused(prove(world, out, keys=tmp_path / "gone"), "holds no statement.json", out)
    gone = run("setup", "--circuit", tmp_path / "gone.zkc", "--development", "--out", out / "k")
    assert_refused(gone, "gone.zkc", out)


def test_a_false_claim_is_exit_1_and_writes_nothing(world: World, tmp_path: Path) -> None:
    outputs = ["--proof", tmp_path / "p.json", "--public", tmp_path / "public.json"]
    outcome = run("prove", "--keys", world.path("keys"), *world.venue, *world.poor, *outputs)
    assert_refused(outcome, "not satisfied: the margin covers the buffer", tmp_path, code=1)


def test_old_outputs_stay_when_a_claim_fails(world: World, tmp_path: Path) -> None:
    outputs = ["--proof", tmp_path / "p.json", "--public", tmp_path / "public.json"]
    (tmp_path / "p.json").write_text("old")
    assert run("prove", "--keys", world.path("keys"), *world.venue, *world.poor, *outputs).code == 1
    assert [path.name for path in tmp_path.iterdir()] == ["p.json"]
    assert (tmp_path / "p.json").read_text() == "old"


def test_setup_without_development_says_what_to_do(world: World, tmp_path: Path) -> None:
    outcome = run("setup", "--circuit", world.path("meets.zkc"), "--out", tmp_path / "keys")
    assert_refused(outcome, "--development", tmp_path)


def test_development_keys_are_refused_by_default(world: World, tmp_path: Path) -> None:
    statement = world.path("keys/statement.json")
    arguments = ["contract", "--statement", statement, "--out", tmp_path / "V.sol"]
    assert_refused(run(*arguments), "development key", tmp_path)
    # The other flag is about other keys, and does not let this one pass.
    assert_refused(run(*arguments, "--setup-not-verified"), "development key", tmp_path)
    assert run(*world.verify).code == 2


USAGE: list[tuple[str, list[str], str]] = [
    ("unknown verb", ["proof"], "No such command 'proof'"),
    ("unknown option", ["root", "--marker", "x"], "No such option"),
    ("nothing", ["verify"], "give --statement, or --vk and --public"),
    ("half a form", ["verify", "--vk", "x"], "give --statement, or --vk and --public"),
    (
        "two forms",
        ["verify", "--statement", "x", "--vk", "y"],
        "--statement goes with neither --vk nor --public",
    ),
    (
        "too little",
        ["verify", "--statement", "x"],
        "--params, --market, --account-id, --commitment",
    ),
    (
        "claim without statement",
        ["verify", "--vk", "x", "--public", "y", "--chain-id", "1"],
        "--chain-id needs --statement",
    ),
    ("bad number", ["verify", "--commitment", "1e5"], "must be a whole number"),
    ("leading zero", ["verify", "--commitment", "05"], "must be a whole number"),
    ("over the field", ["verify", "--commitment", str(2**254)], "below the order r"),
    ("long number", ["verify", "--commitment", "9" * 5000], "must be a whole number"),
    ("long address", ["verify", "--account-id", "0x1" + "0" * 40], "must be below 2^160"),
    ("contract of nothing", ["contract"], "give either --statement or --vk"),
]


@pytest.mark.parametrize(("arguments", "words"), [u[1:] for u in USAGE], ids=[u[0] for u in USAGE])
def test_usage(arguments: list[str], words: str) -> None:
    outcome = run(*arguments)
    assert outcome.code == 2
    assert outcome.stdout == ""
    assert words in outcome.stderr


def test_a_bare_group_shows_its_help() -> None:
    for arguments in ([], ["key"]):
        outcome = run(*arguments)
        assert outcome.code == 2
        assert outcome.stderr.startswith("Usage: ")


def test_options_belong_to_their_statement(world: World) -> None:
    circuit = ["check", "--circuit", world.path("meets.zkc"), *world.venue, *world.owner]
    assert "belongs to liquidatable" in run(*circuit, "--liquidator", LIQUIDATOR).stderr
    other = ["check", "--circuit", world.path("liquidatable.zkc"), *world.venue, *world.owner]
    assert "belong to meets" in run(*other, "--mode", "IM").stderr
    assert "--liquidator is missing" in run(*other).stderr


def test_a_buffer_is_of_the_menu(world: World) -> None:
    circuit = ["check", "--circuit", world.path("meets.zkc"), *world.venue, *world.owner]
    outcome = run(*circuit, "--buffer", "999")
    assert outcome.code == 2
    assert "the buffer must be one of the menu: 0, 1000" in outcome.stderr


@pytest.mark.parametrize(
    ("arguments", "more"),
    [
        (
            ["root", "--market", "a.json", "--params", "gone", "--json"],
            {"file": "gone", "path": ""},
        ),
        (["verify", "--json"], {}),
        (["inspect", "gone", "--json"], {}),
    ],
)
def test_a_failure_is_json_too(arguments: list[str], more: Document) -> None:
    outcome = run(*arguments)
    assert outcome.code == 2
    fields = outcome.fields
    assert fields.pop("message")
    assert fields.pop("error") in ("InputError", "UsageError", "ArtifactError")
    assert fields == {"ok": False, **more}


def test_json_names_the_obligation(world: World) -> None:
    circuit = ["check", "--circuit", world.path("meets.zkc"), *world.venue, *world.poor]
    fields = run(*circuit, "--json").fields
    assert fields["obligation"] == "the margin covers the buffer"
    assert fields["where"].startswith("circuits/margin/linear.py:")
    assert isinstance(fields["row"], int)


def test_inspect_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    (tmp_path / "noise").write_bytes(b"\x00\x01")
    (tmp_path / "other.json").write_text("{}")
    for name in ("noise", "other.json"):
        outcome = run("inspect", tmp_path / name)
        assert outcome.code == 2
        assert "kind that zkmargin knows" in outcome.stderr
    assert run("inspect", "/dev/zero").code == 2


def test_a_message_is_one_line_whatever_the_file_is_called(tmp_path: Path) -> None:
    outcome = run("inspect", tmp_path / "a\nTraceback\x1b[31m")
    assert outcome.code == 2
    assert len(outcome.stderr.splitlines()) == 1
    assert "\x1b" not in outcome.stderr


def test_proofs_and_publics_that_are_malformed(world: World, tmp_path: Path) -> None:
    key = world.path("keys/verification_key.json")
    proof = json.loads(world.path("proof.json").read_text())
    public = json.loads(world.path("public.json").read_text())
    r = 21888242871839275222246405745257275088548364400416034343698204186575808495617
    table = [
        (proof, [*public[:5], str(int(public[5]) + r)], "is not below the order r"),
        (proof, public[:5], "takes 6 public inputs"),
        (proof, [*public, "1"], "takes 6 public inputs"),
        (proof, [*public[:5], 1], "[5]"),
        ({**proof, "curve": "bls12381"}, public, "curve"),
        ({**proof, "pi_a": ["1", "1", "1"]}, public, "pi_a"),
        ({**proof, "more": "1"}, public, "surplus"),
    ]
    for bad_proof, bad_public, words in table:
        files = [write(tmp_path / "p.json", bad_proof), write(tmp_path / "i.json", bad_public)]
        arguments = ["--vk", key, "--proof", files[0], "--public", files[1]]
        outcome = run("verify", *arguments, "--allow-development-key")
        assert outcome.code == 2, words
        assert words in outcome.stderr


# Processes ----------------------------------------------------------------------------------------

ZKMARGIN = [sys.executable, "-m", "zkmargin"]


def test_a_reader_that_goes_away(world: World) -> None:
    read, written = os.pipe()
    os.close(read)
    run_ = subprocess.run(
        [*ZKMARGIN, "inspect", str(world.path("params.json"))],
        stdout=written,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(written)
    assert run_.returncode == 141
    assert run_.stderr == b""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the system has no /dev/full")
def test_a_full_disk_is_not_a_verdict(world: World) -> None:
    with open("/dev/full", "wb") as full:
        run_ = subprocess.run(
            [*ZKMARGIN, "inspect", str(world.path("params.json"))],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert run_.returncode == 2
    assert b"Traceback" not in run_.stderr


def test_interrupted(tmp_path: Path) -> None:
    """SIGINT in the middle of the demo: exit 130 and no traceback."""
    with subprocess.Popen(
        [*ZKMARGIN, "demo"],
        cwd=tmp_path,
        env={**os.environ, "ZKMARGIN_CACHE": str(tmp_path / "cache"), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        hung = threading.Timer(600, process.kill)
        hung.start()
        assert process.stdout is not None
        for line in process.stdout:
            if b"zkmargin root" in line:  # before the circuit is compiled and the keys are made
                process.send_signal(signal.SIGINT)
                break
        _, errors = process.communicate()
        hung.cancel()
    assert process.returncode == 130, errors
    assert errors.splitlines()[-1] == b"interrupted"
    assert b"Traceback" not in errors


def test_outputs_are_refused_before_the_work(world: World, tmp_path: Path) -> None:
    circuit = world.path("meets.zkc")
    check = ["check", "--circuit", circuit, *world.venue, *world.owner]
    contract = ["contract", "--statement", world.path("keys/statement.json")]
    prove_ = ["prove", "--keys", world.path("keys"), *world.venue, *world.owner]
    compile_ = ["compile", "meets", "--params", world.path("params.json")]
    good = tmp_path / "good"
    for bad in (tmp_path / "gone" / "file", tmp_path, "/dev/null"):
        for call in (
            [*prove_, "--proof", bad, "--public", good],
            [*prove_, "--proof", good, "--public", bad],
            [*compile_, "--out", good, "--r1cs", bad],
            [*compile_, "--out", bad],
            [*check, "--witness", bad],
            [*contract, "--allow-development-key", "--out", bad],
        ):
            assert_refused(run(*call), "cannot be written", tmp_path)
    assert Path("/dev/null").is_char_device()
