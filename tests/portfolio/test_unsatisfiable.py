"""What no portfolio witness may do with its account, in both statements.

"What the account is held to" in docs/portfolio.md; what it may not say of the epoch is refused in
`test_unsatisfiable_epoch.py`. The books hold so much (for liquidatable, owe so much) that the claim
is true whatever the lie is worth, so a refusal is for the lie alone; commitment and lookup are made
to fit it (`raw.py`).
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from circuits.margin.portfolio.book import PortfolioBook
from circuits.margin.portfolio.portfolio import STATEMENTS
from tests.margin.tamper import Run
from tests.portfolio.agreement import LAST, MEETS, circuit
from tests.portfolio.lies import (
    BOTH,
    Change,
    another_expiry,
    duplicate,
    earlier_expiry,
    expiries_fall,
    gap,
    half_an_expiry,
    no_future,
    no_perpetual,
    put,
    refused,
    swapped,
    two_expiries,
    unused,
)
from tests.portfolio.raw import SHAPE, Forgery, rich_book
from zk.field import R


@BOTH
def test_the_honest_book_passes(statement: str) -> None:
    assert Forgery.honest(statement).sealed().refusal() is None


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
