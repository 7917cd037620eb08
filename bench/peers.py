"""Whole proofs beside snarkjs, rapidsnark and gnark: `python -m bench.peers`.

    python -m bench.peers --work DIR --rapidsnark PROVER --gnark PEER --write

Keys are made by our own setup; the same `.zkey` and `.wtns` go to snarkjs, rapidsnark and us. gnark
reads the same `.r1cs` and witness and has a key of its own setup. Circuits, witnesses and keys are
kept in --work, so that the next run starts with measuring. In each round every prover proves once;
with one thread every process is held to one processor. --write puts the tables into
docs/benchmarks.md, and the plot beside it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench import page
from bench.systems import CASES, ROOT, SNARKJS, Case
from zk import engine
from zk.formats.r1cs import load_r1cs
from zk.groth16 import development_scalar
from zkmargin.bench import plot, race
from zkmargin.bench.race import LOADED, OURS, OURS_SCALAR, OURS_ZKEY, WHOLE, Files
from zkmargin.bench.running import ToolFailed, machine, run

PLOT = page.DOCS / "benchmarks.svg"
SETUP_CASE = "chain-65k"
LATE = 200_000  # constraints from which snarkjs runs once, and from a quarter of it at most thrice


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [case.name for case in CASES]
    parser.add_argument("--work", type=Path, help="keep circuits and keys here; default: nowhere")
    parser.add_argument(
        "--rapidsnark", type=Path, help="its prover; beside it its verifier and library"
    )
    parser.add_argument("--gnark", type=Path, help="a program around gnark: zkmargin/bench/race.py")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", default="2,1", help="numbers of threads, as 2,1")
    parser.add_argument("--circuits", nargs="*", choices=names, default=names, metavar="NAME")
    parser.add_argument("--no-setup", action="store_true", help="leave the times of setup out")
    parser.add_argument("--json", type=Path, help="also write every figure here")
    parser.add_argument("--write", action="store_true", help="put tables and plot into docs")
    options = parser.parse_args()
    for tool in filter(None, (options.rapidsnark, options.gnark)):
        if not tool.is_file():
            raise SystemExit(f"{tool}: no such program")
    threads = [int(n) for n in options.threads.split(",")]
    work = options.work or Path(tempfile.mkdtemp(prefix="zkmargin-bench-"))
    try:
        found = measure(options, [c for c in CASES if c.name in options.circuits], work, threads)
    finally:
        if options.work is None:
            shutil.rmtree(work, ignore_errors=True)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    text = shown_page(found)
    print(text)
    if options.write:
        if drawn := drawing(found):
            PLOT.write_text(drawn)
            text = f"![Times of the Poseidon chains]({PLOT.name})\n\n{text}"
        page.write("bench.peers", text)


def measure(
    options: argparse.Namespace, cases: list[Case], work: Path, threads: list[int]
) -> dict[str, Any]:
    """Every figure, as it goes into the JSON file."""
    rows: list[dict[str, Any]] = []
    for case in cases:
        say(f"{case.name}: circuit, witness and keys")
        files = case.files(work.resolve())
        if options.gnark:
            race.gnark_setup(files, options.gnark.resolve(), max(threads))
        named = {"name": case.name, "words": case.words, "predicted_ms": case.predicted}
        row = {**named, **files.size()}
        entered = contenders(files, options, row["constraints"])
        row["threads"] = {
            str(n): [
                result.json()
                for result in race.race(
                    files, entered, n, lambda w, n=n: say(f"  {n} threads: {w}")
                )
            ]
            for n in threads
        }
        row["accepted"] = accepted(files, options)
        rows.append(row)
        say("\n".join(row_lines(row)))
    found = {"machine": machine(), "versions": versions(), "runs": options.runs, "circuits": rows}
    setup = next((case for case in cases if case.name == SETUP_CASE), None)
    if setup is not None and not options.no_setup:
        found["setup"] = setups(setup.files(work.resolve()), options.gnark, max(threads))
    return found


def contenders(files: Files, options: argparse.Namespace, rows: int) -> list[race.Contender]:
    entered = race.ours(files, options.runs, scalar=True)
    if options.rapidsnark:
        program = options.rapidsnark.resolve()
        entered.append(race.rapidsnark(files, program, options.runs))
        if (library := program.parent / "librapidsnark.so").is_file():
            # Held by Python, which knows this module from the checkout.
            command = [sys.executable, "-m", "bench.rapidsnark_library"]
            command += [str(path) for path in (library, files.zkey, files.witness)]
            more = {"PYTHONPATH": str(ROOT)}
            entered.append(race.Contender("rapidsnark", LOADED, command, options.runs, more))
    if options.gnark:
        entered.append(race.gnark(files, options.gnark.resolve(), options.runs))
    if SNARKJS.is_file():
        few = 1 if rows > LATE else 3 if rows > LATE // 4 else options.runs
        entered.append(race.snarkjs(files, SNARKJS, min(few, options.runs)))
    return entered


def accepted(files: Files, options: argparse.Namespace) -> dict[str, bool]:
    """Whose verifier accepts the proof that we wrote."""
    proof, public = files.proof(OURS)
    commands: dict[str, list[str | Path]] = {}
    if SNARKJS.is_file():
        commands["snarkjs"] = ["node", SNARKJS, "groth16", "verify", files.vk, public, proof]
    if options.rapidsnark:
        verifier = options.rapidsnark.resolve().parent / "verifier"
        commands["rapidsnark"] = [verifier, files.vk, public, proof]
    if options.gnark:
        commands["gnark"] = [options.gnark.resolve(), "verify", files.vk, proof, public]
    said = {"snarkjs": "OK!", "rapidsnark": "Valid proof", "gnark": '"accepted":true'}
    found = {}
    for name, command in commands.items():
        try:
            text = run(command, threads=1, cwd=files.folder, limit=120).text
        except (ToolFailed, OSError) as error:
            say(f"  {name} verifier: {error}")
            text = ""
        found[name] = said[name] in text.replace('": ', '":')
    return found


def setups(files: Files, gnark: Path | None, threads: int, runs: int = 3) -> dict[str, Any]:
    """Seconds of our setup and of gnark's on the same system, in turn."""
    engine.set_threads(threads)
    r1cs = load_r1cs(files.r1cs)
    times: dict[str, list[float]] = {"zkmargin": [], "gnark": []}
    for turn in range(runs):
        say(f"setup of {files.folder.name}, {turn + 1} of {runs}")
        start = time.perf_counter()
        engine.keygen(r1cs, development_scalar("alpha"), development_scalar("beta"))
        times["zkmargin"].append(time.perf_counter() - start)
        if gnark is not None:
            with tempfile.TemporaryDirectory(dir=files.folder) as folder:
                command = [gnark.resolve(), "setup", files.r1cs, folder]
                done = run(command, threads=threads, cwd=files.folder)
                times["gnark"].append(float(json.loads(done.text)["seconds"]))
    medians = {name: round(statistics.median(t), 3) for name, t in times.items() if t}
    return {"circuit": files.folder.name, "threads": threads, "seconds": medians}


