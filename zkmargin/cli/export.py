"""`export`: a circuit written here for iden3's tools and for witness programs of others."""

from __future__ import annotations

import click

from zk.compiler.explain.names import wire_names
from zk.formats.circuit import load_circuit
from zkmargin.cli import options
from zkmargin.cli.output import check_targets, result


@options.verb(
    "export",
    "zkmargin export meets.zkc --r1cs meets.r1cs --sym meets.sym --program meets.json",
)
@click.argument("circuit", metavar="CIRCUIT", type=options.PATH)
@click.option("--r1cs", type=options.PATH, help="Write the constraints, iden3's .r1cs.")
@click.option("--sym", type=options.PATH, help="Write the signals' names, iden3's .sym.")
@click.option("--program", type=options.PATH, help="Write the witness program as JSON.")
def export_command(circuit: str, r1cs: str | None, sym: str | None, program: str | None) -> None:
    """Write CIRCUIT, a .zkc file, in the formats of other tools; all of them are public.

    Inputs keep their paths as names; other wires are named after the obligation they serve.
    """
    files = {"r1cs": r1cs, "sym": sym, "program": program}
    asked = {kind: path for kind, path in files.items() if path is not None}
    if not asked:
        raise click.UsageError("give --r1cs, --sym or --program")
    if len({*asked.values(), circuit}) <= len(asked):
        raise click.UsageError("two of the files have the same name")
    check_targets(r1cs, sym, program)
    loaded = load_circuit(circuit)
    if sym is not None:
        from zk.formats.sym import save_sym

        save_sym(sym, loaded.r1cs, wire_names(loaded))  # first: it may refuse a name
    if r1cs is not None:
        from zk.formats.r1cs import save_r1cs

        save_r1cs(r1cs, loaded.r1cs)
    if program is not None:
        from zk.formats.program import save_program

        save_program(program, loaded)
    result(
        "\n".join(asked.values()),
        circuit=loaded.name,
        digest=f"{loaded.digest:#066x}",
        wires=loaded.r1cs.n_wires,
        constraints=loaded.r1cs.n_constraints,
        files=asked,
    )
