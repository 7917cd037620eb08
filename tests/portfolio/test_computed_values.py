"""No product of a portfolio statement is free: whoever could choose one would turn a false claim.

Hints are lied about in `test_forged_hints.py`; here what formulas give, one by one, in every leg
and slot. Hashes aside: what they give cannot be aimed at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest

from circuits.margin.constants import MAINTENANCE
from circuits.margin.portfolio.exposure import exposures
from circuits.margin.portfolio.portfolio import STATEMENTS
from tests.margin.tamper import Run, obligations
from tests.portfolio.agreement import CIRCUITS, GREEKS, LAST, circuit, values
from tests.portfolio.any_epoch import any_book, any_epoch
from tests.portfolio.books import placed
from tests.portfolio.exposures import greek_values, tight
from tests.portfolio.raw import SHAPE, Forgery
from zk.compiler.witness import Op
from zk.field import R

HASHES = ("opens", "is a child of the opened node")
FAR = 1 << 120  # worth more than a unit of cash wherever it stands
#: Worth something in each unit, and too much in none.
STEPS = (1, 1 << 40, 1 << 60, 1 << 90, FAR, 1 << 150)


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


def false_claims(statement: str, underlyings: int) -> Iterator[Run]:
    """A full account one unit beyond its line, over rows and records of any numbers."""
    shape = replace(SHAPE, underlyings=underlyings)
    compiled = circuit(statement, shape)
    for seed in range(3):
        rng = Random(f"false {seed}")
        at = any_epoch(shape, rng)
        book = any_book(at, shape, rng, 40)
        if statement == GREEKS:
            kept = tight(exposures(book, at))
            for limit in (replace(kept, delta=kept.delta - 1), replace(kept, vega=kept.vega - 1)):
                yield Run(compiled, compiled.assign(greek_values(book, at, limit)))
        else:
            beyond = placed(book, at, statement, MAINTENANCE, 0, "under", rng)
            made = values(beyond, at, statement, MAINTENANCE, 0)
            yield Run(compiled, compiled.assign(made))


@pytest.mark.parametrize("underlyings", [1, 2])
@pytest.mark.parametrize("statement", list(CIRCUITS))
def test_no_hinted_product_is_free(statement: str, underlyings: int) -> None:
    """A product that a hint gives, where there is one, is bound by rows elsewhere."""
    compiled = circuit(statement, replace(SHAPE, underlyings=underlyings))
    code = compiled.program.code.tolist()
    wires = [dst for op, dst, *_ in code if op == Op.MUL]
    for made in false_claims(statement, underlyings) if wires else ():
        assert made.broken
        for wire in wires:
            value = made.witness[wire]
            lies = {0, 1, *(value + sign * step for step in STEPS for sign in (1, -1))}
            for lie in {lie % R for lie in lies} - {value}:
                assert made.tampered({wire: lie}).broken, (wire, lie)
