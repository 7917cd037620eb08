"""What a prover might gain in one slot is refused in every slot, used or empty, in both classes.

The lies of `lies/` are told in the first slot that they fit. Here the accounts are full or empty,
and each lie is told in each slot: something stands in an empty slot, a value is not what its
formula gives, a table is not the one of the claimed mode.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from random import Random

import pytest

from circuits.margin.book import Book, Holding, Position
from circuits.margin.constants import MODES, ROW_COLLATERAL
from circuits.margin.epoch import Epoch, Row
from circuits.margin.instrument import collateral
from circuits.margin.shape import TINY, Shape
from circuits.margin.tiers import TIERS_PER_WORD, TierTable
from tests.margin import sample
from tests.margin.agreement import LAST, circuit
from tests.margin.raw import Forgery, Values, table_words
from tests.margin.tamper import Run, obligations
from zk.compiler.witness import Op
from zk.field import R

SHAPES = pytest.mark.parametrize("shape", [TINY, sample.SHAPE], ids=lambda s: s.size_class)
STATEMENTS = pytest.mark.parametrize("statement", LAST)
AMOUNT = {"position": "magnitude", "holding": "quantity"}
PRICE = {"position": "mark", "holding": "price"}
WORDS = {"position": "position", "holding": "collateral"}

#: What an empty slot may not hold: each part alone, and parts that would cancel if they were
#: weighed a little differently.
PARTS: dict[str, list[dict[str, int]]] = {
    "position": [
        {"magnitude": 5},
        {"short": 1},
        {"settled": 1},
        {"settled": -1},
        {"magnitude": 1 << 62, "short": 1, "settled": -1},
        {"magnitude": 10**6 * sample.UNIT, "short": 1, "settled": 10**12},
    ],
    "holding": [{"quantity": 1}, {"quantity": 10**18}],
}


@cache
def market(shape: Shape) -> Epoch:
    """The sample's, with a collateral more so that every slot can be used."""
    found = sample.epoch(shape)
    if shape == TINY:
        return found
    another = Row(ROW_COLLATERAL, collateral(10), 7 * sample.UNIT, 0, (sample.HAIRCUT,))
    rows = tuple(sorted((*found.rows, another), key=lambda row: row.key))
    return Epoch(rows, 6, 12, shape.rows, found.params_digest, found.timestamp, found.venue)


def account(shape: Shape, *, full: bool) -> Book:
    """With every slot used, or none."""
    book = sample.book(shape)
    if not full:
        return replace(book, positions=(), collaterals=())
    if shape == TINY:
        return book
    more = Position(sample.SOL, -(10**5) * sample.UNIT, 10**11)
    held = [Holding(sample.USDC, 10**6 * sample.UNIT), Holding(collateral(10), 10**7 * sample.UNIT)]
    return replace(book, positions=(*book.positions, more), collaterals=(*book.collaterals, *held))


def forgery(
    statement: str, shape: Shape, *, full: bool, true: bool, far: bool = False, mode: str = "MM"
) -> Forgery:
    """The last account of which the claim holds, or the first of which it does not; or far off."""
    side = 1 if (statement == "meets") == true else -1
    distance = side * sample.FAR if far else min(side, 0)
    found = account(shape, full=full)
    book = sample.at(distance, market(shape), found, MODES[mode])
    return Forgery.honest(statement, shape, book, market(shape), mode)


def run(forged: Forgery) -> Run:
    compiled = circuit(forged.statement, forged.shape)
    return Run(compiled, compiled.assign(forged.values))


def slots(shape: Shape) -> list[tuple[str, int]]:
    counts = {"position": shape.positions, "holding": shape.collaterals}
    return [(kind, i) for kind, count in counts.items() for i in range(count)]


@STATEMENTS
@SHAPES
@pytest.mark.parametrize("full", [True, False])
def test_the_accounts_are_honest(statement: str, shape: Shape, full: bool) -> None:
    for true in (True, False):
        made = run(forgery(statement, shape, full=full, true=true))
        assert obligations(made.circuit, made.broken) == (set() if true else {LAST[statement]})


@STATEMENTS
@SHAPES
def test_nothing_stands_in_an_empty_slot(statement: str, shape: Shape) -> None:
    """Over a row that the prover made up, in an account of empty slots and far from the line."""
    for kind, i in slots(shape):
        for parts in PARTS[kind]:
            forged = forgery(statement, shape, full=False, true=True, far=True)
            forged.values[kind][i] |= parts | {PRICE[kind]: 1}
            made = run(forged.close_empty().commit())
            # Where the slot is not used the inverses must be 0.
            where = f"{WORDS[kind]}[{i}] / "
            inverses = dict.fromkeys(made.wiring.hints(Op.INV, where + "a used slot's"), 0)
            told = obligations(made.circuit, made.tampered(inverses).broken)
            assert told == {where + "an empty slot is zero in every part"}, (kind, i, parts)


