"""An unsatisfied constraint: circuit, obligation, file and line, and no value."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from circuits.gadgets.compare import assert_le
from circuits.gadgets.order import ordered_slots
from zk import Circuit, Field, Uint, compile, private, public
from zk.errors import UnsatisfiedConstraint

CANARY = 918273645546372819


class Guarded(Circuit):
    """A circuit whose constraints have origins of every kind."""

    limit: Uint = public(bits=61)
    amount: Uint = private(bits=61)
    key: Field = private()

    def define(self, cs) -> None:
        with cs.obligation("the account"), cs.obligation("stays within its limit"):
            assert_le(cs, self.amount, self.limit)  # line of the gadget's caller
        ordered_slots(cs, [self.key], 8)
        cs.assert_product(self.key, self.key, 49)


def line(words: str) -> int:
    """The line of this file that holds the words."""
    lines = Path(__file__).read_text().splitlines()
    return next(i for i, text in enumerate(lines, start=1) if words in text)


@pytest.mark.parametrize(
    ("change", "obligation", "at"),
    [
        ({"amount": CANARY}, "the account / stays within its limit", "line of the gadget's caller"),
        ({"amount": 1 << 61}, "amount is an unsigned integer of 61 bits", "amount: Uint ="),
        ({"limit": -CANARY}, "limit is an unsigned integer of 61 bits", "limit: Uint ="),
        ({"key": CANARY}, "the first key is in range", "ordered_slots(cs, [self.key], 8)"),
        ({"key": 6}, "an unnamed constraint", "cs.assert_product(self.key"),
    ],
)
def test_the_message_names_obligation_and_line(change, obligation: str, at: str) -> None:
    circuit = compile(Guarded())
    values = {"limit": 10, "amount": 10, "key": 7}
    circuit.check(circuit.witness(values))
    with pytest.raises(UnsatisfiedConstraint) as caught:
        circuit.check(circuit.witness(values | change))
    error = caught.value
    assert (error.circuit, error.obligation) == ("Guarded", obligation)
    assert error.where == f"tests/compiler/test_check.py:{line(at)}"
    text = str(error)
    assert text.startswith("Guarded: not satisfied: ")
    assert obligation in text
    assert error.where in text


def test_the_message_holds_no_value() -> None:
    circuit = compile(Guarded())
    with pytest.raises(UnsatisfiedConstraint) as caught:
        circuit.check(circuit.witness({"limit": 5, "amount": CANARY, "key": 7}))
    numbers = [int(number) for number in re.findall(r"\d+", str(caught.value))]
    # The line, and the row's index.
    assert set(numbers) <= {line("line of the gadget's caller"), caught.value.row}
    assert str(CANARY) not in repr(caught.value)


def test_the_summary_counts_constraints_by_obligation() -> None:
    circuit = compile(Guarded())
    summary = circuit.summary()
    assert f"{circuit.r1cs.n_constraints:,} constraints" in summary
    assert f"{circuit.digest:#066x}" in summary
    counted = dict(circuit.breakdown())
    assert counted["the account"] == 61
    assert sum(counted.values()) == circuit.r1cs.n_constraints
