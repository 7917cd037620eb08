"""`trace`: where one signal of a circuit comes from, and what constrains it."""

from __future__ import annotations

from dataclasses import asdict

import click

from zk.compiler.explain import trace as explain
from zk.formats.circuit import load_circuit
from zkmargin.cli import options
from zkmargin.cli.output import result


@options.verb("trace", "zkmargin trace meets.zkc 'position[0].magnitude' --depth 2")
@click.argument("circuit", metavar="CIRCUIT", type=options.PATH)
@click.argument("signal", metavar="SIGNAL")
@click.option(
    "--depth",
    type=click.IntRange(0, 1000),
    default=3,
    show_default=True,
    help="How many definitions to follow back.",
)
@click.option(
    "--rows", type=click.IntRange(min=0), default=20, show_default=True, help="Rows to show."
)
def trace_command(circuit: str, signal: str, depth: int, rows: int) -> None:
    """Show what computes SIGNAL, back to the inputs, and the constraints that it stands in.

    SIGNAL is an input's path, a wire's number, or a name that `export` or a trace gave it. The
    circuit alone is read: there are no values in a trace.
    """
    loaded = load_circuit(circuit)
    found = explain.trace(loaded, signal, depth=depth, rows=rows)
    start = found.definitions[0]
    (wire,) = start.wires
    words = [f"{start.name}, wire {wire} of {loaded.name}", "", "computed by"]
    for d in found.definitions:
        place = f" ({d.where})" if d.where else ""
        words.append(f"{'  ' * (d.depth + 1)}{d.name} = {d.operation}: {d.formula}{place}")
    if not found.complete:
        words.append(f"  ... the first {len(found.definitions)} signals; take a smaller --depth")
    words += ["", f"stands in {found.row_count:,} constraint{'s' * (found.row_count != 1)}"]
    for use in found.rows:
        place = ", in ".join(text for text in (use.where, use.gadgets) if text)
        words += [
            f"  {use.row} ({use.sides})  {use.obligation or 'an unnamed constraint'} ({place})",
            f"      {use.formula}",
        ]
    if len(found.rows) < found.row_count:
        words.append(f"  ... and {found.row_count - len(found.rows):,} more (--rows)")
    result(
        "\n".join(words),
        circuit=loaded.name,
        signal=start.name,
        wire=wire,
        definitions=[asdict(d) for d in found.definitions],
        complete=found.complete,
        constraints=found.row_count,
        rows=[asdict(use) for use in found.rows],
    )
