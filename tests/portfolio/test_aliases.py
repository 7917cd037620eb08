"""One field element, another reading: what packs to the same value, or sums to it, is refused.

The forgeries keep every hash and every public input as it is; a value moves into another that
stands in the same element or the same sum, by as much as makes up for it in the field.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from circuits.margin.constants import MAINTENANCE
from circuits.margin.portfolio.collaterals import ASSET_STEP
from circuits.margin.portfolio.constants import CANCELS_LANE, STRIKE_RIGHT_BITS
from circuits.margin.portfolio.portfolio import STATEMENTS
from tests.portfolio.agreement import LAST, LIQUIDATABLE, MEETS, values
from tests.portfolio.books import placed, random_book
from tests.portfolio.raw import SHAPE, Forgery, copied, market, opened_entries
from zk.field import R

BOTH = pytest.mark.parametrize("statement", list(STATEMENTS))


@BOTH
@pytest.mark.parametrize("step", [1, 2, 7, 1 << 16])
def test_one_collateral_never_opens_the_row_of_another(statement: str, step: int) -> None:
    """An asset of another number, and what it cancels so that the row's first element is the same.

    That element packs both, and what is cancelled has no range of its own: it is 0 or the number
    of an underlying of the account.
    """
    forged = Forgery.honest(statement)
    leg = [leg for leg in forged.values["held"] if leg["asset"]][-1]
    honest = opened_entries(forged.values)
    leg["asset"] += step
    leg["cancels"] = (leg["cancels"] - step * ASSET_STEP * pow(1 << CANCELS_LANE, -1, R)) % R
    found = forged.sealed().refusal()
    assert opened_entries(forged.values) == honest  # the very row of the table
    assert found is not None
    wide = "is an unsigned integer of 16 bits"
    assert (wide if step >> 16 else "the underlying it cancels is the account's") in found


@BOTH
def test_a_strike_never_makes_up_for_an_expiry(statement: str) -> None:
    """The expiry's prefix one more, or what is one in the strike's place, and the keys as before.

    The expiry's record would be another, but what is unlisted is refused before it is looked up.
    """
    for change in (1, pow(1 << STRIKE_RIGHT_BITS, -1, R)):
        forged = Forgery.honest(statement)
        v = forged.values
        e = max(e for e, leg in enumerate(v["expiry"]) if leg["prefix"])
        v["expiry"][e]["prefix"] = (v["expiry"][e]["prefix"] + change) % R
        for slot in v["option"]:
            if slot["expiry"][e]:
                slot["strike_right"] = (slot["strike_right"] - (change << STRIKE_RIGHT_BITS)) % R
        assert forged.sealed().refusal() is not None


@pytest.mark.parametrize("mode", [0, 1])
def test_a_claim_has_one_mode_and_one_buffer(mode: int) -> None:
    """The other mode, and the buffer that makes up for it."""
    book = placed(
        random_book(market(), SHAPE, Random(8)), market(), MEETS, mode, 1000, "line", Random(0)
    )
    v = copied(values(book, market(), MEETS, mode, 1000))
    assert Forgery(MEETS, v).refusal() is None
    for lie in (1 - mode, 2, R - 1):
        made = copied(v)
        made["maintenance"] = lie
        made["buffer"] = (v["buffer"] + (mode - lie) * pow(1 << 8, -1, R)) % R
        assert Forgery(MEETS, made).refusal() is not None


def _choices(count: int, worst: int) -> dict[str, list[int]]:
    """What sums to 1 and is not the choice of one outcome."""
    none: list[int] = [0] * count
    a, b = (worst + 1) % count, (worst + 2) % count
    half = pow(2, -1, R)

    def of(**bits: int) -> list[int]:
        made = list(none)
        for place, bit in zip((worst, a, b), bits.values(), strict=False):
            made[place] = bit % R
        return made

    return {
        "none": none,
        "two": of(x=1, y=1),
        "halves": of(x=half, y=half),
        "twice and once back": of(x=2, y=-1),
        "three and two back": of(x=3, y=-1, z=-1),
    }


@pytest.mark.parametrize("underlyings", [1, 2])
def test_of_every_underlying_one_outcome_is_chosen(underlyings: int) -> None:
    """In an account that is not liquidatable by a unit: nothing that sums to 1 makes it so."""
    shape = replace(SHAPE, underlyings=underlyings)
    rng = Random(f"choice {underlyings}")
    drawn = (random_book(market(), shape, rng, full=True) for _ in range(50))
    book = next(book for book in drawn if len(book.underlyings) == underlyings)
    book = placed(book, market(), LIQUIDATABLE, MAINTENANCE, 0, "under", rng)
    v = copied(values(book, market(), LIQUIDATABLE, MAINTENANCE, 0))
    assert Forgery(LIQUIDATABLE, v, shape).refusal() == LAST[LIQUIDATABLE]
    count = shape.lanes + 1
    for u in range(underlyings):
        honest: list[int] = v["choice"][u * count : (u + 1) * count]
        for name, choice in _choices(count, honest.index(1)).items():
            made: dict[str, Any] = copied(v)
            made["choice"][u * count : (u + 1) * count] = choice
            assert Forgery(LIQUIDATABLE, made, shape).refusal() is not None, name
    if underlyings == 2:  # both of one, none of the other
        made = copied(v)
        first = v["choice"][:count]
        made["choice"] = [*first[1:], first[0], *[0] * count]
        made["choice"][0] |= 1
        assert Forgery(LIQUIDATABLE, made, shape).refusal() is not None
