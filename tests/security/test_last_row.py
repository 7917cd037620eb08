"""No value of one hint makes a false claim pass: the decomposition of the margin is tight.

The run of a false claim breaks one row, the low bit of the final inequality. A prover would mend
it: each hint that the row reads is given each value that satisfies it, alone and with another one
flipped.
"""

from __future__ import annotations

from itertools import pairwise

import pytest

from circuits.margin.shape import TINY, Shape
from tests.checks import Attack
from tests.margin import sample
from tests.margin.agreement import LAST, circuit
from tests.margin.raw import Forgery
from tests.security.test_unsatisfiable import SIGN
from zk.field import from_limbs


@pytest.mark.parametrize("statement", SIGN)
@pytest.mark.parametrize("shape", [TINY, sample.SHAPE], ids=lambda s: s.size_class)
def test_no_hint_mends_a_false_claim(statement: str, shape: Shape) -> None:
    market = sample.epoch(shape)
    book = sample.at(-SIGN[statement] * sample.FAR, market, sample.book(shape))
    false = Forgery.honest(statement, shape, book, market)
    compiled = circuit(statement, false.shape)
    attack = Attack(compiled)
    witness = attack.start(from_limbs(compiled.assign(false.values)))
    broken = attack.first_broken(witness)
    assert broken is not None
    assert compiled.origin(broken)[0] == LAST[statement]
    mends = attack.mends(broken, witness, {})
    bits = sorted({wire for wire, _ in mends})
    assert len(bits) > 100  # of the margin
    for wire, value in mends:
        assert_refused(attack, witness, {wire: value})
    # Two at a time, of neighbours: one is flipped, the other has what is left.
    for flipped, other in (*pairwise(bits), *pairwise(reversed(bits))):
        told = {flipped: 1 - witness[flipped]}
        forged = list(witness)
        forged[flipped] = told[flipped]
        for wire, value in attack.mends(broken, forged, told, [other]):
            assert_refused(attack, witness, told | {wire: value})


def assert_refused(attack: Attack, witness: list[int], lies: dict[int, int]) -> None:
    """Nothing is computed from a bit of the last decomposition: its own rows are all there is."""
    forged = list(witness)
    for wire, value in lies.items():
        forged[wire] = value
    near = [row for wire in lies for row in attack.rows_of(wire)]
    if attack.first_broken(forged, near) is None:
        assert attack.first_broken(forged) is not None, f"wires {sorted(lies)}"
