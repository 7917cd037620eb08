"""No forged hint and no free input gives a prover anything, in either margin statement.

A hint is a value that the witness program computes and no formula of the circuit does: bits,
inverses, which tiers are reached. Everything else follows from inputs and hints. The accounts here
stand on the line or one unit of cash beside it, where the smallest advantage would show.
"""

from __future__ import annotations

from functools import cache
from itertools import product
from random import Random

import pytest

from circuits.margin.book import Book, Position
from circuits.margin.epoch import Epoch
from circuits.margin.linear import MeetsMargin
from circuits.margin.model import breakdown
from circuits.margin.shape import SIZE_CLASSES, TINY, TINY_CLASS, Shape
from circuits.margin.statement import PUBLIC_INPUTS
from tests.margin import sample
from tests.margin.agreement import LAST, circuit
from tests.margin.raw import Forgery
from tests.margin.tamper import Outcome, Run, obligations
from tests.strategies import shape_of
from zk import reference
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.lower import compile
from zk.compiler.types import Bool, Int
from zk.compiler.witness import Op
from zk.field import R, from_limbs

SHAPES = pytest.mark.parametrize("shape", [TINY, sample.SHAPE], ids=lambda s: s.size_class)
STATEMENTS = pytest.mark.parametrize("statement", ["meets", "liquidatable"])
HINTS = frozenset(Op) - {Op.ROW, Op.LIN}


@cache
def market(shape: Shape) -> Epoch:
    return sample.epoch(shape)


def account(shape: Shape, distance: int, *, empty: bool = False) -> Book:
    """The sample account, `distance` units of cash above the line."""
    book = sample.book(shape)
    if empty:
        book = Book(book.account, book.sequence, book.size_class, 0, (), ())
    return sample.at(distance, market(shape), book)


def forgery(statement: str, shape: Shape, book: Book) -> Forgery:
    return Forgery.honest(statement, shape, book, market(shape))


def run(forged: Forgery) -> Run:
    compiled = circuit(forged.statement, forged.shape)
    return Run(compiled, compiled.assign(forged.values))


def at_line(statement: str, shape: Shape, *, true: bool, empty: bool = False) -> Run:
    """A run on the last account for which the claim holds, or the first for which it does not."""
    distance = 0 if (statement == "meets") == true else -1
    made = run(forgery(statement, shape, account(shape, distance, empty=empty)))
    assert obligations(made.circuit, made.broken) == (set() if true else {LAST[statement]})
    return made


def spare(made: Run, outcome: Outcome | None = None) -> int:
    """The value whose bits prove the final inequality."""
    last = max(i for i, (op, *_) in enumerate(made.wiring.code) if op == Op.BITS)
    return made.pooled(last, outcome)


