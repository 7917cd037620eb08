"""Every leg and slot refuses what a leg or a slot may not hold, by a row of its own.

The lies of `test_unsatisfiable.py` are told in one place each. Here each is told in every place, of
a full account or of an empty one, and the obligation of that place must be among those that break:
whatever else breaks beside it, a row that is missing in one slot is missed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from random import Random
from typing import Any

import pytest

from circuits.margin.portfolio.book import PortfolioBook
from circuits.margin.portfolio.table import PortfolioEpoch
from tests.margin.tamper import Run, broken_rows, obligations
from tests.portfolio.agreement import CIRCUITS, GREEKS, LIQUIDATABLE, MEETS, circuit
from tests.portfolio.any_epoch import any_book, any_epoch
from tests.portfolio.exposures import WIDEST, greek_values
from tests.portfolio.raw import SHAPE, Forgery, Values, copied, opened_entries
from zk.compiler.witness import Op
from zk.field import R

TWO = replace(SHAPE, underlyings=2)
ALL = pytest.mark.parametrize("statement", list(CIRCUITS))
#: Rows about legs are the same in all statements, but for some in accounts of two underlyings.
CASES = pytest.mark.parametrize(
    ("statement", "shape"),
    [(MEETS, SHAPE), (LIQUIDATABLE, TWO), (GREEKS, SHAPE), (GREEKS, TWO)],
    ids=["meets", "liquidatable two", "greeks", "greeks two"],
)
#: A lie: where it is told, the words of what refuses it, and what it puts there.
Lie = tuple[str, int, str, dict[str, Any]]


#: Parts of an empty leg, out of their ranges, that would cancel if one were weighed by one more
#: than it is: the row is exact, whatever other rows say of its parts.
OPTION_PARTS = (
    {"magnitude": 1, "strike_right": -(1 << 49) - 1},
    {"magnitude": 1, "strike_right": -(1 << 48)},
    {"short": 1, "strike_right": -(1 << 112) - 1},
)
EXPIRY_PARTS = ({"short": 1, "magnitude": -(1 << 63) - 1}, {"short": 1, "magnitude": -(1 << 62)})
UNDERLYING_PARTS = ({"short": 1, "settled": -1}, {"short": -3, "settled": 1})


@cache
def full(shape: Any) -> tuple[PortfolioEpoch, PortfolioBook]:
    """An account that uses every leg and slot, over rows and records of any numbers."""
    rng = Random("every slot")
    at = any_epoch(shape, rng)
    return at, any_book(at, shape, rng, 40)


def forgery(statement: str, shape: Any, *, used: bool = True) -> Forgery:
    at, book = full(shape)
    if not used:
        book = PortfolioBook(account=7, sequence=1, shape=shape, cash=0)
    if statement == GREEKS:
        return Forgery(statement, copied(greek_values(book, at, WIDEST)), shape)
    return replace(Forgery.honest(statement, book, "line", at), shape=shape)


def broken(forged: Forgery) -> set[str]:
    """Every obligation that the witness of these inputs breaks."""
    compiled = circuit(forged.statement, forged.shape)
    return obligations(compiled, broken_rows(compiled, compiled.witness(forged.values)))


WORD = {"underlying": "underlying", "expiry": "expiry", "option": "option", "held": "collateral"}


def told(forged: Forgery, lies: Iterator[Lie]) -> int:
    """Tell each lie alone; how many there were."""
    count = 0
    assert broken(forged) == set()
    for part, i, words, members in lies:
        before = forged.values[part][i]
        forged.values[part][i] = copied(before) | members
        where = f"{WORD[part]}[{i}] / {words}"
        found = {forged.refusal() or ""}  # of the first row, which is often the one
        found = found if any(where in one for one in found) else broken(forged)
        assert any(where in one for one in found), (part, i, members)
        forged.values[part][i] = before
        count += 1
    return count


def legs(v: Values, part: str) -> range:
    return range(len(v.get(part, ())))


@CASES
def test_nothing_stands_in_an_empty_leg(statement: str, shape: Any) -> None:
    forged = forgery(statement, shape, used=False)
    v = forged.values

    def lies() -> Iterator[Lie]:
        zero = "an empty slot is zero in every part"
        for i in legs(v, "option"):
            for members in ({"magnitude": 1}, {"short": 1}, {"strike_right": 4}, *OPTION_PARTS):
                yield "option", i, zero, members
        for i in legs(v, "held"):
            yield "held", i, zero, {"quantity": 1}
        for i in legs(v, "expiry"):
            for members in ({"magnitude": 1}, {"short": 1}, *EXPIRY_PARTS):
                yield "expiry", i, "an empty leg is zero in every part", members
            yield "expiry", i, "zero has no sign", {"short": 1}
        for i in legs(v, "underlying"):
            words = "an empty perpetual is zero in every part"
            for members in ({"short": 1}, {"settled": 1}, *UNDERLYING_PARTS):
                yield "underlying", i, words, members
            yield "underlying", i, "an unused leg has no perpetual", {"magnitude": 1}
        for i in legs(v, "option")[1:]:
            words = "a slot is used only if the one before it is"
            for e in range(shape.expiries):
                for weights in ((1, 0), (1, R - 2)):
                    bits = [0] * shape.expiries
                    bits[e], bits[e - 1] = weights
                    yield "option", i, words, {"expiry": bits}

    assert told(forged, lies()) >= 4 * shape.options


@CASES
def test_no_used_leg_is_of_nothing(statement: str, shape: Any) -> None:
    """Quantities of zero, prices of zero, two expiries, another kind of instrument."""
    forged = forgery(statement, shape)
    v = forged.values

    def lies() -> Iterator[Lie]:
        for i in legs(v, "option"):
            bits = v["option"][i]["expiry"]
            e = bits.index(1)
            both = [int(at in (e, (e + 1) % len(bits))) for at in range(len(bits))]
            yield "option", i, "the slot is of one expiry, or of none", {"expiry": both}
            yield "option", i, "a used slot's quantity is not zero", {"magnitude": 0}
        for i in legs(v, "held"):
            yield "held", i, "a used slot's quantity is not zero", {"quantity": 0}
            yield "held", i, "a used slot's price is not zero", {"price": 0}
            yield "held", i, "a haircut is at most 1", {"maintenance": 10**6 + 1}
            yield "held", i, "the underlying it cancels is the account's", {"cancels": 999}
        for i in legs(v, "expiry"):
            yield "expiry", i, "a held future's price is not zero", {"forward": 0}
            for kinds in (-1, 1):
                prefix = v["expiry"][i]["prefix"] + (kinds << 32)
                yield "expiry", i, "it is an expiry of an underlying", {"prefix": prefix}
        for i in legs(v, "underlying"):
            yield "underlying", i, "a held perpetual's price is not zero", {"price": 0}

    assert told(forged, lies()) >= 3 * shape.options


@CASES
def test_an_expiry_s_underlying_is_the_account_s(statement: str, shape: Any) -> None:
    """Expiries of number 0, which is that of an underlying leg that is not used."""
    forged = forgery(statement, shape)
    for leg in forged.values["underlying"]:
        leg.update(dict.fromkeys(leg, 0))
    for leg in forged.values["expiry"]:
        leg["prefix"] &= (1 << 36) - 1
    for own in range(shape.underlyings):
        for leg in forged.values["expiry"]:
            leg["belongs"] = [int(u == own) for u in range(shape.underlyings)]
            leg["belongs"] = leg["belongs"] if shape.underlyings > 1 else []
        found = broken(forged)
        for e in range(shape.expiries):
            assert f"expiry[{e}] / it is an expiry of an underlying" in found


@CASES
def test_options_of_an_expiry_that_is_not_listed(statement: str, shape: Any) -> None:
    for e in range(shape.expiries):
        forged = forgery(statement, shape)
        leg = forged.values["expiry"][e]
        leg |= {"prefix": 0, "belongs": [0 for _ in leg["belongs"]]}
        where = f"options of expiry[{e}] / it is used if it has any"
        assert where in broken(forged)
        # And by each slot, with another that makes up for it, were it to count twice.
        slots = forged.values["option"]
        for i in range(len(slots)):
            for slot in slots:
                slot["expiry"] = [0] * shape.expiries
            slots[i]["expiry"][e], slots[i - 1]["expiry"][e] = 1, R - 2
            assert where in broken(forged)


def made(statement: str, shape: Any, *, used: bool = True) -> Run:
    compiled = circuit(statement, shape)
    run = Run(compiled, compiled.assign(forgery(statement, shape, used=used).values))
    assert not run.broken
    return run


@ALL
def test_whether_a_slot_is_of_the_expiry_before_is_not_the_prover_s_to_say(statement: str) -> None:
    """The bit is a hint: of every slot, the other answer, and what is no bit."""
    for used in (True, False):
        run = made(statement, SHAPE, used=used)
        for i in range(1, SHAPE.options):
            where = f"option[{i}] / expiries rise"
            (wire,) = run.wiring.hints(Op.EQ, where)
            for lie in {0, 1, 2, R - 1} - {run.witness[wire]}:
                found = obligations(run.circuit, run.tampered({wire: lie}).broken)
                # An empty slot that follows another is refused by its strike.
                assert where in found if used else found, (i, lie)


@ALL
def test_expiries_do_not_fall(statement: str) -> None:
    """Of every two neighbours: the second is of the first expiry, the first of the last."""
    ends = [[1, 0, 0, 0], [0, 0, 0, 1]]
    for i in range(1, SHAPE.options):
        forged = forgery(statement, SHAPE)
        options = forged.values["option"]
        options[i]["expiry"], options[i - 1]["expiry"] = ends
        assert f"option[{i}] / expiries rise" in broken(forged)


@ALL
def test_strikes_rise_in_every_slot(statement: str) -> None:
    """All slots in one expiry, at strikes that rise but for two neighbours."""
    for i in range(1, SHAPE.options):
        for r in (2 * i, 2 * i - 1):
            forged = forgery(statement, SHAPE)
            for j, slot in enumerate(forged.values["option"]):
                slot.update(expiry=[1, 0, 0, 0], strike_right=2 * j + 2)
            forged.values["option"][i]["strike_right"] = r
            assert f"option[{i}] / the strike is above the one before it" in broken(forged)


@ALL
def test_no_slot_s_gap_is_left_out_of_its_expiry_s_sum(statement: str) -> None:
    """All slots in one expiry, the last beyond its strikes; a slot's part is said to be less."""
    words = "the last strike of an expiry is below the next one's keys"
    forged = forgery(statement, SHAPE)
    for j, slot in enumerate(forged.values["option"]):
        slot.update(expiry=[1, 0, 0, 0], strike_right=j)
    slot["strike_right"] = (1 << 49) + 3
    compiled = circuit(statement, SHAPE)
    run = Run(compiled, compiled.assign(forged.values))
    assert words in obligations(compiled, run.broken)
    parts = [
        dst
        for op, dst, *_ in run.wiring.code
        if op in (Op.ROW, Op.MUL)
        and any(words in compiled.origin(row)[0] for row in run.wiring.rows(dst))
    ]
    # Before them those that a gap is made of.
    assert len(parts) == 2 * SHAPE.options - 1
    for wire in parts[-SHAPE.options :]:
        found = run.tampered({wire: (run.witness[wire] - 4) % R}).broken
        assert words in obligations(compiled, found), wire