# Computed values. ---------------------------------------------------------------------------------


def computed(made: Run) -> list[int]:
    """The wires of products, hashes aside: what no prover is free to choose."""
    return [
        dst
        for op, dst, _, a, _ in made.wiring.code
        if op == Op.MUL or (op == Op.ROW and "opens" not in made.circuit.origin(a)[0])
    ]


def made_up(forged: Forgery) -> Forgery:
    """Empty slots over rows with rates, at whatever price: what they say is the prover's own."""
    rng = Random(forged.statement)
    for kind, i in slots(forged.shape):
        slot = forged.values[kind][i]
        if slot["key"] == 0:
            table: Values = slot["table"]
            table["rate0"] = 10**5 if kind == "position" else 10**6
            table["boundary"] = [rng.getrandbits(40) for _ in table["boundary"]]
            table["step"] = [10**4 for _ in table["step"]]
    return forged.close_empty()


@STATEMENTS
@SHAPES
@pytest.mark.parametrize("full", [True, False])
def test_no_computed_value_is_free(statement: str, shape: Shape, full: bool) -> None:
    """A false claim stays refused whatever a product of its slots is said to be."""
    made = run(made_up(forgery(statement, shape, full=full, true=False)))
    assert obligations(made.circuit, made.broken) == {LAST[statement]}
    wires = computed(made)
    assert len(wires) >= 3 * len(slots(shape))
    for wire in wires:
        value = made.witness[wire]
        tried = {0, value - (1 << 90), value + (1 << 90)}  # worth more than a unit of cash
        if shape == TINY:
            tried |= {1, R - 1, value + 1, value - 1, 2 * value, value + (1 << 120)}
        for forged in {x % R for x in tried} - {value}:
            assert made.tampered({wire: forged}).broken, (wire, forged)


# The mode of a table. -----------------------------------------------------------------------------

#: Tables that differ in every word.
INITIAL = TierTable((10**4, 10**5, 2 * 10**5, 3 * 10**5, 4 * 10**5, 5 * 10**5), (5, 7, 8, 9, 10))
MAINTENANCE = TierTable((5, 60, 700, 8000, 90_000, 10**5), (2, 4, 7, 9, 10))


def _listing_both(shape: Shape, mode: str) -> Forgery:
    """A full account whose instruments have those tables, in a claim of a mode."""
    forged = forgery("meets", shape, full=True, true=True, far=True, mode=mode)
    tiers = shape.requirement_tiers
    chosen, other = (INITIAL, MAINTENANCE) if mode == "IM" else (MAINTENANCE, INITIAL)
    for i in range(shape.positions):
        forged.position(i)["table"] = _lanes(chosen, tiers)
        forged.position(i)["other"] = table_words(_lanes(other, tiers), tiers)
    return forged.seal()


def _lanes(table: TierTable, tiers: int) -> Values:
    increments = table.increments(len(table.rates))[: tiers - 1]
    boundaries, steps = (list(lanes) for lanes in zip(*increments, strict=True))
    return {"rate0": table.rates[0], "boundary": boundaries, "step": steps}


@SHAPES
def test_the_table_of_the_other_mode_is_refused(shape: Shape) -> None:
    """A claim of the initial margin, with one word of one table from the maintenance margin.

    The row stays the one that the market lists if the difference of the words, which the mode
    multiplies, is said to be there all the same.
    """
    honest, tiers = _listing_both(shape, "MM"), shape.requirement_tiers
    switched = run(honest)
    assert switched.broken == ()
    maintenance = _lanes(MAINTENANCE, tiers)
    pairs = zip(honest.position(0)["other"], table_words(maintenance, tiers), strict=True)
    for word, (initial, maintained) in enumerate(pairs):
        # Where the mode is 1, the wires that have the difference of the other word and the chosen.
        shift = (initial - maintained) % R
        wires = [
            dst
            for op, dst, *_ in switched.wiring.code
            if op in (Op.ROW, Op.MUL) and switched.witness[dst] == shift
        ]
        assert len(wires) == shape.positions
        for i, wire in enumerate(wires):
            forged = _listing_both(shape, "IM")
            assert forged.values["epoch_root"] == honest.values["epoch_root"]
            slot = forged.position(i)
            lanes = slice(TIERS_PER_WORD * word, TIERS_PER_WORD * (word + 1))
            for name in ("boundary", "step"):
                slot["table"][name][lanes] = maintenance[name][lanes]
            if word == 0:
                slot["table"]["rate0"] = maintenance["rate0"]
            slot["other"][word] = initial
            made = run(forged)
            opening = f"position[{i}] / the slot opens the market's row of its key"
            assert any(opening in told for told in obligations(made.circuit, made.broken))
            outcome = made.tampered({wire: shift})
            assert obligations(made.circuit, outcome.broken) == {opening}
