"""Greek limits: the circuit and the integer model agree, and no witness lies.

python -m tests.portfolio.exposures --count 1000      as many books of every class
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest

from circuits.margin.commitment import SecretKey
from circuits.margin.instrument import PERPETUAL, Instrument
from circuits.margin.portfolio.account import PortfolioAccount
from circuits.margin.portfolio.book import Leg, PortfolioBook
from circuits.margin.portfolio.commitment import commitment
from circuits.margin.portfolio.exposure import (
    LIMIT_SCALE,
    Exposure,
    GreekLimit,
    exposures,
    within,
)
from circuits.margin.portfolio.market import PortfolioMarket
from circuits.margin.portfolio.params import PortfolioParams
from circuits.margin.portfolio.records import OptionRow
from circuits.margin.portfolio.shape import SIZE_CLASSES
from circuits.margin.portfolio.statement import GreekClaim, greek_limits
from circuits.margin.statement import Domain
from tests.checks import Attack
from tests.margin.tamper import Run, obligations
from tests.portfolio import lies
from tests.portfolio.agreement import GREEKS, circuit, epoch, first_broken, shape_of
from tests.portfolio.exposures import (
    DELTA,
    VEGA,
    WIDEST,
    compare,
    greek_values,
    on_the_line,
    tight,
)
from tests.portfolio.raw import SHAPE, Forgery, copied, market, rich_book
from zk import engine
from zk.compiler.lower import compile
from zk.compiler.witness import Op
from zk.errors import InputError
from zk.field import R, from_limbs

EXAMPLES = Path(__file__).parents[2] / "examples" / "portfolio"
HINTS = frozenset(Op) - {Op.ROW, Op.LIN}


# The model. ---------------------------------------------------------------------------------------


def test_exposures_are_sums_over_the_rows() -> None:
    """By hand: two options, a future and a perpetual of a unit each, some short."""
    at, book = market(), rich_book()
    by_hand: dict[int, list[int]] = {number: [0, 0] for number in book.underlyings}
    for leg in book.options:
        row = at.by_key[leg.key]
        assert isinstance(row, OptionRow)
        by_hand[leg.underlying][0] += leg.quantity * row.delta
        by_hand[leg.underlying][1] += leg.quantity * row.vega
    for leg in (*book.futures, *book.perpetuals):
        by_hand[leg.underlying][0] += leg.quantity * 10**8
    found = {e.underlying: [e.delta, e.vega] for e in exposures(book, at)}
    assert found == by_hand
    assert replace(book, collaterals=()).underlyings == book.underlyings
    assert exposures(replace(book, collaterals=()), at)[0].delta == found[book.underlyings[0]][0]


def test_a_call_and_the_put_it_mirrors_are_a_future() -> None:
    """Long a call and short the put of one strike: no vega but rounding's, delta the discount."""
    at, book = market(), rich_book()
    rows = [row for row in at.rows if isinstance(row, OptionRow)]
    call, put = next(
        (a, b) for a, b in pairwise(rows) if b.key == a.key + 1 and a.vega == b.vega and a.vega
    )
    legs = (Leg(call.key, 10**8), Leg(put.key, -(10**8)))
    synthetic = replace(book, options=legs, futures=(), perpetuals=(), collaterals=())
    (found,) = exposures(synthetic, at)
    assert found.vega == 0
    assert 0.9 < found.delta / LIMIT_SCALE <= 1


@pytest.mark.parametrize("limit", [(-1, 0, 0), (0, 1 << 48, 0), (0, 0, 1 << 16), (0, 0, -1)])
def test_limits_have_widths(limit: tuple[int, int, int]) -> None:
    with pytest.raises(InputError):
        GreekLimit(*limit)


def test_the_claim_is_one_word() -> None:
    limit = GreekLimit(delta=5, vega=7, underlying=3)
    assert limit.claim == 2 + (3 << 8) + (5 << 24) + (7 << 72)
    assert WIDEST.claim < 1 << 120


def test_a_limit_is_of_one_underlying_or_of_all() -> None:
    found = Exposure(4, 3 * LIMIT_SCALE, -LIMIT_SCALE)
    assert GreekLimit(3, 1).holds(found)
    assert GreekLimit(3, 1, 4).holds(found)
    assert GreekLimit(0, 0, 5).holds(found)
    assert not GreekLimit(2, 1, 4).holds(found)
    assert not GreekLimit(3, 0).holds(found)


