"""No forged hint of a portfolio witness gives a prover anything.

The book stands on the line or one unit of cash beside it, where the smallest advantage would show.
What rows leave to the prover is a value over zero, and nothing else.
"""

from __future__ import annotations

from random import Random

import pytest

from circuits.margin.portfolio.portfolio import STATEMENTS
from tests.checks import Attack
from tests.margin.tamper import Run, obligations
from tests.portfolio.agreement import LAST, circuit
from tests.portfolio.raw import SHAPE, Forgery
from zk.compiler.witness import Op
from zk.field import R, from_limbs

BOTH = pytest.mark.parametrize("statement", list(STATEMENTS))
HINTS = frozenset(Op) - {Op.ROW, Op.LIN}
#: Each is forged in a few of its places, by a seed; all are of some hundred kinds of line.
SAMPLE = 0.03


def run(statement: str, place: str) -> Run:
    compiled = circuit(statement, SHAPE)
    made = Run(compiled, compiled.assign(Forgery.honest(statement, place=place).values))
    true = place == "line"
    assert obligations(made.circuit, made.broken) == (set() if true else {LAST[statement]})
    return made


def lies(op: int, value: int) -> set[int]:
    more = set() if op == Op.BITS else {(R + 1) // 2, (value + 1) % R}
    return {0, 1, 2, R - 1, *more} - {value}


@BOTH
def test_a_forged_hint_never_makes_a_false_claim_pass(statement: str) -> None:
    made, rng = run(statement, "under"), Random(f"false {statement}")
    for op, dst, count, _, _ in made.wiring.code:
        for wire in range(dst, dst + count) if op in HINTS else ():
            if rng.random() < SAMPLE:
                for value in lies(op, made.witness[wire]):
                    assert made.tampered({wire: value}).broken, (op, wire, value)


@BOTH
def test_a_forged_hint_is_refused_or_is_divided_by_zero(statement: str) -> None:
    made, rng = run(statement, "line"), Random(f"true {statement}")
    free = 0
    for i, (op, dst, count, _, _) in enumerate(made.wiring.code):
        for wire in range(dst, dst + count) if op in HINTS else ():
            if rng.random() < SAMPLE or op in (Op.INV, Op.EQ, Op.QUOT):
                for value in lies(op, made.witness[wire]):
                    if not made.tampered({wire: value}).broken:
                        free += 1
                        assert op in (Op.INV, Op.QUOT)
                        divisor = made.wiring.code[i][3 if op == Op.INV else 4]
                        assert made.wiring.pool.dot(divisor, made.witness) == 0
    assert free


@BOTH
def test_two_forged_hints_do_not_help_each_other(statement: str) -> None:
    made, rng = run(statement, "under"), Random(f"two {statement}")
    hints = [
        wire
        for op, dst, count, _, _ in made.wiring.code
        for wire in range(dst, dst + count)
        if op in HINTS
    ]
    for _ in range(200):
        pair = {
            wire: rng.choice((0, 1, 2, R - 1, rng.randrange(R))) for wire in rng.sample(hints, 2)
        }
        assert made.tampered(pair).broken


@BOTH
def test_no_wire_is_unbound(statement: str) -> None:
    """Every wire that is not an input, or a value over zero, is bound by the rows."""
    compiled = circuit(statement, SHAPE)
    attack = Attack(compiled)
    attack.start(from_limbs(compiled.assign(Forgery.honest(statement).sealed().values)))
    attack.assert_bound()
