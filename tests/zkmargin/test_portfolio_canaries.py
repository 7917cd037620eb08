"""No value of a portfolio account, its secret or a trade is seen but by `margin` and `--reveal`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from random import Random

from circuits.margin.decimals import format_decimal
from circuits.margin.portfolio.account import PortfolioAccount
from circuits.margin.portfolio.explain import amount, explain_portfolio
from circuits.margin.portfolio.exposure import EXPOSURE_PLACES, exposures
from circuits.margin.portfolio.market import PortfolioMarket
from circuits.margin.portfolio.params import PortfolioParams
from circuits.margin.portfolio.table import PortfolioEpoch
from tests.zkmargin.canaries import Canaries
from tests.zkmargin.files import LIQUIDATOR, Document, Outcome, changed, run, write
from tests.zkmargin.portfolio_files import ACCOUNT, ACCOUNT_ID, MARKET, PARAMS, TRADE

#: The largest limit: within it is every account.
LARGEST = str((1 << 48) - 1)
#: Files that hold secrets by definition.
SECRET_FILES = ("account", "secret", "trade", "witness")


def secret_documents(rng: Random, canaries: Canaries) -> tuple[Document, Document, Document]:
    """A rich account, a poor one and a trade, every value long and random."""

    def value(name: str, whole: int = 6, places: int = 8) -> str:
        head, tail = (rng.randrange(10 ** (n - 1), 10**n) for n in (whole, places))
        number = f"{head}.{tail}"
        canaries.add(name, number)
        return number

    def account(name: str, cash: str) -> Document:
        sequence = str(rng.randrange(10**17, 10**18))
        canaries.add(f"{name} sequence", sequence)
        options = [
            {**entry, "quantity": sign + value(f"{name} option {i}")}
            for i, (entry, sign) in enumerate(zip(ACCOUNT["options"], ("-", ""), strict=True))
        ]
        return changed(
            ACCOUNT,
            sequence=sequence,
            cash=cash + value(f"{name} cash", 12),
            options=options,
            futures=[{**ACCOUNT["futures"][0], "quantity": value(f"{name} future")}],
            perpetuals=[
                {
                    "underlying": "ETH",
                    "quantity": "-" + value(f"{name} perpetual"),
                    "funding_index": "-" + value(f"{name} index", 2, 12),
                }
            ],
            collateral=[{"asset": "ETH", "quantity": value(f"{name} collateral")}],
        )

    good, poor = account("account", ""), account("account-poor", "-")
    trade = changed(
        TRADE,
        cash=value("trade cash"),
        options=[{**TRADE["options"][0], "quantity": value("trade"), "price": value("price", 3)}],
        collateral=[{"asset": "ETH", "quantity": value("deposit")}],
    )
    return good, poor, trade


def bad_accounts(good: Document) -> list[Document | str]:
    option, cash = good["options"][0], good["cash"]
    return [
        changed(good, cash=cash + "12"),
        changed(good, cash=cash.replace(".", "") * 4),
        changed(good, cash=[cash]),
        changed(good, size_class=cash),
        changed(good, note=cash),
        changed(good, options=[option, option]),
        changed(good, options=[{**option, "strike": option["quantity"].lstrip("-")}]),
        changed(good, options=[{**option, "right": cash}]),
        changed(good, options=[*good["options"], {**option, "right": "P"}]),
        changed(good, perpetuals=[{**good["perpetuals"][0], "underlying": cash[:12]}]),
        json.dumps(good).replace('"cash": "', '"cash": '),
        json.dumps(good)[:-30],
    ]


def derived(folder: Path, canaries: Canaries) -> None:
    """Salts, the secret, and what the margins come to."""
    params = PortfolioParams.load(folder / "params.json")
    epoch = PortfolioEpoch.build(PortfolioMarket.load(folder / "market.json"), params)
    for name in ("account", "account-poor"):
        account = PortfolioAccount.load(folder / f"{name}.json", folder / "secret")
        assert account.secret is not None
        canaries.number(f"{name} salt", account.salt(), 32)
        canaries.number("secret", account.secret.value, 32)
        terms = explain_portfolio(account.book(params), epoch, params)
        (part,) = terms.underlyings
        found = {"value": terms.value, "IM": terms.margin["IM"], "MM": terms.margin["MM"]}
        found |= {"worst": part.worst, "basis": part.basis, "equity": terms.mark_to_market}
        (exposure,) = exposures(account.book(params), epoch)
        for what, number in (("delta", exposure.delta), ("vega", exposure.vega)):
            exact = format_decimal(abs(number), EXPOSURE_PLACES)
            canaries.needles[f"{name} {what}"] = exact[:12].encode()
        for what, number in found.items():
            canaries.needles[f"{name} {what}"] = amount(number).lstrip("-")[:15].encode()


def calls(folder: Path) -> list[list[object]]:
    """Every verb that reads an account, in ways that succeed and ways that fail."""
    venue = ["--params", folder / "params.json", "--market", folder / "market.json"]
    keys, meets, greeks = folder / "keys", folder / "meets.zkc", folder / "greeks.zkc"
    limits = ["--delta", LARGEST, "--vega", LARGEST]
    outputs = ["--proof", folder / "proof.json", "--public", folder / "public.json"]
    made: list[list[object]] = []
    for path in sorted(path for path in folder.iterdir() if path.name.startswith("account")):
        owner = ["--account", path, "--secret", folder / "secret"]
        made += [
            ["commit", *owner, "--params", folder / "params.json"],
            ["commit", *owner],
            ["check", "--circuit", meets, *venue, *owner],
            ["check", "--circuit", meets, *venue, *owner, "--mode", "IM", "--buffer", "1000"],
            ["check", "--circuit", meets, *venue, *owner, "--witness", folder / "witness.wtns"],
            ["check", "--circuit", meets, *venue, *owner, "--liquidator", LIQUIDATOR],
            ["check", "--circuit", greeks, *venue, *owner, "--delta", "5", "--vega", "7"],
            ["check", "--circuit", greeks, *venue, *owner, *limits],
            ["check", "--circuit", greeks, *venue, *owner, *limits, "--underlying", "BTC"],
            ["prove", "--keys", keys, *venue, *owner, *outputs],
            ["inspect", path],
            ["root", "--params", path, "--market", path],
            ["table", "check", path, *venue],
            ["market-from", "deribit", path, *venue[:2], "--out", folder / "other.json"],
        ]
        if path.name not in ("account.json", "account-poor.json"):
            made.append(["margin", *owner[:2], *venue])
    margin = ["margin", "--account", folder / "account.json", *venue, "--what-if"]
    made += [[*margin, folder / f"trade-{i}.json"] for i in range(3)]
    made += [[*margin, folder / "account.json"], ["inspect", folder / "trade.json"]]
    ledger = ["--account-id", ACCOUNT_ID, "--commitment", "5"]
    made += [
        ["table", "build", *venue, "--out", folder / "epoch.json"],
        ["verify", "--statement", keys / "statement.json", *venue, *ledger, *outputs[:2]],
        ["inspect", keys],
    ]
    return made


def test_no_canary_is_seen(tmp_path: Path) -> None:
    canaries = Canaries()
    good, poor, trade = secret_documents(Random(4), canaries)
    write(tmp_path / "params.json", PARAMS)
    write(tmp_path / "market.json", MARKET)
    write(tmp_path / "account.json", good)
    write(tmp_path / "account-poor.json", poor)
    write(tmp_path / "trade.json", trade)
    for i, bad in enumerate(bad_accounts(good)):
        text = bad if isinstance(bad, str) else json.dumps(bad)
        (tmp_path / f"account-{i}.json").write_text(text)
    entry = trade["options"][0]
    for i, wrong in enumerate(
        (
            {"options": [{**entry, "quantity": entry["quantity"] + "7"}]},
            {"options": [{**entry, "strike": entry["price"]}]},
            {"collateral": [{"asset": "ETH", "quantity": "-9" + entry["quantity"]}]},
        )
    ):
        write(tmp_path / f"trade-{i}.json", changed(trade, **wrong))
    assert run("key", "new", tmp_path / "secret").code == 0
    made = ["--params", tmp_path / "params.json", "--out", tmp_path / "meets.zkc"]
    assert run("compile", "meets", *made).code == 0
    made = ["--params", tmp_path / "params.json", "--out", tmp_path / "greeks.zkc"]
    assert run("compile", "greeks", *made).code == 0
    made = ["--circuit", tmp_path / "meets.zkc", "--development", "--out", tmp_path / "keys"]
    assert run("setup", *made).code == 0
    derived(tmp_path, canaries)

    codes: dict[str, set[int]] = {}
    seen = []
    for arguments in calls(tmp_path):
        for flag in ([], ["--json"]):
            outcome = run(*arguments, *flag)
            codes.setdefault(str(arguments[0]), set()).add(outcome.code)
            seen += [f"{arguments}: {name}" for name in canaries.found_in(words(outcome))]
    assert seen == []
    # It is no test unless verbs succeed, find claims false and refuse inputs; no call is a defect.
    assert codes["check"] == codes["prove"] == {0, 1, 2}
    assert codes["margin"] == {2}
    assert 70 not in set().union(*codes.values())
    for root, _, names in os.walk(tmp_path):
        for name in names:
            path = Path(root) / name
            if name.startswith(SECRET_FILES):
                assert not name.startswith(("secret", "witness")) or not path.stat().st_mode & 0o077
            else:
                assert canaries.found_in(path.read_bytes()) == [], path

    # They would be seen: `margin` shows them to the owner.
    venue = ["--params", tmp_path / "params.json", "--market", tmp_path / "market.json"]
    shown = words(run("margin", "--account", tmp_path / "account.json", *venue, "--json"))
    assert {"account cash", "account IM", "account worst"} <= set(canaries.found_in(shown))
    limits = ["--delta", "5", "--vega", "7", "--reveal"]
    shown = words(run("inspect", tmp_path / "account.json", *venue, *limits))
    assert {"account delta", "account vega"} <= set(canaries.found_in(shown))


def words(outcome: Outcome) -> bytes:
    return f"{outcome.stdout}{outcome.stderr}".encode(errors="surrogateescape")