# --- the page


def shown_page(found: dict[str, Any]) -> str:
    """The tables of a run, as Markdown."""
    parts = []
    labels = [label for label, _ in COLUMNS]
    for n in found["circuits"][0]["threads"]:
        threads = "One thread" if n == "1" else f"{n} threads"
        times, ratios = [], []
        for row in found["circuits"]:
            name = [row["words"], f"{row['constraints']:,}"]
            results = row["threads"][n]
            bits = f"{100 * row['bits']:.0f} %"
            promise = str(row["predicted_ms"] or "") if n == "2" else ""
            figures = [shown(value(results, key)) for _, key in COLUMNS]
            times.append([*name, bits, *figures, promise])
            ratios.append([*name, *(ratio(results, *keys) for _, *keys in RATIOS)])
        parts += [f"### {threads}: median times in ms", ""]
        parts += [page.table(["circuit", "constraints", "bits", *labels, "predicted"], times), ""]
        parts += [f"### {threads}: how many times our time", ""]
        head = ["circuit", "constraints", *(label for label, *_ in RATIOS)]
        parts += [page.table(head, ratios), ""]
    n = next(iter(found["circuits"][0]["threads"]))
    peaks = []
    for row in found["circuits"]:
        cells = [shown(value(row["threads"][n], key, "peak_mb")) for _, key in COLUMNS]
        peaks.append([row["words"], f"{row['constraints']:,}", f"{row['zkey_mb']:.0f}", *cells])
    parts += ["### Peak memory in MB", ""]
    parts += [page.table(["circuit", "constraints", "`.zkey`", *labels], peaks), ""]
    if "setup" in found:
        parts += ["### Setup and acceptance", "", setup_words(found["setup"]), ""]
    return "\n".join([*parts, accepted_words(found["circuits"]), "", footer(found)])


