"""`verify`: a proof against what the verifier knows itself, or any Groth16 proof as JSON files.

It loads neither the compiler nor the prover, so that a process that only verifies starts quickly.
"""

from __future__ import annotations

import click

from verifier.verify import verify
from zk.field import from_limbs
from zk.formats.json import load_proof, load_public, load_verifying_key
from zkmargin.cli import options
from zkmargin.cli.output import result
from zkmargin.models import class_name


@options.verb(
    "verify",
    "zkmargin verify --statement keys/statement.json --params params.json \\\n"
    "    --market market.json --mode MM --account-id 0x... --commitment 1234... \\\n"
    "    --proof proof.json\n"
    "zkmargin verify --vk verification_key.json --public public.json --proof proof.json",
)
@options.statement()
@options.claim(required=False)
@options.account_id()
@options.commitment()
@options.vk()
@options.public()
@options.proof()
@options.allow_development()
def verify_command(
    statement: str | None,
    claim_options: options.ClaimOptions,
    account_id: int | None,
    commitment: int | None,
    vk: str | None,
    public: str | None,
    proof: str,
    allow_development_key: bool,
) -> None:
    """Verify a proof: exit 0 if it is valid, 1 if not, 2 if something is malformed or refused.

    With --statement the public inputs are rebuilt from the market, the parameters, the account and
    the commitment that your ledger or contract holds, never taken from the prover. With --vk and
    --public any Groth16 proof in snarkjs's JSON is checked, for the public inputs in the file.
    """
    given = _given(claim_options, account_id, commitment)
    if statement is not None:
        if vk is not None or public is not None:
            raise click.UsageError("--statement goes with neither --vk nor --public")
        _require(given, ("--params", "--market", "--account-id", "--commitment"))
        words = _verify_statement(
            statement, claim_options, account_id, commitment, proof, allow_development_key
        )
    else:
        if vk is None or public is None:
            raise click.UsageError("give --statement, or --vk and --public")
        if given:
            raise click.UsageError(f"{given[0]} needs --statement")
        publics = from_limbs(load_public(public))
        key = load_verifying_key(vk)
        verify(key, load_proof(proof), publics, allow_development_key=allow_development_key)
        words = {"public_inputs": [str(value) for value in publics]}
    result("valid", valid=True, **words)


def _verify_statement(
    statement: str,
    claim_options: options.ClaimOptions,
    account_id: int | None,
    commitment: int | None,
    proof: str,
    allow_development_key: bool,
) -> dict[str, object]:
    from zkmargin.keys import VerifyingKey
    from zkmargin.verifying import public_inputs

    loaded = load_proof(proof)
    key = VerifyingKey.load(statement)
    claim = claim_options.claim(key.statement.kind)
    publics = public_inputs(key, claim, account=account_id or 0, commitment=commitment or 0)
    verify(key.key, loaded, publics, allow_development_key=allow_development_key)
    names = key.statement.public_inputs
    return {
        "statement": key.statement.kind,
        "size_class": class_name(key.statement.shape),
        "public_inputs": dict(zip(names, map(str, publics), strict=True)),
    }


def _given(
    claim_options: options.ClaimOptions, account_id: int | None, commitment: int | None
) -> list[str]:
    """Which options of the --statement form were given."""
    values = {**vars(claim_options), "account_id": account_id, "commitment": commitment}
    ctx = click.get_current_context()
    default = click.core.ParameterSource.DEFAULT
    return [
        f"--{name.replace('_', '-')}"
        for name, value in values.items()
        if value is not None and ctx.get_parameter_source(name) is not default
    ]


def _require(given: list[str], names: tuple[str, ...]) -> None:
    missing = [name for name in names if name not in given]
    if missing:
        raise click.UsageError(f"--statement needs {', '.join(missing)} as well")
