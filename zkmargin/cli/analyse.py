"""`analyse`: do the inputs of a circuit determine its outputs, and every wire?

Exit codes beside the usual: 0 safe, 1 unsafe, 3 not decided.
"""

from __future__ import annotations

import dataclasses
import json
import time
from pathlib import Path
from typing import Any, NoReturn

import click

from zk.errors import ArtifactError
from zk.formats.binfile import map_file, read_file
from zkmargin.cli import options
from zkmargin.cli.analysis_report import Subject, fields, sarif, words
from zkmargin.cli.output import check_targets, result, step

_UNSAFE, _UNKNOWN = 1, 3
_MAGICS = {b"zkmcirc\0": "circuit", b"r1cs": "r1cs"}
_CERTIFICATE_LIMIT = 1 << 30


@options.verb(
    "analyse",
    "zkmargin analyse multiplexer.r1cs --sym multiplexer.sym --certificate proof.json\n"
    "zkmargin analyse meets.zkc --of wires --seconds 300 --sarif analysis.sarif",
)
@click.argument("path", metavar="FILE", type=options.PATH)
@click.option("--sym", type=options.PATH, help="Names of wires.  [default: FILE's .sym, if any]")
@click.option(
    "--of",
    "question",
    type=click.Choice(("outputs", "wires")),
    help="What the verdict is about.  [default: outputs; wires if there are none]",
)
@click.option("--seconds", type=click.FloatRange(0.1), default=100.0, show_default=True)
@click.option("--memory", type=click.FloatRange(0.25), default=4.0, show_default=True, help="GiB.")
@click.option("--certificate", type=options.PATH, help="Where to write the proof of a safe.")
@click.option("--check", type=options.PATH, help="Only check this certificate against FILE.")
@click.option("--pair", type=options.PATH, help="Write an unsafe's two witnesses: PAIR.1.wtns, .2.")
@click.option(
    "--witness", type=options.PATH, help="Look for a second witness beside this one, a .wtns file."
)
@click.option("--sarif", "sarif_path", type=options.PATH, help="Also write a SARIF 2.1.0 report.")
@click.pass_context
def analyse_command(
    ctx: click.Context,
    path: str,
    sym: str | None,
    question: str | None,
    seconds: float,
    memory: float,
    certificate: str | None,
    check: str | None,
    pair: str | None,
    witness: str | None,
    sarif_path: str | None,
) -> None:
    """Decide whether the inputs of FILE, a .zkc or .r1cs, determine its outputs and its wires.

    safe: it is proved, and a separate checker has accepted the proof. unsafe: two witnesses with
    the same inputs satisfy every constraint. Exit code 0 safe, 1 unsafe, 3 not decided.
    """
    from zk.analyse.analysis import analyse, input_wires
    from zk.analyse.limits import capped_memory
    from zk.field import to_limbs
    from zk.formats.atomic import write_atomic
    from zk.formats.wtns import save_wtns

    check_targets(certificate, sarif_path)
    started = time.monotonic()
    limit = round(memory * (1 << 30))
    with step(f"analysing {path}"), capped_memory(limit):
        try:
            r1cs, subject = _load(path, sym)
        except MemoryError:
            _too_large(ctx, path, question)
        asked: Any = question or ("outputs" if r1cs.n_outputs else "wires")
        if check is None:
            first = None if witness is None else _witness(r1cs, witness)
            subject = dataclasses.replace(subject, secret=first is not None)
            left = max(0.0, seconds - (time.monotonic() - started))
            found = analyse(r1cs, seconds=left, memory=limit, witness=first)
    if check is not None:
        _check(ctx, r1cs, input_wires(r1cs), check, asked)
        return
    if certificate is not None and found.certificate is not None:
        write_atomic(certificate, json.dumps(found.certificate, separators=(",", ":")).encode())
    if pair is not None and found.pair is not None:
        for number, values in enumerate((found.pair.first, found.pair.second), start=1):
            save_wtns(f"{pair}.{number}.wtns", to_limbs(values))
    if sarif_path is not None:
        write_atomic(sarif_path, json.dumps(sarif(found, subject), indent=1).encode())
    result(words(found, asked, subject), **fields(found, asked, subject))
    ctx.exit({"safe": 0, "unsafe": _UNSAFE, "unknown": _UNKNOWN}[found.verdict(asked)])


