"""`inspect`: says what a file is and what it holds; a secret file only that it is one.

The kind is read from the file's first bytes or its `format`, never from its name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from circuits.margin.account import Account
from circuits.margin.commitment import SECRET_MAGIC, SecretKey
from circuits.margin.documents import (
    ACCOUNT_FORMAT,
    MARKET_FORMAT,
    PARAMS_FORMAT,
    PORTFOLIO_ACCOUNT_FORMAT,
    PORTFOLIO_MARKET_FORMAT,
    PORTFOLIO_PARAMS_FORMAT,
    PORTFOLIO_TABLE_FORMAT,
    PORTFOLIO_TRADE_FORMAT,
)
from circuits.margin.jsonfile import MARKET_LIMIT, parse_json
from circuits.margin.market import Market
from circuits.margin.params import RiskParams
from zk.errors import ArtifactError, InputError, ZkError
from zk.formats.binfile import map_file
from zkmargin.cli import options, portfolio_files
from zkmargin.cli.output import extras, result, step
from zkmargin.models import class_name, load_account
from zkmargin.statement_file import FORMAT as STATEMENT_FORMAT

Fields = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """A file and what was asked about it."""

    path: str
    data: memoryview
    full: bool
    params: str | None


@options.verb(
    "inspect",
    "zkmargin inspect keys/proving.zkey --full\n"
    "zkmargin inspect account.json --params params.json --market market.json --reveal",
)
@click.argument("path", metavar="FILE", type=options.PATH)
@click.option("--full", is_flag=True, help="A proving key: check every point (takes a while).")
@options.claim(required=False)
@options.reveal()
def inspect_command(
    path: str, full: bool, claim_options: options.ClaimOptions, reveal: bool
) -> None:
    """Say what FILE is and what it holds: circuit, key, proof, market, account and so on.

    Of an account only what is public is shown; --reveal, with --params and --market, shows its
    owner equity, requirement, the position that binds, and the distance from the line.
    """
    if Path(path).is_dir():
        path = str(Path(path) / "statement.json")
    name, data = map_file(path)
    kind = _kind(name, data)
    if reveal:
        if kind not in ("account", "portfolio account"):
            raise click.UsageError(f"--reveal is for an account; this is a {kind}")
        if claim_options.params is None or claim_options.market is None:
            raise click.UsageError("--reveal needs --params and --market")
        from zkmargin.cli.reveal import reveal_account

        claim = claim_options.claim(claim_options.statement)
        reveal_account(load_account(path, claim.params), claim)
    fields = _KINDS[kind](Request(path, data, full, claim_options.params))
    words = "\n".join(
        f"{key.replace('_', ' '):<22} {_word(value)}" for key, value in fields.items()
    )
    result(f"{kind}\n{words}" if words else kind, kind=kind, **fields, **extras())


def _word(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {item}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(str(item) for item in value) or "none"
    return str(value)


# What kind a file is ------------------------------------------------------------------------------

_MAGICS = {
    b"zkmcirc\0": "circuit",
    b"zkmprep\0": "prepared key",
    b"zkey": "proving key",
    b"r1cs": "r1cs",
    b"wtns": "witness",
}
_FORMATS = {
    ACCOUNT_FORMAT: "account",
    MARKET_FORMAT: "market",
    PARAMS_FORMAT: "params",
    PORTFOLIO_ACCOUNT_FORMAT: "portfolio account",
    PORTFOLIO_MARKET_FORMAT: "portfolio market",
    PORTFOLIO_PARAMS_FORMAT: "portfolio params",
    PORTFOLIO_TABLE_FORMAT: "epoch table",
    PORTFOLIO_TRADE_FORMAT: "trade",
    STATEMENT_FORMAT: "statement",
}


def _kind(name: str, data: memoryview) -> str:
    head = bytes(data[:64])
    for magic, kind in _MAGICS.items():
        if head.startswith(magic):
            return kind
    if head.startswith(SECRET_MAGIC.encode()):
        return "secret"
    if head.lstrip()[:1] not in (b"{", b"["):
        raise ArtifactError(f"{name}: is of no kind that zkmargin knows")
    if len(data) > MARKET_LIMIT:
        raise ArtifactError(f"{name}: is larger than any JSON file that zkmargin reads")
    return _json_kind(name, bytes(data))


def _json_kind(name: str, data: bytes) -> str:
    try:
        tree = parse_json(data, name)
    except InputError as error:
        raise ArtifactError(str(error)) from None
    if isinstance(tree, list):
        return "public inputs"
    members = tree if isinstance(tree, dict) else {}
    found = members.get("format")
    if isinstance(found, str) and found in _FORMATS:
        return _FORMATS[found]
    if "vk_alpha_1" in members:
        return "verification key"
    if "pi_a" in members:
        return "proof"
    raise ArtifactError(f"{name}: is JSON of no kind that zkmargin knows (it has no known format)")


# What each kind holds -----------------------------------------------------------------------------


def _circuit(request: Request) -> Fields:
    from zk.formats.circuit import load_circuit

    circuit = load_circuit(request.path)
    return {
        "name": circuit.name,
        "digest": f"{circuit.digest:#066x}",
        **_system(circuit.r1cs),
        "domain_size": circuit.r1cs.domain_size,
        "constraints_by_obligation": dict(circuit.breakdown()),
    }


def _r1cs(request: Request) -> Fields:
    from zk.formats.r1cs import load_r1cs

    return _system(load_r1cs(request.path))


def _system(system: Any) -> Fields:
    return {
        "constraints": system.n_constraints,
        "wires": system.n_wires,
        "public_inputs": system.n_publics,
        "private_inputs": system.n_private,
    }


def _proving_key(request: Request) -> Fields:
    from zk.formats.contributions import read_contributions
    from zk.formats.zkey import check_zkey_points, load_zkey

    key = load_zkey(request.path)
    if request.full:
        with step(f"checking every point of {request.path}"):
            check_zkey_points(key, request.path)
    _, records = read_contributions(key.contributions, request.path)
    return {
        "wires": key.n_wires,
        "domain_size": key.domain_size,
        "contributions": [record.name or "(unnamed)" for record in records],
        "points": "all checked" if request.full else "not checked (--full checks them)",
        **_lint(key.vk, key),
    }


def _prepared_key(request: Request) -> Fields:
    from zk.formats.prepared import load_prepared

    key = load_prepared(request.path)
    return {
        "wires": key.n_wires,
        "domain_size": key.domain_size,
        "constraints": "known: every witness is checked" if key.is_typed else "not known",
        "digest": key.digest.hex(),
        **_lint(key.vk, None),
    }


def _verification_key(request: Request) -> Fields:
    from zk.formats.json import load_verifying_key

    return _lint(load_verifying_key(request.path), None)


def _lint(vk: Any, pk: Any) -> Fields:
    from zk.keylint import is_development, key_digest, lint_key

    try:
        lint_key(vk, allow_development=True, pk=pk)
        verdict = "nothing found"
    except ZkError as error:
        verdict = str(error)
    return {
        "public_inputs": vk.n_public,
        "key_digest": "0x" + key_digest(vk).hex(),
        "setup": "development: anyone can forge its proofs" if is_development(vk) else "unknown",
        "lint": verdict,
    }


def _proof(request: Request) -> Fields:
    from zk.formats.json import load_proof

    load_proof(request.path)
    return {"protocol": "groth16", "curve": "bn128", "points": "on the curve, in their groups"}


def _public(request: Request) -> Fields:
    from zk.field import from_limbs
    from zk.formats.json import load_public

    values = from_limbs(load_public(request.path))
    return {"count": len(values), "values": [str(value) for value in values]}


def _witness(request: Request) -> Fields:
    from zk.formats.wtns import load_wtns

    return {"wires": len(load_wtns(request.path)), "contents": "secret"}


def _secret(request: Request) -> Fields:
    SecretKey.load(request.path)
    return {"contents": "secret"}


def _account(request: Request) -> Fields:
    account = Account.load(request.path)
    return {
        "account": f"{account.account:#042x}",
        "size_class": account.size_class,
        "contents": "secret (--reveal shows them to the owner)",
    }


def _market(request: Request) -> Fields:
    market = Market.load(request.path)
    fields: Fields = {
        **portfolio_files.moment(market.venue, market.timestamp),
        "instruments": len(market.instruments),
        "collaterals": len(market.collaterals),
    }
    if request.params is not None:
        fields["epoch_root"] = str(market.epoch(RiskParams.load(request.params)).root)
    return fields


def _params(request: Request) -> Fields:
    params = RiskParams.load(request.path)
    return {
        "venue": str(params.venue),
        "quote": params.quote,
        "size_classes": list(params.size_classes),
        "requirement_tiers": params.requirement_tiers,
        "haircut_tiers": params.haircut_tiers,
        "rows": params.capacity,
        "buffers": [str(buffer) for buffer in params.buffers],
        "instruments": len(params.instruments),
        "collaterals": len(params.collaterals),
        "params_digest": str(params.digest),
    }


def _statement(request: Request) -> Fields:
    from zkmargin.statement_file import load_statement

    file = load_statement(request.path)
    statement = file.statement
    return {
        "statement": statement.kind,
        "size_class": class_name(statement.shape),
        "shape": str(statement.shape),
        "setup": statement.setup,
        "public_inputs": list(statement.public_inputs),
        "circuit_digest": f"{statement.circuit_digest:#066x}",
        "proving_key_sha256": file.proving_key.sha256,
        "verification_key_sha256": file.verification_key.sha256,
        "prepared_digest": file.prepared.digest if file.prepared else "none: `zkmargin prepare`",
    }


_KINDS: dict[str, Callable[[Request], Fields]] = {
    "account": _account,
    "circuit": _circuit,
    "epoch table": lambda request: portfolio_files.table(request.path),
    "market": _market,
    "params": _params,
    "portfolio account": lambda request: portfolio_files.account(request.path),
    "portfolio market": lambda request: portfolio_files.market(request.path, request.params),
    "portfolio params": lambda request: portfolio_files.params(request.path),
    "prepared key": _prepared_key,
    "proof": _proof,
    "proving key": _proving_key,
    "public inputs": _public,
    "r1cs": _r1cs,
    "secret": _secret,
    "statement": _statement,
    "trade": lambda request: portfolio_files.trade(request.path),
    "verification key": _verification_key,
    "witness": _witness,
}
