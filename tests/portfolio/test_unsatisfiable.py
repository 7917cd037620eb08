"""What no portfolio witness may do: each line of "What must be unsatisfiable", in both statements.

The books hold so much (for liquidatable, owe so much) that the claim is true whatever the lie is
worth, so a refusal is for the lie alone; commitment and lookup are made to fit it (`raw.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from circuits.margin.instrument import collateral
from circuits.margin.portfolio.book import PortfolioBook
from circuits.margin.portfolio.portfolio import STATEMENTS
from tests.margin.tamper import Run
from tests.portfolio.agreement import LAST, MEETS, circuit, epoch
from tests.portfolio.raw import SHAPE, Forgery, market, opened_entries, rich_book
from zk.field import R
from zk.poseidon import poseidon, poseidon_sponge

BOTH = pytest.mark.parametrize("statement", list(STATEMENTS))
Change = Callable[[Forgery], object]


def refused(statement: str, change: Change, words: str) -> None:
    forged = Forgery.honest(statement)
    change(forged)
    found = forged.sealed().refusal()
    assert found is not None, "the lie passes"
    assert words in found


@BOTH
def test_the_honest_book_passes(statement: str) -> None:
    assert Forgery.honest(statement).sealed().refusal() is None


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


@BOTH
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (duplicate, "the strike is above the one before it"),
        (swapped, "the strike is above the one before it"),
        (expiries_fall, "expiries rise"),
        (gap, "a slot is used only if the one before it is"),
        (another_expiry, "the strike is above the one before it"),
        (earlier_expiry, "the strike is above the one before it"),
        (two_expiries, "of one expiry, or of none"),
        (half_an_expiry, "is a bit"),
    ],
)
def test_options_out_of_order(statement: str, change: Change, words: str) -> None:
    refused(statement, change, words)


def unused(part: str, **members: int) -> Change:
    """Something in the first unused leg of a list."""

    def change(forged: Forgery) -> None:
        marks = {"option": 6, "held": 2, "expiry": last_expiry(forged), "underlying": 0}
        forged.values[part][marks[part]].update(members)

    return change


@BOTH
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (unused("option", magnitude=1), "an empty slot is zero in every part"),
        (unused("option", short=1), "an empty slot is zero in every part"),
        (unused("option", strike_right=4), "an empty slot is zero in every part"),
        (unused("expiry", magnitude=1), "an empty leg is zero in every part"),
        (unused("expiry", short=1), "an empty leg is zero in every part"),
        (unused("held", quantity=1), "an empty slot is zero in every part"),
    ],
)
def test_an_empty_leg_that_is_not_all_zero(statement: str, change: Change, words: str) -> None:
    refused(statement, change, words)


def put(part: str, index: int, **members: int) -> Change:
    return lambda forged: forged.values[part][index].update(members)


def no_future(forged: Forgery) -> None:
    """Minus zero futures in a used expiry."""
    leg = next(leg for leg in forged.values["expiry"] if leg["prefix"] and not leg["magnitude"])
    leg["short"] = 1


def no_perpetual(forged: Forgery, **members: int) -> None:
    forged.values["underlying"][0].update({"magnitude": 0, "short": 0, "settled": 0} | members)


@BOTH
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (no_future, "zero has no sign"),
        (lambda f: no_perpetual(f, short=1), "an empty perpetual is zero in every part"),
        (lambda f: no_perpetual(f, settled=5), "an empty perpetual is zero in every part"),
        (put("option", 0, magnitude=0), "a used slot's quantity is not zero"),
        (put("held", 0, quantity=0), "a used slot's quantity is not zero"),
    ],
)
def test_zero_has_one_form(statement: str, change: Change, words: str) -> None:
    refused(statement, change, words)


@BOTH
@pytest.mark.parametrize("part", ["option", "underlying", "expiry", "held"])
def test_a_leg_that_the_commitment_holds_is_not_left_out(statement: str, part: str) -> None:
    """The witness says that the last leg is not there; the commitment is of the whole book."""
    forged = Forgery.honest(statement)
    commitment = forged.values["commitment"]
    emptied = Forgery.honest(statement, _without(part))
    emptied.values["commitment"] = commitment
    emptied.values["cash"] = forged.values["cash"]
    found = emptied.refusal()
    assert found is not None
    assert "the commitment opens to the account" in found


def _without(part: str) -> PortfolioBook:
    book = rich_book()
    if part == "option":
        return replace(book, options=book.options[:-1])
    if part == "held":
        return replace(book, collaterals=book.collaterals[:-1])
    if part == "expiry":
        return replace(book, futures=book.futures[:-1])
    return replace(book, perpetuals=())


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
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (put("held", 0, quantity=-1), "held[0].quantity is an unsigned integer"),
        (put("held", 0, quantity=1 << 56), "held[0].quantity is an unsigned integer"),
        (put("option", 0, magnitude=1 << 56), "option[0].magnitude is an unsigned integer"),
        (put("option", 0, magnitude=-1), "option[0].magnitude is an unsigned integer"),
        (put("option", 0, short=2), "option[0].short is a bit"),
        (put("underlying", 0, settled=1 << 95), "underlying[0].settled is a signed integer"),
        (lambda f: f.values.update(cash=1 << 95), "cash is a signed integer"),
        (
            lambda f: [slot.update(magnitude=(1 << 56) - 1) for slot in f.values["option"][:2]],
            "all magnitudes together are in range",
        ),
    ],
)
def test_a_value_over_its_width(statement: str, change: Change, words: str) -> None:
    refused(statement, change, words)


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


def test_the_worst_is_not_overstated() -> None:
    """A prover of `meets` may say a smaller x than the true one, never a larger."""
    forged = Forgery.honest(MEETS)
    forged.values["worst"][0] -= 1
    assert forged.refusal() is None
    forged.values["worst"][0] += 2
    found = forged.refusal()
    assert found is not None
    assert "the worst is at most value" in found


@pytest.mark.parametrize("bits", [[], [0, 1], "half"])
def test_one_scenario_is_chosen(bits: list[int] | str) -> None:
    liquidatable = list(STATEMENTS)[1]
    forged = Forgery.honest(liquidatable)
    choice = [0] * (SHAPE.lanes + 1)
    for i in bits if isinstance(bits, list) else []:
        choice[i] = 1
    if bits == "half":
        choice[3] = choice[4] = (R + 1) // 2
    forged.values["choice"] = choice
    found = forged.refusal()
    assert found is not None
    assert "one scenario is chosen" in found or "is a bit" in found


@BOTH
@pytest.mark.parametrize("place", ["line", "under"])
def test_at_the_line(statement: str, place: str) -> None:
    found = Forgery.honest(statement, place=place).refusal()
    assert found == (None if place == "line" else LAST[statement])


@BOTH
@pytest.mark.parametrize("name", ["account", "commitment", "epoch_root", "params_digest"])
def test_another_public_input(statement: str, name: str) -> None:
    forged = Forgery.honest(statement)
    forged.values[name] += 1
    assert forged.refusal() is not None


@BOTH
@pytest.mark.parametrize("netted", [True, False])
def test_a_call_and_the_put_of_its_strike_net(statement: str, netted: bool) -> None:
    """Whether two slots are a pair is not the prover's to say, in either direction."""
    book = rich_book()
    first = book.options[0]
    other = first.key ^ 1
    legs = {leg.key: leg for leg in book.options[:5]} | {
        first.key: replace(first, quantity=-(10**9)),
    }
    if netted:
        legs[other] = replace(first, key=other, quantity=10**9)
    held = tuple(legs[key] for key in sorted(legs))
    forged = Forgery.honest(statement, replace(book, options=held), place="line")
    compiled = circuit(statement, SHAPE)
    made = Run(compiled, compiled.assign(forged.values))
    assert not made.broken
    paired = [
        wire
        for wire in range(compiled.program.n_inputs + 1, compiled.r1cs.n_wires)
        if any(
            compiled.origin(row)[0].endswith("the put of the call before it")
            for row in made.wiring.rows(wire)
        )
    ]
    assert len(paired) > 8
    told = 0
    for wire in paired:
        for value in {0, 1} - {made.witness[wire]}:
            outcome = made.tampered({wire: value})
            told += bool(outcome.broken)
            # The inverse of a gap of zero is free, and says nothing.
            assert outcome.broken or set(outcome.changed) == {wire}
    assert told > 8
