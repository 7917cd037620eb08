"""Time and memory of setup, proving and verification from 2^10 to 2^20 rows.

    python -m bench.growth [--work DIR] [--low 10] [--high 20] [--step 2] [--runs 3] [--write]

The circuit is synthetic (zkmargin/bench/synthetic.py). Setup and prover are processes of their own,
so that each has its own peak. The exponents are those of a line of least squares on logarithmic
axes, over the sizes from 2^14 up, where constant costs are small. --write puts table and plot into
docs.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench import page
from bench.systems import ROOT
from zk import engine
from zk.field import Limbs
from zk.formats.r1cs import load_r1cs, save_r1cs
from zk.formats.wtns import load_wtns, save_wtns
from zk.groth16 import VerifyingKey
from zkmargin.bench import kernels, plot, race
from zkmargin.bench.race import Files
from zkmargin.bench.running import Server, machine, processors, run
from zkmargin.bench.synthetic import system

LIMIT = 1200
FITTED = 14  # sizes from 2^this on
PLOT = page.DOCS / "growth.svg"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, help="keep circuits and keys here; default: nowhere")
    parser.add_argument("--low", type=int, default=10)
    parser.add_argument("--high", type=int, default=20)
    parser.add_argument("--step", type=int, default=2)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=len(processors(1024)))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--write", action="store_true", help="put table and plot into docs")
    parser.add_argument("--setup", type=Path, help=argparse.SUPPRESS)  # as a child, of this folder
    options = parser.parse_args()
    if options.setup:
        _setup(Files(options.setup))
        return
    with tempfile.TemporaryDirectory(prefix="zkmargin-growth-") as nowhere:
        work = (options.work or Path(nowhere)).resolve()
        rows = [
            measure(work / f"growth-{log}", log, options.runs, options.threads)
            for log in range(options.low, options.high + 1, options.step)
        ]
    if options.json:
        options.json.write_text(json.dumps({"machine": machine(), "rows": rows}, indent=1) + "\n")
    text = f"{shown(rows)}\n\n{options.threads} threads, {machine()}."
    print(text)
    if options.write:
        PLOT.write_text(drawing(rows))
        page.write("bench.growth", f"![Times and memory by size]({PLOT.name})\n\n{text}")


def measure(folder: Path, log: int, runs: int, threads: int) -> dict[str, Any]:
    """Times in seconds and peaks in MB for a circuit just below 2^log rows."""
    files = Files(folder)
    if not files.r1cs.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        r1cs, witness = system((1 << log) - 4)
        save_wtns(files.witness, witness)
        save_r1cs(files.r1cs, r1cs)
    child = [sys.executable, "-m", "bench.growth", "--setup", files.folder]
    more = {"PYTHONPATH": str(ROOT)}
    done = run(child, threads=threads, cwd=folder, limit=LIMIT, more=more)
    loaded = race.ours(files, runs)[0]  # from the prepared key
    server = Server(loaded.command, threads=threads, cwd=folder, limit=LIMIT, more=loaded.more)
    try:
        prove = min(server.work() for _ in range(runs))
        prove_peak = server.stop()
    finally:
        server.kill()
    row = {
        "log": log,
        "setup": float(json.loads(done.text)["seconds"]),
        "prove": prove,
        "verify": _verify(files),
        "setup_mb": done.peak,
        "prove_mb": prove_peak,
        "zkey_mb": files.zkey.stat().st_size / 2**20,
    }
    print(row, file=sys.stderr)
    return row


def _setup(files: Files) -> None:
    """In a process of its own: make and write the key, and say how long the making took."""
    engine.set_threads(len(processors(1024)))
    r1cs = load_r1cs(files.r1cs)
    start = time.perf_counter()
    files.make_key(r1cs)
    print(json.dumps({"seconds": time.perf_counter() - start}))


def _verify(files: Files) -> float:
    """Seconds of one verification."""
    from zk.formats.zkey import load_zkey

    pk, witness = load_zkey(files.zkey), load_wtns(files.witness)
    proof = engine.prove(pk, witness)
    vk: VerifyingKey = pk.vk
    publics: Limbs = witness[1 : vk.n_public + 1]
    return kernels.best(lambda: engine.verify(vk, publics, proof), 20)


def exponents(rows: list[dict[str, Any]]) -> dict[str, float]:
    """By figure, over the larger sizes; nothing from fewer than two of them."""
    large = [row for row in rows if row["log"] >= FITTED]
    if len(large) < 2:
        return {}
    names = ("setup", "prove", "setup_mb", "prove_mb")
    return {
        name: plot.exponent([(2.0 ** row["log"], row[name]) for row in large]) for name in names
    }


def shown(rows: list[dict[str, Any]]) -> str:
    head = ("rows", "setup, s", "prove, ms", "verify, ms", "`.zkey`, MB", "setup, MB", "prove, MB")
    cells = [
        (
            f"2^{row['log']}",
            f"{row['setup']:.2f}",
            f"{row['prove'] * 1e3:,.1f}",
            f"{row['verify'] * 1e3:.2f}",
            f"{row['zkey_mb']:,.1f}",
            f"{row['setup_mb']:,.0f}",
            f"{row['prove_mb']:,.0f}",
        )
        for row in rows
    ]
    fitted = exponents(rows)
    if fitted:
        power = {name: f"n^{value:.2f}" for name, value in fitted.items()}
        last = ("", power["setup_mb"], power["prove_mb"])
        cells.append((f"from 2^{FITTED}", power["setup"], power["prove"], "", *last))
    return page.table(head, cells)


def drawing(rows: list[dict[str, Any]]) -> str:
    fitted = exponents(rows)
    names = {"setup": "setup, ms", "prove": "prove, ms", "verify": "verify, ms"}
    names |= {"setup_mb": "setup, MB", "prove_mb": "prove, MB"}
    series = {}
    for name, label in names.items():
        scale = 1 if name.endswith("mb") else 1000
        power = f" ~ n^{fitted[name]:.2f}" if name in fitted else ""
        series[label + power] = [(2.0 ** row["log"], scale * row[name]) for row in rows]
    return plot.svg("Times and peak memory by size", "rows", "ms, MB", series)


if __name__ == "__main__":
    main()
