"""Canaries: unmistakable values in an account and its secret, looked for in all that comes out.

    python -m tests.zkmargin.canaries --count 20

One run draws an account whose every value is a long random number, calls every verb with it, in
ways that succeed and in ways that fail, and greps for each value, in decimal, in hexadecimal and as
raw bytes, in stdout, stderr, the arguments, every file written and every file name. Only the files
that are secret by definition are left out: account files, secrets, and the witness.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from unittest import mock

from circuits.margin.account import Account
from circuits.margin.constants import MAINTENANCE
from circuits.margin.market import Market
from circuits.margin.model import amount, explain
from circuits.margin.params import RiskParams
from tests.zkmargin.files import (
    ACCOUNT_ID,
    LIQUIDATOR,
    MARKET,
    PARAMS,
    Document,
    changed,
    run,
    write,
)

#: Small prices, so that quantities may have 18 digits.
CHEAP = changed(
    MARKET,
    instruments={"BTC-PERP": {"mark": "0.5", "funding_index": "0.25"}},
    collaterals={"USDT": {"price": "0.75"}},
)
#: Names of the files that may hold secrets.
SECRET_FILES = ("account", "secret", "witness")


@dataclass
class Canaries:
    """What must not be seen, under a name each."""

    needles: dict[str, bytes] = field(default_factory=dict)

    def add(self, name: str, text: str) -> None:
        """A decimal string of a file: as it stands, without point, as a number in bytes."""
        self.needles[name] = text.lstrip("-").encode()
        digits = text.lstrip("-").replace(".", "").lstrip("0")
        self.needles[f"{name}, digits"] = digits.encode()
        self.number(name, int(digits), 8 if int(digits) < 1 << 64 else 32)

    def number(self, name: str, value: int, size: int) -> None:
        """A number: decimal, hexadecimal, little and big endian."""
        self.needles[f"{name}, decimal"] = str(value).encode()
        self.needles[f"{name}, hexadecimal"] = f"{value:x}".encode()
        self.needles[f"{name}, little endian"] = value.to_bytes(size, "little")
        self.needles[f"{name}, big endian"] = value.to_bytes(size, "big")

    def found_in(self, data: bytes) -> list[str]:
        return [name for name, needle in self.needles.items() if needle in data]


def account_document(rng: Random, *, poor: bool = False) -> Document:
    """An account whose every value is long and random; `poor` is far under water."""

    def digits(count: int) -> str:
        return str(rng.randrange(10 ** (count - 1), 10**count))

    cash = f"{digits(10)}.{digits(8)}"
    return {
        "format": "zkmargin.account/1",
        "account": ACCOUNT_ID,
        "sequence": digits(18),
        "size_class": "1+1",
        "cash": f"-9{cash}" if poor else cash,
        "positions": [
            {
                "instrument": "BTC-PERP",
                "quantity": f"{digits(9)}.{digits(8)}",
                "funding_index": f"0.0{digits(11)}",
            }
        ],
        "collateral": [{"asset": "USDT", "quantity": f"{digits(9)}.{digits(8)}"}],
    }


def canaries_of(document: Document, canaries: Canaries, name: str) -> None:
    canaries.add(f"{name} sequence", document["sequence"])
    canaries.add(f"{name} cash", document["cash"])
    canaries.add(f"{name} quantity", document["positions"][0]["quantity"])
    canaries.add(f"{name} funding index", document["positions"][0]["funding_index"])
    canaries.add(f"{name} collateral", document["collateral"][0]["quantity"])


def derived(canaries: Canaries, folder: Path, name: str) -> None:
    """The salt, and what the margin comes to."""
    account = Account.load(folder / f"{name}.json", secret=folder / "secret")
    params = RiskParams.load(folder / "params.json")
    terms = explain(account, Market.load(folder / "market.json"), params, MAINTENANCE)
    canaries.number(f"{name} salt", account.salt(), 32)
    for what in ("equity", "requirement", "margin"):
        canaries.needles[f"{name} {what}"] = amount(getattr(terms, what)).lstrip("-").encode()
    assert account.secret is not None
    canaries.number("secret", account.secret.value, 32)
    canaries.needles["secret as written"] = f"{account.secret.value:064x}".encode()


def bad_accounts(good: Document, rng: Random) -> Iterator[tuple[str, str]]:
    """Accounts that are refused, with canaries where the fault is."""
    position = good["positions"][0]
    wrong: dict[str, Document] = {
        "number": changed(good, cash=float(good["cash"])),
        "exponent": changed(good, cash=good["cash"] + "e5"),
        "fine": changed(good, cash=good["cash"] + "123"),
        "spaces": changed(good, cash=" " + good["cash"]),
        "wide": changed(good, cash=good["cash"].replace(".", "") * 3),
        "list": changed(good, cash=[good["cash"]]),
        "sequence": changed(good, sequence=good["sequence"] + ".5"),
        "class": changed(good, size_class=good["cash"]),
        "instrument": changed(good, positions=[{**position, "instrument": "X" + good["sequence"]}]),
        "surplus": changed(good, note=good["cash"]),
        "twice": changed(good, positions=[position, position]),
        "key": changed(good, positions=[{**position, "key": good["cash"]}]),
        "negative": changed(
            good, collateral=[{"asset": "USDT", "quantity": "-" + position["quantity"]}]
        ),
    }
    for name, document in wrong.items():
        yield f"account-{name}.json", json.dumps(document)
    text = json.dumps(good)
    yield "account-cut.json", text[: rng.randrange(60, len(text) - 2)]
    yield "account-quote.json", text.replace('"cash": "', '"cash": ')


def calls(folder: Path) -> Iterator[list[object]]:
    """Every verb, in ways that succeed and ways that fail."""
    f = {name: folder / name for name in ("params.json", "market.json", "secret", "keys", "out")}
    venue = ["--params", f["params.json"], "--market", f["market.json"]]
    outputs = ["--proof", f["out"] / "proof.json", "--public", f["out"] / "public.json"]
    circuit = ["--circuit", folder / "meets.zkc"]
    yield ["key", "new", f["secret"]]
    yield ["root", *venue]
    for kind in ("meets", "liquidatable"):
        out = folder / f"{kind}.zkc"
        yield [
            "compile",
            kind,
            "--params",
            f["params.json"],
            "--out",
            out,
            "--r1cs",
            f["out"] / "system.r1cs",
        ]
    yield ["setup", *circuit, "--development", "--out", f["keys"]]
    yield ["setup", *circuit, "--out", f["keys"]]
    accounts = sorted(path for path in folder.iterdir() if path.name.startswith("account"))
    for path in accounts:
        owner = ["--account", path, "--secret", f["secret"]]
        yield ["commit", *owner, "--params", f["params.json"]]
        yield ["commit", *owner]
        yield ["check", *circuit, *venue, *owner]
        yield ["check", *circuit, *venue, *owner, "--mode", "IM", "--buffer", "1000"]
        yield ["check", *circuit, *venue, *owner, "--witness", f["out"] / "witness.wtns"]
        yield [
            *("check", "--circuit", folder / "liquidatable.zkc", *venue, *owner),
            *("--liquidator", LIQUIDATOR),
        ]
        yield ["prove", "--keys", f["keys"], *venue, *owner, *outputs]
        yield ["inspect", path]
        yield ["inspect", path, *venue]
    good = folder / "account.json"
    # Secret files where others belong.
    for path in (good, f["secret"], f["out"] / "witness.wtns", folder / "secret-bad"):
        yield ["inspect", path]
        yield ["root", "--params", path, "--market", f["market.json"]]
        yield ["root", "--params", f["params.json"], "--market", path]
        yield ["commit", "--account", path, "--secret", f["secret"]]
        yield ["commit", "--account", good, "--secret", path]
        yield ["setup", "--circuit", path, "--development", "--out", f["keys"]]
        yield ["setup", *circuit, "--import", path, "--out", f["keys"]]
        yield ["profile", path]
        yield ["trace", path, "cash"]
        yield ["export", path, "--sym", f["out"] / "system.sym"]
        yield ["prepare", path]
        yield ["verify", "--vk", path, "--public", path, "--proof", path]
        yield ["verify", "--vk", f["keys"] / "verification_key.json", "--public", path]
        yield ["calldata", "--proof", path, "--public", path]
        yield ["contract", "--vk", path]
        yield ["contract", "--statement", path]
        yield ["check", "--keys", path, *venue, "--account", good, "--secret", f["secret"]]
    key, public = f["keys"] / "verification_key.json", f["out"] / "public.json"
    proof = ["--proof", f["out"] / "proof.json"]
    yield ["verify", "--vk", key, "--public", public, *proof, "--allow-development-key"]
    yield ["verify", "--vk", key, "--public", public, *proof]
    ledger = ["--account-id", ACCOUNT_ID, "--commitment", "5"]
    statement = ["--statement", f["keys"] / "statement.json"]
    yield ["verify", *statement, *venue, *ledger, *proof, "--allow-development-key"]
    yield ["calldata", *proof, "--public", public]
    yield ["contract", *statement, "--allow-development-key", "--out", f["out"] / "V.sol"]
    yield ["inspect", f["keys"]]
    yield ["inspect", f["keys"] / "proving.zkey"]
    yield ["inspect", f["keys"] / "proving.zkp"]
    yield ["prepare", f["keys"]]


def leaks(seed: int, folder: Path) -> tuple[Counter[str], list[str]]:
    """One run in an empty folder: calls by verb and exit code, and where a canary was seen."""
    rng = Random(seed)
    canaries = Canaries()
    write(folder / "params.json", PARAMS)
    write(folder / "market.json", CHEAP)
    (folder / "out").mkdir()
    good, poor = account_document(rng), account_document(rng, poor=True)
    canaries_of(good, canaries, "account")
    canaries_of(poor, canaries, "account-poor")
    write(folder / "account.json", good)
    write(folder / "account-poor.json", poor)
    for name, text in bad_accounts(good, rng):
        (folder / name).write_text(text)
    found: list[str] = []
    made: Counter[str] = Counter()
    for arguments in calls(folder):
        for json_flag in ([], ["--json"]):
            outcome = run(*arguments, *json_flag)
            made[f"{arguments[0]} {outcome.code}"] += 1
            words = f"{outcome.stdout}{outcome.stderr}{arguments}".encode(errors="surrogateescape")
            found += [f"{arguments[:2]}: {name}" for name in canaries.found_in(words)]
            if outcome.code == 70:
                found.append(f"{arguments[:2]}: a defect: {outcome.stderr}")
        if arguments[0] == "key":
            derived(canaries, folder, "account")
            derived(canaries, folder, "account-poor")
            secret = (folder / "secret").read_text()
            (folder / "secret-bad").write_text(secret[:-3] + "zz\n")
            (folder / "secret-bad").chmod(0o600)
    found += _defect(folder, canaries)
    found += _files(folder, canaries)
    return made, found


def _defect(folder: Path, canaries: Canaries) -> list[str]:
    """An error nobody foresaw, with a canary in its message."""
    needle = next(iter(canaries.needles.values())).decode()
    venue = ["--params", folder / "params.json", "--market", folder / "market.json"]
    owner = ["--account", folder / "account.json", "--secret", folder / "secret"]
    outputs = ["--proof", folder / "out/p.json", "--public", folder / "out/i.json"]
    with mock.patch("zk.engine.prove_prepared", side_effect=RuntimeError(f"cannot read {needle}")):
        outcome = run("prove", "--keys", folder / "keys", *venue, *owner, *outputs)
    assert outcome.code == 70
    return [f"defect: {name}" for name in canaries.found_in(outcome.stderr.encode())]


def _files(folder: Path, canaries: Canaries) -> list[str]:
    """Every file that is not secret by definition, and every name."""
    found = []
    for root, folders, files in os.walk(folder):
        for name in (*folders, *files):
            found += [f"the name {name}: {what}" for what in canaries.found_in(name.encode())]
        for name in files:
            path = Path(root) / name
            if name.startswith(SECRET_FILES):
                if name.startswith(("secret", "witness")) and path.stat().st_mode & 0o077:
                    found.append(f"{name} can be read by others")
            else:
                found += [f"{name}: {what}" for what in canaries.found_in(path.read_bytes())]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    calls_made: Counter[str] = Counter()
    found: list[str] = []
    for i in range(options.count):
        with tempfile.TemporaryDirectory() as folder:
            made, here = leaks(options.seed + i, Path(folder))
        calls_made += made
        found += here
    print(f"{options.count} runs, {calls_made.total()} calls, {len(found)} canaries seen")
    for line in found[:20]:
        print(f"  {line}")
    raise SystemExit(bool(found))


if __name__ == "__main__":
    main()
