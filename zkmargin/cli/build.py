"""`root`, `compile`, `setup` and `prepare`: what a venue makes once, or once an epoch."""

from __future__ import annotations

from pathlib import Path

import click

from zkmargin.cli import options
from zkmargin.cli.output import check_targets, note, result, step, warn_development
from zkmargin.models import (
    GREEKS,
    class_name,
    epoch_of,
    load_market,
    load_params,
    shape_for,
    statement_name,
)

#: Without the margin model, which the params say.
STATEMENTS = ("meets", "liquidatable", GREEKS)


@options.verb("root", "zkmargin root --market market.json --params params.json")
@options.market()
@options.params()
def root_command(market: str, params: str) -> None:
    """Print the epoch root: the one number that stands for a market under its parameters."""
    venue = load_params(params)
    epoch = epoch_of(load_market(market, venue), venue)
    result(
        str(epoch.root),
        epoch_root=str(epoch.root),
        params_digest=str(venue.digest),
        timestamp=str(epoch.timestamp),
        venue=str(epoch.venue),
        rows=len(epoch.rows),
    )


@options.verb("compile", "zkmargin compile meets --params params.json --class 16+8 --out meets.zkc")
@click.argument("kind", metavar="STATEMENT", type=click.Choice(STATEMENTS))
@options.params()
@options.size_class()
@options.out("Where to write the circuit, a .zkc file.")
@click.option("--r1cs", type=options.PATH, help="Also write the constraints as a .r1cs file.")
def compile_command(
    kind: str, params: str, size_class: str | None, out: str, r1cs: str | None
) -> None:
    """Compile STATEMENT for the shape of a venue's parameters: meets, liquidatable or greeks.

    Only the shape is compiled in: rates, tiers and scenarios stay data, so a change of them needs
    no new circuit. Of which margin model it is, the params say; greeks is of the portfolio model.
    """
    from zk.formats.circuit import save_circuit
    from zk.formats.r1cs import save_r1cs
    from zkmargin.proving import compile, statement_circuit

    check_targets(out, r1cs)
    venue = load_params(params)
    shape = shape_for(venue, size_class)
    kind = statement_name(kind, venue)
    with step(f"compiling {kind} {shape.size_class}"):
        circuit = compile(statement_circuit(kind, shape))
    if r1cs is not None:
        save_r1cs(r1cs, circuit.r1cs)
    save_circuit(out, circuit)
    system = circuit.r1cs
    result(
        circuit.summary(),
        file=out,
        statement=kind,
        size_class=class_name(shape),
        digest=f"{circuit.digest:#066x}",
        constraints=system.n_constraints,
        wires=system.n_wires,
        public_inputs=system.n_publics,
        private_inputs=system.n_private,
        domain_size=system.domain_size,
        breakdown=dict(circuit.breakdown()),
    )


@options.verb("setup", "zkmargin setup --circuit meets.zkc --development --out keys")
@options.circuit(required=True)
@click.option(
    "--development", is_flag=True, help="Make a development key: anyone can forge its proofs."
)
@click.option(
    "--import",
    "imported",
    type=options.PATH,
    help="Take this .zkey, made elsewhere for the circuit.",
)
@options.out("Folder for the keys; a set that stands there is replaced in one step.")
def setup_command(circuit: str, development: bool, imported: str | None, out: str) -> None:
    """Make the keys of a circuit, or import them; every point is checked once, here.

    The folder gets circuit.zkc, proving.zkey, the same prepared for the engine, proving.zkp,
    verification_key.json, and statement.json, which pins them by digest.
    """
    from zk.formats.circuit import load_circuit
    from zk.formats.zkey import load_zkey
    from zkmargin.proving import import_key, setup

    if development and imported is not None:
        raise click.UsageError("--development and --import exclude each other")
    compiled = load_circuit(circuit)
    if imported is not None:
        key = load_zkey(imported)
        with step(f"checking every point of {imported}"):
            pk = import_key(compiled, key)
    else:
        with step(f"making keys for {compiled.name}"):
            pk, _ = setup(compiled, development=development)
        with step("checking every point of the keys"):
            pk = pk.checked()
    with step("writing the keys"):
        file = pk.save(out, compiled)
    if pk.statement.development:
        warn_development()
    else:
        note("warning: nobody has verified the setup of this key; whoever made it can forge proofs")
    result(
        f"{Path(out) / 'statement.json'}",
        folder=out,
        statement=pk.statement.kind,
        size_class=class_name(pk.statement.shape),
        setup=pk.statement.setup,
        circuit_digest=f"{pk.statement.circuit_digest:#066x}",
        proving_key_sha256=file.proving_key.sha256,
        verification_key_sha256=file.verification_key.sha256,
        prepared_digest=file.prepared.digest if file.prepared else None,
    )


@options.verb("prepare", "zkmargin prepare keys")
@click.argument("keys", metavar="KEYS", type=options.PATH)
def prepare_command(keys: str) -> None:
    """Prepare the proving key of a folder of keys, so that proving from it starts at once.

    `setup` does this already: it is for a set made before, or one whose prepared key is lost. The
    proving key must be the one that statement.json pins; there the prepared key gets its digest.
    """
    from zkmargin.keys import prepare_set

    with step(f"preparing {Path(keys) / 'proving.zkey'}"):
        file = prepare_set(keys)
    prepared = file.prepared
    if prepared is None:
        raise AssertionError("prepare_set gives a set with a prepared key")
    result(
        str(file.beside(prepared.file)),
        folder=keys,
        statement=file.statement.kind,
        prepared=prepared.file,
        prepared_digest=prepared.digest,
    )