@CASES
def test_what_stands_in_the_cap_is_the_leg_s_own(statement: str, shape: Any) -> None:
    """Each leg opens something else, and what it opened before is said to be there all the same."""
    honest = forgery(statement, shape)
    run = Run(circuit(statement, shape), circuit(statement, shape).assign(honest.values))
    assert not run.broken
    cap = honest.values["cap"][0]
    entries, seen = iter(opened_entries(honest.values)), Counter[int]()
    where = "every used leg opens the epoch"
    for part in ("underlying", "expiry", "option", "held"):
        for i in legs(honest.values, part):
            told = (next(entries) - cap) % R
            # Two rows of one node open the same.
            wire = [
                dst
                for op, dst, *_ in run.wiring.code
                if op in (Op.ROW, Op.MUL) and run.witness[dst] == told
            ][seen[told]]
            seen[told] += 1
            forged = forgery(statement, shape)
            other(part, i, forged.values[part][i], shape)
            made = Run(run.circuit, run.circuit.assign(forged.values))
            assert where in obligations(run.circuit, made.broken)
            found = made.tampered({wire: told}).broken
            assert where in obligations(run.circuit, found), (part, i)


def other(part: str, i: int, leg: dict[str, Any], shape: Any) -> None:
    """What a leg opens, changed where nothing but the hash reads it."""
    at, book = full(shape)
    if part == "underlying":
        leg["option_initial"] += 1
    elif part == "expiry":
        leg["confidence"] += 1
    else:  # the row beside its own
        key = (book.options if part == "option" else book.collaterals)[i].key
        place = (at.open(key).position + 1) % shape.arity
        leg["siblings"] = [x + (n == place) for n, x in enumerate(leg["siblings"])]