def accepted_words(rows: list[dict[str, Any]]) -> str:
    """Whose verifiers take our proofs."""
    said = [(name, ok) for row in rows for name, ok in row["accepted"].items()]
    refused = sorted({name for name, ok in said if not ok})
    takers = sorted({name for name, _ in said} - set(refused))
    words = f"Our proofs of all these circuits are accepted by: {', '.join(takers) or 'nobody'}."
    return words + (f" **Refused at least once by: {', '.join(refused)}.**" if refused else "")


COLUMNS = (
    ("snarkjs, process", ("snarkjs", WHOLE)),
    ("rapidsnark, process", ("rapidsnark", WHOLE)),
    ("ours, process", (OURS, WHOLE)),
    ("from `.zkey`", (OURS_ZKEY, WHOLE)),
    ("rapidsnark, loaded", ("rapidsnark", LOADED)),
    ("gnark, loaded", ("gnark", LOADED)),
    ("ours, loaded", (OURS, LOADED)),
    ("from `.zkey`", (OURS_ZKEY, LOADED)),
    ("no IFMA", (OURS_SCALAR, LOADED)),
)
RATIOS = (
    ("snarkjs : ours, process", ("snarkjs", WHOLE), (OURS, WHOLE)),
    ("rapidsnark : ours, process", ("rapidsnark", WHOLE), (OURS, WHOLE)),
    ("rapidsnark : ours, loaded", ("rapidsnark", LOADED), (OURS, LOADED)),
    ("rapidsnark, process : ours, loaded", ("rapidsnark", WHOLE), (OURS, LOADED)),
    ("gnark : ours, loaded", ("gnark", LOADED), (OURS, LOADED)),
    ("gnark : ours, no IFMA", ("gnark", LOADED), (OURS_SCALAR, LOADED)),
)


def value(results: list[dict[str, Any]], key: tuple[str, str], what: str = "median_ms") -> float:
    """A figure of one prover, or not a number where it did not run."""
    return next((r[what] for r in results if (r["prover"], r["how"]) == key), float("nan"))


def ratio(results: list[dict[str, Any]], theirs: tuple[str, str], ours: tuple[str, str]) -> str:
    return shown(value(results, theirs) / value(results, ours), 1)


def shown(number: float, digits: int = 0) -> str:
    return "" if number != number else f"{number:,.{digits}f}"


def row_lines(row: dict[str, Any]) -> list[str]:
    """What a person at the terminal sees of one circuit."""
    return [
        f"  {n} threads: {r['prover']}, {r['how']}: {r['median_ms']:,.1f} ms, {r['peak_mb']:.0f} MB"
        for n, results in row["threads"].items()
        for r in results
    ]


def setup_words(setup: dict[str, Any]) -> str:
    seconds = setup["seconds"]
    beside = ""
    if "gnark" in seconds:
        times = seconds["gnark"] / seconds["zkmargin"]
        beside = f", gnark's {seconds['gnark']:.2f} s: {times:.1f} times"
    ours = f"ours {seconds['zkmargin']:.2f} s{beside}"
    return f"Setup of `{setup['circuit']}`, {setup['threads']} threads: {ours}."


def footer(found: dict[str, Any]) -> str:
    known = ", ".join(f"{name} {v}" for name, v in found["versions"].items() if v)
    few = f"Medians of {found['runs']} (snarkjs fewer from 50,000 constraints)"
    return f"{few}. {found['machine']}. {known}."


def drawing(found: dict[str, Any]) -> str:
    """Times of the Poseidon chains, with the first number of threads; "" if none was measured."""
    series: dict[str, list[tuple[float, float]]] = {}
    for row in found["circuits"]:
        if not row["name"].startswith("chain"):
            continue
        n = next(iter(row["threads"]))
        for r in row["threads"][n]:
            series.setdefault(f"{r['prover']}, {r['how']}", []).append(
                (row["constraints"], r["median_ms"])
            )
    title = "Poseidon chain: time of a proof"
    return plot.svg(title, "constraints", "ms", series) if series else ""


def versions() -> dict[str, str]:
    found = {}
    package = SNARKJS.parent.parent / "package.json"
    if package.is_file():
        found["snarkjs"] = json.loads(package.read_text())["version"]
        done = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False)
        found["node"] = done.stdout.strip()
    return found


def say(words: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {words}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
