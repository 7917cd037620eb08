"""No lie about an account or a market satisfies the constraints of the margin statements.

The entries of the margin specification's "What must be unsatisfiable" that apply to linear margin,
and more: each of the LIES is put into the witness past every Python check, and the constraints
named there, and no others, refuse it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

import pytest

from circuits.margin.epoch import Epoch
from circuits.margin.instrument import KEY_BITS
from tests.margin import sample
from tests.margin.agreement import circuit
from tests.margin.raw import Forgery
from tests.margin.tamper import Run, obligations
from tests.security.lies import LIES
from tests.security.lies.catalogue import Lie
from zk.compiler.slots import InputSlot
from zk.compiler.witness import Op
from zk.field import R

SIGN = {"meets": 1, "liquidatable": -1}


@cache
def market() -> Epoch:
    return sample.epoch()


def honest(statement: str, distance: int = sample.FAR) -> Forgery:
    """The sample account, far on the side that the statement claims."""
    book = sample.at(SIGN[statement] * distance, market(), sample.book())
    return Forgery.honest(statement, sample.SHAPE, book, market())


def run(forged: Forgery) -> Run:
    compiled = circuit(forged.statement, forged.shape)
    return Run(compiled, compiled.assign(forged.values))


@pytest.mark.parametrize("statement", SIGN)
def test_the_honest_account_passes(statement: str) -> None:
    forged = honest(statement)
    before = forged.commitment(), forged.root(), list(forged.leaves)
    assert run(forged).broken == ()
    forged.seal()
    assert (forged.commitment(), forged.root(), forged.leaves) == before
    assert run(forged).broken == ()


@pytest.mark.parametrize(
    ("lie", "statement"),
    [(lie, statement) for lie in LIES for statement in lie.statements],
    ids=lambda value: value.name if isinstance(value, Lie) else value,
)
def test_only_its_own_constraints_refuse_a_lie(lie: Lie, statement: str) -> None:
    forged = honest(statement)
    hints = lie.tell(forged) or []
    made = run(forged)
    overrides: dict[int, int] = {}
    for op, words, values in hints:
        wires = made.wiring.hints(op, words)
        assert len(wires) == len(values), (op, words)
        overrides |= dict(zip(wires, values, strict=True))
    outcome = made.tampered(overrides)
    assert obligations(made.circuit, outcome.broken) == lie.refused


def test_every_obligation_has_a_lie() -> None:
    """One that it alone refuses. Rows that only compute, such as a product, no input can break."""
    computes = {
        "position[]",
        "collateral[]",
        "position[] / requirement",
        "position[] / mark and funding",
        "position[] / the slot opens the market's row of its key",
        "collateral[] / haircut value",
        "collateral[] / the slot opens the market's row of its key",
    }
    last = {"the margin covers the buffer", "the margin is below zero"}  # test_circuit.py
    alone = [lie.refused for lie in LIES if len({_kind_of(words) for words in lie.refused}) == 1]
    kinds = {_kind_of(words) for refused in alone for words in refused}
    for statement in SIGN:
        compiled = circuit(statement, sample.SHAPE)
        written = obligations(compiled, range(compiled.r1cs.n_constraints))
        ranges = {
            words
            for words in written
            if re.search(r" is (an|a) (un)?signed integer|is a bit", words)
        }
        assert {_kind_of(words) for words in written - ranges} - computes - last <= kinds


def _kind_of(words: str) -> str:
    """An obligation without its indices."""
    return re.sub(r"slot \d+", "slot", re.sub(r"\[\d+\]", "[]", words))


# Honest neighbours of the lies: the constraints refuse no more than they must. --------------------


def _keys_side_by_side(forged: Forgery) -> None:
    """Keys 1 apart, and the last of all keys."""
    for kind, count in (("position", 3), ("holding", 2)):
        top = (1 << KEY_BITS) - 1
        for i, slot in enumerate(forged.values[kind][:count]):
            slot["key"] = top - (count - 1 - i)


def _smallest_amounts(forged: Forgery) -> None:
    forged.position(0).update(magnitude=1, mark=1)
    forged.position(1).update(magnitude=1, mark=1)
    forged.holding(0).update(quantity=1, price=1)


def _largest_amounts(forged: Forgery) -> None:
    """Values at the limits of their types, in sums that lean to the statement's side."""
    long = int(forged.statement == "meets")
    forged.position(0).update(
        magnitude=2**63 - 1, mark=2**64 - 1, short=1 - long, settled=-(2**95), funding=-(2**95)
    )
    forged.position(1).update(magnitude=2**63 - 1, short=1, settled=2**95 - 1, funding=2**95 - 1)
    forged.holding(0).update(quantity=2**63 - 1 if long else 1, price=2**64 - 1)
    forged.values["cash"] = 2**95 - 1 if long else -(2**95)


