"""No lie about an account or a market satisfies the constraints of the margin statements.

The entries of the margin specification's "What must be unsatisfiable" that apply to linear margin,
and more: each of the LIES is put into the witness past every Python check, and the constraints
named there, and no others, refuse it.
"""

from __future__ import annotations

from functools import cache

import pytest

from circuits.margin.epoch import Epoch
from tests.margin import sample
from tests.margin.agreement import circuit
from tests.margin.raw import Forgery
from tests.margin.tamper import Run, obligations
from tests.security.lies import LIES
from tests.security.lies.catalogue import Lie

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
