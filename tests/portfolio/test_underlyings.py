"""Accounts of two underlyings: no leg counts for another than its own, in any statement.

Books hold or owe so much that each claim is true whatever the lie is worth, as in
`test_unsatisfiable.py`; commitment and lookup are made to fit the lie.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from random import Random

import pytest

from circuits.margin.portfolio.book import Leg, PortfolioBook
from circuits.margin.portfolio.records import CollateralRow
from circuits.margin.portfolio.shape import PortfolioShape
from circuits.margin.portfolio.table import PortfolioEpoch
from tests.margin.tamper import Run, obligations
from tests.portfolio.agreement import CIRCUITS, GREEKS, LIQUIDATABLE, MEETS, circuit, epoch
from tests.portfolio.any_epoch import any_book, any_epoch
from tests.portfolio.books import random_book
from tests.portfolio.exposures import WIDEST, greek_values
from tests.portfolio.raw import SHAPE, Forgery, copied
from zk.compiler.witness import Op
from zk.field import R

TWO = replace(SHAPE, underlyings=2)
ALL = pytest.mark.parametrize("statement", list(CIRCUITS))
Change = Callable[[Forgery], object]


@cache
def market() -> PortfolioEpoch:
    return epoch(1, TWO)


@cache
def book() -> PortfolioBook:
    """Both underlyings, each with options, and one expiry leg and two slots free."""
    rng = Random("two underlyings")
    while True:
        found = random_book(market(), TWO, rng)
        owners = {prefix >> 36 for prefix in found.expiries}
        if (
            len(owners) == 2
            and len(found.expiries) == 3
            and len(found.options) in (5, 6)
            and {leg.underlying for leg in found.options} == owners
            and len(found.perpetuals) == 2
        ):
            return found


def honest(statement: str, of: PortfolioBook | None = None) -> Forgery:
    if statement == GREEKS:
        made = copied(greek_values(of or book(), market(), WIDEST))
        return Forgery(statement, made, TWO)
    forged = Forgery.honest(statement, of or book(), at=market())
    return replace(forged, shape=TWO)


def refused(statement: str, change: Change, words: str) -> None:
    forged = honest(statement)
    change(forged)
    found = forged.sealed().refusal()
    assert found is not None, "the lie passes"
    assert words in found


@ALL
def test_the_honest_book_passes(statement: str) -> None:
    assert honest(statement).sealed().refusal() is None


def belongs(index: int, *bits: int) -> Change:
    return lambda forged: forged.values["expiry"][index].update(belongs=list(bits))


def flipped(forged: Forgery) -> None:
    """An expiry of one underlying counts for the other."""
    leg = forged.values["expiry"][0]
    leg["belongs"] = leg["belongs"][::-1]


def swapped(forged: Forgery) -> None:
    """The underlyings in falling order, and expiries that point to them."""
    legs = forged.values["underlying"]
    legs[0], legs[1] = legs[1], legs[0]
    for leg in forged.values["expiry"]:
        leg["belongs"] = leg["belongs"][::-1]


def twice(forged: Forgery) -> None:
    legs = forged.values["underlying"]
    legs[1] = {**legs[0]}


def left_out(forged: Forgery) -> None:
    """The second underlying with its perpetual left out, its expiries still there."""
    legs = forged.values["underlying"]
    legs[1] = dict.fromkeys(legs[1], 0)


def only_the_second(forged: Forgery) -> None:
    legs = forged.values["underlying"]
    legs[0] = dict.fromkeys(legs[0], 0)


def another_prefix(forged: Forgery) -> None:
    """The last expiry's prefix under the first underlying's number."""
    leg = forged.values["expiry"][2]
    leg["prefix"] = (forged.values["underlying"][0]["asset"] << 36) + (
        leg["prefix"] & (1 << 36) - 1
    )


# "expir": that the bits add up to [prefix != 0] is solved for that bit, so rows about it break.
@ALL
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (flipped, "it is an expiry of an underlying"),
        (belongs(0, 1, 1), "expir"),
        (belongs(0, 0, 0), "expir"),
        (belongs(0, (R + 1) // 2, (R + 1) // 2), "is a bit"),
        (belongs(3, 1, 0), "expir"),
        (belongs(3, 0, 1), "expir"),
        (swapped, "underlyings"),
        (twice, "underlyings"),
        (left_out, "it is an expiry of an underlying"),
        (only_the_second, "underlyings"),
        (another_prefix, "expir"),
    ],
)
def test_a_leg_that_counts_for_another_underlying(
    statement: str, change: Change, words: str
) -> None:
    refused(statement, change, words)


@cache
def sums() -> tuple[PortfolioEpoch, PortfolioBook, PortfolioShape]:
    """A venue with an underlying numbered as the sum of two others, and a book in all three."""
    shape = replace(SHAPE, underlyings=3, market_underlyings=3)
    rng = Random("numbers that add up")
    while True:
        at = any_epoch(shape, rng, first=1)
        first, second, third = (record.underlying for record in at.underlyings)
        if first + second == third:
            return at, any_book(at, shape, rng, bits=24), shape


def in_expiries(book: PortfolioBook, kept: set[int]) -> PortfolioBook:
    return replace(
        book,
        options=tuple(leg for leg in book.options if leg.key >> 65 in kept),
        futures=tuple(leg for leg in book.futures if leg.prefix in kept),
    )


@pytest.mark.parametrize("alone", [False, True], ids=["beside", "alone"])
@pytest.mark.parametrize("statement", [MEETS, LIQUIDATABLE])
def test_an_expiry_does_not_count_for_two_underlyings_that_add_up_to_its_own(
    statement: str, alone: bool
) -> None:
    """Its prefix would fit: only that it belongs to one stands against it."""
    at, book, shape = sums()
    third = at.underlyings[2].underlying
    if alone:
        book = in_expiries(book, {e.prefix for e in at.expiries if e.underlying == third})
    forged = replace(Forgery.honest(statement, book, at=at), shape=shape)
    assert forged.sealed().refusal() is None
    for index, leg in enumerate(forged.values["expiry"]):
        if leg["prefix"] >> 36 == third:
            lie = replace(forged, values=copied(forged.values))
            belongs(index, 1, 1, 0)(lie)
            found = lie.sealed().refusal()
            assert found is not None, "the lie passes"
            assert "expir" in found


def owned(owner: int) -> tuple[PortfolioEpoch, PortfolioBook]:
    """A book in two underlyings whose expiries are all of the first, or all of the second."""
    rng = Random(f"owned {owner}")
    at = any_epoch(TWO, rng, first=1 if owner else TWO.expiries)
    book = any_book(at, TWO, rng, bits=24)
    number = at.underlyings[owner].underlying
    kept = {e.prefix for e in at.expiries if e.underlying == number}
    return at, in_expiries(book, kept)


@pytest.mark.parametrize("owner", [0, 1])
@pytest.mark.parametrize("statement", [MEETS, LIQUIDATABLE])
def test_the_number_of_an_expiry_s_underlying_is_computed(statement: str, owner: int) -> None:
    """An expiry that counts for the other, and whose own number is put where the other's stood."""
    at, book = owned(owner)
    compiled = circuit(statement, TWO)
    forged = Forgery.honest(statement, book, at=at)
    own, other = (at.underlyings[u].underlying for u in (owner, 1 - owner))
    for e in range(len(book.expiries)):
        lie = Forgery(statement, copied(forged.values), TWO)
        belongs(e, owner, 1 - owner)(lie)
        made = Run(compiled, compiled.assign(lie.sealed().values))
        assert any(f"expiry[{e}]" in words for words in obligations(compiled, made.broken))
        standing = [
            dst
            for op, dst, *_ in made.wiring.code
            if op in (Op.MUL, Op.ROW) and made.witness[dst] == other
        ]
        assert standing
        for wire in standing:
            assert made.tampered({wire: own}).broken, wire


