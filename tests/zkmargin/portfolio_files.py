"""The smallest portfolio venue: the files of docs/portfolio-files.md, and a world made of them."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.zkmargin.files import Document, World, changed, run, write

PAGE = Path(__file__).parents[2] / "docs" / "portfolio-files.md"

#: The documents of the page; its account is below its maintenance margin.
PARAMS, MARKET, POOR = (
    json.loads(block)
    for block in re.findall(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
)
ACCOUNT: Document = changed(POOR, cash="25000.25")
ACCOUNT_ID: str = ACCOUNT["account"]
TRADE: Document = json.loads(
    re.findall(r"^```\n(\{\n.*?portfolio-trade.*?)```", PAGE.read_text(), re.DOTALL | re.MULTILINE)[
        0
    ]
)


class PortfolioWorld(World):
    """The same files as a world of the linear model, under the same names."""

    @property
    def ledger(self) -> list[object]:
        return ["--account-id", ACCOUNT_ID, "--commitment", self.commitment]


def make_portfolio_world(folder: Path) -> PortfolioWorld:
    """Everything the tests read, made by the command line itself."""
    world = PortfolioWorld(folder)
    write(folder / "params.json", PARAMS)
    write(folder / "market.json", MARKET)
    write(folder / "account.json", ACCOUNT)
    write(folder / "underwater.json", changed(POOR, cash="-9000"))
    write(folder / "trade.json", TRADE)

    def done(*arguments: object) -> str:
        outcome = run(*arguments)
        assert outcome.code == 0, outcome.stderr
        return outcome.stdout

    done("key", "new", folder / "secret")
    for kind, keys in (
        ("meets", "keys"),
        ("liquidatable", "liquidation-keys"),
        ("greeks", "greek-keys"),
    ):
        circuit = folder / f"{kind}.zkc"
        done("compile", kind, "--params", folder / "params.json", "--out", circuit)
        done("setup", "--circuit", circuit, "--development", "--out", folder / keys)
    committed = done("commit", *world.owner, "--params", folder / "params.json")
    (folder / "commitment").write_text(committed.strip())
    outputs = [*world.proof, "--public", folder / "public.json"]
    done("prove", "--keys", folder / "keys", *world.venue, *world.owner, *outputs)
    return world
