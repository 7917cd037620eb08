"""What a portfolio proof shows of an account: its id, its commitment, its size class, the claim."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from circuits.margin.constants import MAINTENANCE
from circuits.margin.portfolio.book import Leg, PortfolioBook
from circuits.margin.portfolio.exposure import exposures
from circuits.margin.portfolio.model import portfolio_margin
from circuits.margin.portfolio.shape import SIZE_CLASSES, TINY, PortfolioShape
from circuits.margin.portfolio.table import PortfolioEpoch
from prover.keygen import setup
from prover.prove import prove
from tests.portfolio.agreement import CIRCUITS, GREEKS, MEETS, circuit, epoch, values
from tests.portfolio.books import random_book
from tests.portfolio.exposures import WIDEST, greek_values
from tests.portfolio.raw import SHAPE, market, rich_book
from verifier.verify import verify
from zk import engine
from zk.errors import InputError, UnsatisfiedConstraint
from zk.field import from_limbs
from zk.formats.json import write_proof, write_public
from zk.formats.wtns import write_wtns

CANARY = 654_321_987_654_321  # a quantity, an amount and an index that nothing else looks like
ALL = pytest.mark.parametrize("statement", list(CIRCUITS))
#: The smallest class, over an epoch of two underlyings.
SMALL = replace(TINY, rows=24, market_underlyings=2, market_expiries=4)


def two_accounts(shape: PortfolioShape) -> tuple[PortfolioEpoch, list[PortfolioBook]]:
    """An account of cash alone and a full one, over one epoch, with one id and sequence number."""
    at = epoch(1, shape)
    rng = Random(f"privacy {shape}")
    while True:
        full = random_book(at, shape, rng, full=True)
        if full.perpetuals and full.futures and full.collaterals:
            break
    assert len(full.options) == shape.options
    full = replace(full, account=11, sequence=3, cash=10**26)
    nothing = {"options": (), "futures": (), "perpetuals": (), "collaterals": ()}
    return at, [replace(full, cash=10**18, **nothing), full]


def inputs(statement: str, book: PortfolioBook, at: PortfolioEpoch) -> dict[str, Any]:
    if statement == GREEKS:
        return greek_values(book, at, WIDEST)
    cash = book.cash if statement == MEETS else -book.cash
    return values(replace(book, cash=cash), at, statement, MAINTENANCE, 0)


SHAPES = [SMALL, PortfolioShape(8), PortfolioShape(32), PortfolioShape(16, underlyings=2)]
OTHERS = [PortfolioShape(size) for size in SIZE_CLASSES if size not in (8, 32)]


@ALL
@pytest.mark.parametrize(
    "shape",
    [*SHAPES, *(pytest.param(shape, marks=pytest.mark.slow) for shape in OTHERS)],
    ids=str,
)
def test_two_books_differ_in_the_commitment_alone(statement: str, shape: PortfolioShape) -> None:
    """Empty or full, the public inputs and the sizes of everything else are the same."""
    made, (at, books) = circuit(statement, shape), two_accounts(shape)
    seen = []
    for book in books:
        witness = made.witness(inputs(statement, book, at))
        made.check(witness)
        seen.append((len(write_wtns(witness)), from_limbs(witness[1:7])))
    (size, first), (other_size, second) = seen
    assert size == other_size
    names = [slot.path for slot in made.slots[:6]]
    assert all(slot.public for slot in made.slots[:6])
    assert not any(slot.public for slot in made.slots[6:])
    assert [n for n, a, b in zip(names, first, second, strict=True) if a != b] == ["commitment"]


@ALL
def test_proofs_of_an_empty_and_a_full_account_look_alike(statement: str) -> None:
    """Three points each, none of them twice: every proof is blinded anew. Files of one form."""
    made, (at, books) = circuit(statement, SMALL), two_accounts(SMALL)
    key = setup(made, development=True)
    shapes, points, forms = set(), set(), set()
    for book in books:
        witness = made.witness(inputs(statement, book, at))
        publics = from_limbs(witness[1:7])
        for _ in range(2):
            proof = prove(key, made, witness)
            verify(key.vk, proof, publics, allow_development_key=True)
            shapes.add(tuple(part.shape for part in (proof.a, proof.b, proof.c)))
            points |= {part.tobytes() for part in (proof.a, proof.b, proof.c)}
            files = write_proof(proof), write_public(witness[1:7])
            forms.add(tuple(re.sub(r"\d+", "0", file) for file in files))
    assert len(shapes) == len(forms) == 1
    assert len(points) == 12


# Messages. ----------------------------------------------------------------------------------------


def canaries() -> PortfolioBook:
    """An account whose every amount is a canary, or a little more than one."""
    book = rich_book()

    def changed(legs: tuple[Leg, ...]) -> tuple[Leg, ...]:
        return tuple(
            replace(leg, quantity=CANARY, funding=CANARY if leg.funding else 0) for leg in legs
        )

    return replace(
        book,
        cash=CANARY * 10**6,
        perpetuals=changed(book.perpetuals),
        futures=changed(book.futures),
        options=changed(book.options),
        collaterals=changed(book.collaterals),
    )


def said_nothing(text: str) -> bool:
    return str(CANARY) not in text and f"{CANARY:x}" not in text


@ALL
def test_no_message_of_a_statement_holds_a_value(statement: str) -> None:
    """Whatever single input is altered, the refusal names an obligation and shows no number of the
    account.
    """
    made = circuit(statement, SHAPE)
    honest = made.assign(inputs(statement, canaries(), market()))
    rng = Random(3)
    refusals = []
    for wire in rng.sample(range(len(honest)), 60):
        altered = honest.copy()
        altered[wire, 0] ^= 1
        try:
            made.check(engine.run_witness(made.r1cs, made.program, altered))
        except UnsatisfiedConstraint as error:
            refusals.append(error)
    assert len(refusals) > 40
    for refusal in refusals:
        assert said_nothing(str(refusal))
        assert said_nothing(repr(refusal))
        # Digits stand in slot numbers, widths and lines, and in the number of the constraint.
        words = re.sub(rf"\bconstraint {refusal.row}\b", "", str(refusal))
        assert all(len(number) <= 3 for number in re.findall(r"\d+", words))


def test_nothing_of_an_account_has_a_text() -> None:
    book, at = canaries(), market()
    margin = portfolio_margin(book, at, MAINTENANCE)
    parts = [part for u in margin.underlyings for part in (u, *u.expiries)]
    for thing in (book, *book.legs, margin, *parts, *exposures(book, at)):
        assert said_nothing(repr(thing) + str(thing))
        assert not re.search(r"\b\d{6,}\b", re.sub(r"0x[0-9a-f]+", "", repr(thing)))


@ALL
def test_the_message_of_a_false_claim_does_not_depend_on_the_book(statement: str) -> None:
    """One amount short or far off, of an empty account or a full one: the same words."""
    made, (at, books) = circuit(statement, SMALL), two_accounts(SMALL)
    said = set()
    for book in books if statement != GREEKS else books[1:]:
        for cash in (10**24, 10**26):
            given = inputs(statement, replace(book, cash=-cash), at)
            if statement == GREEKS:
                given = greek_values(book, at, replace(WIDEST, delta=0))
            with pytest.raises(UnsatisfiedConstraint) as refusal:
                made.check(made.witness(given))
            said.add(str(refusal.value))
    assert len(said) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda book: replace(book, cash=CANARY * 10**20),
        lambda book: replace(book, sequence=CANARY * 10**20),
        lambda book: replace(book, options=book.options[::-1]),
        lambda book: replace(book, options=book.options * 2),
        lambda book: replace(book, options=(replace(book.options[0], quantity=CANARY * 10**3),)),
        lambda book: replace(book.options[0], quantity=CANARY * 10**6),
        lambda book: replace(book.perpetuals[0], funding=CANARY * 10**20),
        lambda book: replace(book.collaterals[0], quantity=-CANARY),
    ],
)
def test_a_refused_book_is_refused_without_its_values(change: Callable[[Any], Any]) -> None:
    with pytest.raises(InputError) as refusal:
        change(canaries())
    assert said_nothing(str(refusal.value))
    assert not re.search(r"\d{6}", str(refusal.value))


def test_a_missing_row_is_named_by_its_place_alone() -> None:
    leg = replace(canaries().options[0], source="options[0]")
    unlisted = replace(leg, key=leg.key + 2)
    book = replace(canaries(), options=(unlisted,))
    for ask in (lambda: portfolio_margin(book, market(), 0), lambda: exposures(book, market())):
        with pytest.raises(InputError) as refusal:
            ask()
        assert "options[0]" in str(refusal.value)
        assert not re.search(r"\d{3}", str(refusal.value))
