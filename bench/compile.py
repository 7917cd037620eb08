"""Compile time and memory at 10^5 and 10^6 constraints, beside circom: `python -m bench.compile`.

    python -m bench.compile [--sizes 100000,1000000] [--runs 3] [--circom PATH] [--write FILE]

The circuit is a third a chain of Poseidon hashes, a third range checks of 64 bits, a third levels
of a Merkle path. Beside it circom2 of tests/js/node_modules (circom compiled to WebAssembly) at -O2
compiles the same in circom: templates of our own around circomlib's Poseidon, in a temporary
folder. --circom adds a native circom. Each is a whole process from source to .r1cs, with its peak
memory, in turn; medians of --runs.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
MODULES = ROOT / "tests/js/node_modules"
BITS = 64
HASH, LEVEL = 240, 242  # constraints of a Poseidon of 2; with the choice of sides and its bit

CIRCOM = """pragma circom 2.1.0;
include "circuits/poseidon.circom";

template Range(n) {
    signal input x;
    signal bit[n];
    var sum = 0;
    for (var i = 0; i < n; i++) {
        bit[i] <-- (x >> i) & 1;
        bit[i] * (bit[i] - 1) === 0;
        sum += bit[i] * (1 << i);
    }
    sum === x;
}

template Level() {
    signal input node, sibling, side;
    signal output parent;
    side * (side - 1) === 0;
    signal left <== node + side * (sibling - node);
    parent <== Poseidon(2)([left, node + sibling - left]);
}

template Workload(hashes, checks, levels) {
    signal input digest, root, start;
    signal input x[checks], sibling[levels], side[levels];
    signal link[hashes + 1], node[levels + 1];
    link[0] <== start;
    for (var i = 0; i < hashes; i++) link[i + 1] <== Poseidon(2)([link[i], start]);
    link[hashes] === digest;
    for (var i = 0; i < checks; i++) Range(%d)(x[i]);
    node[0] <== start;
    for (var i = 0; i < levels; i++) node[i + 1] <== Level()(node[i], sibling[i], side[i]);
    node[levels] === root;
}

component main {public [digest, root]} = Workload(%d, %d, %d);
"""


@dataclass(frozen=True)
class Run:
    """A whole process: its end, wall-clock and processor seconds, peak MiB, constraints made."""

    ended: str
    seconds: float
    processor: float
    memory: float
    constraints: int


def parts(size: int) -> tuple[int, int, int]:
    """Hashes, range checks and levels that come to about `size` constraints."""
    third = size // 3
    return third // HASH, third // BITS, third // LEVEL


def ours(size: int, out: Path) -> None:
    """Compile the circuit in this process and write its .r1cs."""
    from circuits.gadgets.hash import poseidon
    from circuits.gadgets.select import select
    from zk import Bool, Circuit, ConstraintSystem, Field, compile, private, public
    from zk.formats.r1cs import save_r1cs

    class Mix(Circuit):
        """A chain of hashes, range checks, and a Merkle path."""

        digest: Field = public()
        root: Field = public()
        start: Field = private()
        x: list[Field] = private(count="checks")
        sibling: list[Field] = private(count="levels")
        side: list[Bool] = private(count="levels")

        def __init__(self, hashes: int, checks: int, levels: int) -> None:
            self.hashes, self.checks, self.levels = hashes, checks, levels

        def define(self, cs: ConstraintSystem) -> None:
            link = self.start
            for _ in range(self.hashes):
                link = poseidon(cs, [link, self.start])
            cs.assert_equal(link, self.digest)
            for x in self.x:
                cs.assert_range(x, BITS)
            node = self.start
            for side, sibling in zip(self.side, self.sibling, strict=True):
                left = select(cs, side, sibling, node)
                node = poseidon(cs, [left, node + sibling - left])
            cs.assert_equal(node, self.root)

    circuit = compile(Mix(*parts(size)))
    save_r1cs(out, circuit.r1cs)


def measure(command: list[str], folder: Path, out: Path, seconds: float) -> Run:
    """Run a compiler in a folder; what it wrote is removed."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    start = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    signal.signal(signal.SIGALRM, lambda *_: process.kill())
    signal.setitimer(signal.ITIMER_REAL, seconds)
    _, status, usage = os.wait4(process.pid, 0)
    signal.setitimer(signal.ITIMER_REAL, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    took = time.perf_counter() - start
    made = 0
    if process.returncode == 0 and out.exists():
        from zk.formats.r1cs import load_r1cs

        made = load_r1cs(out).n_constraints
    out.unlink(missing_ok=True)
    ended = "ok" if made else "timeout" if took >= seconds else f"failed ({process.returncode})"
    return Run(ended, took, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, made)


def commands(size: int, folder: Path, circom: str | None) -> dict[str, list[str]]:
    """Every compiler's command line, by its name."""
    (folder / "mix.circom").write_text(CIRCOM % (BITS, *parts(size)))
    rest = ["mix.circom", "--r1cs", "--O2"]
    found = {
        "ours": [sys.executable, "-m", "bench.compile", "--child", str(size), "mix.r1cs"],
        "circom2": ["node", str(MODULES / ".bin" / "circom2"), *rest],
    }
    return found | ({"native": [circom, *rest]} if circom else {})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="100000,1000000")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--circom", help="a native circom to measure too")
    parser.add_argument("--seconds", type=float, default=900, help="for one process")
    parser.add_argument("--only", default="", help="compilers to run, with commas")
    parser.add_argument("--write", type=Path, metavar="FILE", help="the page to renew")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        ours(int(options.child[0]), Path(options.child[1]))
        return
    lines = list(HEADER)
    for size in map(int, options.sizes.split(",")):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            # circom2 sees nothing outside the folder that it is started in.
            shutil.copytree(MODULES / "circomlib" / "circuits", folder / "circuits")
            compilers = commands(size, folder, options.circom)
            if options.only:
                compilers = {key: compilers[key] for key in options.only.split(",")}
            runs: dict[str, list[Run]] = {key: [] for key in compilers}
            for _ in range(options.runs):
                for key, command in compilers.items():
                    if all(run.ended == "ok" for run in runs[key]):
                        out = folder / "mix.r1cs"
                        runs[key].append(measure(command, folder, out, options.seconds))
                        print(key, runs[key][-1], file=sys.stderr)
            lines += [row(size, key, runs[key], runs.get("ours", runs[key])) for key in runs]
    lines += ["", machine(options)]
    print("\n".join(lines))
    if options.write:
        options.write.write_text("\n".join([PAGE, *lines, ""]))