def forged_values(op: int, value: int) -> set[int]:
    """A bit's neighbours and its other value; for the rest 1/2 and the next value as well."""
    more = set() if op == Op.BITS else {(R + 1) // 2, (value + 1) % R}
    return {0, 1, 2, R - 1, *more} - {value}


# The tool of these tests. -------------------------------------------------------------------------


@STATEMENTS
def test_tampering_equals_a_run_from_scratch(statement: str) -> None:
    """With the slow twin's overrides."""
    made = at_line(statement, TINY, true=True)
    inputs = made.limbs(Outcome({}, ()))[1 : 1 + made.circuit.program.n_inputs]
    rng = Random(1)
    for _ in range(12):
        forged = {rng.randrange(1, made.circuit.r1cs.n_wires): rng.randrange(R) for _ in range(2)}
        outcome = made.tampered(forged)
        scratch = reference.run_witness(
            made.circuit.r1cs, made.circuit.program, inputs, overrides=forged
        )
        assert from_limbs(made.limbs(outcome)) == from_limbs(scratch)
        first = reference.first_unsatisfied(made.circuit.r1cs, scratch)
        assert first == (outcome.broken[0] if outcome.broken else None)


# Hints, one by one. -------------------------------------------------------------------------------


@STATEMENTS
@SHAPES
def test_a_forged_hint_never_makes_a_false_claim_pass(statement: str, shape: Shape) -> None:
    made = at_line(statement, shape, true=False)
    for op, dst, count, _, _ in made.wiring.code:
        if op in HINTS:
            for wire in range(dst, dst + count):
                for value in forged_values(op, made.witness[wire]):
                    assert made.tampered({wire: value}).broken, (op, wire, value)


@STATEMENTS
@SHAPES
def test_a_forged_hint_is_refused_or_changes_nothing(statement: str, shape: Shape) -> None:
    """What a prover may choose: the inverse of zero; in liquidatable, lines that favour the
    account; in meets, which of two tiers holds a value on their boundary.
    """
    for empty in (False, True) if shape == TINY else (False,):
        made = at_line(statement, shape, true=True, empty=empty)
        before, chosen = spare(made), set()
        for i, (op, dst, count, _, _) in enumerate(made.wiring.code):
            if op not in HINTS:
                continue
            for wire in range(dst, dst + count):
                for value in forged_values(op, made.witness[wire]):
                    outcome = made.tampered({wire: value})
                    if outcome.broken:
                        continue
                    chosen.add(op)
                    assert op == Op.LESS or (op == Op.INV and made.pooled(i) == 0)
                    assert all(w > made.circuit.program.n_inputs for w in outcome.changed)
                    after = spare(made, outcome)
                    assert after == before or (statement == "liquidatable" and after < before)
        assert chosen <= {Op.INV, Op.LESS}


@STATEMENTS
def test_two_forged_hints_do_not_help_each_other(statement: str) -> None:
    made, rng = at_line(statement, TINY, true=False), Random(2)
    hints = [
        wire
        for op, dst, count, _, _ in made.wiring.code
        for wire in range(dst, dst + count)
        if op in HINTS
    ]
    for _ in range(2000):
        pair = {
            wire: rng.choice((0, 1, 2, R - 1, rng.randrange(R))) for wire in rng.sample(hints, 2)
        }
        assert made.tampered(pair).broken


# The choice of tiers. -----------------------------------------------------------------------------


def prefixes(made: Run, slot: str) -> list[dict[int, int]]:
    """Hints to forge for every tier that can be chosen: the first, the second ..."""
    wires = made.wiring.hints(Op.LESS, f"{slot} / one tier is chosen")
    return [
        {wire: int(j >= tier) for j, wire in enumerate(wires)} for tier in range(len(wires) + 1)
    ]


SLOTS = [f"position[{i}] / requirement" for i in range(4)]
SLOTS += [f"collateral[{i}] / haircut value" for i in range(4)]


def test_no_line_makes_a_healthy_account_liquidatable() -> None:
    made, rng = at_line("liquidatable", sample.SHAPE, true=False), Random(3)
    every = [prefixes(made, slot) for slot in SLOTS]
    assert [len(choices) for choices in every] == [6] * 4 + [12] * 4
    single = [choice for choices in every for choice in choices]
    joint = [dict(pair for c in every for pair in rng.choice(c).items()) for _ in range(100)]
    for forged in single + joint:
        outcome = made.tampered(forged)
        assert obligations(made.circuit, outcome.broken) == {LAST["liquidatable"]}
        assert spare(made, outcome) <= spare(made)


def test_liquidatable_accepts_a_line_that_still_shows_it() -> None:
    """Naming a line is allowed where it costs the prover: an account far under water."""
    book = account(sample.SHAPE, -10 * sample.MILLION * sample.UNIT)
    made = run(forgery("liquidatable", sample.SHAPE, book))
    accepted = [not made.tampered(forged).broken for forged in prefixes(made, SLOTS[0])]
    # 240M in the tier from 150M to 300M. The first line's requirement is 1.125M too small, the
    # third's 1.5M; the fourth to sixth tiers are unused and equal the third.
    assert accepted == [True] * 6
    near = run(forgery("liquidatable", sample.SHAPE, account(sample.SHAPE, -1)))
    accepted = [not near.tampered(forged).broken for forged in prefixes(near, SLOTS[0])]
    assert accepted == [False, True, False, False, False, False]


def test_meets_takes_the_exact_tier_alone() -> None:
    made = run(forgery("meets", sample.SHAPE, account(sample.SHAPE, sample.FAR)))
    before = spare(made)
    for slot, tier in ((SLOTS[0], 1), (SLOTS[1], 0), (SLOTS[2], 0), (SLOTS[4], 1), (SLOTS[5], 0)):
        for j, forged in enumerate(prefixes(made, slot)):
            outcome = made.tampered(forged)
            assert bool(outcome.broken) == (j != tier), (slot, j)
    for slot in (SLOTS[3], SLOTS[6], SLOTS[7]):  # empty: all tiers of its row of zeros are alike
        for forged in prefixes(made, slot):
            assert spare(made, made.tampered(forged)) == before


def test_one_line_chosen_in_meets_is_refused() -> None:
    """The specification's example: at 1/80 to 150M and 1/40 above, 1M of notional on the second
    line would have a requirement of -1,850,000.
    """
    book = Book(1, 1, "4+4", 0, (Position(sample.ETH, 10**6 * sample.UNIT // 3000, 0),), ())
    book = sample.at(-1, market(sample.SHAPE), book)
    made = run(forgery("meets", sample.SHAPE, book))
    assert obligations(made.circuit, made.broken) == {LAST["meets"]}
    outcome = made.tampered(prefixes(made, SLOTS[0])[1])
    gained = spare(made, outcome) - spare(made)
    requirement = breakdown(book, market(sample.SHAPE).by_key, 1).requirement
    assert (requirement - gained) // 10**22 == -1_850_001
    assert obligations(made.circuit, outcome.broken) == {
        f"{SLOTS[0]} / the value is not below its tier"
    }


# Inputs that nothing binds. -----------------------------------------------------------------------


@STATEMENTS
def test_every_input_of_a_full_account_is_bound(statement: str) -> None:
    """Any other value of any input breaks a constraint; domain and liquidator the key binds."""
    made = at_line(statement, TINY, true=True)
    for wire, slot in enumerate(made.circuit.slots, start=1):
        for value in (made.witness[wire] + 1, made.witness[wire] - 1, 0, R - 1):
            if value % R != made.witness[wire]:
                assert bool(made.tampered({wire: value}).broken) != slot.context, slot.path
    assert [s.path for s in made.circuit.slots if s.context] == ["domain"] + ["liquidator"] * (
        statement == "liquidatable"
    )
    assert [s.path for s in made.circuit.slots if s.public][:5] == list(PUBLIC_INPUTS)


@STATEMENTS
@pytest.mark.parametrize("true", [True, False])
def test_what_an_empty_slot_says_of_its_row_is_worth_nothing(statement: str, true: bool) -> None:
    """Mark, funding index, table, the other table and siblings are the prover's own there, and the
    tier as well: whatever they are, the sum stays, or in liquidatable moves the account's way.
    """
    rng = Random(f"{statement} {true}")
    honest = at_line(statement, sample.SHAPE, true=true)
    before, distance = spare(honest), 0 if (statement == "meets") == true else -1
    for _ in range(12):
        forged = forgery(statement, sample.SHAPE, account(sample.SHAPE, distance))
        for kind, i in product(("position", "holding"), range(4)):
            if (kind, i) not in forged.listed:
                _fill(forged.values[kind][i], rng)
        forged.close_empty()
        made = run(forged)
        for choice in (
            None,
            *(rng.choice(prefixes(made, slot)) for slot in SLOTS[3:4] + SLOTS[6:]),
        ):
            outcome = made.tampered(choice or {})
            told = obligations(made.circuit, outcome.broken)
            after = spare(made, outcome)
            if statement == "meets":
                # The first tier of a positive rate holds the value 0, and no other.
                assert after == before or any("its tier" in words for words in told)
            else:
                assert after <= before
            assert true or told


def _fill(slot: dict[str, object], rng: Random) -> None:
    tables = [rng.randrange(10**5) for _ in range(11)]
    later = len(slot["table"]["step"])  # type: ignore[index]
    rates = {"rate0": 10**6 if later == 11 else 0, "step": [t // 11 for t in tables[:later]]}
    boundaries = [rng.choice((0, 1, rng.getrandbits(48))) for _ in range(later)]
    slot["table"] = rates | {"boundary": boundaries}
    if "funding" in slot:
        slot["funding"] = rng.getrandbits(95) * rng.choice((-1, 1))
        slot["other"] = [rng.randrange(R) for _ in range(2)]


def test_an_empty_slot_may_name_a_price_and_gains_nothing() -> None:
    for statement in ("meets", "liquidatable"):
        forged = forgery(statement, sample.SHAPE, account(sample.SHAPE, -(statement != "meets")))
        before = spare(run(forged))
        forged.position(3)["mark"], forged.holding(2)["price"] = 2**64 - 1, 2**64 - 1
        forged.close_empty()
        made = run(forged)
        words = ("a used slot's mark price is not zero", "a used slot's price is not zero")
        slots = ("position[3]", "collateral[2]")
        inverses = [
            wire
            for slot, w in zip(slots, words, strict=True)
            for wire in made.wiring.hints(Op.INV, f"{slot} / {w}")
        ]
        outcome = made.tampered(dict.fromkeys(inverses, 0))
        assert len(inverses) == 2
        assert outcome.broken == ()
        assert spare(made, outcome) == before


# The final inequality. ----------------------------------------------------------------------------


class Probe(MeetsMargin):
    """The statement, with its sum kept for inspection."""

    sum: Int

    def margin(self, cs: ConstraintSystem, maintenance: Bool, exact: bool) -> Int:
        self.sum = super().margin(cs, maintenance, exact)
        return self.sum


@pytest.mark.parametrize("size_class", [TINY_CLASS, *SIZE_CLASSES])
def test_the_sum_cannot_wrap(size_class: str) -> None:
    """At any values that its types allow, the sum and the bits that prove it stay far from r."""
    probe = Probe(shape_of(size_class))
    compiled = compile(probe)
    lo, hi = probe.sum.lo, probe.sum.hi
    # The widest term: a quantity (63 bits) times a difference of funding indices (97) times 1e2.
    assert 1 << 160 < hi < 1 << 180
    assert 1 << 160 < -lo < 1 << 180
    op, _, count, _, first = compiled.program.code[-1].tolist()
    assert (op, first) == (Op.BITS, 1)
    assert hi < 1 << (count + 1) < 1 << 181 < R + lo
