"""What a prover may choose freely gives it nothing: packed values moved about, unused legs.

The forgeries of `test_forged_hints.py` lie in what the program computes; these lie in what the
prover gives: two values at once, so that what packs them stays as it was, or any value at all where
nothing is opened.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from circuits.margin.constants import MAINTENANCE
from circuits.margin.portfolio.book import PortfolioBook
from circuits.margin.portfolio.collaterals import KEY_OF_ZERO
from circuits.margin.portfolio.portfolio import STATEMENTS
from tests.portfolio.agreement import LAST, MEETS, values
from tests.portfolio.books import placed, random_book
from tests.portfolio.raw import SHAPE, Forgery, copied, market
from zk.field import R
from zk.poseidon import poseidon, poseidon_sponge

BOTH = pytest.mark.parametrize("statement", list(STATEMENTS))
#: The lanes of a commitment's words: legs, their members with their places, legs a word, width.
WORDS: tuple[tuple[str, tuple[tuple[str, int], ...], int, int], ...] = (
    ("underlying", (("asset", 0), ("magnitude", 20), ("short", 83), ("settled", 84)), 1, 0),
    ("expiry", (("prefix", 0), ("magnitude", 60), ("short", 123)), 2, 124),
    ("option", (("strike_right", 4), ("magnitude", 53), ("short", 116)), 2, 117),
    ("held", (("asset", 0), ("quantity", 20)), 3, 83),
)


def signed(value: int) -> int:
    value %= R
    return value if value <= R // 2 else value - R


@BOTH
@pytest.mark.parametrize("damping", [0, 200_000])
def test_a_scenario_has_one_damping_and_one_shock(statement: str, damping: int) -> None:
    """Another damping, and the shock that makes the packed element what it was."""
    forged = Forgery.honest(statement)
    v = forged.values
    for lane in range(3, SHAPE.lanes):
        change = v["damping"][lane] - damping
        v["damping"][lane] = damping
        v["shock"][lane] = (v["shock"][lane] + change * pow(1 << 20, -1, R)) % R
    found = forged.refusal()
    assert found is not None
    assert "is an unsigned integer of 24 bits" in found


@BOTH
@pytest.mark.parametrize("word", WORDS, ids=lambda word: word[0])
def test_no_value_of_a_commitment_s_word_moves_into_another(statement: str, word: Any) -> None:
    """One more in a lane, and in another what takes it away again: the word stays as it was."""
    part, lanes, group, width = word
    honest = Forgery.honest(statement).values
    rng = Random(f"{statement} {part}")
    starts = range(0, len(honest[part]), group)
    for start in rng.sample(starts, min(2, len(starts))):
        legs = range(start, min(start + group, len(honest[part])))
        places = [(leg, n, at + width * (leg - start)) for leg in legs for n, at in lanes]
        pairs = [(a, b) for a in places for b in places if a != b]
        for (leg, name, at), (other, into, to) in rng.sample(pairs, min(12, len(pairs))):
            v = copied(honest)
            factor = 1 << at - to if at >= to else pow(1 << to - at, -1, R)
            v[part][leg][name] = signed(v[part][leg][name] + 1)
            v[part][other][into] = signed(v[part][other][into] - factor)
            assert Forgery(statement, v).refusal() is not None, (name, into)


def garbage(rng: Random) -> int:
    return rng.choice((0, 1, R - 1, R // 2, rng.randrange(R)))


def spoilt(v: dict[str, Any], rng: Random) -> dict[str, Any]:
    """The inputs with any values in what belongs to unused legs and opens nothing."""
    for part, key in (("underlying", "asset"), ("expiry", "prefix")):
        for leg in v[part]:
            kept = {key, "magnitude", "short", "settled", "belongs"}
            if not leg[key]:
                leg.update({name: garbage(rng) for name in leg.keys() - kept})
    for slot in v["option"]:
        if not any(slot["expiry"]):
            slot["words"] = [garbage(rng) for _ in slot["words"]]
            slot["greeks"] = garbage(rng)
            row = poseidon_sponge([17 << 120, *slot["words"], slot["greeks"]])
            slot["siblings"] = [garbage(rng), row, *slot["siblings"][2:]]
    for slot in v["held"]:
        if not slot["asset"]:
            slot["initial"] = garbage(rng)
            slot["maintenance"] = rng.randrange(10**6 + 1)
            first = KEY_OF_ZERO + (18 << 120)
            row = poseidon([first, slot["price"], slot["maintenance"], slot["initial"]])
            slot["siblings"] = [garbage(rng), row, *slot["siblings"][2:]]
    return v


@BOTH
@pytest.mark.parametrize("underlyings", [1, 2])
def test_what_an_unused_leg_says_changes_nothing(statement: str, underlyings: int) -> None:
    """At the line and one unit beside it, whatever the records of unused legs hold."""
    shape = replace(SHAPE, underlyings=underlyings)
    for seed in range(4):
        rng = Random(f"unused {seed}")
        book = random_book(market(), shape, rng)
        for place in ("line", "under"):
            at_line = placed(book, market(), statement, MAINTENANCE, 0, place, Random(0))
            v = copied(values(at_line, market(), statement, MAINTENANCE, 0))
            found = Forgery(statement, spoilt(v, rng), shape).refusal()
            assert found == (None if place == "line" else LAST[statement])


@pytest.mark.parametrize("underlyings", [1, 2])
def test_the_worst_of_an_unused_leg_is_zero(underlyings: int) -> None:
    """Its loss factor is of no record: a factor of -10^53 would make any worst a fortune."""
    shape = replace(SHAPE, underlyings=underlyings)
    book = PortfolioBook(account=7, sequence=1, shape=shape, cash=-(10**18))
    if underlyings == 2:
        drawn = random_book(market(), replace(shape, underlyings=1), Random(4))
        book = replace(drawn, shape=shape, cash=-(10**20))
    v = copied(values(book, market(), MEETS, MAINTENANCE, 0))
    leg = next(i for i, leg in enumerate(v["underlying"]) if not leg["asset"])
    v["underlying"][leg] |= dict.fromkeys(("loss_initial", "loss_maintenance"), R - 10**53)
    v["worst"][leg] = R - 1
    found = Forgery(MEETS, v, shape).refusal()
    assert found == f"underlying[{leg}] / an unused leg has no worst"
