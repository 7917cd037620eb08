"""The work of a proof from a prepared key does not tell what the witness holds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from circuits.margin.book import Book
from circuits.margin.portfolio.book import PortfolioBook
from circuits.margin.portfolio.shape import SIZE_CLASSES, PortfolioShape
from tests.margin.agreement import circuit, raw_values
from tests.margin.test_privacy import two_accounts
from tests.portfolio import agreement, test_privacy
from tests.strategies import shape_of
from zk import engine
from zk.field import Limbs

_VALUE, _BIT, _WORD, _DOUBLE, _FULL = range(5)


def additions(key: Any, witness: Limbs) -> list[int]:
    """By class, in all four sums over wires."""
    found: list[int] = key.native.additions(witness.reshape(-1).view("u1"))
    return found


def assert_nothing_told(found: list[list[int]]) -> None:
    """By class: bits and small values exactly, full ones but for chance in their digits."""
    for code in (_VALUE, _BIT, _WORD, _DOUBLE):
        assert len({counts[code] for counts in found}) == 1
    assert found[0][_VALUE] == 0
    assert found[0][_BIT] > 1000
    most, least = (choose(counts[_FULL] for counts in found) for choose in (max, min))
    assert most - least < least / 1000


def assert_told_by_value(pk: Any, witnesses: list[Limbs]) -> None:
    """By value the same witnesses differ by far: `assert_nothing_told` can fail."""
    untyped = engine.open_prepared(engine.prepare(pk))
    by_value = [additions(untyped, witness)[_VALUE] for witness in witnesses]
    assert max(by_value) - min(by_value) > min(by_value) / 200


def test_an_empty_a_half_full_and_a_full_book_take_the_same_additions() -> None:
    shape = shape_of("4+4")
    made = circuit("meets", shape)
    empty, full = two_accounts("4+4")
    book = full.book
    half: Book = replace(
        book,
        positions=book.positions[: len(book.positions) // 2],
        collaterals=book.collaterals[: len(book.collaterals) // 2],
    )
    cases = (empty, replace(full, book=half), full)
    pk = engine.keygen(made.r1cs, 3, 4)
    key = engine.open_prepared(engine.prepare(pk, made.r1cs, made.intervals))
    witnesses = [made.witness(raw_values(case, "meets", shape)) for case in cases]
    for witness in witnesses:
        assert engine.verify(key.vk, witness[1:7], engine.prove_prepared(key, witness))
    assert_nothing_told([additions(key, witness) for witness in witnesses])
    assert_told_by_value(pk, witnesses)


def test_an_empty_a_half_full_and_a_full_portfolio_take_the_same_additions() -> None:
    """The smallest class; about 5 s of processor time."""
    shape = PortfolioShape(SIZE_CLASSES[0])
    assert shape.options == 8
    made = agreement.circuit(agreement.MEETS, shape)
    at, (empty, full) = test_privacy.two_accounts(shape)
    options = full.options[: shape.options // 2]
    half: PortfolioBook = replace(full, options=options, collaterals=full.collaterals[:1])
    pk = engine.keygen(made.r1cs, 3, 4)
    key = engine.open_prepared(engine.prepare(pk, made.r1cs, made.intervals))
    witnesses = [
        made.witness(test_privacy.inputs(agreement.MEETS, book, at)) for book in (empty, half, full)
    ]
    for witness in witnesses:
        made.check(witness)
    assert_nothing_told([additions(key, witness) for witness in witnesses])
    assert_told_by_value(pk, witnesses)
