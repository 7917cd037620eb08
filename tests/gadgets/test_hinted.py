"""Hints with several results: floor division and square root, written as a user would."""

from __future__ import annotations

import random

import pytest

from tests.checks import Gadget, gadget_circuit
from tests.gadgets.hinted import floor_divide, floor_sqrt
from zk.compiler.types import Uint
from zk.errors import CompileError


@pytest.fixture(scope="module")
def division() -> Gadget:
    return gadget_circuit({"x": (Uint, 24), "y": (Uint, 12)}, floor_divide)


@pytest.fixture(scope="module")
def root() -> Gadget:
    return gadget_circuit({"x": (Uint, 32)}, floor_sqrt)


def test_division_equals_python(division: Gadget) -> None:
    rng = random.Random(2)
    xs = [0, 1, (1 << 24) - 1, *(rng.randrange(1 << 24) for _ in range(8))]
    ys = [1, 2, (1 << 12) - 1, *(rng.randrange(1, 1 << 12) for _ in range(4))]
    for x in xs:
        for y in ys:
            assert division.honest({"x": x, "y": y}) == [x // y]


def test_division_refuses(division: Gadget) -> None:
    division.refusal({"x": 5, "y": 0})
    division.refusal({"x": 0, "y": 0})
    division.refusal({"x": -1, "y": 2})
    division.refusal({"x": 1 << 24, "y": 2})
    attack = division.attack
    attack.start([5, 0])
    for wire in attack.hints:
        for value in (0, 1, 5):
            assert attack.forge({wire: value})[0] is not None


def test_division_cannot_be_forged(division: Gadget) -> None:
    division.assert_forgeries_rejected({"x": 10_000_019, "y": 1013})
    division.assert_forgeries_rejected({"x": 12, "y": 3})
    # The classic: quotient one less, remainder one divisor more, together with their bits.
    attack = division.attack
    witness = attack.start([12, 3])
    quotient = next(w for w in attack.hints if witness[w : w + 2] == [4, 0])
    assert attack.forge({quotient: 3, quotient + 1: 3})[0] is not None
    assert attack.forge({quotient: 5, quotient + 1: -3})[0] is not None


def test_a_division_that_could_wrap_is_refused() -> None:
    with pytest.raises(CompileError, match="could leave the field"):
        gadget_circuit({"x": (Uint, 200), "y": (Uint, 60)}, floor_divide)


def test_root_equals_python(root: Gadget) -> None:
    for s in (0, 1, 2, 7, 255, 65_535):
        for x in {s * s - 1, s * s, s * s + 2 * s} - {-1}:
            assert root.honest({"x": x}) == [s - (x < s * s)]
    root.refusal({"x": 1 << 32})
    root.assert_forgeries_rejected({"x": 1_000_000})
    root.assert_forgeries_rejected({"x": 999_999})
