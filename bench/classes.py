"""Every size class end to end, beside snarkjs proving from the same key: `python -m bench.classes`.

Compile, setup and proving are whole processes of the command line, with their peak memory; snarkjs
is the whole process `snarkjs groth16 prove` on the same `.zkey` and witness, the two in turn.
Medians of --runs. Prints the table, and with --write puts it between the markers in README.md, or
with --portfolio, which measures the portfolio's classes, in docs/portfolio-costs.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.inputs import write_inputs
from bench.portfolio_inputs import write_portfolio

ROOT = Path(__file__).parent.parent
SNARKJS = ROOT / "tests/js/node_modules/snarkjs/build/cli.cjs"
CLASSES = ("4+4", "16+8", "64+16")
PORTFOLIO = ("8", "16", "32", "64", "128")  # option slots
BEGIN, END = "<!-- made by python -m bench.classes -->", "<!-- end -->"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--portfolio", action="store_true", help="the portfolio's classes")
    parser.add_argument("--classes", nargs="*")
    parser.add_argument("--write", action="store_true", help="put the table into its page")
    options = parser.parse_args()
    rows = []
    for size_class in options.classes or (PORTFOLIO if options.portfolio else CLASSES):
        with tempfile.TemporaryDirectory() as folder:
            rows.append(measure(Path(folder), size_class, options.runs))
            print(rows[-1], file=sys.stderr)
    table = "\n".join([*HEADER, *rows, "", machine(options.runs)])
    print(table)
    if options.write:
        page = ROOT / ("docs/portfolio-costs.md" if options.portfolio else "README.md")
        text = page.read_text()
        found = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
        page.write_text(found.sub(f"{BEGIN}\n{table}\n{END}", text))


HEADER = (
    "| class | constraints | compile | setup | witness | prove | whole process | memory | verify "
    "| gas | snarkjs | ratio |",
    "|---|---|---|---|---|---|---|---|---|---|---|---|",
)


def measure(folder: Path, size_class: str, runs: int) -> str:
    """One row of the table."""
    if "+" in size_class:
        write_inputs(folder, size_class)
    else:
        write_portfolio(folder, int(size_class))
    us = [sys.executable, "-m", "zkmargin"]
    claim = ["--params", "params.json", "--market", "market.json"]
    owner = ["--account", "account.json", "--secret", "account.secret"]
    sized = ["--class", size_class] if "+" not in size_class else []
    run(folder, [*us, "key", "new", "account.secret"])
    compiled, _ = run(folder, [*us, "compile", "meets", *claim[:2], *sized, "--out", "meets.zkc"])
    setup, _ = run(
        folder, [*us, "setup", "--circuit", "meets.zkc", "--out", "keys", "--development"]
    )
    run(folder, [*us, "check", "--keys", "keys", *claim, *owner, "--witness", "witness.wtns"])
    ours, theirs, memory = [], [], []
    for _ in range(runs):
        seconds, peak = run(
            folder,
            [*us, "prove", "--keys", "keys", *claim, *owner, "--proof", "proof.json"],
        )
        ours.append(seconds)
        memory.append(peak)
        seconds, _ = run(
            folder,
            [
                "node",
                str(SNARKJS),
                "groth16",
                "prove",
                "keys/proving.zkey",
                "witness.wtns",
                "theirs.json",
                "public.json",
            ],
        )
        theirs.append(seconds)
    inner = json.loads(
        subprocess.run(
            [sys.executable, "-m", "bench.stages", "keys", "witness.wtns"],
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        ).stdout
    )
    median = statistics.median
    return (
        f"| {size_class} | {inner['constraints']:,} | {compiled:.1f} s | {setup:.1f} s "
        f"| {inner['witness'] * 1e3:.0f} ms | {inner['prove']:.2f} s | {median(ours):.2f} s "
        f"| {median(memory):.0f} MB | {inner['verify'] * 1e3:.1f} ms | {inner['gas']:,} "
        f"| {median(theirs):.1f} s "
        f"| {median(t / o for t, o in zip(theirs, ours, strict=True)):.1f} |"
    )


def run(folder: Path, command: list[str]) -> tuple[float, float]:
    """Run a command to its end; (seconds, peak memory in MB). Raises if it fails."""
    start = time.perf_counter()
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - start
        if process.returncode != 0:
            errors.seek(0)
            raise SystemExit(f"{' '.join(command[:4])}: {errors.read().decode()[-500:]}")
    return seconds, usage.ru_maxrss / 1024


def machine(runs: int) -> str:
    return (
        f"Medians of {runs}, {os.cpu_count()} processors ({platform.machine()}), Python "
        f"{platform.python_version()}. `whole process` and `snarkjs` start from the files and end "
        "with a proof; `ratio` is snarkjs over ours, run by run."
    )


if __name__ == "__main__":
    main()
