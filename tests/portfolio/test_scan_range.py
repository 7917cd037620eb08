"""The scan-range rules of examples/portfolio: their integers, their circuit, what is refused."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import cache
from random import Random
from typing import Any

import pytest

from circuits.margin.portfolio.book import PortfolioBook
from circuits.margin.portfolio.records import OptionRow
from circuits.margin.portfolio.shape import PortfolioShape
from circuits.margin.portfolio.table import PortfolioEpoch
from examples.portfolio.scan_range import BUFFER, CASH, ScanRange, inputs, scan_margin
from tests.checks import Attack
from tests.portfolio import lies
from tests.portfolio.agreement import epoch, shape_of
from tests.portfolio.books import random_book
from tests.portfolio.raw import SHAPE, Forgery, copied, market, rich_book
from zk import engine
from zk.compiler.compiled import CompiledCircuit
from zk.compiler.lower import compile
from zk.field import R, from_limbs

LAST = "equity covers the requirement and the buffer"


@cache
def circuit(shape: PortfolioShape) -> CompiledCircuit:
    return compile(ScanRange(shape))


def refusal(shape: PortfolioShape, made: dict[str, Any]) -> str | None:
    compiled = circuit(shape)
    row = engine.first_unsatisfied(compiled.r1cs, compiled.witness(made))
    return None if row is None else compiled.origin(row)[0]


def by_definition(book: PortfolioBook, at: PortfolioEpoch) -> Fraction:
    """Equity less requirement in the quote currency, as the file's first lines have it."""
    unit, part = Fraction(1, 10**8), Fraction(1, 10**6)
    record = at.open_underlying(book.underlyings[0]).record
    perpetual = sum((leg.quantity * unit for leg in book.perpetuals), Fraction(0))
    moves = perpetual * record.perpetual_price * unit
    equity = book.cash * unit + moves
    for leg in book.perpetuals:
        equity -= leg.quantity * unit * Fraction(record.funding - leg.funding, 10**12)
    for leg in book.futures:
        expiry = at.open_expiry(leg.prefix).record
        moves += leg.quantity * unit * expiry.forward_variable * unit
        equity += leg.quantity * unit * expiry.forward * unit
    values = [Fraction(0)] * len(at.scenarios.lanes)
    short = Fraction(0)
    for leg in book.options:
        row = at.by_key[leg.key]
        assert isinstance(row, OptionRow)
        values = [
            v + leg.quantity * unit * u * unit for v, u in zip(values, row.values, strict=True)
        ]
        short += max(-leg.quantity, 0) * unit
    losses = [
        lane.damping * part * (values[0] - value - moves * (lane.shock * part - 1))
        for value, lane in zip(values, at.scenarios.lanes, strict=True)
    ]
    minimum = record.option_maintenance * part * record.spot * unit * short
    return equity + values[0] - max(losses) - minimum


@pytest.mark.parametrize("seed", range(20))
def test_the_integers_are_the_definition(seed: int) -> None:
    book = random_book(market(), SHAPE, Random(f"scan {seed}"), full=seed % 2 == 0)
    if book.underlyings:
        left, worst = scan_margin(book, market())
        assert Fraction(left, BUFFER) == by_definition(book, market())
        assert worst <= 0


@pytest.mark.parametrize(
    ("shape", "count"), [(SHAPE, 40), (shape_of(8), 12), (shape_of(32), 6)], ids=str
)
def test_circuit_and_integers_agree(shape: PortfolioShape, count: int) -> None:
    """At the line, a unit of cash below it, near it and anywhere."""
    at, seen = epoch(1, shape), set()
    for index in range(count):
        rng = Random(f"scan {shape} {index}")
        book = random_book(at, shape, rng, full=index % 3 == 0)
        buffer = rng.choice((0, 1000))
        least = -((scan_margin(book, at)[0] - buffer * BUFFER) // CASH)
        moved = (0, -1, rng.randrange(-(10**6), 10**6), rng.randrange(-(10**14), 10**14))[index % 4]
        book = replace(book, cash=least + moved)
        true = scan_margin(book, at)[0] >= buffer * BUFFER
        assert true == (moved >= 0)
        found = refusal(shape, inputs(book, at, 77, buffer))
        assert found == (None if true else LAST)
        seen.add(true)
    assert seen == {True, False}


def honest(cash: int = 10**20) -> Forgery:
    book = replace(rich_book(), cash=cash)
    return Forgery("scan range", copied(inputs(book, market(), 77, 0)))


def test_the_honest_book_passes() -> None:
    assert refusal(SHAPE, honest().sealed().values) is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lies.duplicate, "the strike is above the one before it"),
        (lies.gap, "a slot is used only if the one before it is"),
        (lies.unused("option", magnitude=1), "an empty slot is zero in every part"),
        (lies.other_row, "the slot's row is a child of the opened node"),
        (lies.foreign_row, "every used leg opens the epoch"),
        (lies.other_price("expiry", 0, "forward"), "every used leg opens the epoch"),
        (lies.other_price("underlying", 0, "spot"), "every used leg opens the epoch"),
        (lambda f: f.values["damping"].__setitem__(3, 0), "the scenarios are the epoch's"),
        (lambda f: f.values["shock"].__setitem__(3, 10**6), "the scenarios are the epoch's"),
        (lambda f: f.values.update(worst=f.values["worst"] + 1), "the worst is at most value"),
        (lambda f: f.values.update(worst=0), "the worst is at most value"),
        (lambda f: f.values.update(buffer=1 << 48), "buffer is an unsigned integer"),
    ],
)
def test_what_has_no_witness(change: Any, words: str) -> None:
    forged = honest()
    change(forged)
    found = refusal(SHAPE, forged.sealed().values)
    assert found is not None, "the lie passes"
    assert words in found


def test_a_damping_and_a_shock_that_open_the_same_entry() -> None:
    """damping + 2^20 shock is one element: less of the one and a fraction more of the other."""
    forged = honest()
    forged.values["damping"][3] -= 1
    forged.values["shock"][3] = (forged.values["shock"][3] + pow(2**20, -1, R)) % R
    found = refusal(SHAPE, forged.values)
    assert found is not None
    assert "shock[3] is an unsigned integer" in found


@pytest.mark.parametrize("by", [1, 10**28])
def test_a_worst_that_is_too_low_only_raises_the_requirement(by: int) -> None:
    forged = honest()
    forged.values["worst"] -= by
    assert refusal(SHAPE, forged.values) is None


def test_a_worst_that_wraps_is_no_gain() -> None:
    """Just under the line: a worst far below would have to come around the field's order."""
    book = rich_book()
    book = replace(book, cash=book.cash - scan_margin(book, market())[0] // CASH - 1)
    assert scan_margin(book, market())[0] < 0
    for worst in (R - 1, R // 2, -(10**60)):
        made = inputs(book, market(), 77, 0) | {"worst": worst % R}
        assert refusal(SHAPE, made) is not None


def test_no_wire_is_unbound() -> None:
    attack = Attack(circuit(SHAPE))
    attack.start(from_limbs(circuit(SHAPE).assign(honest().sealed().values)))
    attack.assert_bound()


def test_an_account_of_cash_alone() -> None:
    nothing = replace(rich_book(), options=(), futures=(), perpetuals=(), collaterals=())
    for cash, buffer, true in ((10**8, 1, True), (10**8 - 1, 1, False), (-1, 0, False)):
        made = inputs(replace(nothing, cash=cash), market(), 77, buffer)
        assert (refusal(SHAPE, made) is None) == true