@pytest.mark.parametrize("statement", [MEETS, LIQUIDATABLE])
def test_a_collateral_that_cancels_needs_its_underlying(statement: str) -> None:
    """An account of such a collateral alone: without its underlying's leg it has no witness."""
    held = next(r for r in market().rows if isinstance(r, CollateralRow) and r.cancels)
    alone = replace(
        book(),
        options=(),
        futures=(),
        perpetuals=(),
        collaterals=(Leg(held.key, 10**8, cancels=held.cancels),),
    )
    forged = honest(statement, alone)
    assert forged.sealed().refusal() is None
    forged.values["underlying"][0] = dict.fromkeys(forged.values["underlying"][0], 0)
    refusal = forged.sealed().refusal()
    assert refusal is not None
    assert "the underlying it cancels is the account's" in refusal


@pytest.mark.parametrize("index", [0, 1])
def test_each_underlying_is_held_to_its_own_limit(index: int) -> None:
    """The claim is about one underlying by number: the other's exposure neither helps nor harms."""
    numbers = [leg["asset"] for leg in honest(GREEKS).values["underlying"]]
    for scope in (numbers[index], 0):
        limit = replace(WIDEST, delta=0, vega=0, underlying=scope)
        found = Forgery(GREEKS, copied(greek_values(book(), market(), limit)), TWO).refusal()
        assert found is not None
        assert f"underlying[{index if scope else 0}] / net" in found
    elsewhere = replace(WIDEST, delta=0, vega=0, underlying=999)
    made = copied(greek_values(book(), market(), elsewhere))
    assert Forgery(GREEKS, made, TWO).refusal() is None
