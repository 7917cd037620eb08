"""`profile`: where a circuit's constraints go, and what changed between two versions."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from zk.compiler.explain import profile as explain
from zk.errors import ArtifactError
from zk.formats.atomic import write_atomic
from zk.formats.binfile import map_file
from zk.formats.circuit import load_circuit
from zk.formats.r1cs import load_r1cs
from zkmargin.cli import options
from zkmargin.cli.output import check_targets, note, result

_TOP = 40


@options.verb(
    "profile",
    "zkmargin profile meets.zkc --by gadget\n"
    "zkmargin profile meets.zkc --html flame.html --speedscope flame.json\n"
    "zkmargin profile old.zkc --diff new.zkc",
)
@click.argument("circuit", metavar="CIRCUIT", type=options.PATH)
@click.option(
    "--by",
    type=click.Choice(explain.VIEWS),
    default="obligation",
    show_default=True,
    help="What to count by: nested obligations, functions, or lines of source.",
)
@click.option("--each", is_flag=True, help="Show position[0], position[1] and so on apart.")
@click.option(
    "--top", type=click.IntRange(min=0), default=_TOP, show_default=True, help="Lines; 0: all."
)
@click.option("--speedscope", type=options.PATH, help="Also write a flame graph for speedscope.")
@click.option("--html", type=options.PATH, help="Also write a flame graph as one HTML page.")
@click.option("--diff", type=options.PATH, help="Show what changed from CIRCUIT to this circuit.")
def profile_command(
    circuit: str,
    by: str,
    each: bool,
    top: int,
    speedscope: str | None,
    html: str | None,
    diff: str | None,
) -> None:
    """Count the constraints and nonzeros of CIRCUIT, a .zkc file, by what they are for.

    Of a .r1cs file, which does not say where its constraints come from, only totals are shown.
    """
    if diff is not None and (speedscope or html):
        raise click.UsageError("--diff goes with neither --speedscope nor --html")
    if speedscope is not None and speedscope == html:
        raise click.UsageError("--speedscope and --html name the same file")
    check_targets(speedscope, html)
    _, data = map_file(circuit)
    if bytes(data[:4]) == b"r1cs":
        if diff or speedscope or html:
            raise ArtifactError(f"{circuit}: a .r1cs has totals alone; profile the .zkc instead")
        _totals(circuit)
    elif diff is not None:
        _diff(circuit, diff, by, each, top)
    else:
        _profile(circuit, by, each, top, speedscope, html)


def _profile(
    path: str, by: str, each: bool, top: int, speedscope: str | None, html: str | None
) -> None:
    circuit = load_circuit(path)
    found = explain.profile(circuit, by, each=each)
    lines = explain.table(found)
    if speedscope is not None or html is not None:
        from zk.compiler.explain import flame

        stacks = explain.flame(circuit, by, each=each)
        if speedscope is not None:
            write_atomic(speedscope, flame.speedscope(stacks))
        if html is not None:
            write_atomic(html, flame.page(stacks))
    if by == "gadget" and not circuit.debug.gadgets:
        note(f"{path} does not say which gadgets it was made by; compile it again")
    whole = found.total
    rows: list[tuple[str, ...]] = [("constraints", "", "nonzeros", "own", by)]
    rows += [
        (
            f"{line.total.constraints:,}",
            f"{100 * line.total.constraints / max(whole.constraints, 1):.1f} %",
            f"{line.total.nonzeros:,}",
            f"{line.own.constraints:,}",
            "  " * line.depth + line.label,
        )
        for line in _cut(lines, top)
    ]
    words = [f"{circuit.name}: {whole.constraints:,} constraints, {whole.nonzeros:,} nonzeros"]
    result(
        "\n".join([*words, *_aligned(rows), *_left(lines, top)]),
        circuit=circuit.name,
        digest=f"{circuit.digest:#066x}",
        by=by,
        **asdict(whole),
        lines=[asdict(line) for line in _cut(lines, top)],
    )


def _diff(path: str, other: str, by: str, each: bool, top: int) -> None:
    circuits = [load_circuit(path), load_circuit(other)]
    one, two = explain.profiles(circuits, by, each=each)
    found = explain.changes(one, two)
    change = explain.Change("all", one.total, two.total)
    rows: list[tuple[str, ...]] = [("constraints", "before", "after", "nonzeros", by)]
    rows += [
        (
            f"{line.delta.constraints:+,}",
            f"{line.before.constraints:,}",
            f"{line.after.constraints:,}",
            f"{line.delta.nonzeros:+,}",
            line.label,
        )
        for line in [change, *_cut(found, top)]
    ]
    same = circuits[0].digest == circuits[1].digest
    heading = f"{one.circuit} -> {two.circuit}: " + (
        "the same circuit" if same else f"{len(found)} changed" if found else "the same counts"
    )
    result(
        "\n".join([heading, *_aligned(rows), *_left(found, top)]),
        circuits=[one.circuit, two.circuit],
        digests=[f"{circuit.digest:#066x}" for circuit in circuits],
        by=by,
        before=asdict(one.total),
        after=asdict(two.total),
        changes=[asdict(line) for line in _cut(found, top)],
    )


def _totals(path: str) -> None:
    found = explain.totals(load_r1cs(path))
    a, b, c = found.nonzeros
    result(
        f"{found.constraints:,} constraints, {found.linear:,} of them linear\n"
        f"{a + b + c:,} nonzeros: {a:,} in A, {b:,} in B, {c:,} in C\n"
        f"{found.wires:,} wires, {found.public_inputs:,} public, {found.private_inputs:,} private\n"
        f"domain {found.domain_size:,}",
        **{**asdict(found), "nonzeros": {"a": a, "b": b, "c": c}},
    )


def _cut(lines: list[Any], top: int) -> list[Any]:
    return lines[:top] if top else lines


def _left(lines: list[Any], top: int) -> list[str]:
    left = len(lines) - len(_cut(lines, top))
    return [f"... and {left:,} more lines (--top 0 shows all)"] if left else []


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    """Numbers to the right; the last column as it is."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]) - 1)]
    return [
        "  ".join([*(cell.rjust(w) for cell, w in zip(row[:-1], widths, strict=True)), row[-1]])
        for row in rows
    ]
