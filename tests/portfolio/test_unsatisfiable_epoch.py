"""What no portfolio witness may say of the epoch, in both statements.

Of a row, a record or the cap that the epoch does not hold, and of values that are refused even
where the epoch holds them. The claim is true whatever the lie is worth, as in
`test_unsatisfiable.py`.
"""

from __future__ import annotations

import pytest

from circuits.margin.instrument import collateral
from tests.portfolio.agreement import epoch
from tests.portfolio.lies import (
    BOTH,
    Change,
    foreign_row,
    other_cancels,
    other_price,
    other_row,
    refused,
)
from tests.portfolio.raw import SHAPE, Forgery, market, opened_entries
from zk.poseidon import poseidon, poseidon_sponge


@BOTH
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (foreign_row, "every used leg opens the epoch"),
        (other_row, "the slot's row is a child of the opened node"),
        (other_price("underlying", 0, "price"), "every used leg opens the epoch"),
        (other_price("underlying", 0, "loss_maintenance"), "every used leg opens the epoch"),
        (other_price("expiry", 0, "forward"), "every used leg opens the epoch"),
        (other_price("expiry", 0, "discount_long"), "every used leg opens the epoch"),
        (other_price("held", 0, "price"), "the slot's row is a child of the opened node"),
        (other_cancels, "the slot's row is a child of the opened node"),
        (lambda f: f.values["shock"].__setitem__(3, 10**6), "every used leg opens the epoch"),
        (lambda f: f.values["damping"].__setitem__(3, 0), "every used leg opens the epoch"),
    ],
)
def test_what_the_epoch_does_not_say(statement: str, change: Change, words: str) -> None:
    refused(statement, change, words)


@BOTH
def test_a_row_of_another_epoch(statement: str) -> None:
    """Another epoch's rows and cap under this epoch's root, or its rows under this cap."""
    other = Forgery.honest(statement, at=epoch(2, SHAPE))
    other.values["epoch_root"] = market().root
    found = other.sealed().refusal()
    assert found is not None
    assert "every used leg opens the epoch" in found
    other = Forgery.honest(statement, at=epoch(2, SHAPE))
    other.values["cap"] = list(market().cap)
    other.values["epoch_root"] = market().root
    found = other.sealed().refusal()
    assert found is not None
    assert "every used leg opens the epoch" in found


@BOTH
@pytest.mark.parametrize(
    ("part", "name", "words"),
    [
        ("underlying", "price", "a held perpetual's price is not zero"),
        ("expiry", "forward", "a held future's price is not zero"),
        ("held", "price", "a used slot's price is not zero"),
    ],
)
def test_a_held_leg_without_a_price(statement: str, part: str, name: str, words: str) -> None:
    """Even where the epoch itself says 0."""
    forged = Forgery.honest(statement)
    legs = forged.values[part]
    leg = next(leg for leg in legs if part == "held" or leg["magnitude"])
    _reopened(forged, part, leg, **{name: 0})
    found = forged.refusal()
    assert found is not None
    assert words in found


@BOTH
@pytest.mark.parametrize(
    ("part", "members", "words"),
    [("held", {"maintenance": 10**6 + 1, "initial": 10**6 + 1}, "a haircut is at most 1")],
)
def test_a_rate_over_one(statement: str, part: str, members: dict[str, int], words: str) -> None:
    forged = Forgery.honest(statement)
    _reopened(forged, part, forged.values[part][0], **members)
    found = forged.refusal()
    assert found is not None
    assert words in found


@BOTH
def test_a_damping_over_one(statement: str) -> None:
    forged = Forgery.honest(statement)
    forged.values["damping"][4] = 10**6 + 1
    lanes = zip(forged.values["damping"], forged.values["shock"], strict=True)
    record = poseidon_sponge([20 << 120, *(damping + (shock << 20) for damping, shock in lanes)])
    found = forged.sealed(cap=[record, *forged.values["cap"][1:]]).refusal()
    assert found is not None
    assert "a damping is at most 1" in found


def _reopened(forged: Forgery, part: str, leg: dict, **members: int) -> None:
    """Give a leg other values of the epoch, and an epoch that says so."""
    before = set(opened_entries(forged.values))
    if part == "held":
        first = leg["asset"]
        row = [_held_first(first, leg["cancels"]), leg["price"], leg["maintenance"], leg["initial"]]
        place = leg["siblings"].index(poseidon(row))
    leg.update(members)
    if part == "held":
        row = [_held_first(first, leg["cancels"]), leg["price"], leg["maintenance"], leg["initial"]]
        for other in forged.values["held"]:
            if other["siblings"] == leg["siblings"] and other is not leg:
                other["siblings"] = [*other["siblings"]]
                other["siblings"][place] = poseidon(row)
        leg["siblings"] = [*leg["siblings"]]
        leg["siblings"][place] = poseidon(row)
    cap = forged.values["cap"]
    gone = list(before - set(opened_entries(forged.values)))
    come = list(set(opened_entries(forged.values)) - before)
    assert len(gone) == len(come) == 1
    forged.sealed(cap=[come[0] if entry == gone[0] else entry for entry in cap])


def _held_first(asset: int, cancels: int) -> int:
    return collateral(asset) + (18 << 120) + (cancels << 128)


@BOTH
def test_a_lane_over_its_width(statement: str) -> None:
    """Even where the epoch itself holds it: the sum of the lane does not fit.

    Of one unit: more of them would carry it into the next lane, where nothing tells it from a value
    of that lane. That an epoch's lanes are in range is what its check is for (`table_check.py`).
    """
    forged = Forgery.honest(statement)
    slot = forged.values["option"][0]
    slot.update(magnitude=1, short=0)
    before = poseidon(slot["siblings"])
    row = _row(forged, slot)
    place = slot["siblings"].index(row)
    slot["words"] = [slot["words"][0] + (1 << 110), *slot["words"][1:]]
    slot["siblings"] = [*slot["siblings"]]
    slot["siblings"][place] = _row(forged, slot)
    for other in forged.values["option"][1:6]:
        if poseidon(other["siblings"]) == before:
            other["siblings"] = slot["siblings"]
    cap = [poseidon(slot["siblings"]) if x == before else x for x in forged.values["cap"]]
    found = forged.sealed(cap=cap).refusal()
    assert found is not None
    assert "values in the scenarios" in found


def _row(forged: Forgery, slot: dict) -> int:
    e = slot["expiry"].index(1)
    key = (forged.values["expiry"][e]["prefix"] << 65) + slot["strike_right"]
    return poseidon_sponge([key + (17 << 120), *slot["words"], slot["greeks"]])