HEADER = (
    "| size | compiler | constraints | seconds | processor s | MiB | seconds : ours | MiB : ours |",
    "|---:|---|---:|---:|---:|---:|---:|---:|",
)
PAGE = """# Compile times beside circom

Made by `python -m bench.compile --write docs/compile-times.md`. A third of the circuit is a chain
of Poseidon hashes, a third range checks of 64 bits, a third levels of a Merkle path. Measured from
source to `.r1cs`: whole processes, their wall-clock time and peak memory, in turn on one machine.
circom2 is npm's WebAssembly build, native the same compiler built for the machine (`--circom`);
both at -O2, with circomlib's Poseidon.
"""


def machine(options: argparse.Namespace) -> str:
    package = json.loads((MODULES / "circom2" / "package.json").read_text())
    native = ""
    if options.circom:
        said = subprocess.run(
            [options.circom, "--version"], capture_output=True, text=True, check=True, timeout=60
        )
        native = f", native {said.stdout.strip()}"
    return (
        f"Medians of {options.runs}, {os.cpu_count()} processors ({platform.machine()}), load "
        f"{os.getloadavg()[0]:.0f} at the end, Python {platform.python_version()}, circom2 "
        f"{package['version']}{native}; no process was given more than {options.seconds:.0f} s."
    )


def row(size: int, name: str, runs: list[Run], base: list[Run]) -> str:
    """A line of the table; a compiler that failed has what it took until then."""
    median = statistics.median
    seconds = median(run.seconds for run in runs)
    processor = median(run.processor for run in runs)
    memory = median(run.memory for run in runs)
    last = runs[-1]
    made = f"{last.constraints:,}" if last.ended == "ok" else last.ended
    pairs = list(zip(runs, base, strict=False))
    slower = median(t.seconds / o.seconds for t, o in pairs)
    larger = median(t.memory / o.memory for t, o in pairs)
    return (
        f"| {size:,} | {name} | {made} | {seconds:.1f} | {processor:.1f} | {memory:,.0f} "
        f"| {slower:.1f} | {larger:.1f} |"
    )


if __name__ == "__main__":
    main()
