"""Lies of a portfolio witness, each a change of a `Forgery`, of whatever statement.

Of `raw.py`'s rich book: 6 options of 8, 3 expiries of 4, 2 collaterals of 3. A lie is told before
commitment and lookup are made to fit it.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from circuits.margin.portfolio.portfolio import STATEMENTS
from tests.portfolio.raw import SHAPE, Forgery
from zk.field import R
from zk.poseidon import poseidon_sponge

BOTH = pytest.mark.parametrize("statement", list(STATEMENTS))
Change = Callable[[Forgery], object]


def refused(statement: str, change: Change, words: str) -> None:
    forged = Forgery.honest(statement)
    change(forged)
    found = forged.sealed().refusal()
    assert found is not None, "the lie passes"
    assert words in found


def first_pair(forged: Forgery) -> int:
    """The first slot whose next is of the same expiry."""
    options = forged.values["option"]
    return next(i for i in range(5) if options[i]["expiry"] == options[i + 1]["expiry"])


def last_expiry(forged: Forgery) -> int:
    """The number of the first unused expiry leg."""
    return next(e for e, leg in enumerate(forged.values["expiry"]) if not leg["prefix"])


def duplicate(forged: Forgery) -> None:
    i = first_pair(forged)
    forged.values["option"][i + 1] = {**forged.values["option"][i]}


def swapped(forged: Forgery) -> None:
    i, options = first_pair(forged), forged.values["option"]
    options[i], options[i + 1] = options[i + 1], options[i]


def expiries_fall(forged: Forgery) -> None:
    options = forged.values["option"]
    options[0], options[5] = options[5], options[0]


def gap(forged: Forgery) -> None:
    options = forged.values["option"]
    options[5], options[6] = options[6], options[5]


def another_expiry(forged: Forgery) -> None:
    """The last option under the next expiry's leg, which is given its record."""
    slot, legs = forged.values["option"][5], forged.values["expiry"]
    e = slot["expiry"].index(1)
    slot["expiry"] = [int(i == last_expiry(forged)) for i in range(SHAPE.expiries)]
    slot["strike_right"] += legs[e]["prefix"] << 65


def earlier_expiry(forged: Forgery) -> None:
    """The last option under the expiry before its own: its key's rest is 2^65 too large."""
    slot, legs = forged.values["option"][5], forged.values["expiry"]
    e = slot["expiry"].index(1)
    slot["expiry"] = [int(i == e - 1) for i in range(SHAPE.expiries)]
    slot["strike_right"] += (legs[e]["prefix"] - legs[e - 1]["prefix"]) << 65


def two_expiries(forged: Forgery) -> None:
    forged.values["option"][5]["expiry"][0] = 1


def half_an_expiry(forged: Forgery) -> None:
    bits = forged.values["option"][0]["expiry"]
    e = bits.index(1)
    bits[e], bits[e - 1] = (R + 1) // 2, (R + 1) // 2


def unused(part: str, **members: int) -> Change:
    """Something in the first unused leg of a list."""

    def change(forged: Forgery) -> None:
        marks = {"option": 6, "held": 2, "expiry": last_expiry(forged), "underlying": 0}
        forged.values[part][marks[part]].update(members)

    return change


def put(part: str, index: int, **members: int) -> Change:
    return lambda forged: forged.values[part][index].update(members)


def no_future(forged: Forgery) -> None:
    """Minus zero futures in a used expiry."""
    leg = next(leg for leg in forged.values["expiry"] if leg["prefix"] and not leg["magnitude"])
    leg["short"] = 1


def no_perpetual(forged: Forgery, **members: int) -> None:
    forged.values["underlying"][0].update({"magnitude": 0, "short": 0, "settled": 0} | members)


def foreign_row(forged: Forgery) -> None:
    """A row that no epoch holds, under a node made for it."""
    slot = forged.values["option"][0]
    slot["words"] = [word + 1 for word in slot["words"]]
    prefix = next(
        leg["prefix"]
        for leg, bit in zip(forged.values["expiry"], slot["expiry"], strict=True)
        if bit
    )
    key = (prefix << 65) + slot["strike_right"]
    leaf = poseidon_sponge([key + (17 << 120), *slot["words"], slot["greeks"]])
    slot["siblings"] = [leaf, *slot["siblings"][1:]]


def other_row(forged: Forgery) -> None:
    """The row of the next slot."""
    options = forged.values["option"]
    for name in ("words", "greeks", "siblings"):
        options[0][name] = options[1][name]


def other_price(part: str, index: int, name: str) -> Change:
    def change(forged: Forgery) -> None:
        leg = forged.values[part][index]
        leg[name] = leg[name] * 2 + 1

    return change


def other_cancels(forged: Forgery) -> None:
    forged.values["held"][0]["cancels"] = (
        0 if forged.values["held"][0]["cancels"] else (forged.values["underlying"][0]["asset"])
    )
