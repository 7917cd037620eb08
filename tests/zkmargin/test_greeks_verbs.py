"""Greek limits on the command line and in Python: what is proven, and whose options they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import zkmargin as zm
from tests.zkmargin.files import LIQUIDATOR, World, changed, run, write
from tests.zkmargin.portfolio_files import ACCOUNT, ACCOUNT_ID, MARKET, PARAMS, PortfolioWorld
from zkmargin.testing import Prover

#: The account's net delta is -1.032077365, its net vega -216.761649705.
LIMITS = ["--delta", "2", "--vega", "217"]
TIGHT_DELTA = ["--delta", "1", "--vega", "217"]
TIGHT_VEGA = ["--delta", "2", "--vega", "216"]


def check(desk: PortfolioWorld, *claim: object) -> Any:
    return run("check", "--circuit", desk.path("greeks.zkc"), *desk.venue, *desk.owner, *claim)


@pytest.fixture(scope="module")
def proven(desk: PortfolioWorld, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a proof and public inputs of LIMITS on ETH."""
    folder = tmp_path_factory.mktemp("greeks")
    claim = [*desk.venue, *LIMITS, "--underlying", "ETH"]
    outputs = ["--proof", folder / "proof.json", "--public", folder / "public.json"]
    made = run("prove", "--keys", desk.path("greek-keys"), *claim, *desk.owner, *outputs)
    assert made.code == 0, made.stderr
    return folder


def verify(desk: PortfolioWorld, proven: Path, *claim: object) -> Any:
    statement = ["--statement", desk.path("greek-keys/statement.json"), "--allow-development-key"]
    words = [*statement, *desk.venue, *desk.ledger, "--proof", proven / "proof.json"]
    return run("verify", *words, *claim, "--json")


def test_keys_name_the_statement(desk: PortfolioWorld) -> None:
    fields = run("inspect", desk.path("greek-keys"), "--json").fields
    assert (fields["statement"], fields["size_class"]) == ("portfolio greeks", "2")
    assert fields["public_inputs"][5] == "claim"


def test_prove_and_verify(desk: PortfolioWorld, proven: Path) -> None:
    valid = verify(desk, proven, *LIMITS, "--underlying", "ETH")
    assert valid.code == 0, valid.stderr
    publics = json.loads((proven / "public.json").read_text())
    assert list(valid.fields["public_inputs"].values()) == publics
    claim = 2 + 2 * 2**8 + 2 * 2**24 + 217 * 2**72  # ETH has the number 2
    assert publics[1:3] == [str(int(ACCOUNT_ID, 16)), desk.commitment]
    assert publics[5] == str(claim)


@pytest.mark.parametrize(
    "other",
    [
        LIMITS,
        [*TIGHT_DELTA, "--underlying", "ETH"],
        [*TIGHT_VEGA, "--underlying", "ETH"],
        [*LIMITS, "--underlying", "ETH", "--chain-id", "1"],
    ],
)
def test_verify_is_about_what_was_proven(
    desk: PortfolioWorld, proven: Path, other: list[str]
) -> None:
    outcome = verify(desk, proven, *other)
    assert (outcome.code, outcome.fields["error"]) == (1, "InvalidProof")


def test_check_at_the_limits(desk: PortfolioWorld) -> None:
    assert check(desk, *LIMITS).code == 0
    for claim, words in ((TIGHT_DELTA, "net delta"), (TIGHT_VEGA, "net vega")):
        outcome = check(desk, *claim, "--json")
        said = f"underlying[0] (ETH) / {words} is within its limit / lower limit"
        assert (outcome.code, outcome.fields["obligation"]) == (1, said)
        assert said in outcome.stderr
        assert not any(part in outcome.stdout + outcome.stderr for part in ("1.03", "216.7"))


def test_prove_names_the_limit_that_fails(desk: PortfolioWorld, tmp_path: Path) -> None:
    """In the same words, with both sorts of key; the prover's API too."""
    words = "underlying[0] (ETH) / net delta is within its limit / lower limit"
    outputs = ["--proof", tmp_path / "proof.json", "--public", tmp_path / "public.json"]
    keys = desk.path("greek-keys")
    made = run("prove", "--keys", keys, *desk.venue, *TIGHT_DELTA, *desk.owner, *outputs)
    assert made.code == 1
    assert words in made.stderr
    assert list(tmp_path.iterdir()) == []
    account = zm.PortfolioAccount.load(desk.path("account.json"), desk.path("secret"))
    params = zm.PortfolioParams.load(desk.path("params.json"))
    market = zm.PortfolioMarket.load(desk.path("market.json"))
    claim = zm.GreekClaim(zm.Domain(), params, market, zm.GreekLimit(1, 217))
    with pytest.raises(zm.UnsatisfiedConstraint) as refusal:
        zm.Prover.open(keys).prove(claim, account)
    assert refusal.value.obligation == words


