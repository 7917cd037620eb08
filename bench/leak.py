"""Does the time of a proof tell how full a book is: `python -m bench.leak [--runs 200] [--write]`.

An empty, a half-full and a full account of one size class, with one key, proved in turn in one
process: --runs of each, in a new order every round. The medians are to be within 2 %; beside them
stands each median's own error, from the quartiles, at 95 %.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench import page
from bench.inputs import write_inputs
from bench.systems import ROOT
from zk import engine
from zk.field import Limbs
from zk.formats.circuit import load_circuit
from zk.formats.wtns import load_wtns
from zkmargin.bench.prove import prover
from zkmargin.bench.race import prepare
from zkmargin.bench.running import environment, machine, processors

BOOKS = {"empty": 0.0, "half": 0.5, "full": 1.0}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, help="keep circuits and keys here; default: nowhere")
    parser.add_argument("--class", dest="size_class", default="16+8", help="4+4, 16+8 or 64+16")
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--threads", type=int, default=len(processors(1024)))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--write", action="store_true", help="put the table into docs")
    options = parser.parse_args()
    engine.set_threads(options.threads)
    with tempfile.TemporaryDirectory(prefix="zkmargin-leak-") as nowhere:
        folder = (options.work or Path(nowhere)).resolve() / f"leak-{options.size_class}"
        witnesses = {book: witness(folder, options.size_class, book) for book in BOOKS}
        key = folder / "circuit.prepared"
        circuit = load_circuit(folder / "meets.zkc")
        prepare(folder / "keys/proving.zkey", circuit.r1cs, key, circuit.intervals)
        times, processor = measure(prover(str(key)), witnesses, options.runs)
    text = shown(options, times, processor)
    print(text)
    if options.json:
        options.json.write_text(json.dumps({"machine": machine(), "seconds": times}) + "\n")
    if options.write:
        page.write("bench.leak", text)


def measure(
    prove: Callable[[Limbs], object], witnesses: dict[str, Limbs], runs: int
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Seconds of each proof by book, on the clock and of all processors."""
    times: dict[str, list[float]] = {book: [] for book in witnesses}
    processor: dict[str, list[float]] = {book: [] for book in witnesses}
    order = list(witnesses)
    for book in order * 3:
        prove(witnesses[book])
    rng = random.Random(1)
    for turn in range(runs):
        rng.shuffle(order)
        for book in order:
            start, before = time.perf_counter(), time.process_time()
            prove(witnesses[book])
            times[book].append(time.perf_counter() - start)
            processor[book].append(time.process_time() - before)
        if sys.stderr.isatty():
            print(f"\r{turn + 1} of {runs}", end="", file=sys.stderr)
    return times, processor


def witness(folder: Path, size_class: str, book: str) -> Limbs:
    """The witness of a book that is so full; circuit and keys are made for the first one."""
    place = folder / book
    done = place / "witness.wtns"
    if not done.is_file():
        place.mkdir(parents=True, exist_ok=True)
        write_inputs(place, size_class, filled=BOOKS[book])
        us = [sys.executable, "-m", "zkmargin"]
        claim = ["--params", "params.json", "--market", "market.json"]
        owner = ["--account", "account.json", "--secret", "../account.secret"]
        if not (folder / "keys").is_dir():
            _run(place, *us, "key", "new", "../account.secret")
            _run(place, *us, "compile", "meets", *claim[:2], "--out", "../meets.zkc")
            setup = ["--circuit", "../meets.zkc", "--out", "../keys", "--development"]
            _run(place, *us, "setup", *setup)
        out = ["--witness", "witness.wtns"]
        _run(place, *us, "check", "--keys", "../keys", *claim, *owner, *out)
    return load_wtns(done)


def _run(folder: Path, *command: str) -> None:
    more = {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=600,
        env=environment(len(processors(1024)), more),
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command[2:5])}: {done.stderr[-500:]}")


def error(values: list[float]) -> float:
    """Of the median, at 95 %: 1.57 interquartile ranges over the root of the number of values."""
    low, _, high = statistics.quantiles(values, n=4)
    return 1.57 * (high - low) / math.sqrt(len(values))


def shown(
    options: argparse.Namespace, times: dict[str, list[float]], processor: dict[str, list[float]]
) -> str:
    medians = {book: statistics.median(values) for book, values in times.items()}
    full = medians["full"]
    rows = [
        (
            book,
            f"{median * 1e3:.2f}",
            f"{error(times[book]) * 1e3:.2f}",
            f"{100 * (median / full - 1):+.2f} %",
            f"{statistics.median(processor[book]) * 1e3:.2f}",
        )
        for book, median in medians.items()
    ]
    apart = max(medians.values()) / min(medians.values())
    verdict = "yes" if apart <= 1.02 else "**no**"
    words = (
        f"Class {options.size_class}, prepared key, {options.threads} threads, {options.runs} "
        f"proofs of each in turn. The largest median over the least: {apart:.4f}; within 2 %: "
        f"{verdict}. {machine()}."
    )
    head = ("book", "median, ms", "its error, ms", "against full", "of processors, ms")
    return f"{page.table(head, rows)}\n\n{words}"


if __name__ == "__main__":
    main()