# The circuit. -------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", SIZE_CLASSES)
def test_circuit_and_model_agree(options: int) -> None:
    count = {8: 30, 16: 30, 32: 12}.get(options, 6)
    tally = compare(shape_of(options), count, seed=options)
    assert not tally.wrong, "\n".join(tally.wrong)
    assert tally.satisfied >= 2 * count
    assert tally.refused >= count
    assert tally.full >= count // 3


def test_several_underlyings_agree() -> None:
    tally = compare(shape_of(16, underlyings=2), 30, seed=3)
    assert not tally.wrong, "\n".join(tally.wrong)
    assert tally.refused >= 15


@pytest.mark.parametrize("short", [False, True])
def test_at_the_line_to_the_last_unit(short: bool) -> None:
    """A net delta that is the limit, or a unit of 1e-8 beyond it, on either side of zero."""
    at, sign = market(), -1 if short else 1
    for off in (0, -1, 1):
        book = on_the_line(rich_book(), at)
        legs = (Leg(leg.key, sign * leg.quantity, leg.funding) for leg in book.perpetuals)
        flipped = [replace(leg, quantity=sign * leg.quantity) for leg in book.options]
        futures = [replace(leg, quantity=sign * leg.quantity) for leg in book.futures]
        book = replace(book, options=tuple(flipped), futures=tuple(futures), perpetuals=tuple(legs))
        perpetual = book.perpetuals[0]
        moved = replace(perpetual, quantity=perpetual.quantity + off)
        book = replace(book, perpetuals=(moved, *book.perpetuals[1:]))
        own = exposures(book, at)[0]
        assert (own.delta - off * 10**8) % LIMIT_SCALE == 0
        limit = replace(WIDEST, delta=abs(own.delta - off * 10**8) // LIMIT_SCALE)
        true = abs(own.delta) <= limit.delta * LIMIT_SCALE
        assert within(book, at, limit) == true
        broken = first_broken(GREEKS, SHAPE, greek_values(book, at, limit))
        assert (broken is None) == true
        side = "upper" if own.delta > 0 else "lower"
        assert true or f"{DELTA} / {side} limit" in (broken or "")


def test_an_empty_account_keeps_any_limit() -> None:
    nothing = replace(rich_book(), options=(), futures=(), perpetuals=(), collaterals=())
    assert within(nothing, market(), GreekLimit(0, 0))
    made = greek_values(nothing, market(), GreekLimit(0, 0))
    assert first_broken(GREEKS, SHAPE, made) is None


def test_the_largest_quantities_fit() -> None:
    """One option of nearly 2^56 units, long or short: no lane leaves its width."""
    at = market()
    row = max((r for r in at.rows if isinstance(r, OptionRow)), key=lambda r: r.vega)
    for quantity in ((1 << 56) - 1, 1 - (1 << 56)):
        book = replace(
            rich_book(),
            options=(Leg(row.key, quantity),),
            futures=(),
            perpetuals=(),
            collaterals=(),
        )
        limit = tight(exposures(book, at))
        for cut, words in ((0, None), (1, VEGA)):
            made = greek_values(book, at, replace(limit, vega=limit.vega - cut))
            broken = first_broken(GREEKS, SHAPE, made)
            if words is None:
                assert broken is None
            else:
                assert f"{words} / {'upper' if quantity > 0 else 'lower'} limit" in (broken or "")


# What must be unsatisfiable. ----------------------------------------------------------------------


def honest(limit: GreekLimit = WIDEST, book: PortfolioBook | None = None) -> Forgery:
    return Forgery(GREEKS, copied(greek_values(book or rich_book(), market(), limit)))


def refusal(change: Any) -> str:
    forged = honest()
    change(forged)
    found = forged.sealed().refusal()
    assert found is not None, "the lie passes"
    return found


def test_the_honest_book_passes() -> None:
    assert honest().sealed().refusal() is None
    assert honest(tight(exposures(rich_book(), market()))).refusal() is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lies.duplicate, "the strike is above the one before it"),
        (lies.swapped, "the strike is above the one before it"),
        (lies.expiries_fall, "expiries rise"),
        (lies.gap, "a slot is used only if the one before it is"),
        (lies.another_expiry, "the strike is above the one before it"),
        (lies.two_expiries, "of one expiry, or of none"),
        (lies.half_an_expiry, "is a bit"),
        (lies.unused("option", magnitude=1), "an empty slot is zero in every part"),
        (lies.unused("option", short=1), "an empty slot is zero in every part"),
        (lies.unused("expiry", magnitude=1), "an empty leg is zero in every part"),
        (lies.no_future, "zero has no sign"),
        (
            lambda f: lies.no_perpetual(f, short=1),
            "an empty perpetual is zero in every part",
        ),
        (lies.put("option", 0, magnitude=0), "a used slot's quantity is not zero"),
        (lies.foreign_row, "every used leg opens the epoch"),
        (lies.other_row, "the slot's row is a child of the opened node"),
        (lies.other_price("underlying", 0, "spot"), "every used leg opens the epoch"),
        (lies.other_price("expiry", 0, "forward"), "every used leg opens the epoch"),
        (lies.put("option", 0, magnitude=1 << 56), "magnitude is an unsigned integer"),
        (lies.put("option", 0, magnitude=-1), "magnitude is an unsigned integer"),
        (lies.put("option", 0, short=2), "option[0].short is a bit"),
        (
            lambda f: [s.update(magnitude=(1 << 56) - 1) for s in f.values["option"][:2]],
            "all magnitudes together are in range",
        ),
    ],
)
def test_what_the_account_or_the_epoch_does_not_hold(change: Any, words: str) -> None:
    assert words in refusal(change)