@pytest.fixture(scope="module")
def two(desk: PortfolioWorld, tmp_path_factory: pytest.TempPathFactory) -> list[object]:
    """Circuit, params and market of accounts of two underlyings, each with a perpetual."""
    folder = tmp_path_factory.mktemp("two")
    params = changed(PARAMS, assets={"ETH": "2", "BTC": "1"}, underlyings=["ETH", "BTC"])
    params["shape"] |= {"underlyings": "2", "market_underlyings": "2"}
    market = changed(MARKET)
    quote = {"price": "91010", "confidence": "1", "funding_index": "0"}
    bitcoin = {"spot": "91000", "confidence": "1", "perpetual": quote, "expiries": []}
    market["underlyings"]["BTC"] = bitcoin
    venue = ["--params", write(folder / "params.json", params)]
    circuit = ["--circuit", folder / "greeks.zkc"]
    assert run("compile", "greeks", *venue, "--out", circuit[1]).code == 0
    return [*circuit, *venue, "--market", write(folder / "market.json", market)]


@pytest.mark.parametrize(("quantity", "side"), [("3.125", "upper"), ("-3.125", "lower")])
@pytest.mark.parametrize("place", [0, 1])
def test_the_underlying_and_the_side_are_named(
    desk: PortfolioWorld, two: list[object], tmp_path: Path, place: int, quantity: str, side: str
) -> None:
    """Places in the circuit are in the order of numbers: BTC has 1, ETH 2."""
    held = {"BTC": "0.0625", "ETH": "0.0625"}
    name = list(held)[place]
    held[name] = quantity
    perpetuals = [
        {"underlying": name, "quantity": amount, "funding_index": "0"}
        for name, amount in reversed(held.items())
    ]
    nothing: dict[str, list[object]] = {"options": [], "futures": [], "collateral": []}
    account = write(tmp_path / "account.json", changed(ACCOUNT, perpetuals=perpetuals, **nothing))
    owner = ["--account", account, "--secret", desk.path("secret")]
    outcome = run("check", *two, *owner, "--delta", "3", "--vega", "0", "--json")
    said = f"underlying[{place}] ({name}) / net delta is within its limit / {side} limit"
    assert (outcome.code, outcome.fields["obligation"]) == (1, said)
    assert not any(part in outcome.stdout + outcome.stderr for part in ("3.125", "0.0625"))
    scoped = ["--delta", "3", "--vega", "0", "--underlying", list(held)[1 - place]]
    assert run("check", *two, *owner, *scoped).code == 0


def test_limits_on_one_underlying_say_nothing_of_another(
    desk: PortfolioWorld, tmp_path: Path
) -> None:
    params = changed(PARAMS, assets={"ETH": "2", "BTC": "1"}, underlyings=["ETH", "BTC"])
    params["shape"]["market_underlyings"] = "2"
    market = changed(MARKET)
    market["underlyings"]["BTC"] = {"spot": "91000", "confidence": "1", "expiries": []}
    venue = ["--params", write(tmp_path / "params.json", params)]
    circuit = tmp_path / "greeks.zkc"
    assert run("compile", "greeks", *venue, "--out", circuit).code == 0
    venue += ["--market", write(tmp_path / "market.json", market)]
    words = ["check", "--circuit", circuit, *venue, *desk.owner, "--delta", "0", "--vega", "0"]
    codes = [run(*words, *own).code for own in ([], ["--underlying", "ETH"])]
    assert codes == [1, 1]
    outcome = run(*words, "--underlying", "BTC")
    assert outcome.code == 0, outcome.stderr


