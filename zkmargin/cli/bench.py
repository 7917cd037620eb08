"""`bench`: kernels beside their limits, stages, and whole proofs beside other provers."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from zk import engine
from zk.errors import InputError
from zk.formats.atomic import write_atomic
from zkmargin.bench import kernels, plot, race
from zkmargin.bench.running import machine, processors
from zkmargin.bench.synthetic import system
from zkmargin.cli import options
from zkmargin.cli.output import check_targets, note, result, step

_PROGRAM = click.Path(exists=True, dir_okay=False, path_type=Path)


@options.verb(
    "bench",
    "zkmargin bench\nzkmargin bench --log 16 --rapidsnark ./prover --plot times.svg --json",
)
@click.option(
    "--log",
    "log",
    type=click.IntRange(6, 22),
    default=14,
    show_default=True,
    help="Sizes are 2 to this power.",
)
@click.option("--runs", type=click.IntRange(1, 100), default=5, show_default=True)
@click.option(
    "--threads", type=click.IntRange(1, 1024), help="Of whole proofs.  [default: processors]"
)
@click.option("--rapidsnark", type=_PROGRAM, help="rapidsnark's prover, to be measured too.")
@click.option(
    "--gnark", type=_PROGRAM, help="A program around gnark, to be measured too: docs/benchmarks.md."
)
@click.option("--plot", "drawn", type=options.PATH, help="Also plot proofs of three sizes as SVG.")
def bench_command(
    log: int,
    runs: int,
    threads: int | None,
    rapidsnark: Path | None,
    gnark: Path | None,
    drawn: str | None,
) -> None:
    """Measure kernels beside their limits, stages, and whole proofs in turn with other provers.

    Circuits are synthetic, half of their rows bit checks. snarkjs takes part where it is found: in
    node_modules, or where ZKMARGIN_SNARKJS says.
    """
    check_targets(drawn)
    threads = threads or len(processors(1024))
    engine.set_threads(1)
    with step("kernels, one thread"):
        table = list(kernels.kernels(log, runs))
    engine.set_threads(threads)
    with step(f"stages, {threads} threads"):
        staged = list(kernels.stages(log, runs))
    logs = [log - 4, log - 2, log] if drawn else [log]
    races = [_race(n, runs, threads, rapidsnark, gnark) for n in logs if n > 2]
    if drawn:
        write_atomic(drawn, _drawing(races))
    result(
        "\n".join([machine(), "", *_kernels(table), "", *_stages(staged, log, threads), ""])
        + "\n".join(line for entry in races for line in _proofs(entry)),
        machine=machine(),
        kernels=[kernel.json() for kernel in table],
        stages={"log": log, "threads": threads, **{s.name: round(s.ms, 3) for s in staged}},
        proofs=races,
    )


def _race(
    log: int, runs: int, threads: int, rapidsnark: Path | None, gnark: Path | None
) -> dict[str, Any]:
    """Whole proofs of a circuit just below 2^log rows."""
    with tempfile.TemporaryDirectory(prefix="zkmargin-bench-") as folder:
        with step(f"keys for 2^{log} rows"):
            files = race.Files.make(Path(folder), *system((1 << log) - 4))
            if gnark is not None:
                race.gnark_setup(files, gnark.resolve(), threads)
        entered = race.ours(files, runs)
        if rapidsnark is not None:
            entered.append(race.rapidsnark(files, rapidsnark.resolve(), runs))
        if gnark is not None:
            entered.append(race.gnark(files, gnark.resolve(), runs))
        if (cli := race.find_snarkjs()) is not None:
            entered.append(race.snarkjs(files, cli, min(runs, 3)))
        else:
            note("snarkjs is not measured: it is not in node_modules (npm install snarkjs)")
        with step(f"proofs for 2^{log} rows, {len(entered)} provers in turn"):
            found = race.race(files, entered, threads)
        return {
            "log": log,
            "threads": threads,
            **files.size(),
            "results": [one.json() for one in found],
        }


def _kernels(table: list[kernels.Kernel]) -> Iterator[str]:
    yield f"{'kernel, one thread':<20} {'size':<14} {'ns':>10} {'limit':>8} {'ratio':>6}  for one"
    for k in table:
        limit = "" if k.limit is None else f"{k.limit:.1f}"
        ratio = "" if k.ratio is None else f"{k.ratio:.2f}"
        yield f"{k.name:<20} {k.size:<14} {k.ns:>10,.1f} {limit:>8} {ratio:>6}  {k.unit}"


def _stages(staged: list[kernels.Stage], log: int, threads: int) -> Iterator[str]:
    yield f"stages, {2**log:,} rows, {threads} threads"
    for stage in staged:
        yield f"  {stage.name:<18} {stage.ms:>10,.2f} ms"


def _proofs(entry: dict[str, Any]) -> Iterator[str]:
    yield ""
    words = f"whole proofs, {entry['constraints']:,} rows, {entry['threads']} threads"
    yield f"{words:<44} {'median ms':>10} {'peak MB':>8}"
    for one in entry["results"]:
        name = f"  {one['prover']}, {one['how']}"
        yield f"{name:<44} {one['median_ms']:>10,.1f} {one['peak_mb']:>8,.0f}"


def _drawing(races: list[dict[str, Any]]) -> bytes:
    series: dict[str, list[tuple[float, float]]] = {}
    for entry in races:
        for one in entry["results"]:
            name = f"{one['prover']}, {one['how']}"
            series.setdefault(name, []).append((entry["constraints"], one["median_ms"]))
    if not series:
        raise InputError("nothing was measured that could be plotted")
    return plot.svg("Time of a proof", "constraints", "ms", series).encode()
