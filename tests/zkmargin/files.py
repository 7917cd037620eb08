"""The smallest venue and account, and a way to run the command line on their files."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from zkmargin.cli import VERBS, cli

Document = dict[str, Any]

ACCOUNT_ID = "0x" + "ab" * 20
LIQUIDATOR = "0x" + "cd" * 20

PARAMS: Document = {
    "format": "zkmargin.params/1",
    "venue": "7",
    "quote": "USDC",
    "shape": {
        "size_classes": ["1+1"],
        "requirement_tiers": "2",
        "haircut_tiers": "1",
        "rows": "4",
    },
    "buffers": ["0", "1000"],
    "assets": {"BTC": "1", "USDT": "9"},
    "margin_tiers": {
        "major": [
            {"above": "0", "max_leverage": "40"},
            {"above": "150000000", "max_leverage": "20"},
        ]
    },
    "haircut_tiers": {"stable": [{"above": "0", "rate": "0.98"}]},
    "instruments": {"BTC-PERP": {"asset": "BTC", "kind": "perpetual", "margin_tiers": "major"}},
    "collaterals": {"USDT": {"haircut_tiers": "stable"}},
}
MARKET: Document = {
    "format": "zkmargin.market/1",
    "venue": "7",
    "timestamp": "1795000000",
    "instruments": {"BTC-PERP": {"mark": "91000.5", "funding_index": "12.25"}},
    "collaterals": {"USDT": {"price": "0.9998"}},
}
#: Equity 19,698.145, maintenance requirement 568.753125: meets.
ACCOUNT: Document = {
    "format": "zkmargin.account/1",
    "account": ACCOUNT_ID,
    "sequence": "7",
    "size_class": "1+1",
    "cash": "-30701",
    "positions": [{"instrument": "BTC-PERP", "quantity": "0.5", "funding_index": "12"}],
    "collateral": [{"asset": "USDT", "quantity": "5000"}],
}
UNDERWATER: Document = {**ACCOUNT, "cash": "-60000"}


def changed(document: Document, **members: Any) -> Document:
    """A copy with members replaced; None removes one."""
    found = {**copy.deepcopy(document), **members}
    return {key: value for key, value in found.items() if value is not None}


def write(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document))
    return path


def all_verbs() -> list[str]:
    """Every verb; of a group of verbs each one, `key new`."""
    found = []
    for name in VERBS:
        command = cli.get_command(None, name)  # type: ignore[arg-type]
        inner = getattr(command, "commands", {})
        found += [f"{name} {each}" for each in inner] or [name]
    return found


@dataclass(frozen=True)
class Outcome:
    """What a run of the command line came to."""

    code: int
    stdout: str
    stderr: str

    @property
    def fields(self) -> Document:
        """stdout as the one JSON object it must be."""
        found: Document = json.loads(self.stdout)
        return found


def run(*arguments: object) -> Outcome:
    """Run `zkmargin` in this process."""
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return Outcome(result.exit_code, result.stdout, result.stderr)


@dataclass(frozen=True)
class World:
    """A folder with the venue's files, two accounts, circuits, keys, and a proof of each kind."""

    folder: Path

    def path(self, name: str) -> Path:
        return self.folder / name

    @property
    def venue(self) -> list[object]:
        return ["--params", self.path("params.json"), "--market", self.path("market.json")]

    @property
    def owner(self) -> list[object]:
        return ["--account", self.path("account.json"), "--secret", self.path("secret")]

    @property
    def poor(self) -> list[object]:
        return ["--account", self.path("underwater.json"), "--secret", self.path("secret")]

    @property
    def commitment(self) -> str:
        return self.path("commitment").read_text()

    @property
    def ledger(self) -> list[object]:
        return ["--account-id", ACCOUNT_ID, "--commitment", self.commitment]

    @property
    def proof(self) -> list[object]:
        return ["--proof", self.path("proof.json")]

    @property
    def verify(self) -> list[object]:
        statement = self.path("keys/statement.json")
        return ["verify", "--statement", statement, *self.venue, *self.ledger, *self.proof]


def make_world(folder: Path) -> World:
    """Everything the tests read, made by the command line itself."""
    world = World(folder)
    write(folder / "params.json", PARAMS)
    write(folder / "market.json", MARKET)
    write(folder / "account.json", ACCOUNT)
    write(folder / "underwater.json", UNDERWATER)

    def done(*arguments: object) -> Outcome:
        outcome = run(*arguments)
        assert outcome.code == 0, outcome.stderr
        return outcome

    done("key", "new", folder / "secret")
    for kind, keys in (("meets", "keys"), ("liquidatable", "liquidation-keys")):
        circuit = folder / f"{kind}.zkc"
        done("compile", kind, "--params", folder / "params.json", "--out", circuit)
        done("setup", "--circuit", circuit, "--development", "--out", folder / keys)
    committed = done("commit", *world.owner, "--params", folder / "params.json")
    (folder / "commitment").write_text(committed.stdout.strip())
    outputs = [*world.proof, "--public", folder / "public.json"]
    done("prove", "--keys", folder / "keys", *world.venue, *world.owner, *outputs)
    return world
