"""What a first proof costs beside a tenth: `python -m bench.coldstart --class 16+8`.

Two figures, each over --runs fresh processes, the two kinds in turn:

    in a running process   opening the prepared key and the first proof, less the tenth proof
    whole process          `zkmargin prove`, less the tenth proof

A proof is `Prover.prove_witness`: witness check, proof, verification. The running process has
loaded its modules, the circuit and the witness, and the engine's threads are up, by a run of the
witness program. Medians, and in brackets the least; with --json all times, in seconds. The line
that the project holds itself to is 50 ms and 250 ms at 2^16 (class 16+8).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.inputs import write_inputs
from bench.page import table, write
from bench.portfolio_inputs import write_portfolio

ROOT = Path(__file__).parent.parent
US = [sys.executable, "-m", "zkmargin"]
CLAIM = ["--params", "params.json", "--market", "market.json"]
OWNER = ["--account", "account.json", "--secret", "account.secret"]
PROVE = [*US, "prove", "--keys", "keys", *CLAIM, *OWNER]
LINES = {"running": "50 ms at 2^16", "process": "250 ms at 2^16"}
TENTH = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--class", dest="size_class", default="16+8", help="or options, as 128")
    parser.add_argument("--folder", type=Path, help="keep the inputs and keys here, or use them")
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", action="store_true", help="put it into docs/benchmarks.md")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        print(json.dumps(inside()))
        return
    if options.folder is not None:
        options.folder.mkdir(parents=True, exist_ok=True)
        report(measure(options.folder, options.size_class, options.runs), options)
        return
    with tempfile.TemporaryDirectory() as folder:
        report(measure(Path(folder), options.size_class, options.runs), options)


def measure(folder: Path, size_class: str, runs: int) -> dict[str, list[float]]:
    """All times in seconds."""
    if not (folder / "keys" / "statement.json").exists():
        make(folder, size_class)
    run(folder, PROVE)  # the files are in memory and the modules compiled from here on
    found: dict[str, list[float]] = {}
    for _ in range(runs):
        times = json.loads(run(folder, [sys.executable, "-m", "bench.coldstart", "--inside"])[1])
        times["process"] = run(folder, PROVE)[0]
        for name, value in times.items():
            found.setdefault(name, []).append(value)
    return found


def inside() -> dict[str, float]:
    """Of one process: opening, the proofs."""
    import zkmargin as zm
    from prover.prover import Prover
    from zk.field import Limbs
    from zk.formats.json import load_public
    from zkmargin.keys import VerifyingKey, load_pinned_circuit, load_set
    from zkmargin.models import load_account, load_market, load_params, make_claim

    load_public("public.json")  # the modules that a proof's files need
    file = load_set("keys")
    if file.prepared is None:
        raise SystemExit("the set has no prepared key: run `zkmargin prepare`")
    circuit = load_pinned_circuit(file)
    vk = VerifyingKey.of_set(file).key
    params = load_params("params.json")
    claim = make_claim(zm.Domain(), params, load_market("market.json", params))
    witness: Limbs = zm.witness(
        circuit, claim, load_account("account.json", params, "account.secret")
    )
    times = []
    start = time.perf_counter()
    path = file.beside(file.prepared.file)
    prover = Prover.open(path, circuit, digest=file.prepared.digest, vk=vk)
    opened = time.perf_counter() - start
    for _ in range(TENTH):
        start = time.perf_counter()
        prover.prove(witness)
        times.append(time.perf_counter() - start)
    return {"open": opened, "first": times[0], "tenth": times[-1]}


def report(found: dict[str, list[float]], options: argparse.Namespace) -> None:
    """The table, or with --json all times."""
    over = over_the_tenth(found)
    if options.json:
        print(json.dumps({"size_class": options.size_class, "times": found, "over": over}))
        return
    rows = [
        ("opening the prepared key", found["open"], None, ""),
        ("first proof", found["first"], over["running"], LINES["running"]),
        ("tenth proof", found["tenth"], None, ""),
        ("whole process", found["process"], over["process"], LINES["process"]),
    ]
    text = table(
        ("", "time", "over the tenth", "line"),
        [
            (name, figure(times), figure(more) if more else "", line)
            for name, times, more, line in rows
        ],
    )
    text += f"\n\nMedians of {options.runs}, the least in brackets; class {options.size_class}."
    print(text)
    if options.write:
        write("bench.coldstart", text)


def over_the_tenth(found: dict[str, list[float]]) -> dict[str, list[float]]:
    """Opening and first proof, and whole processes, less the tenth proof."""
    each = zip(found["open"], found["first"], found["tenth"], strict=True)
    tenth = statistics.median(found["tenth"])
    return {
        "running": [opened + first - last for opened, first, last in each],
        "process": [whole - tenth for whole in found["process"]],
    }


def figure(times: list[float]) -> str:
    return f"{statistics.median(times) * 1e3:.0f} ms ({min(times) * 1e3:.0f})"


def make(folder: Path, size_class: str) -> None:
    """Inputs that fill a class, its circuit and keys."""
    if "+" in size_class:
        write_inputs(folder, size_class)
    else:
        write_portfolio(folder, int(size_class))
    sized = ["--class", size_class] if "+" not in size_class else []
    run(folder, [*US, "key", "new", "account.secret"])
    run(folder, [*US, "compile", "meets", *CLAIM[:2], *sized, "--out", "meets.zkc"])
    run(folder, [*US, "setup", "--circuit", "meets.zkc", "--out", "keys", "--development"])


def run(folder: Path, command: list[str]) -> tuple[float, str]:
    """Seconds of a whole process, and what it printed."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package is compiled
    start = time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env=environment
    )
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command[:4])}: {done.stderr[-500:]}")
    return seconds, done.stdout


if __name__ == "__main__":
    main()