def _witness(r1cs: Any, path: str) -> list[int]:
    """A witness that satisfies every row; no message names a value of it."""
    from zk.analyse.search import satisfies
    from zk.field import from_limbs
    from zk.formats.wtns import load_wtns

    values: list[int] = from_limbs(load_wtns(path))
    if len(values) != r1cs.n_wires or not satisfies(r1cs, values):
        raise ArtifactError(f"{path}: is no witness of this circuit: a constraint does not hold")
    return values


def _too_large(ctx: click.Context, path: str, question: str | None) -> NoReturn:
    """The limit does not even hold the file."""
    result(
        "unknown: the limit of memory was reached while the file was read",
        file=path,
        question=question,
        verdict="unknown",
        stopped="memory",
    )
    ctx.exit(_UNKNOWN)


def _check(ctx: click.Context, r1cs: Any, inputs: list[int], path: str, question: str) -> None:
    """Re-validate a certificate from a file."""
    from zk.analyse.checker import check_certificate

    name, data = read_file(path, _CERTIFICATE_LIMIT)
    try:
        tree = json.loads(data)
    except (ValueError, RecursionError):
        raise ArtifactError(f"{name}: is not JSON") from None
    if not isinstance(tree, dict):
        raise ArtifactError(f"{name}: is no certificate")
    proved = check_certificate(r1cs, inputs, tree)
    holds = proved.outputs if question == "outputs" else proved.wires
    verdict = "safe" if holds else "unknown"
    result(
        f"{verdict}: the certificate "
        + (f"proves that the inputs determine all {question}" if holds else "proves less"),
        verdict=verdict,
        question=question,
        **proved._asdict(),
    )
    ctx.exit(0 if holds else _UNKNOWN)


def _load(path: str, sym: str | None) -> tuple[Any, Subject]:
    name, data = map_file(path)
    head = bytes(data[:8])
    kind = next((kind for magic, kind in _MAGICS.items() if head.startswith(magic)), None)
    if kind == "circuit":
        return _circuit(path)
    if kind is None:
        raise ArtifactError(f"{name}: is neither a compiled circuit (.zkc) nor a .r1cs file")
    from zk.formats.r1cs import load_r1cs
    from zk.formats.sym import load_sym

    r1cs = load_r1cs(path)
    beside = Path(path).with_suffix(".sym")
    if sym is None and beside.is_file():
        sym = str(beside)
    names = {} if sym is None else load_sym(sym, r1cs.n_wires)
    return r1cs, Subject(path, lambda w: names.get(w, f"wire {w}"), lambda w: None)


def _circuit(path: str) -> tuple[Any, Subject]:
    """A circuit of ours: inputs have names, other wires the obligation that first reads them."""
    import numpy as np

    from zk.formats.circuit import load_circuit

    circuit = load_circuit(path)
    r1cs = circuit.r1cs
    first = np.full(r1cs.n_wires, r1cs.n_constraints, dtype=np.int64)
    for matrix in (r1cs.a, r1cs.b, r1cs.c):
        rows = np.repeat(np.arange(matrix.rows), matrix.offsets[1:] - matrix.offsets[:-1])
        np.minimum.at(first, matrix.wires, rows)

    def name(wire: int) -> str:
        if 0 < wire <= len(circuit.slots):
            return circuit.slots[wire - 1].path
        row = int(first[wire])
        place = " in " + " at ".join(circuit.origin(row)) if row < r1cs.n_constraints else ""
        return f"wire {wire}{place}"

    def line(wire: int) -> tuple[str, int] | None:
        row = int(first[wire])
        if row >= r1cs.n_constraints:
            return None
        file, _, number = circuit.origin(row)[1].rpartition(":")
        return (file, int(number)) if file and number.isdigit() else None

    return r1cs, Subject(path, name, line)
