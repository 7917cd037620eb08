"""No product of a portfolio statement is free: whoever could choose one would turn a false claim.

Hints are lied about in `test_forged_hints.py`; here what formulas give, one by one, in every leg
and slot. Hashes aside: what they give cannot be aimed at.
"""

from __future__ import annotations

import pytest

from circuits.margin.portfolio.portfolio import STATEMENTS
from tests.margin.tamper import Run, obligations
from tests.portfolio.agreement import LAST, circuit
from tests.portfolio.raw import SHAPE, Forgery
from zk.compiler.witness import Op
from zk.field import R

HASHES = ("opens", "is a child of the opened node")
FAR = 1 << 120  # worth more than a unit of cash wherever it stands


def computed(made: Run) -> list[int]:
    return [
        dst
        for op, dst, _, a, _ in made.wiring.code
        if op == Op.MUL
        or (op == Op.ROW and not any(words in made.circuit.origin(a)[0] for words in HASHES))
    ]


@pytest.mark.parametrize("statement", list(STATEMENTS))
def test_no_computed_value_is_free(statement: str) -> None:
    compiled = circuit(statement, SHAPE)
    made = Run(compiled, compiled.assign(Forgery.honest(statement, place="under").values))
    assert obligations(made.circuit, made.broken) == {LAST[statement]}
    wires = computed(made)
    assert len(wires) > 300
    for wire in wires:
        value = made.witness[wire]
        for lie in (value - FAR, value + FAR):
            assert made.tampered({wire: lie % R}).broken, (wire, lie)
