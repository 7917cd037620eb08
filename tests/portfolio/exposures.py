"""Greek limits in the tests: the circuit's inputs, books on the line, random comparison.

    python -m tests.portfolio.exposures --count 1000 [--class 32] [--seed 0] [--underlyings 2]

Every book is put to limits that it just keeps, to each of them less one unit, to one of another
underlying, and to wide ones; every third book is full, every third has whole contracts and a
perpetual with which its net delta is a whole number, or off it by one unit of 1e-8.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from circuits.margin.instrument import PERPETUAL, Instrument
from circuits.margin.portfolio.book import Leg, PortfolioBook
from circuits.margin.portfolio.commitment import commitment
from circuits.margin.portfolio.constants import DELTA_ONE
from circuits.margin.portfolio.exposure import (
    LIMIT_BITS,
    LIMIT_SCALE,
    Exposure,
    GreekLimit,
    exposures,
    within,
)
from circuits.margin.portfolio.inputs import position_inputs
from circuits.margin.portfolio.shape import SIZE_CLASSES, PortfolioShape
from circuits.margin.portfolio.table import PortfolioEpoch
from tests.portfolio.agreement import GREEKS, epoch, first_broken, shape_of
from tests.portfolio.books import random_book

WIDEST = GreekLimit((1 << LIMIT_BITS) - 1, (1 << LIMIT_BITS) - 1)
DELTA, VEGA = "net delta is within its limit", "net vega is within its limit"


def greek_values(book: PortfolioBook, at: PortfolioEpoch, limit: GreekLimit) -> dict[str, Any]:
    """The circuit's inputs for a book; salt and domain are arbitrary."""
    return position_inputs(book, 77, at) | {
        "domain": 1,
        "account": book.account,
        "commitment": commitment(book, 77),
        "epoch_root": at.root,
        "params_digest": at.params_digest,
        "claim": limit.claim,
        "scope": limit.underlying,
        "delta_limit": limit.delta,
        "vega_limit": limit.vega,
    }


def whole(value: int) -> int:
    """The least limit that a figure keeps."""
    return -(-abs(value) // LIMIT_SCALE)


def tight(found: Sequence[Exposure], underlying: int = 0) -> GreekLimit:
    """The narrowest limits that all of these keep, or those of one underlying."""
    mine = [e for e in found if underlying in (0, e.underlying)]
    delta = max((whole(e.delta) for e in mine), default=0)
    return GreekLimit(delta, max((whole(e.vega) for e in mine), default=0), underlying)


def on_the_line(book: PortfolioBook, at: PortfolioEpoch, off: int = 0) -> PortfolioBook:
    """The book in whole contracts, its first underlying's net delta a whole number and `off`."""
    options = tuple(replace(leg, quantity=_contracts(leg.quantity)) for leg in book.options)
    futures = tuple(replace(leg, quantity=_contracts(leg.quantity)) for leg in book.futures)
    number = book.underlyings[0]
    rest = tuple(leg for leg in book.perpetuals if leg.underlying != number)
    found = exposures(replace(book, options=options, futures=futures, perpetuals=rest), at)
    own = next((e.delta for e in found if e.underlying == number), 0)
    # Whole contracts: the delta is a multiple of 1e-8, and so is what is missing.
    missing = (-own % LIMIT_SCALE) // DELTA_ONE + off or DELTA_ONE
    leg = Leg(Instrument(number, PERPETUAL).key, missing)
    perpetuals = tuple(sorted((leg, *rest), key=lambda one: one.key))
    return replace(book, options=options, futures=futures, perpetuals=perpetuals)


def _contracts(quantity: int) -> int:
    sign = 1 if quantity > 0 else -1
    return sign * max(1, abs(quantity) // 10**8) * 10**8


def limits(found: Sequence[Exposure], rng: Random) -> Iterator[tuple[str, GreekLimit]]:
    """Limits for these exposures, by what they are."""
    yield "wide", WIDEST
    scope = rng.choice((0, *(e.underlying for e in found)))
    kept = tight(found, scope)
    yield "kept", kept
    if kept.delta:
        yield "delta", replace(kept, delta=kept.delta - 1)
    if kept.vega:
        yield "vega", replace(kept, vega=kept.vega - 1)
    yield "other", GreekLimit(0, 0, 999)


@dataclass
class Tally:
    """What became of one class."""

    shape: PortfolioShape
    counts: dict[str, int] = field(default_factory=dict)
    satisfied: int = 0
    refused: int = 0
    full: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, book: PortfolioBook, at: PortfolioEpoch, rng: Random) -> None:
        self.full += len(book.options) == self.shape.options
        for name, limit in limits(exposures(book, at), rng):
            broken = first_broken(GREEKS, self.shape, greek_values(book, at, limit))
            true = within(book, at, limit)
            words = {"delta": DELTA, "vega": VEGA}.get(name, "satisfied")
            if (broken is None) != true or words not in (broken or "satisfied"):
                self.wrong.append(f"{name}: the circuit says {broken}, the model {true}")
            self.satisfied += broken is None
            self.refused += broken is not None
            self.counts[name] = self.counts.get(name, 0) + 1

    def __str__(self) -> str:
        kinds = ", ".join(f"{count} {name}" for name, count in self.counts.items())
        return (
            f"{self.shape.size_class:>11} {self.satisfied} satisfied, {self.refused} refused, "
            f"{len(self.wrong)} disagree; {kinds}; {self.full} books full"
        )


def compare(shape: PortfolioShape, count: int, seed: int = 0) -> Tally:
    """Put `count` books of a shape to limits of every kind."""
    at, tally = epoch(seed % 3, shape), Tally(shape)
    for index in range(count):
        rng = Random(f"greeks {shape} {seed} {index}")
        book = random_book(at, shape, rng, full=index % 3 == 0)
        if index % 3 == 1 and book.underlyings:
            book = on_the_line(book, at, rng.choice((-1, 0, 0, 1)))
        tally.add(book, at, rng)
    return tally


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.portfolio.exposures")
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--underlyings", type=int, default=1)
    parser.add_argument("--class", dest="options", type=int, action="append")
    args = parser.parse_args()
    wrong = 0
    for options in args.options or SIZE_CLASSES:
        tally = compare(shape_of(options, args.underlyings), args.count, args.seed)
        print(tally, *tally.wrong[:10], sep="\n  ", flush=True)
        wrong += len(tally.wrong)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
