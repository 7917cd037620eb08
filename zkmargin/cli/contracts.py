"""`calldata` and `contract`: what takes a proof on chain."""

from __future__ import annotations

import click

from verifier import calldata
from verifier.contract import contract as generate
from verifier.verify import verify
from zk.field import from_limbs
from zk.formats.json import load_proof, load_public, load_verifying_key
from zkmargin.cli import options
from zkmargin.cli.output import check_targets, note, result

#: --form -> what it is; the first is the default.
FORMS = {
    "solidity": "snarkjs's text, to paste into a call",
    "verifyProof": "calldata of verifyProof, which reverts with a reason",
    "isValid": "calldata of isValid, which returns a bool",
    "snarkjs": "calldata of snarkjs's own verifyProof",
    "gnark": "gnark's 256 bytes, without the public inputs",
}


@options.verb("calldata", "zkmargin calldata --proof proof.json --public public.json")
@options.proof()
@options.public(default="public.json", show_default=True)
@click.option(
    "--form",
    type=click.Choice(tuple(FORMS)),
    default="solidity",
    show_default=True,
    help="; ".join(f"{form}: {words}" for form, words in FORMS.items()) + ".",
)
def calldata_command(proof: str, public: str, form: str) -> None:
    """Print a proof and its public inputs as the arguments of a contract call."""
    loaded, publics = load_proof(proof), from_limbs(load_public(public))
    if form == "solidity":
        text = calldata.solidity_calldata(loaded, publics)
    elif form == "gnark":
        text = "0x" + calldata.gnark_proof(loaded).hex()
    else:
        text = "0x" + calldata.abi_calldata(loaded, publics, form).hex()
    result(text, form=form, calldata=text)


@options.verb(
    "contract",
    "zkmargin contract --statement keys/statement.json --name MarginVerifier \\\n"
    "    --out MarginVerifier.sol",
)
@options.statement()
@options.vk()
@click.option("--name", default="MarginVerifier", show_default=True, help="The contract's name.")
@options.out("Where to write the Solidity source.  [default: stdout]", required=False)
@click.option(
    "--foundry",
    type=options.PATH,
    help="Also write a Foundry project with a test; needs --public and a valid --proof.",
)
@options.proof(help="For --foundry: a valid proof.")
@options.public(help="For --foundry: its public inputs.")
@options.allow_development()
@options.setup_not_verified()
def contract_command(
    statement: str | None,
    vk: str | None,
    name: str,
    out: str | None,
    foundry: str | None,
    proof: str,
    public: str | None,
    allow_development_key: bool,
    setup_not_verified: bool,
) -> None:
    """Write the Solidity contract that verifies the proofs of a key.

    A development key needs --allow-development-key, and the contract's name says so. Until a
    ceremony can be verified, any other key needs --setup-not-verified, and the contract says so.
    """
    if (statement is None) == (vk is None):
        raise click.UsageError("give either --statement or --vk")
    if foundry is not None and public is None:
        raise click.UsageError("--foundry needs --public and --proof")
    check_targets(out)
    digest = None
    if statement is not None:
        from zkmargin.keys import VerifyingKey

        bundle = VerifyingKey.load(statement)
        key, digest = bundle.key, bundle.statement.circuit_digest
    else:
        key = load_verifying_key(vk or "")
    made = generate(
        key,
        name=name,
        circuit_digest=digest,
        allow_development_key=allow_development_key,
        setup_not_verified=setup_not_verified,
    )
    if foundry is not None:
        loaded, publics = load_proof(proof), from_limbs(load_public(public or ""))
        # The project's test holds the proof: it must be valid before anything is written.
        verify(key, loaded, publics, allow_development_key=allow_development_key)
        made.save_foundry(foundry, loaded, publics)
    if out is not None:
        made.save(out)
    result(
        made.source.rstrip("\n") if out is None else out,
        name=made.name,
        key_digest="0x" + made.key_digest.hex(),
        circuit_digest="0x" + made.circuit_digest.hex(),
        selector="0x" + made.selector.hex(),
        development=made.development,
        **({"source": made.source} if out is None else {"file": out}),
    )
    if out is not None:
        note(f"{made.name}: verifyProof reverts with a reason, isValid returns a bool")
