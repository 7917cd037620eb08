"""No bit of a decomposition is anything else: what one adds, another cannot take back.

Every bit that a program hints is changed so that its neighbour's flip leaves the sum as it was, and
alone; the rows that hold the two must say so. Only those are asked, with nothing computed anew: two
such lies change no value that the bits make up.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import pytest

from tests.margin.tamper import Run
from tests.portfolio.agreement import CIRCUITS
from tests.portfolio.raw import SHAPE
from tests.portfolio.test_every_slot import made
from zk.compiler.witness import Op
from zk.field import R

ALL = pytest.mark.parametrize("statement", list(CIRCUITS))


@cache
def run(statement: str) -> Run:
    return made(statement, SHAPE)


def groups(run: Run) -> list[range]:
    """The wires of every decomposition, lowest bit first; its very lowest is what is left."""
    return [range(dst, dst + n) for op, dst, n, _, _ in run.wiring.code if op == Op.BITS]


@ALL
def test_no_bit_makes_up_for_its_neighbour(statement: str) -> None:
    found = run(statement)
    half = pow(2, -1, R)
    for wires in groups(found):
        for low, high in pairwise(wires):
            for flipped, other, worth in ((low, high, half), (high, low, 2)):
                was = found.witness[flipped]
                change = worth if was else -worth
                lie = {flipped: 1 - was, other: (found.witness[other] + change) % R}
                assert found.refuses(lie), (wires, flipped, other)


@ALL
def test_no_bit_is_the_other_one(statement: str) -> None:
    """What is left for the lowest bit is no bit then."""
    found = run(statement)
    for wires in groups(found):
        for wire in (wires[0], wires[-1]):
            lie = {wire: 1 - found.witness[wire]}
            assert found.refuses(lie), (wires, wire)
