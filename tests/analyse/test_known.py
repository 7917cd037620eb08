"""Systems whose verdict is known; never a wrong one, and the right one where it is promised."""

from __future__ import annotations

import json

import pytest

from tests.analyse.systems import KNOWN, is_zero, quotient, r1cs_of, to_bits, without
from tests.clock import at_most
from zk.analyse.analysis import Analysis, analyse
from zk.analyse.checker import check_certificate
from zk.analyse.search import is_pair
from zk.r1cs import R1CS

#: Seconds for what is decided in less than one: a machine that has other work may need them.
ENOUGH = 100

#: True, and not decided yet: pairs that only luck finds.
OPEN = {
    "addition where d is a square",
    "addition where a is no square",
    "addition where neither is",
    "254 bits, at most r",
    "254 bits, compared in vain",
    "254 bits, bit 3 is 0",
}


def checked(r1cs: R1CS, seconds: float = ENOUGH) -> Analysis:
    """Analyse, and check what it says again."""
    found = analyse(r1cs, seconds=seconds)
    if "unsafe" in (found.outputs, found.wires):
        assert found.pair is not None
        assert is_pair(r1cs, found.inputs, found.pair)
    if "safe" in (found.outputs, found.wires) and found.certificate is not None:
        again = json.loads(json.dumps(found.certificate))
        proved = check_certificate(r1cs, found.inputs, again)
        assert proved.outputs == (found.outputs == "safe")
        assert proved.wires == (found.wires == "safe")
    return found


@pytest.mark.parametrize("name", KNOWN)
def test_known_systems(name: str) -> None:
    system, verdict = KNOWN[name]
    found = checked(r1cs_of(*system), seconds=2 if name in OPEN else ENOUGH)
    assert found.outputs in ((verdict, "unknown") if name in OPEN else (verdict,))


def test_a_free_hint_is_no_free_output() -> None:
    found = checked(r1cs_of(*is_zero()))
    assert (found.outputs, found.wires) == ("safe", "unsafe")
    assert found.pair is not None
    assert found.pair.wire == 3
    assert found.pair.first[2] == 0


@pytest.mark.parametrize("dropped", range(9))
def test_bits_without_one_row(dropped: int) -> None:
    rows, *shape = to_bits(8)
    assert checked(r1cs_of(without(rows, dropped), *shape)).outputs == "unsafe"


def test_division_without_the_inverse_is_found() -> None:
    rows, *shape = quotient(nonzero=True)
    assert checked(r1cs_of(without(rows, 1), *shape)).outputs == "unsafe"
    assert checked(r1cs_of(without(rows, 0), *shape)).outputs == "unsafe"


def test_a_contradiction_is_said() -> None:
    rows = [({1: 1}, {1: 1}, {0: 5}), ({1: 1}, {0: 1}, {0: 1})]
    found = checked(r1cs_of(rows, 2, 1, 0))
    assert (found.outputs, found.unsatisfiable) == ("safe", True)


def test_an_output_in_no_row_is_unsafe() -> None:
    assert checked(r1cs_of([], 3, 1, 1)).outputs == "unsafe"


def test_time_holds() -> None:
    system, _ = KNOWN["254 bits, compared in vain"]
    with at_most(3):
        assert checked(r1cs_of(*system), seconds=0.5).stopped == "time"
