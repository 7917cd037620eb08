"""Kernels beside their limits: `python -m bench.kernels [--logs 14,16,18,20] [--write]`.

The figures and limits are those of zkmargin/bench/kernels.py, with one thread and with all of them;
with more threads a limit is so many times lower.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from bench import page
from zk import engine
from zkmargin.bench.kernels import Kernel, fixed, sized
from zkmargin.bench.running import machine, processors


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--logs", default="14,16,18,20")
    parser.add_argument("--threads", default=f"1,{len(processors(1024))}")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--write", action="store_true", help="put the table into docs")
    options = parser.parse_args()
    rows, found = [], []
    for n in sorted({int(word) for word in options.threads.split(",")}):
        engine.set_threads(n)
        every = [k for log in options.logs.split(",") for k in sized(int(log), options.runs)]
        if n == 1:
            every += fixed(options.runs)
        found += [{"threads": n, **kernel.json()} for kernel in every]
        rows += [cells(kernel, n) for kernel in every]
    head = ("kernel", "size", "threads", "ns", "for one", "limit", "times the limit")
    text = f"{page.table(head, rows)}\n\nThe best of {options.runs} runs. {machine()}."
    print(text)
    if options.json:
        write_json(options.json, found)
    if options.write:
        page.write("bench.kernels", text)


def cells(kernel: Kernel, threads: int) -> tuple[str, ...]:
    limit = ratio = ""
    if kernel.limit is not None:
        limit = f"{kernel.limit / threads:.1f}"
        ratio = f"{threads * kernel.ns / kernel.limit:.2f}"
    return (kernel.name, kernel.size, str(threads), f"{kernel.ns:,.1f}", kernel.unit, limit, ratio)


def write_json(path: Path, found: list[dict[str, Any]]) -> None:
    path.write_text(json.dumps({"machine": machine(), "kernels": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
