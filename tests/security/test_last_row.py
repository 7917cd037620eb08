"""No value of one hint makes a false claim pass: the decomposition of the margin is tight.

The run of a false claim breaks one row, the low bit of the final inequality. A prover would mend
it: each hint that the row reads is given each value that satisfies it.
"""

from __future__ import annotations

import pytest

from tests.checks import Attack
from tests.margin import sample
from tests.margin.agreement import LAST, circuit
from tests.security.test_unsatisfiable import SIGN, honest
from zk.field import from_limbs


@pytest.mark.parametrize("statement", SIGN)
def test_no_hint_mends_a_false_claim(statement: str) -> None:
    false = honest(statement, -sample.FAR)
    compiled = circuit(statement, false.shape)
    attack = Attack(compiled)
    witness = attack.start(from_limbs(compiled.assign(false.values)))
    broken = attack.first_broken(witness)
    assert broken is not None
    assert compiled.origin(broken)[0] == LAST[statement]
    mends = attack.mends(broken, witness, {})
    assert len({wire for wire, _ in mends}) > 100  # the bits of the margin
    for wire, value in mends:
        forged = list(witness)
        forged[wire] = value
        # Nothing is computed from a bit of the last decomposition: its own rows are all there is.
        if attack.first_broken(forged, attack.rows_of(wire)) is None:
            assert attack.first_broken(forged) is not None, f"wire {wire}"
