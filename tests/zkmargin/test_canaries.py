"""No value of an account or its secret is ever seen; the larger run is a command of canaries.py."""

from __future__ import annotations

from pathlib import Path
from random import Random

from tests.zkmargin.canaries import Canaries, account_document, canaries_of, leaks
from tests.zkmargin.files import run, write


def test_no_canary_is_seen(tmp_path: Path) -> None:
    calls, found = leaks(2026, tmp_path)
    assert found == []
    # It is no test unless verbs succeed, find claims false, and refuse inputs.
    for verb in ("check", "prove", "verify"):
        assert all(calls[f"{verb} {code}"] for code in (0, 1, 2)), (verb, calls)
    for verb in ("commit", "calldata", "contract", "inspect", "prepare", "setup"):
        assert all(calls[f"{verb} {code}"] for code in (0, 2)), (verb, calls)


def test_canaries_would_be_seen(tmp_path: Path) -> None:
    """With --reveal they are, by every name."""
    leaks(7, tmp_path)
    good, canaries = account_document(Random(7)), Canaries()
    canaries_of(good, canaries, "account")
    write(tmp_path / "account.json", good)
    venue = ["--params", tmp_path / "params.json", "--market", tmp_path / "market.json"]
    outcome = run("inspect", tmp_path / "account.json", *venue, "--reveal", "--json")
    assert "account cash" in canaries.found_in(outcome.stdout.encode())
    witness = (tmp_path / "out" / "witness.wtns").read_bytes()
    assert witness  # of the account, so every number of it stands there as bytes
