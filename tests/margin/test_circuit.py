"""The circuits agree with the integer model: at random, at the line, at the finest unit, at limits.

`agreement.py` compares; its command does it 2,000 times a class.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from circuits.margin.book import Book, Holding, Position
from circuits.margin.constants import MAINTENANCE, ROW_COLLATERAL, ROW_INSTRUMENT
from circuits.margin.epoch import Epoch, Row
from circuits.margin.instrument import collateral, perpetual
from circuits.margin.model import breakdown
from circuits.margin.tiers import TierTable
from tests.margin import agreement, sample
from tests.margin.agreement import CLASSES, LAST, first_broken, is_true
from tests.strategies import Case, cases, shape_of

#: 12 kinds of case times 17: enough for every kind of case in both statements.
COUNT = 204


@pytest.mark.parametrize("size_class", CLASSES)
def test_circuit_and_model_agree(size_class: str) -> None:
    tallies = agreement.compare(size_class, COUNT)
    assert [line for tally in tallies for line in tally.wrong] == []
    for tally in tallies:
        assert tally.satisfied > COUNT // 4 < tally.refused
        # Half below the line, a third within 1e-6 of it, and both on it and one unit under.
        assert tally.below * 2 == tally.own
        assert tally.near * 3 >= tally.own
        assert tally.line > 0 < tally.under
    own = [tally.own for tally in tallies]
    assert sum(own) == COUNT


@pytest.mark.slow
@pytest.mark.parametrize("size_class", CLASSES)
def test_circuit_and_model_agree_on_thousands(size_class: str) -> None:
    shape = shape_of(size_class)
    tallies = agreement.compare(size_class, 2000, seed=1)
    assert [line for tally in tallies for line in tally.wrong] == []
    used, held = (set(counts) for counts in zip(*tallies[0].slots, strict=True))
    assert used == set(range(shape.positions + 1))
    assert held == set(range(shape.collaterals + 1))


@pytest.mark.parametrize("size_class", CLASSES)
def test_the_suite_reaches_every_slot_count(size_class: str) -> None:
    """From none to full, in positions and in collateral."""
    shape = shape_of(size_class)
    found = list(cases(shape, COUNT))
    used = {len(case.book.positions) for case in found}
    held = {len(case.book.collaterals) for case in found}
    assert used == set(range(shape.positions + 1))
    assert held == set(range(shape.collaterals + 1))


def test_a_disagreement_would_show(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison is no tautology: a model that is off by one unit is caught, and exits 1."""

    def off(case: Case, statement: str) -> bool:
        cash = min(case.book.cash + 1, 2**95 - 1)
        moved = replace(case, book=replace(case.book, cash=cash))
        return is_true(moved, statement)

    monkeypatch.setattr(agreement, "is_true", off)
    assert agreement.main(["--count", "24", "--class", "1+1"]) == 1


# The line itself. ---------------------------------------------------------------------------------


def put(book: Book, epoch: Epoch, statement: str, buffer: int = 0, mode: int = MAINTENANCE) -> Case:
    return Case(0, "line", statement, book, epoch, mode, buffer, salt=9)


@pytest.mark.parametrize("buffer", [0, 1, 10**6])
@pytest.mark.parametrize("mode", [0, 1])
def test_one_unit_of_cash_decides(mode: int, buffer: int) -> None:
    epoch = sample.epoch()
    for missing in (0, 1):
        book = sample.at(buffer * sample.UNIT - missing, epoch, sample.book(), mode)
        case = put(book, epoch, "meets", buffer, mode)
        assert is_true(case, "meets") == (not missing)
        assert first_broken(case, "meets", sample.SHAPE) == (LAST["meets"] if missing else None)
    for distance in (0, -1):
        book = sample.at(distance, epoch, sample.book())
        case = put(book, epoch, "liquidatable")
        assert is_true(case, "liquidatable") == (distance < 0)
        broken = first_broken(case, "liquidatable", sample.SHAPE)
        assert broken == (None if distance < 0 else LAST["liquidatable"])