def other_greeks(forged: Forgery) -> None:
    forged.values["option"][0]["greeks"] = 10**8  # no delta, no vega


def test_other_greeks_than_the_row_s() -> None:
    assert "the slot's row is a child of the opened node" in refusal(other_greeks)


@pytest.mark.parametrize("part", ["option", "underlying", "expiry"])
def test_a_leg_that_the_commitment_holds_is_not_left_out(part: str) -> None:
    whole = rich_book()
    fewer = {
        "option": replace(whole, options=whole.options[:-1]),
        "underlying": replace(whole, perpetuals=()),
        "expiry": replace(whole, futures=whole.futures[:-1]),
    }[part]
    emptied = honest(book=fewer)
    emptied.values["commitment"] = honest().values["commitment"]
    found = emptied.refusal()
    assert found is not None
    assert "the commitment opens to the account" in found


def test_collaterals_of_another_account() -> None:
    forged = honest()
    forged.values["held_word"][0] += 1
    found = forged.refusal()
    assert found is not None
    assert "the commitment opens to the account" in found


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("delta_limit", "the claim holds scope and limits"),
        ("vega_limit", "the claim holds scope and limits"),
        ("scope", "the claim holds scope and limits"),
        ("claim", "the claim holds scope and limits"),
        ("account", "the commitment opens"),
        ("commitment", "the commitment opens"),
        ("epoch_root", "every used leg opens"),
        ("params_digest", "every used leg opens"),
    ],
)
def test_another_claim(name: str, words: str) -> None:
    forged = honest(GreekLimit(10**9, 10**9, 2))
    forged.values[name] += 1
    found = forged.refusal()
    assert found is not None
    assert words in found


def test_a_limit_over_its_width() -> None:
    """A limit that carries into the other's lane: the claim is the same word."""
    forged = honest(GreekLimit(10**9, 10**9))
    forged.values["delta_limit"] += 1 << 48
    forged.values["vega_limit"] -= 1
    found = forged.refusal()
    assert found is not None
    assert "delta_limit is an unsigned integer of 48 bits" in found


def test_the_mode_is_not_that_of_another_statement() -> None:
    forged = honest(GreekLimit(10**9, 10**9))
    forged.values["claim"] -= 1
    assert forged.refusal() is not None


# Forged hints. ------------------------------------------------------------------------------------


@cache
def limited(kept: bool) -> GreekLimit:
    limit = tight(exposures(rich_book(), market()))
    return limit if kept else replace(limit, delta=limit.delta - 1)


