"""Compare the portfolio circuits with the integer model on random books of every size class.

    python -m tests.portfolio.agreement --count 1000 [--class 32] [--seed 0] [--underlyings 2]

Each book is put to both statements, its cash placed at each one's line, one unit beside it, near it
or anywhere, in turn; every third is full to the last slot and expiry. The witness must satisfy the
constraints exactly when the model says that the claim is true, and where it does not, the first
broken constraint must be the final inequality: then every other obligation held. Prints a line per
class and statement; exits with 1 if anything disagrees.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any

from circuits.margin.constants import MAINTENANCE, MODES
from circuits.margin.portfolio.book import PortfolioBook
from circuits.margin.portfolio.commitment import commitment
from circuits.margin.portfolio.committed import CommittedPortfolio
from circuits.margin.portfolio.greeks import GreekLimits
from circuits.margin.portfolio.inputs import book_inputs
from circuits.margin.portfolio.model import PortfolioMargin, portfolio_margin
from circuits.margin.portfolio.portfolio import STATEMENTS
from circuits.margin.portfolio.shape import SIZE_CLASSES, PortfolioShape
from circuits.margin.portfolio.table import TABLE_SIZES, PortfolioEpoch
from tests.checks import outside
from tests.portfolio.books import PLACES, holds, placed, random_book
from tests.portfolio.files import pair
from zk import engine
from zk.compiler.compiled import CompiledCircuit
from zk.compiler.lower import compile

MEETS, LIQUIDATABLE = STATEMENTS
GREEKS = GreekLimits.kind
CIRCUITS: dict[str, type[CommittedPortfolio]] = {**STATEMENTS, GREEKS: GreekLimits}
#: The obligation of a statement's last constraints: the inequality itself.
LAST = {MEETS: "the margin covers the buffer", LIQUIDATABLE: "the margin is below zero"}
BUFFERS = (0, 1000, 25_000)

Values = dict[str, Any]


@cache
def circuit(statement: str, shape: PortfolioShape) -> CompiledCircuit:
    """The compiled statement, once a session."""
    return compile(CIRCUITS[statement](shape))


@cache
def epoch(seed: int, shape: PortfolioShape) -> PortfolioEpoch:
    """An epoch of two underlyings, 8 expiries and 12 strikes each (386 rows), or fewer."""
    sizes = {name: getattr(shape, name) for name in TABLE_SIZES}
    expiries = min(8, shape.market_expiries // 2)
    strikes = min(12, (shape.rows - 2) // (4 * expiries))
    market, params = pair(seed, expiries=expiries, strikes=strikes, **sizes)
    return PortfolioEpoch.build(market, params, shape)


def values(
    book: PortfolioBook, at: PortfolioEpoch, statement: str, mode: int, buffer: int
) -> Values:
    """The circuit's inputs for a book; salt, domain and liquidator are arbitrary."""
    found = portfolio_margin(book, at, mode)
    made = book_inputs(book, 77, at) | {
        "domain": 1,
        "account": book.account,
        "commitment": commitment(book, 77),
        "epoch_root": at.root,
        "params_digest": at.params_digest,
    }
    if statement == MEETS:
        return made | {
            "claim": mode + (buffer << 8),
            "maintenance": mode,
            "buffer": buffer,
            "worst": worst(book, found),
        }
    return made | {"liquidator": 2, "choice": choice(book, found)}


def worst(book: PortfolioBook, found: PortfolioMargin) -> list[int]:
    """x of every underlying leg, 0 of one that is not used."""
    missing = book.shape.underlyings - len(found.underlyings)
    return [part.worst for part in found.underlyings] + [0] * missing


def choice(book: PortfolioBook, found: PortfolioMargin) -> list[int]:
    """For every underlying leg the bits that choose x."""
    lanes = [part.worst_lane for part in found.underlyings]
    lanes += [0] * (book.shape.underlyings - len(lanes))
    return [int(i == lane) for lane in lanes for i in range(book.shape.lanes + 1)]


def first_broken(statement: str, shape: PortfolioShape, made: Values) -> str | None:
    """The obligation of the first constraint that the honest witness breaks.

    One that breaks none has every wire in the interval that the compiler knows of it.
    """
    compiled = circuit(statement, shape)
    witness = compiled.witness(made)
    row = engine.first_unsatisfied(compiled.r1cs, witness)
    if row is None:
        assert outside(compiled, witness) == []
        return None
    return compiled.origin(row)[0]


@dataclass
class Tally:
    """What became of one class and statement."""

    shape: PortfolioShape
    statement: str
    counts: dict[str, int] = field(default_factory=dict)  # of places
    satisfied: int = 0
    refused: int = 0
    full: int = 0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def add(self, base: PortfolioBook, at: PortfolioEpoch, place: str, rng: Random) -> None:
        start = time.perf_counter()
        mode, buffer = MAINTENANCE, 0
        if self.statement == MEETS:
            mode, buffer = rng.choice(list(MODES.values())), rng.choice(BUFFERS)
        book = placed(base, at, self.statement, mode, buffer, place, rng)
        made = values(book, at, self.statement, mode, buffer)
        broken = first_broken(self.statement, self.shape, made)
        true = holds(book, at, self.statement, mode, buffer)
        if broken != (None if true else LAST[self.statement]):
            self.wrong.append(
                f"a book of {len(book.options)} options at its {place}, put to {self.statement}: "
                f"the circuit says {broken or 'satisfied'}, the model {true}"
            )
        self.satisfied += broken is None
        self.refused += broken is not None
        self.full += len(book.options) == self.shape.options
        self.counts[place] = self.counts.get(place, 0) + 1
        self.seconds += time.perf_counter() - start

    def __str__(self) -> str:
        places = ", ".join(f"{count} {place}" for place, count in self.counts.items())
        return (
            f"{self.shape.size_class:>11} {self.statement:<22} {self.satisfied} satisfied, "
            f"{self.refused} refused, {len(self.wrong)} disagree; {places}; {self.full} full; "
            f"{self.seconds:.1f} s"
        )


def compare(
    shape: PortfolioShape, count: int, seed: int = 0, progress: Callable[[int], None] | None = None
) -> list[Tally]:
    """Put `count` books of a shape to both statements."""
    at = epoch(seed % 3, shape)
    tallies = [Tally(shape, statement) for statement in STATEMENTS]
    for index in range(count):
        rng = Random(f"{shape} {seed} {index}")
        base = random_book(at, shape, rng, full=index % 3 == 0)
        for tally in tallies:
            tally.add(base, at, PLACES[index % len(PLACES)], rng)
        if progress:
            progress(index + 1)
    return tallies


def shape_of(options: int, underlyings: int = 1) -> PortfolioShape:
    """A size class with all defaults, as the tests' params have them."""
    return PortfolioShape(options, underlyings=underlyings)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.portfolio.agreement")
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--underlyings", type=int, default=1)
    parser.add_argument("--class", dest="options", type=int, action="append")
    args = parser.parse_args(arguments)
    wrong = 0
    for options in args.options or SIZE_CLASSES:
        shape = shape_of(options, args.underlyings)

        def progress(done: int, name: str = shape.size_class) -> None:
            print(f"\r{name}: {done} of {args.count}", end="", file=sys.stderr, flush=True)

        for tally in compare(shape, args.count, args.seed, progress):
            print(f"\r{tally}", flush=True)
            for line in tally.wrong[:10]:
                print(f"  {line}")
            wrong += len(tally.wrong)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
