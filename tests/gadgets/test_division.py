"""Floor division under attack: lies told together, and quotients that could wrap."""

from __future__ import annotations

import pytest

from circuits.gadgets.arith import divide
from tests.checks import Gadget, gadget_circuit
from zk.compiler.types import Uint
from zk.errors import CompileError


@pytest.fixture(scope="module")
def division() -> Gadget:
    return gadget_circuit({"x": (Uint, 24), "y": (Uint, 12)}, divide)


def test_no_quotient_by_zero(division: Gadget) -> None:
    attack = division.attack
    attack.start([5, 0])
    for wire in attack.hints:
        for value in (0, 1, 5):
            assert attack.forge({wire: value})[0] is not None


def test_a_quotient_one_off_is_refused(division: Gadget) -> None:
    """The classic: quotient one less, remainder one divisor more, with all bits to match."""
    attack = division.attack
    witness = attack.start([12, 3])
    quotient = next(w for w in attack.hints if witness[w : w + 2] == [4, 0])
    for q, r in ((3, 3), (5, -3), (0, 12)):
        assert attack.forge({quotient: q, quotient + 1: r})[0] is not None
    division.assert_forgeries_rejected({"x": 10_000_019, "y": 1013})


def test_a_division_that_could_wrap_is_refused() -> None:
    with pytest.raises(CompileError, match="could leave the field"):
        gadget_circuit({"x": (Uint, 200), "y": (Uint, 60)}, divide)
