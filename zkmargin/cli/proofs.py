"""`check` and `prove`: the account's side. Only `--reveal` prints the account's numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from zk.errors import InputError, UnsatisfiedConstraint
from zk.field import Limbs, from_limbs
from zk.formats.atomic import write_atomic
from zk.formats.circuit import load_circuit
from zk.formats.json import write_proof, write_public
from zkmargin.cli import options
from zkmargin.cli.output import check_targets, extras, note, result, step, warn_development
from zkmargin.models import class_name, load_account
from zkmargin.prover import Opening
from zkmargin.refusal import named

if TYPE_CHECKING:
    from zk.compiler.compiled import CompiledCircuit
    from zkmargin.statement_file import Statement


@options.verb(
    "check",
    "zkmargin check --circuit meets.zkc --params params.json --market market.json \\\n"
    "    --account account.json --secret account.secret --mode MM\n"
    "zkmargin check --circuit mine.zkc --inputs inputs.json",
)
@options.circuit()
@options.keys()
@options.claim(required=False)
@options.account(required=False)
@options.secret(required=False)
@click.option("--inputs", type=options.PATH, help="Of any circuit: its inputs by name; secret.")
@options.reveal()
@click.option("--witness", type=options.PATH, help="Also write the witness, a .wtns file; secret.")
def check_command(
    circuit: str | None,
    keys: str | None,
    claim_options: options.ClaimOptions,
    account: str | None,
    secret: str | None,
    inputs: str | None,
    reveal: bool,
    witness: str | None,
) -> None:
    """Check a claim against every constraint, without a proof; exit 1 names what fails.

    With --reveal the account's owner sees equity, requirement, the position that binds, the
    distance from the line, and of a constraint that fails every signal's value. With --inputs any
    circuit is checked for the values of a file.
    """
    if (circuit is None) == (keys is None):
        raise click.UsageError("give either --circuit or --keys")
    _one_way(claim_options, account, secret, inputs, keys)
    check_targets(witness)
    if inputs is not None:
        _check_inputs(circuit or "", inputs, reveal, witness)
        return
    from zkmargin import proving

    compiled, statement = _circuit(circuit, keys)
    claim = claim_options.claim(statement.kind)
    loaded = load_account(account or "", claim.params, secret or "")
    if reveal:
        from zkmargin.cli.reveal import reveal_account

        reveal_account(loaded, claim)
    with step("checking every constraint"), named(claim, loaded):
        values = proving.witness(compiled, claim, loaded)
        _check(compiled, values, reveal)
    if witness is not None:
        _save(witness, values, "the account")
    result(
        f"satisfied: {statement}",
        statement=statement.kind,
        size_class=class_name(statement.shape),
        **extras(),
    )


def _one_way(
    claim_options: options.ClaimOptions,
    account: str | None,
    secret: str | None,
    inputs: str | None,
    keys: str | None,
) -> None:
    """An account's claim is checked, or a file of inputs; not half of either."""
    claim = {"params": claim_options.params, "market": claim_options.market}
    needed = {**claim, "account": account, "secret": secret}
    if inputs is None:
        missing = next((name for name, value in needed.items() if value is None), None)
        if missing is not None:
            raise click.UsageError(f"Missing option '--{missing}'.")
        return
    others = {**needed, **claim_options.own, "keys": keys}
    surplus = next((name for name, value in others.items() if value is not None), None)
    if surplus is not None:
        raise click.UsageError(f"--inputs is for a --circuit alone, without --{surplus}")


def _check_inputs(circuit: str, inputs: str, reveal: bool, witness: str | None) -> None:
    """Any circuit, with its inputs from a file."""
    from zkmargin.cli.inputs import load_inputs

    compiled = load_circuit(circuit)
    given = load_inputs(inputs)
    try:
        values = compiled.witness(given)
    except InputError as error:
        raise error.in_file(inputs) from None
    with step("checking every constraint"):
        _check(compiled, values, reveal)
    if witness is not None:
        _save(witness, values, "the inputs")
    result(
        f"satisfied: {compiled.name}",
        circuit=compiled.name,
        digest=f"{compiled.digest:#066x}",
        constraints=compiled.r1cs.n_constraints,
    )


def _check(compiled: CompiledCircuit, values: Limbs, reveal: bool) -> None:
    try:
        compiled.check(values)
    except UnsatisfiedConstraint as error:
        if reveal:
            from zkmargin.cli.reveal import reveal_row

            reveal_row(compiled, values, error.row)
        raise


def _save(witness: str, values: Limbs, whose: str) -> None:
    from zk.formats.wtns import save_wtns

    save_wtns(witness, values)
    note(f"{witness} holds every secret of {whose}")


def _circuit(circuit: str | None, keys: str | None) -> tuple[CompiledCircuit, Statement]:
    """The circuit of a file, or of a folder of keys without reading the keys."""
    from zkmargin import proving
    from zkmargin.keys import load_pinned_circuit, load_set

    if circuit is not None:
        compiled = load_circuit(circuit)
        return compiled, proving.statement_of(compiled)
    file = load_set(keys or "")
    if file.statement.development:
        warn_development()
    return load_pinned_circuit(file), file.statement


@options.verb(
    "prove",
    "zkmargin prove --keys keys --params params.json --market market.json \\\n"
    "    --account account.json --secret account.secret --mode MM \\\n"
    "    --proof proof.json --public public.json",
)
@options.keys(required=True)
@options.claim()
@options.account()
@options.secret()
@options.proof(help="Where to write the proof.")
@options.public(default="public.json", show_default=True, help="Where to write the public inputs.")
def prove_command(
    keys: str,
    claim_options: options.ClaimOptions,
    account: str,
    secret: str,
    proof: str,
    public: str,
) -> None:
    """Prove a claim about an account; the proof is verified before it is written.

    The prepared key, or in a set without one the proving key, is known by its digest in
    statement.json. Exit 1, and nothing written, if the claim is false.
    """
    from zk.keylint import is_development

    if proof == public:
        raise click.UsageError("--proof and --public name the same file")
    check_targets(proof, public)
    opening = Opening(keys)
    statement = opening.statement
    if opening.missing is not None:
        note(
            f"{opening.missing} is not there, so {opening.file.proving_key.file} is read instead, "
            f"which takes longer: `zkmargin prepare {keys}` makes it again"
        )
    claim = claim_options.claim(statement.kind)
    loaded = load_account(account, claim.params, secret)
    with step("making the market's table"):
        _ = claim.epoch.root  # here, because the keys are still being read
    with step("reading the keys"):
        prover = opening.prover()
    if is_development(prover.verifying_key.key):
        warn_development()
    with step(f"proving {statement}"), named(claim, loaded):
        values = prover.witness(claim, loaded)
        prover.circuit.let_go()
        made = prover.prove_witness(values)
    publics = values[1 : 1 + prover.circuit.r1cs.n_publics]
    # Both texts are made before either file is.
    texts = {public: write_public(publics), proof: write_proof(made)}
    for path, text in texts.items():
        write_atomic(path, text)
    names = statement.public_inputs
    numbers = [str(value) for value in from_limbs(publics)]
    result(
        f"proved: {statement}\n{proof}\n{public}",
        statement=statement.kind,
        size_class=class_name(statement.shape),
        proof=proof,
        public=public,
        public_inputs=dict(zip(names, numbers, strict=True)),
    )
