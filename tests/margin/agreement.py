"""Compare the circuits with the integer model on random accounts of every size class.

    python -m tests.margin.agreement --count 2000 [--class 64+16] [--seed 0]

Each account of `tests.strategies.cases` is put to both statements: to its own, near whose line it
was placed, and to the other one at maintenance margin without a buffer. The witness must satisfy
the constraints exactly when the model says that the claim is true, and where it does not, the first
broken constraint must be the final inequality: then every other obligation held, so an honest
account is refused for its margin alone. Prints a line per class and statement; exits with 1 if
anything disagrees.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from circuits.margin.commitment import commitment
from circuits.margin.constants import BUFFER_SCALE, CASH_SCALE, MAINTENANCE
from circuits.margin.linear import STATEMENTS
from circuits.margin.model import breakdown
from circuits.margin.shape import SIZE_CLASSES, TINY_CLASS, Shape
from circuits.margin.statement import PUBLIC_INPUTS, book_inputs
from tests.checks import outside
from tests.strategies import Case, cases, shape_of
from zk import engine
from zk.compiler.compiled import CompiledCircuit
from zk.compiler.lower import compile

CLASSES = (TINY_CLASS, *SIZE_CLASSES)
#: The obligation of a statement's last constraints: the inequality itself.
LAST = {"meets": "the margin covers the buffer", "liquidatable": "the margin is below zero"}

Values = dict[str, Any]


@cache
def circuit(statement: str, shape: Shape) -> CompiledCircuit:
    """The compiled statement, once a session."""
    return compile(STATEMENTS[statement](shape))


def raw_values(case: Case, statement: str, shape: Shape) -> Values:
    """The circuit's inputs for a case; domain and liquidator are arbitrary."""
    mode, buffer = _terms(case, statement)
    public = (1, case.book.account, commitment(case.book, case.salt), case.epoch.root)
    values = book_inputs(shape, case.book, case.salt, case.epoch, mode)
    values |= dict(zip(PUBLIC_INPUTS, (*public, case.epoch.params_digest), strict=True))
    if statement == "meets":
        return values | {"claim": mode + (buffer << 8), "maintenance": mode, "buffer": buffer}
    return values | {"liquidator": 2}


def is_true(case: Case, statement: str) -> bool:
    """Whether the integer model says that the claim holds."""
    mode, buffer = _terms(case, statement)
    distance = breakdown(case.book, case.epoch.by_key, mode).distance(buffer)
    return distance >= 0 if statement == "meets" else distance < 0


def first_broken(case: Case, statement: str, shape: Shape) -> str | None:
    """The obligation of the first constraint that the honest witness breaks.

    One that breaks none has every wire in the interval that the compiler knows of it.
    """
    compiled = circuit(statement, shape)
    witness = compiled.witness(raw_values(case, statement, shape))
    row = engine.first_unsatisfied(compiled.r1cs, witness)
    if row is None:
        assert outside(compiled, witness) == []
        return None
    return compiled.origin(row)[0]


@dataclass
class Tally:
    """What became of one class and statement."""

    size_class: str
    statement: str
    satisfied: int = 0
    refused: int = 0
    own: int = 0  # accounts placed at this statement's line, of which:
    near: int = 0  # within 1e-6 of the requirement
    below: int = 0
    line: int = 0  # no spare unit of cash
    under: int = 0  # one unit of cash is missing
    seconds: float = 0.0
    slots: set[tuple[int, int]] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)

    def add(self, case: Case, shape: Shape) -> None:
        start = time.perf_counter()
        broken = first_broken(case, self.statement, shape)
        expected = None if is_true(case, self.statement) else LAST[self.statement]
        if broken != expected:
            self.wrong.append(
                f"{self.size_class}, {case!r} put to {self.statement}: the circuit says "
                f"{broken or 'satisfied'}, the model {expected or 'satisfied'}"
            )
        self.satisfied += broken is None
        self.refused += broken is not None
        self.slots.add((len(case.book.positions), len(case.book.collaterals)))
        if case.statement == self.statement:
            self._place(case)
        self.seconds += time.perf_counter() - start

    def _place(self, case: Case) -> None:
        distance, terms = case.distance, breakdown(case.book, case.epoch.by_key, case.mode)
        self.own += 1
        self.near += (
            abs(distance) * 10**6 <= max(terms.requirement, BUFFER_SCALE) + CASH_SCALE * 10**6
        )
        self.below += distance < 0
        self.line += 0 <= distance < CASH_SCALE
        self.under += -CASH_SCALE <= distance < 0

    def __str__(self) -> str:
        count = self.satisfied + self.refused
        return (
            f"{self.size_class:>5} {self.statement:<12} {count:>5} accounts: "
            f"{self.satisfied} satisfied, {self.refused} refused, {len(self.wrong)} disagree; "
            f"{self.own} at its line: {self.near} within 1e-6, {self.line} on it, "
            f"{self.under} one unit under, {self.below} below; {len(self.slots)} slot counts; "
            f"{self.seconds:.1f} s"
        )


def compare(
    size_class: str, count: int, seed: int = 0, progress: Callable[[int], None] | None = None
) -> list[Tally]:
    """Put `count` accounts of a class to both statements."""
    shape = shape_of(size_class)
    tallies = [Tally(size_class, statement) for statement in STATEMENTS]
    for case in cases(shape, count, seed):
        for tally in tallies:
            tally.add(case, shape)
        if progress:
            progress(case.index + 1)
    return tallies


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.margin.agreement", description=__doc__)
    parser.add_argument("--count", type=int, default=2000, help="accounts of every class")
    parser.add_argument("--class", dest="classes", action="append", choices=CLASSES)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args(arguments)
    wrong = 0
    for size_class in chosen.classes or CLASSES:
        tallies = compare(
            size_class, chosen.count, chosen.seed, _progress(size_class, chosen.count)
        )
        for tally in tallies:
            print(tally, flush=True)
            for line in tally.wrong:
                print(f"  {line}", file=sys.stderr)
            wrong += len(tally.wrong)
    return 1 if wrong else 0


def _terms(case: Case, statement: str) -> tuple[int, int]:
    """(mode, buffer): the case's own, or those of the plain maintenance margin."""
    return (case.mode, case.buffer) if statement == case.statement else (MAINTENANCE, 0)


def _progress(size_class: str, count: int) -> Callable[[int], None] | None:
    if not sys.stderr.isatty():
        return None

    def show(done: int) -> None:
        end = "\n" if done == count else ""
        print(f"\r{size_class}: {done} of {count}", end=end, file=sys.stderr, flush=True)

    return show


if __name__ == "__main__":
    sys.exit(main())
