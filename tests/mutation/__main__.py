"""Mutate gadgets and statements, and count what the tests notice.

    python -m tests.mutation                          every target, for at most an hour
    python -m tests.mutation --target compare         one of them
    python -m tests.mutation --sample 0.05 --seed 1   a twentieth of the mutants, drawn
    python -m tests.mutation --draw 1                 other terms and wires of each constraint
    python -m tests.mutation --quick                  quick tests first, the rest for survivors
    python -m tests.mutation --list                   the sites of a target, without a run

A mutant is an emitting line, a kind of change and a position (`tests/mutation/mutants.py`). Prints
a line for every mutant that survives and a score for every target, in one order whatever ends
first, and what becomes of each mutant on standard error; exits with 1 if one survived that
docs/mutation.md does not call equivalent.
"""

from __future__ import annotations

import argparse
import importlib
import signal
import sys
import time

from tests.mutation import sites
from tests.mutation.mutants import Mutant, drawn, mutants
from tests.mutation.names import ROOT
from tests.mutation.run import NOTICED, SURVIVED, Baseline, Verdict, baselines, verdicts
from tests.mutation.targets import TARGETS, Target

PAGE = ROOT / "docs" / "mutation.md"


def equivalent() -> set[str]:
    """The mutants that the page argues to be equivalent: its lines "- `mutant`"."""
    lines = PAGE.read_text().splitlines() if PAGE.exists() else []
    return {line.split("`")[1] for line in lines if line.startswith("- `")}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("--target", action="append", choices=TARGETS)
    parser.add_argument("--sample", type=float, default=1.0, help="the part of the mutants to run")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--draw", type=int, default=0, help="another number changes other terms and wires"
    )
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument(
        "--timeout", type=float, default=300.0, help="for one mutant, in seconds of work"
    )
    parser.add_argument("--jobs", type=int, default=2, help="mutants side by side")
    parser.add_argument("--quick", action="store_true", help="ask a target's quick tests first")
    parser.add_argument("--list", action="store_true")
    args = parser.parse_args(arguments)

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and with it all children
    sites.install()
    start = time.monotonic()
    targets = [TARGETS[name] for name in args.target or TARGETS]
    for test in dict.fromkeys(test for target in targets for test in target.tests):
        # Imported once, here, and in no child.
        importlib.import_module(test.removesuffix(".py").replace("/", "."))
    for module, _, name in (target.ready.partition(":") for target in targets if target.ready):
        getattr(importlib.import_module(module), name)()
    known = baselines(targets, max(args.timeout, 600.0), args.jobs, args.quick)
    if args.list:
        for found in known:
            print(*(f"{site}  x{count}" for site, count in sorted(found.counts.items())), sep="\n")
        return 0

    excused = equivalent()
    totals: dict[str, int] = {NOTICED: 0}
    wrong = 0
    for target, found in zip(targets, known, strict=True):
        every = mutants(found.counts, args.draw)
        part = args.sample * (target.share if args.sample < 1 else 1)
        chosen = drawn(every, part, f"mutation {args.seed} {target.name}")
        judged = judge(target, chosen, found, args, start)
        counts = {NOTICED: 0, SURVIVED: 0}
        for mutant, verdict in zip(chosen, judged, strict=False):
            if verdict != NOTICED and mutant.name in excused:
                verdict = "equivalent"
            counts[verdict] = counts.get(verdict, 0) + 1
            if verdict not in (NOTICED, "equivalent"):
                wrong += 1
                print(f"  {verdict}: {mutant}\n    - `{mutant.name}`")
        print(f"{target.name}: {_score(counts)}, of {len(every)} mutants", flush=True)
        for verdict, count in counts.items():
            totals[verdict] = totals.get(verdict, 0) + count
    print(f"all: {_score(totals)}")
    return 1 if wrong else 0


def judge(
    target: Target,
    chosen: list[Mutant],
    known: Baseline,
    args: argparse.Namespace,
    start: float,
) -> list[str]:
    """The verdict on each mutant, of as many as there was time for."""
    until = start + 60 * args.minutes
    found: dict[int, str] = {}
    judged = verdicts(target, chosen, known, args.timeout, args.jobs, until, args.quick)
    for index, verdict in judged:
        found[index] = verdict.verdict
        done = f"{target.name} {len(found)}/{len(chosen)}"
        _progress(time.monotonic() - start, done, chosen[index], verdict)
    return [found[index] for index in sorted(found)]


def _progress(elapsed: float, done: str, mutant: Mutant, verdict: Verdict) -> None:
    clock = f"{int(elapsed) // 60}:{int(elapsed) % 60:02d}"
    by = f" by {verdict.test}" if verdict.test else ""
    print(
        f"[{clock}] {done}: {mutant}: {verdict.verdict}{by}, {verdict.seconds:.1f} s",
        file=sys.stderr,
        flush=True,
    )


def _score(counts: dict[str, int]) -> str:
    judged = sum(counts.values()) - counts.get("equivalent", 0)
    parts = ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
    return f"{100 * counts[NOTICED] / judged:.1f} % ({parts})" if judged else "nothing judged"


if __name__ == "__main__":
    sys.exit(main())
