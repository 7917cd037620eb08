"""The verbs on a portfolio venue's files: the params' format decides, and nothing is mixed up."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import zkmargin as zm
from tests.zkmargin.files import LIQUIDATOR, World, changed, run, write
from tests.zkmargin.portfolio_files import (
    ACCOUNT,
    ACCOUNT_ID,
    MARKET,
    PARAMS,
    PortfolioWorld,
)
from zkmargin.testing import Prover

# From files to a verified proof. ------------------------------------------------------------------


def test_keys_name_the_statement_and_the_shape(desk: PortfolioWorld) -> None:
    statement = json.loads(desk.path("keys/statement.json").read_text())
    sizes = {**PARAMS["shape"], "size_class": "2"}
    del sizes["size_classes"]
    assert (statement["statement"], statement["shape"]) == ("portfolio meets", sizes)
    fields = run("inspect", desk.path("keys"), "--json").fields
    assert (fields["statement"], fields["size_class"]) == ("portfolio meets", "2")


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"size_class": "16+8"}, "shape.size_class"),
        ({"lanes": "5"}, "shape"),
        ({"lanes": "x"}, "shape.lanes"),
        ({"requirement_tiers": "5"}, "shape"),
    ],
)
def test_a_statement_with_a_bad_shape_is_refused(
    desk: PortfolioWorld, tmp_path: Path, change: Any, path: str
) -> None:
    statement = json.loads(desk.path("keys/statement.json").read_text())
    statement["shape"] |= change
    outcome = run("inspect", write(tmp_path / "statement.json", statement), "--json")
    assert (outcome.code, outcome.fields["error"]) == (2, "ArtifactError")
    assert f"statement.json: {path}" in outcome.fields["message"]


@pytest.mark.parametrize("from_keys", [False, True])
def test_check(desk: PortfolioWorld, from_keys: bool) -> None:
    source = ["--keys", desk.path("keys")] if from_keys else ["--circuit", desk.path("meets.zkc")]
    outcome = run("check", *source, *desk.venue, *desk.owner, "--mode", "IM", "--json")
    assert (outcome.code, outcome.fields["size_class"]) == (0, "2")
    refused = run("check", *source, *desk.venue, *desk.poor)
    assert refused.code == 1
    assert "MeetsPortfolio 2 options: not satisfied: the margin covers" in refused.stderr


def test_check_reveals_only_on_request(desk: PortfolioWorld) -> None:
    arguments = ["check", "--circuit", desk.path("meets.zkc"), *desk.venue, *desk.owner]
    claim = ["--mode", "IM", "--buffer", "1000", "--json"]
    assert "revealed" not in run(*arguments, *claim).fields
    found = run(*arguments, *claim, "--reveal").fields["revealed"]
    assert found["underlyings"][0]["binds"] == "spot x 0.85, vol up"
    provable = found["IM"]["provable"]
    assert int(provable.split(".")[0]) - 1000 == int(found["distance"].split(".")[0])
    assert "above the line by 32,318.50" in run(*arguments, *claim[:-1], "--reveal").stdout


def test_prove_and_verify(desk: PortfolioWorld) -> None:
    valid = run(*desk.verify, "--allow-development-key", "--json")
    assert valid.code == 0, valid.stderr
    publics = json.loads(desk.path("public.json").read_text())
    assert list(valid.fields["public_inputs"].values()) == publics
    assert publics[1:3] == [str(int(ACCOUNT_ID, 16)), desk.commitment]
    assert run(*desk.verify).code == 2


@pytest.mark.parametrize(
    "other",
    [["--mode", "IM"], ["--buffer", "1000"], ["--chain-id", "1"], ["--commitment", "5"]],
)
def test_verify_is_about_what_was_proven(desk: PortfolioWorld, other: list[str]) -> None:
    outcome = run(*desk.verify, *other, "--allow-development-key", "--json")
    assert (outcome.code, outcome.fields["error"]) == (1, "InvalidProof")


def test_liquidatable_story(desk: PortfolioWorld, tmp_path: Path) -> None:
    proof, public = tmp_path / "p.json", tmp_path / "public.json"
    keys = desk.path("liquidation-keys")
    claim = [*desk.venue, "--liquidator", LIQUIDATOR]
    outputs = ["--proof", proof, "--public", public]
    assert run("prove", "--keys", keys, *claim, *desk.owner, *outputs).code == 1
    assert not proof.exists()
    proven = run("prove", "--keys", keys, *claim, *desk.poor, *outputs, "--json")
    assert proven.code == 0, proven.stderr
    ledger = ["--account-id", ACCOUNT_ID]
    ledger += ["--commitment", proven.fields["public_inputs"]["commitment"]]
    verify = ["verify", "--statement", keys / "statement.json", *ledger, "--proof", proof]
    assert run(*verify, *claim, "--allow-development-key").code == 0
    stranger = [*desk.venue, "--liquidator", ACCOUNT_ID]
    assert run(*verify, *stranger, "--allow-development-key").code == 1


def test_calldata_and_contract(desk: PortfolioWorld, tmp_path: Path) -> None:
    files = [*desk.proof, "--public", desk.path("public.json")]
    assert run("calldata", *files).stdout.startswith('["0x')
    out = tmp_path / "V.sol"
    statement = ["--statement", desk.path("keys/statement.json"), "--allow-development-key"]
    assert run("contract", *statement, "--out", out).code == 0
    assert "contract MarginVerifierDevelopment" in out.read_text()


def test_commit_needs_the_params(desk: PortfolioWorld) -> None:
    refused = run("commit", *desk.owner)
    assert refused.code == 2
    assert "give the params file that lists its assets" in refused.stderr
    fields = run("commit", *desk.owner, "--params", desk.path("params.json"), "--json").fields
    assert (fields["commitment"], fields["size_class"]) == (desk.commitment, "2")


def test_the_two_models_are_not_mixed(desk: PortfolioWorld, world: World) -> None:
    own = ["--account", desk.path("account.json"), "--secret", desk.path("secret")]
    for arguments, words in (
        (
            ["root", "--params", desk.path("params.json"), "--market", world.path("market.json")],
            "give a zkmargin.portfolio-market/1 file",
        ),
        (
            ["commit", *own, "--params", world.path("params.json")],
            "give a zkmargin.account/1 file",
        ),
        (
            ["commit", *world.owner, "--params", desk.path("params.json")],
            "give a zkmargin.portfolio-account/1 file",
        ),
        (
            ["check", "--circuit", world.path("meets.zkc"), *desk.venue, *own],
            "the circuit states 'meets', the claim is 'portfolio meets'",
        ),
        (
            ["check", "--circuit", desk.path("meets.zkc"), *world.venue, *world.owner],
            "the circuit states 'portfolio meets', the claim is 'meets'",
        ),
        (
            [
                "compile",
                "meets",
                "--params",
                desk.path("params.json"),
                "--class",
                "16+8",
                "--out",
                desk.path("no.zkc"),
            ],
            "do not offer this size class (they offer 2)",
        ),
        (
            ["table", "build", *world.venue, "--out", desk.path("no.json")],
            "is of the linear model, which has no such table",
        ),
        (
            ["margin", *world.owner[:2], *world.venue, "--what-if", desk.path("trade.json")],
            "--what-if is for accounts of the portfolio model",
        ),
    ):
        outcome = run(*arguments)
        assert outcome.code == 2, arguments
        assert words in outcome.stderr


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("params.json", "portfolio params"),
        ("market.json", "portfolio market"),
        ("account.json", "portfolio account"),
        ("trade.json", "trade"),
        ("meets.zkc", "circuit"),
    ],
)
def test_inspect(desk: PortfolioWorld, name: str, kind: str) -> None:
    outcome = run("inspect", desk.path(name), "--params", desk.path("params.json"), "--json")
    assert (outcome.code, outcome.fields["kind"]) == (0, kind)
    assert ACCOUNT["cash"] not in outcome.stdout


def test_inspect_reveals_an_account(desk: PortfolioWorld) -> None:
    arguments = ["inspect", desk.path("account.json"), *desk.venue, "--reveal", "--json"]
    assert run(*arguments).fields["revealed"]["cash"] == "25000.25"


# The owner's margin. ------------------------------------------------------------------------------


def test_margin_of_the_files(desk: PortfolioWorld) -> None:
    arguments = ["margin", "--account", desk.path("account.json"), *desk.venue]
    fields, words = run(*arguments, "--json").fields, run(*arguments).stdout
    (ether,) = fields["underlyings"]
    assert [s["pnl"].split(".")[0] for s in ether["scenarios"]] == ["784", "-995", "-5"]
    assert ether["worst"] == ether["scenarios"][1]["pnl"] == ether["IM"]["at_risk"]
    assert fields["IM"]["meets"]
    assert fields["MM"]["meets"]
    assert not fields["liquidatable"]
    assert "33,999.87" in words
    assert words.count("binds") == 1
    poor = run("margin", "--account", desk.path("underwater.json"), *desk.venue, "--json").fields
    assert (poor["MM"]["meets"], poor["liquidatable"]) == (False, True)


def test_margin_after_a_trade(desk: PortfolioWorld) -> None:
    arguments = ["margin", "--account", desk.path("account.json"), *desk.venue]
    arguments += ["--what-if", desk.path("trade.json")]
    fields = run(*arguments, "--json").fields
    # One call bought at 190.5, 100 withdrawn; the naked short halves.
    assert fields["after"]["cash"] == "24709.75"
    (before,), (after,) = fields["underlyings"], fields["after"]["underlyings"]
    assert before["MM"]["contingencies"]["options"] == "18.6435"
    assert after["MM"]["contingencies"]["options"] == "9.32175"
    assert "After the trade" in run(*arguments).stdout


def test_margin_of_the_linear_model(world: World) -> None:
    arguments = ["margin", "--account", world.path("account.json"), *world.venue]
    assert run(*arguments, "--json").fields["MM"]["margin"] == "19129.391875"
    assert "above the line by  19,129.39" in run(*arguments).stdout


def test_margin_names_what_is_wrong_by_its_place(desk: PortfolioWorld, tmp_path: Path) -> None:
    options = [*ACCOUNT["options"], {**ACCOUNT["options"][0], "strike": "3456"}]
    for change, path, words in (
        ({"options": options}, "options", "these params have no larger one"),
        ({"options": options[2:]}, "options[0]", "no row for this option"),
        ({"options": [{**options[0], "expiry": MARKET["timestamp"]}]}, "options[0]", "expired"),
    ):
        path_of = write(tmp_path / "account.json", changed(ACCOUNT, **change))
        outcome = run("margin", "--account", path_of, *desk.venue, "--json")
        assert (outcome.code, outcome.fields["path"]) == (2, path)
        assert outcome.fields["file"] == str(path_of)
        assert words in outcome.fields["message"]
        assert "3456" not in outcome.stdout + outcome.stderr


# The public API. ----------------------------------------------------------------------------------


def test_the_api_and_the_test_suite_helpers(
    desk: PortfolioWorld, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ZKMARGIN_CACHE", str(tmp_path))
    params = zm.PortfolioParams.load(desk.path("params.json"))
    market = zm.PortfolioMarket.load(desk.path("market.json"))
    claim = zm.PortfolioClaim(zm.Domain(), params, market, mode="MM", buffer=1000)
    account = zm.PortfolioAccount.load(desk.path("account.json"), desk.path("secret"))
    poor = zm.PortfolioAccount.load(desk.path("underwater.json"), desk.path("secret"))
    prover = Prover()
    prover.assert_proves(claim, account)
    prover.assert_refuses(claim, poor, "the margin covers")
    with pytest.raises(AssertionError, match="does not prove"):
        prover.assert_proves(claim, poor)
    terms = zm.explain_portfolio(account.book(params), claim.epoch, params)
    assert terms.distance("MM", 1000) > 0
    assert zm.portfolio_meets(params.shape).metadata()["statement"] == claim.statement


def test_claims_and_accounts_of_two_models(desk: PortfolioWorld, world: World) -> None:
    circuit = zm.load_circuit(world.path("meets.zkc"))
    params, market = (zm.RiskParams.load(world.path("params.json")), world.path("market.json"))
    claim = zm.Claim(zm.Domain(), params, zm.Market.load(market))
    account = zm.PortfolioAccount.load(desk.path("account.json"), desk.path("secret"))
    with pytest.raises(zm.InputError, match="another margin model"):
        zm.check(circuit, claim, account)


def test_the_examples_readme_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(__file__).parents[2] / "examples" / "portfolio"
    monkeypatch.chdir(folder)
    lines = re.findall(r"^    zkmargin (.*)$", (folder / "README.md").read_text(), re.MULTILINE)
    assert [line.split()[0] for line in lines] == ["demo", "margin"]
    assert "After the trade" in run(*lines[1].split()).stdout
    listed = set(re.findall(r"^\| `([^`]+)`", (folder / "README.md").read_text(), re.MULTILINE))
    assert {path.name for path in folder.glob("*.json")} <= listed
    assert listed <= {path.name for path in folder.iterdir()}