def _rates_at_their_ends(forged: Forgery) -> None:
    """A requirement that rises from 0 to exactly 1, a haircut that falls from 1 to exactly 0."""
    forged.position(0)["table"].update(rate0=0, step=[10**6, 0, 0, 0, 0])
    forged.holding(0)["table"].update(rate0=10**6, step=[10**6] + [0] * 10)


def _widest_tiers(forged: Forgery) -> None:
    for slot in (forged.position(0), forged.holding(0)):
        slot["table"]["boundary"] = [2**48 - 1] * len(slot["table"]["boundary"])


def _empty_tiers(forged: Forgery) -> None:
    """Tiers of no length: two steps at one boundary."""
    for slot in (forged.position(0), forged.holding(0)):
        boundaries = slot["table"]["boundary"]
        slot["table"].update(boundary=[boundaries[0], 0, *boundaries[1:-1]])


def _at_a_boundary(forged: Forgery) -> None:
    """250,000 times 600 is the first boundary of requirements, 50,000 times 600 of haircuts."""
    forged.position(0).update(magnitude=250_000 * sample.UNIT, mark=600 * sample.UNIT)
    forged.holding(0).update(quantity=50_000 * sample.UNIT, price=600 * sample.UNIT)


def _free_of_any_row(forged: Forgery) -> None:
    """What an empty slot says of its row is the prover's own business."""
    forged.position(3).update(funding=-(2**95), other=[5, R - 1])
    forged.position(3)["table"].update(rate0=7, boundary=[1, 2, 3, 4, 5], step=[1, 1, 1, 1, 1])
    forged.holding(3)["table"].update(rate0=10**6)


@pytest.mark.parametrize(
    "change",
    [
        _keys_side_by_side,
        _smallest_amounts,
        _largest_amounts,
        _rates_at_their_ends,
        _widest_tiers,
        _empty_tiers,
        _at_a_boundary,
        _free_of_any_row,
    ],
)
@pytest.mark.parametrize("statement", SIGN)
def test_an_honest_neighbour_passes(statement: str, change: Callable[[Forgery], None]) -> None:
    forged = honest(statement)
    change(forged)
    forged.seal()
    made = run(forged)
    assert obligations(made.circuit, made.broken) == set()


# Ranges: every typed input, one beyond each end of its type. --------------------------------------


@pytest.mark.parametrize("statement", SIGN)
def test_a_value_over_its_width_is_refused(statement: str) -> None:
    """Every Bool, Uint and Int among the inputs, those of empty slots and unused tiers included."""
    made = run(honest(statement))
    typed = [(w, s) for w, s in enumerate(made.circuit.slots, start=1) if s.kind != "Field"]
    assert len({re.sub(r"\[\d+\]", "[]", slot.path) for _, slot in typed}) == (
        16 if statement == "meets" else 14
    )
    for wire, slot in typed:
        words = "a bit" if slot.kind == "Bool" else f"integer of {slot.bits} bits"
        below, lowest, highest, above = _ends(slot)
        for value in (below, lowest, highest, above):
            # Hashes and sums stay as they were and refuse it too; its range is its own business.
            told = obligations(made.circuit, made.tampered({wire: value}, [Op.BITS]).broken)
            refused = any(w.startswith(f"{slot.path} is ") and w.endswith(words) for w in told)
            assert refused == (value in (below, above)), (slot.path, value)


def _ends(slot: InputSlot) -> tuple[int, int, int, int]:
    """(below, lowest, highest, above) of a type."""
    if slot.kind == "Int":
        half = 1 << slot.bits - 1
        return -half - 1, -half, half - 1, half
    return -1, 0, (1 << slot.bits) - 1, 1 << slot.bits
