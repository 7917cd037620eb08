"""A gate on the kernels' speed: `python -m bench.gate [--log 18] [--runs 3] [--bound 1.5]`.

Runs `cargo bench -p zkmargin-core --bench kernels` with one thread and holds nanoseconds for an
affine addition (MSM in G1) and for a butterfly (NTT) to --bound times their limits
(zkmargin/bench/kernels.py). The best of the runs counts, by the clock: nothing else may run beside.
Exit code 1 when a bound is broken, 2 where the machine has no AVX-512 IFMA, for which the limits
are.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys

from bench.systems import ROOT
from zkmargin.bench.kernels import ADDITION_G1, PRODUCT, additions
from zkmargin.bench.running import machine

LIMIT = 900  # seconds, building included


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--log", type=int, default=18)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--bound", type=float, default=1.5, help="times the limit")
    options = parser.parse_args()
    if "no AVX-512" in machine():
        print(f"no gate here: {machine()}", file=sys.stderr)
        return 2
    n = 1 << options.log
    units = {
        "msm, G1": ("addition", additions(n), ADDITION_G1),
        "ntt": ("butterfly", n // 2 * options.log, PRODUCT),
    }
    outputs = [kernels(options.log) for _ in range(options.runs)]
    broken = 0
    for name, (unit, count, limit) in units.items():
        ns = min(milliseconds(text, name) for text in outputs) * 1e6 / count
        verdict = "ok" if ns <= options.bound * limit else "TOO SLOW"
        broken += verdict != "ok"
        print(
            f"{name}, 2^{options.log}: {ns:.2f} ns for one {unit}, {ns / limit:.2f} of the limit "
            f"{limit} ns, bound {options.bound}: {verdict}"
        )
    return 1 if broken else 0


def kernels(log: int) -> str:
    """What the bench prints for size 2^log and one thread."""
    command = [
        "cargo",
        "bench",
        "--quiet",
        "--offline",
        "-p",
        "zkmargin-core",
        "--bench",
        "kernels",
    ]
    done = subprocess.run(
        [*command, "--", str(log), "1", "kernels"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"cargo bench: {done.stderr[-500:]}")
    return done.stdout


def milliseconds(text: str, name: str) -> float:
    """By the clock, for the line that starts with this name."""
    line = rf"^{re.escape(name)}\s+([0-9.]+) ms, of a processor"
    found = re.search(line, text, re.MULTILINE)
    if found is None:
        raise SystemExit(f"the bench prints no line of {name!r}")
    return float(found[1])


if __name__ == "__main__":
    sys.exit(main())