def run(kept: bool) -> Run:
    compiled = circuit(GREEKS, SHAPE)
    made = Run(compiled, compiled.assign(honest(limited(kept)).values))
    found = obligations(made.circuit, made.broken)
    assert (found == set()) == kept
    assert kept or all(DELTA in words for words in found)
    return made


def told(op: int, value: int) -> set[int]:
    more = set() if op == Op.BITS else {(R + 1) // 2, (value + 1) % R}
    return {0, 1, 2, R - 1, *more} - {value}


def test_a_forged_hint_never_makes_a_false_claim_pass() -> None:
    made, rng = run(kept=False), Random("false greeks")
    for op, dst, count, _, _ in made.wiring.code:
        for wire in range(dst, dst + count) if op in HINTS else ():
            if rng.random() < 0.05:
                for value in told(op, made.witness[wire]):
                    assert made.tampered({wire: value}).broken, (op, wire, value)


def test_a_forged_hint_is_refused_or_is_divided_by_zero() -> None:
    made, rng = run(kept=True), Random("true greeks")
    free = 0
    for i, (op, dst, count, _, _) in enumerate(made.wiring.code):
        for wire in range(dst, dst + count) if op in HINTS else ():
            if rng.random() < 0.05 or op in (Op.INV, Op.EQ, Op.QUOT):
                for value in told(op, made.witness[wire]):
                    if not made.tampered({wire: value}).broken:
                        free += 1
                        assert op in (Op.INV, Op.QUOT)
                        divisor = made.wiring.code[i][3 if op == Op.INV else 4]
                        assert made.wiring.pool.dot(divisor, made.witness) == 0
    assert free


def test_no_wire_is_unbound() -> None:
    compiled = circuit(GREEKS, SHAPE)
    attack = Attack(compiled)
    attack.start(from_limbs(compiled.assign(honest().sealed().values)))
    attack.assert_bound()


def test_a_row_of_another_epoch() -> None:
    other = Forgery(GREEKS, copied(greek_values(rich_book(), epoch(2, SHAPE), WIDEST)))
    other.values["epoch_root"] = market().root
    found = other.refusal()
    assert found is not None
    assert "every used leg opens the epoch" in found


def test_a_perpetual_counts_one() -> None:
    """Of an account with one perpetual alone."""
    at, number = market(), market().underlyings[0].underlying
    leg = Leg(Instrument(number, PERPETUAL).key, -(5 * 10**8))
    book = replace(rich_book(), options=(), futures=(), perpetuals=(leg,), collaterals=())
    assert exposures(book, at) == (Exposure(number, -5 * LIMIT_SCALE, 0),)
    for limit, true in ((5, True), (4, False)):
        found = first_broken(GREEKS, SHAPE, greek_values(book, at, GreekLimit(limit, 0)))
        assert (found is None) == true


# From files. --------------------------------------------------------------------------------------


def test_a_claim_about_a_file() -> None:
    """The market-maker of the examples: its limits, its inputs, its public inputs."""
    params = PortfolioParams.load(EXAMPLES / "params.json")
    market_of = PortfolioMarket.load(EXAMPLES / "market.json")
    account = PortfolioAccount.parse(
        (EXAMPLES / "market-maker.json").read_bytes(), "market-maker.json", secret=SecretKey(5)
    )
    book, salt = account.book(params), 77
    claim = GreekClaim(Domain(5, 7), params, market_of, limit=WIDEST)
    kept = tight(claim.exposures(book))
    assert kept.delta > 0
    assert kept.vega > 0
    made = compile(greek_limits(book.shape))
    assert made.metadata["statement"] == GreekClaim.statement == GREEKS
    for limit in (kept, replace(kept, delta=kept.delta - 1), replace(kept, vega=kept.vega - 1)):
        claim = replace(claim, limit=limit)
        assert claim.holds(book) == (limit == kept)
        witness = made.witness(claim.inputs(book.shape, book, salt, made.digest))
        assert (engine.first_unsatisfied(made.r1cs, witness) is None) == claim.holds(book)
        publics = claim.publics(made.digest, book.account, commitment(book, salt))
        assert from_limbs(witness[1:7]) == publics
        assert publics[-1] == limit.claim