@pytest.mark.parametrize("rate", range(99, 102))
def test_one_unit_of_the_sum_decides(rate: int) -> None:
    """The finest step, 1e-22: one unit of quantity at one unit of price, 1 ppm of requirement.

    The position is worth 1e6 units, funding takes all of it but 100, and the requirement is `rate`.
    """
    tables = (TierTable((200,)), TierTable((rate,)))
    row = Row(ROW_INSTRUMENT, perpetual(1), 1, 10**4 - 1, tables)
    epoch = Epoch((row,), 6, 12, 1024, 5, 6, 7)
    book = Book(1, 2, "4+4", 0, (Position(row.key, 1, 0),), ())
    assert breakdown(book, epoch.by_key, MAINTENANCE).margin == 100 - rate
    for statement in LAST:
        case = put(book, epoch, statement)
        broken = first_broken(case, statement, sample.SHAPE)
        assert (
            (broken is None)
            == is_true(case, statement)
            == ((rate <= 100) == (statement == "meets"))
        )


@pytest.mark.parametrize("rate", [0, 1])
def test_one_unit_of_haircut_decides(rate: int) -> None:
    """One unit of collateral at one unit of price, counted at 0 or 1 ppm, against a debt of 1."""
    rows = (
        Row(ROW_INSTRUMENT, perpetual(1), 1, 10**4, (TierTable((1,)), TierTable((1,)))),
        Row(ROW_COLLATERAL, collateral(1), 1, 0, (TierTable((rate,)),)),
    )
    epoch = Epoch(rows, 6, 12, 1024, 5, 6, 7)
    book = Book(1, 2, "4+4", 0, (Position(rows[0].key, 1, 0),), (Holding(rows[1].key, 1),))
    assert breakdown(book, epoch.by_key, MAINTENANCE).margin == rate - 1
    for statement in LAST:
        case = put(book, epoch, statement)
        broken = first_broken(case, statement, sample.SHAPE)
        assert (
            (broken is None) == is_true(case, statement) == ((rate == 1) == (statement == "meets"))
        )


# Limits. ------------------------------------------------------------------------------------------


def _limit_account(size_class: str, sign: int, seed: int) -> Case:
    """A full account whose every value is at its type's end, all leaning one way."""
    shape, rng = shape_of(size_class), Random(seed)
    full, none = TierTable((10**6,)), TierTable((0,))
    requirement = (none, none) if sign > 0 else (full, full)
    top = 2**64 - 1
    instruments = [
        # Longs are paid where the index fell as far as it can, and pay where it rose.
        Row(ROW_INSTRUMENT, perpetual(i), top, -(2**95) if sign > 0 else 2**95 - 1, requirement)
        for i in range(1, shape.positions + 1)
    ]
    collaterals = [
        Row(ROW_COLLATERAL, collateral(i + 1), top, 0, (full if sign > 0 else none,))
        for i in range(shape.collaterals)
    ]
    epoch = Epoch(
        tuple(sorted(instruments + collaterals, key=lambda row: row.key)),
        shape.requirement_tiers,
        shape.haircut_tiers,
        shape.rows,
        rng.getrandbits(253),
        2**32 - 1,
        2**64 - 1,
    )
    book = Book(
        account=2**160 - 1,
        sequence=2**64 - 1,
        size_class=size_class,
        cash=2**95 - 1 if sign > 0 else -(2**95),
        positions=tuple(
            Position(row.key, 2**63 - 1, 2**95 - 1 if sign > 0 else -(2**95)) for row in instruments
        ),
        collaterals=tuple(Holding(row.key, 2**63 - 1) for row in collaterals),
    )
    return Case(0, "limits", "meets", book, epoch, MAINTENANCE, 2**48 - 1, rng.getrandbits(250))


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("size_class", CLASSES)
def test_the_largest_sums_of_all(size_class: str, sign: int) -> None:
    """The farthest margins that types allow, up and down, have the verdicts they should."""
    case = _limit_account(size_class, sign, 1)
    assert (case.distance > 0) == (sign > 0)
    assert abs(case.distance) > 2**165
    shape = shape_of(size_class)
    for statement in LAST:
        broken = first_broken(case, statement, shape)
        true = (sign > 0) == (statement == "meets")
        assert is_true(case, statement) == true
        assert broken == (None if true else LAST[statement])
