"""Two accounts of one class look alike: public inputs, messages, and the sizes of all files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.zkmargin.files import Document, Outcome, changed, run, write
from tests.zkmargin.portfolio_files import ACCOUNT, PortfolioWorld

#: An account that holds nothing but cash, and one with legs of every kind.
EMPTY: Document = changed(
    ACCOUNT, cash="5000000", options=[], futures=[], perpetuals=[], collateral=[]
)
BOOKS = {"empty": EMPTY, "full": ACCOUNT}
POOR = {"empty": changed(EMPTY, cash="-1"), "full": changed(ACCOUNT, cash="-9000000")}


@pytest.fixture(scope="module", autouse=True)
def books(desk: PortfolioWorld) -> None:
    for name, document in BOOKS.items():
        (desk.path(name)).mkdir()
        write(desk.path(name) / "account.json", document)
        write(desk.path(name) / "poor.json", POOR[name])


def each(desk: PortfolioWorld, account: str, *verb: object) -> list[Outcome]:
    """A verb on either account, its own folder's name taken out of what it says."""
    found = []
    for name in BOOKS:
        folder = desk.path(name)
        arguments = [str(word).replace("HERE", str(folder)) for word in verb]
        owner = ["--account", folder / account, "--secret", desk.path("secret")]
        outcome = run(*arguments, *desk.venue, *owner)
        texts = (text.replace(str(folder), "HERE") for text in (outcome.stdout, outcome.stderr))
        found.append(Outcome(outcome.code, *texts))
    return found


def test_public_inputs_differ_in_the_commitment_alone(desk: PortfolioWorld) -> None:
    outputs = ["--proof", "HERE/proof.json", "--public", "HERE/public.json"]
    first, second = each(desk, "account.json", "prove", "--keys", desk.path("keys"), *outputs)
    assert first == second
    assert first.code == 0
    publics, calldata = [], []
    for name in BOOKS:
        files = [desk.path(name) / file for file in ("proof.json", "public.json")]
        publics.append(json.loads(files[1].read_text()))
        proof = json.loads(files[0].read_text())
        assert [len(proof[point]) for point in ("pi_a", "pi_b", "pi_c")] == [3, 3, 3]
        form = ["calldata", "--proof", files[0], "--public", files[1], "--form", "verifyProof"]
        calldata.append(run(*form).stdout)
    assert [i for i in range(6) if publics[0][i] != publics[1][i]] == [2]
    assert len(calldata[0]) == len(calldata[1])


@pytest.mark.parametrize("account", ["account.json", "poor.json"])
def test_messages_and_files_are_the_same(desk: PortfolioWorld, account: str) -> None:
    for claim in (["--mode", "MM"], ["--mode", "IM", "--buffer", "1000"]):
        verb = ["check", "--circuit", desk.path("meets.zkc"), *claim]
        witness = ["--witness", "HERE/witness.wtns"] if account == "account.json" else []
        first, second = each(desk, account, *verb, *witness, "--json")
        assert first == second
        assert first.code == (0 if account == "account.json" else 1)
    if account == "account.json":
        sizes = {desk.path(name).joinpath("witness.wtns").stat().st_size for name in BOOKS}
        assert len(sizes) == 1


def test_greek_limits_look_alike(desk: PortfolioWorld) -> None:
    """Public inputs differ in the commitment; witnesses have one size."""
    verb = ["prove", "--keys", desk.path("greek-keys"), "--delta", "100", "--vega", "20000"]
    outputs = ["--proof", "HERE/greeks.json", "--public", "HERE/greeks-public.json"]
    first, second = each(desk, "account.json", *verb, *outputs)
    assert first == second
    assert first.code == 0, first.stderr
    publics = [json.loads((desk.path(name) / "greeks-public.json").read_text()) for name in BOOKS]
    assert [i for i in range(6) if publics[0][i] != publics[1][i]] == [2]
    check = ["check", "--circuit", desk.path("greeks.zkc"), *verb[3:]]
    first, second = each(desk, "account.json", *check, "--witness", "HERE/greeks.wtns", "--json")
    assert first == second
    assert len({(desk.path(name) / "greeks.wtns").stat().st_size for name in BOOKS}) == 1


def test_inspect_says_the_same(desk: PortfolioWorld) -> None:
    words = {run("inspect", desk.path(name) / "account.json").stdout for name in BOOKS}
    assert len(words) == 1


def test_the_same_proof_cannot_be_told_from_another(desk: PortfolioWorld, tmp_path: Path) -> None:
    """Of one book two proofs have no number in common: each is blinded anew."""
    seen = set()
    for i in range(2):
        outputs = ["--proof", tmp_path / f"{i}.json", "--public", tmp_path / f"public-{i}.json"]
        prove = ["prove", "--keys", desk.path("keys"), *desk.venue, *desk.owner, *outputs]
        assert run(*prove).code == 0
        proof = json.loads((tmp_path / f"{i}.json").read_text())
        seen |= {*proof["pi_a"][:2], *proof["pi_c"][:2], *proof["pi_b"][0], *proof["pi_b"][1]}
    assert len(seen) == 16
