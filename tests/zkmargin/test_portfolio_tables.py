"""A portfolio venue's published table on the command line, and a market from a public feed."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path

import pytest

import zkmargin as zm
from tests.zkmargin.files import World, changed, run, write
from tests.zkmargin.portfolio_files import MARKET, PARAMS, PortfolioWorld

SAMPLE = Path(__file__).parents[2] / "examples" / "portfolio" / "deribit_sample.json"


def test_table_build_and_check(desk: PortfolioWorld, tmp_path: Path) -> None:
    out = tmp_path / "epoch.json"
    built = run("table", "build", *desk.venue, "--out", out, "--json").fields
    assert built["epoch_root"] == run("root", *desk.venue).stdout.strip()
    right = run("table", "check", out, *desk.venue, "--json")
    assert (right.code, right.fields["ok"], right.fields["findings"]) == (0, True, [])
    assert run("inspect", out, "--json").fields["hashes"] == "right"

    text = out.read_text()
    assert "295.02865191" in text
    out.write_text(text.replace("295.02865191", "295.02865192"))
    wrong = run("table", "check", out, *desk.venue)
    assert wrong.code == 1
    assert "ETH-25DEC26-3000-C" in wrong.stdout
    assert "lane 0" in wrong.stdout
    fields = run("table", "check", out, *desk.venue, "--json").fields
    assert (fields["ok"], len(fields["findings"]) >= 2) == (False, True)
    assert run("inspect", out, "--json").fields["hashes"].startswith("wrong: rows[")

    later = write(tmp_path / "later.json", changed(MARKET, timestamp="1795176001"))
    other = run("table", "check", out, "--params", desk.path("params.json"), "--market", later)
    assert other.code == 1
    assert "is another epoch" in other.stdout


@pytest.fixture(scope="module")
def table(desk: PortfolioWorld) -> Path:
    assert run("table", "build", *desk.venue, "--out", desk.path("epoch.json")).code == 0
    return desk.path("epoch.json")


def test_a_published_table_stands_for_its_market(
    desk: PortfolioWorld, table: Path, tmp_path: Path
) -> None:
    venue = ["--params", desk.path("params.json"), "--market", table]
    assert run("root", *venue).stdout == run("root", *desk.venue).stdout
    margin = ["margin", *desk.owner[:2], "--what-if", desk.path("trade.json"), "--json"]
    assert run(*margin, *venue).stdout == run(*margin, *desk.venue).stdout
    outputs = ["--proof", tmp_path / "proof.json", "--public", tmp_path / "public.json"]
    assert run("prove", "--keys", desk.path("keys"), *venue, *desk.owner, *outputs).code == 0
    assert (tmp_path / "public.json").read_bytes() == desk.path("public.json").read_bytes()
    statement = ["verify", "--statement", desk.path("keys/statement.json"), *desk.ledger]
    assert run(*statement, *venue, *outputs[:2], "--allow-development-key").code == 0
    assert run(*statement, *desk.venue, *outputs[:2], "--allow-development-key").code == 0


def test_a_table_that_is_wrong_is_refused(
    desk: PortfolioWorld, table: Path, tmp_path: Path
) -> None:
    """One altered row is named; a table of other params is said to be that."""
    check = ["check", "--circuit", desk.path("meets.zkc"), *desk.owner]
    text = table.read_text()
    altered = tmp_path / "altered.json"
    altered.write_text(text.replace("295.02865191", "295.02865192"))
    refused = run(*check, "--params", desk.path("params.json"), "--market", altered)
    assert refused.code == 2
    assert re.search(r"altered.json: rows\[\d+\]: was altered", refused.stderr)
    other = write(tmp_path / "params.json", changed(PARAMS, buffers=["0", "1000", "2000"]))
    for verb in (check, ["margin", *desk.owner[:2]], ["root"]):
        refused = run(*verb, "--params", other, "--market", table)
        assert (refused.code, refused.stdout) == (2, "")
        assert "is an epoch of other params" in refused.stderr
    params = zm.PortfolioParams.load(other)
    claim = zm.PortfolioClaim(zm.Domain(), params, zm.PublishedTable.load(table).epoch())
    with pytest.raises(zm.DigestMismatch, match="of other params"):
        _ = claim.epoch


def test_a_table_is_not_taken_for_a_linear_market(world: World, table: Path) -> None:
    refused = run("root", "--params", world.path("params.json"), "--market", table)
    assert refused.code == 2
    assert "this is a zkmargin.portfolio-epoch/1 file" in refused.stderr


def test_a_market_from_deribit(tmp_path: Path) -> None:
    tree = json.loads(json.dumps(PARAMS))
    tree["shape"] |= {"rows": "512", "market_expiries": "12"}
    params = write(tmp_path / "params.json", tree)
    out = tmp_path / "market.json"
    arguments = ["market-from", "deribit", SAMPLE, "--params", params, "--out", out]
    made = run(*arguments, "--confidence", "0.9", "--stable", "1.0002", "--json")
    assert made.code == 0, made.stderr
    assert made.fields["options"] == 500
    market = zm.PortfolioMarket.load(out)
    assert market.underlyings["ETH"].confidence == 9 * 10**17
    assert market.stable == 10002 * 10**14
    assert stat.S_ISREG(out.stat().st_mode)
    assert run("root", "--params", params, "--market", out).code == 0
    refused = run(*arguments, "--price", "ETH:5")
    assert refused.code == 2
    assert "such as wstETH=3725.12" in refused.stderr