def test_reveal_shows_the_exposures(desk: PortfolioWorld) -> None:
    for outcome in (
        check(desk, *LIMITS, "--reveal", "--json"),
        run("inspect", desk.path("account.json"), *desk.venue, *LIMITS, "--reveal", "--json"),
    ):
        assert outcome.fields["revealed"]["exposures"] == [
            {
                "underlying": "ETH",
                "delta": "-1.032077365",
                "vega": "-216.761649705",
                "within": True,
            }
        ]
    assert "ETH: outside  -1.032077365" in check(desk, *TIGHT_DELTA, "--reveal").stdout
    assert "revealed" not in check(desk, *LIMITS, "--json").fields


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        ([], "--delta is missing: a greeks claim names both limits"),
        (["--delta", "5"], "--vega is missing"),
        (["--vega", "5", "--underlying", "ETH"], "--delta is missing"),
        (
            [*LIMITS, "--mode", "MM"],
            "belong to meets; this key states 'greeks'",
        ),
        ([*LIMITS, "--buffer", "0"], "--mode and --buffer belong to meets"),
        ([*LIMITS, "--liquidator", LIQUIDATOR], "--liquidator belongs to liquidatable"),
        (["--delta", "1.5", "--vega", "5"], "must be a whole number"),
        (["--delta", "-1", "--vega", "5"], "must be a whole number"),
        (["--delta", str(2**48), "--vega", "5"], "must be below 2^48"),
        ([*LIMITS, "--underlying", "BTC"], "list no such underlying: choose one of ETH"),
        ([*LIMITS, "--underlying", ""], "list no such underlying"),
    ],
)
def test_misused_options(desk: PortfolioWorld, claim: list[str], words: str) -> None:
    outcome = check(desk, *claim)
    assert outcome.code == 2
    assert words in outcome.stderr


@pytest.mark.parametrize("kind", ["meets", "liquidatable"])
@pytest.mark.parametrize("option", [["--delta", "5"], ["--vega", "5"], ["--underlying", "ETH"]])
def test_the_limits_belong_to_this_statement(
    desk: PortfolioWorld, world: World, kind: str, option: list[str]
) -> None:
    own = ["--liquidator", LIQUIDATOR] if kind == "liquidatable" else []
    for place in (desk, world):
        circuit = ["--circuit", place.path(f"{kind}.zkc")]
        outcome = run("check", *circuit, *place.venue, *place.owner, *own, *option)
        assert outcome.code == 2
        assert "--delta, --vega and --underlying belong to greeks" in outcome.stderr


def test_other_forms_of_a_verb_take_no_limits(desk: PortfolioWorld, tmp_path: Path) -> None:
    inputs = write(tmp_path / "inputs.json", {})
    for option in (["--delta", "5"], ["--vega", "5"], ["--underlying", "ETH"]):
        form = ["check", "--circuit", desk.path("greeks.zkc"), "--inputs", inputs]
        assert f"without {option[0]}" in run(*form, *option).stderr
        raw = ["--vk", desk.path("greek-keys/verification_key.json"), *desk.proof]
        raw += ["--public", desk.path("public.json")]
        assert f"{option[0]} needs --statement" in run("verify", *raw, *option).stderr


def test_the_linear_model_has_none(desk: PortfolioWorld, world: World, tmp_path: Path) -> None:
    compiled = ["--params", world.path("params.json"), "--out", tmp_path / "no.zkc"]
    circuit = ["--circuit", desk.path("greeks.zkc")]
    for arguments in (
        ["compile", "greeks", *compiled],
        ["check", *circuit, *world.venue, *world.owner, *LIMITS],
        ["inspect", world.path("account.json"), *world.venue, "--reveal", *LIMITS],
    ):
        outcome = run(*arguments, "--json")
        assert (outcome.code, outcome.fields["error"]) == (2, "InputError")
        assert outcome.fields["file"] == str(world.path("params.json"))
        assert "which has no Greek limits" in outcome.fields["message"]
    assert not (tmp_path / "no.zkc").exists()


def test_the_api_proves_eight_options(
    desk: PortfolioWorld, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ZKMARGIN_CACHE", str(tmp_path))
    document = changed(PARAMS)
    document["shape"]["size_classes"] = ["8"]
    params = zm.PortfolioParams.load(write(tmp_path / "params.json", document))
    market = zm.PortfolioMarket.load(desk.path("market.json"))
    path = write(tmp_path / "account.json", changed(ACCOUNT, size_class="8"))
    account = zm.PortfolioAccount.load(path, desk.path("secret"))
    claim = zm.GreekClaim(zm.Domain(), params, market, zm.GreekLimit(2, 217))
    tight = zm.GreekClaim(zm.Domain(), params, market, zm.GreekLimit(1, 217))
    assert zm.greek_limits(params.shape).metadata()["statement"] == claim.statement
    prover = Prover()
    prover.assert_proves(claim, account)
    prover.assert_refuses(tight, account, "(ETH) / net delta is within its limit / lower")
