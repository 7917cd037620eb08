"""What a margin proof shows of an account: its id, its commitment, its size class, the claim."""

from __future__ import annotations

import re
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from circuits.margin.book import Book, Holding, Position
from circuits.margin.commitment import SecretKey, commitment, salt
from circuits.margin.epoch import Epoch
from circuits.margin.shape import SIZE_CLASSES, TINY, TINY_CLASS
from circuits.margin.statement import PUBLIC_INPUTS
from prover.keygen import setup
from prover.prove import prove
from tests.margin import sample
from tests.margin.agreement import LAST, circuit, raw_values
from tests.strategies import Case, cases, shape_of
from zk import engine
from zk.errors import InputError, UnsatisfiedConstraint, ZkError
from zk.field import from_limbs

CANARY = 7_654_321_987_654_321  # a quantity, a balance and an index that nothing else looks like


def two_accounts(size_class: str) -> tuple[Case, Case]:
    """An empty account and a full one, over one epoch, far above the line."""
    shape = shape_of(size_class)
    of = next(cases(shape, 1, seed=5)).epoch
    instruments = [row.key for row in of.rows if row.tag == 1][: shape.positions]
    collaterals = [row.key for row in of.rows if row.tag == 2][: shape.collaterals]
    empty = Book(11, 3, size_class, 1, (), ())
    full = Book(
        11,
        3,
        size_class,
        2**90,
        tuple(Position(key, (-1) ** i, 0) for i, key in enumerate(instruments)),
        tuple(Holding(key, 1) for key in collaterals),
    )
    return (
        Case(0, "free", "meets", empty, of, 1, 0, salt=CANARY),
        Case(0, "free", "meets", full, of, 1, 0, salt=CANARY),
    )


@pytest.mark.parametrize("statement", LAST)
@pytest.mark.parametrize("size_class", [TINY_CLASS, *SIZE_CLASSES])
def test_two_books_differ_in_the_commitment_alone(statement: str, size_class: str) -> None:
    """Empty or full, the public inputs and the sizes of everything else are the same."""
    shape, seen = shape_of(size_class), []
    made = circuit(statement, shape)
    for case in two_accounts(size_class):
        values = raw_values(replace(case, statement=statement), statement, shape)
        witness = made.witness(values)
        seen.append((witness.shape, from_limbs(witness[1:7])))
    (size, first), (other_size, second) = seen
    assert size == other_size
    names = [slot.path for slot in made.slots[:6]]
    assert [n for n, a, b in zip(names, first, second, strict=True) if a != b] == ["commitment"]


def test_proofs_of_an_empty_and_a_full_account_look_alike() -> None:
    """Three points each; and no point is twice the same, since every proof is blinded anew."""
    made = circuit("meets", TINY)
    key = setup(made, development=True)
    shapes, points = set(), set()
    for case in two_accounts(TINY_CLASS):
        witness = made.witness(raw_values(case, "meets", TINY))
        for _ in range(2):
            proof = prove(key, made, witness)
            shapes.add(tuple(part.shape for part in (proof.a, proof.b, proof.c)))
            points |= {part.tobytes() for part in (proof.a, proof.b, proof.c)}
    assert len(shapes) == 1
    assert len(points) == 12


def test_an_unchanged_book_gets_a_new_commitment_at_every_write() -> None:
    key, book = SecretKey(987654321), sample.book()
    seen = set()
    for sequence in range(20):
        written = replace(book, sequence=sequence)
        seen.add(commitment(written, salt(key, book.account, sequence)))
    assert len(seen) == 20


def test_accounts_of_one_secret_do_not_share_a_salt() -> None:
    key = SecretKey(987654321)
    assert (
        len({salt(key, account, sequence) for account in range(5) for sequence in range(5)}) == 25
    )


# Messages. ----------------------------------------------------------------------------------------


def canaries() -> tuple[Epoch, Book]:
    """An account whose every amount is a canary."""
    book = sample.book()
    positions = tuple(replace(p, quantity=CANARY, funding=CANARY) for p in book.positions)
    collaterals = tuple(replace(c, quantity=CANARY) for c in book.collaterals)
    cash = -(CANARY * 10**6)
    return sample.epoch(), replace(book, cash=cash, positions=positions, collaterals=collaterals)


def said_nothing(text: str) -> bool:
    return str(CANARY) not in text and f"{CANARY:x}" not in text


@pytest.mark.parametrize("statement", LAST)
def test_no_message_of_a_statement_holds_a_value(statement: str) -> None:
    """Whatever single input is altered, the refusal names an obligation and shows no number of the
    account; so do the account's own texts.
    """
    of, book = canaries()
    made = circuit(statement, sample.SHAPE)
    case = Case(0, "free", statement, book, of, 1, 0, salt=CANARY + 1)
    values = raw_values(case, statement, sample.SHAPE)
    assert set(PUBLIC_INPUTS) < set(values)
    inputs = made.assign(values)
    rng = Random(3)
    refusals = []
    for wire in rng.sample(range(len(inputs)), 60):
        altered = inputs.copy()
        altered[wire, 0] ^= 1
        witness = engine.run_witness(made.r1cs, made.program, altered)
        try:
            made.check(witness)
        except UnsatisfiedConstraint as error:
            refusals.append(error)
    assert len(refusals) > 40
    for refusal in refusals:
        assert said_nothing(str(refusal))
        assert said_nothing(repr(refusal))
        # Digits stand in slot numbers, widths and lines, and in the number of the constraint.
        words = re.sub(rf"\bconstraint {refusal.row}\b", "", str(refusal))
        assert all(len(number) <= 3 for number in re.findall(r"\d+", words))
    for thing in (book, *book.positions, *book.collaterals, case):
        assert said_nothing(repr(thing))


@pytest.mark.parametrize(
    "change",
    [
        lambda book: replace(book, cash=CANARY * 10**20),
        lambda book: replace(book, sequence=CANARY * 10**20),
        lambda book: replace(book, positions=book.positions[::-1]),
        lambda book: replace(book, positions=book.positions * 2),
        lambda book: replace(book.positions[0], quantity=CANARY * 10**6),
        lambda book: replace(book.positions[0], funding=CANARY * 10**20),
        lambda book: replace(book.collaterals[0], quantity=-CANARY),
    ],
)
def test_a_refused_book_is_refused_without_its_values(change: Any) -> None:
    _, book = canaries()
    with pytest.raises(InputError) as refusal:
        change(book)
    assert said_nothing(str(refusal.value))
    assert not re.search(r"\d{6}", str(refusal.value))


def test_a_missing_row_is_named_by_its_place_alone() -> None:
    of, book = canaries()
    with pytest.raises(ZkError) as refusal:
        of.open(book.positions[0].key + 1)
    assert not re.search(r"\d{3}", str(refusal.value))
