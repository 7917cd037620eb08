"""ordered_slots."""

from __future__ import annotations

import random
from itertools import accumulate

import pytest

from circuits.gadgets.order import ordered_slots
from tests.checks import Gadget, gadget_circuit
from tests.gadgets.test_compare import edges
from zk.compiler.types import Field
from zk.field import R

BITS = 9
TOP = (1 << BITS) - 1


@pytest.fixture(scope="module")
def slots() -> Gadget:
    def body(cs, *keys):
        bounded, used = ordered_slots(cs, keys, BITS)
        assert all(key.hi == (4 << BITS) - 1 for key in bounded)
        return [*bounded, *used]

    return gadget_circuit({f"k{i}": (Field, None) for i in range(4)}, body)


def keys(*values: int) -> dict[str, int]:
    return {f"k{i}": value for i, value in enumerate(values)}


GOOD = [
    (0, 0, 0, 0),
    (1, 0, 0, 0),
    (TOP, 0, 0, 0),
    (1, 2, 3, 4),
    (TOP, 2 * TOP + 1, 3 * TOP + 2, 4 * TOP + 3),
    (5, 17, 400, 0),
]


@pytest.mark.parametrize("values", GOOD)
def test_ordered_slots_say_which_are_used(slots: Gadget, values: tuple[int, ...]) -> None:
    assert slots.honest(keys(*values)) == [*values, *(int(value != 0) for value in values)]


def test_every_width_of_gap_and_none_beyond(slots: Gadget) -> None:
    for gap in edges(0, TOP, "gap"):
        values = list(accumulate([gap + 1] * 3, initial=max(gap, 1)))
        assert slots.honest(keys(*values)) == [*values, 1, 1, 1, 1]
    for slot in range(4):
        for gap in (-1, TOP + 1, 2 * TOP + 2, -1 - (1 << BITS)):
            if slot or gap != -1:  # a first key of 0 is no key
                gaps = [gap if i == slot else 5 for i in range(4)]
                first, *others = gaps
                slots.assert_refused(keys(*accumulate((g + 1 for g in others), initial=first)))


def test_gaps_that_differ_from_each_other_in_every_bit(slots: Gadget) -> None:
    # A bit's row that reads another slot's bit refuses no keys whose gaps are alike.
    rng = random.Random("gaps")
    ends = [rng.sample(edges(0, TOP, "gap"), 4) for _ in range(8)]
    for gaps in [*ends, *([rng.randint(0, TOP) for _ in range(4)] for _ in range(40))]:
        values = list(accumulate((gap + 1 for gap in gaps[1:]), initial=max(gaps[0], 1)))
        assert slots.honest(keys(*values)) == [*values, 1, 1, 1, 1]


@pytest.mark.parametrize(
    "values",
    [
        (0, 1, 0, 0),  # a gap
        (1, 0, 2, 0),
        (1, 2, 0, 3),
        (2, 1, 0, 0),  # unsorted
        (1, 1, 0, 0),  # one key twice
        (1, 2, 2, 0),
        (1, 2, 4, 3),
        (2, 3, 1, 0),
        (TOP + 1, 0, 0, 0),  # too large
        (R - 1, 0, 0, 0),
        (1, TOP + 3, 0, 0),
        (5, R - 1, 0, 0),
        (1, R + 1 - (1 << BITS), 0, 0),
    ],
)
def test_slots_out_of_order_are_refused(slots: Gadget, values: tuple[int, ...]) -> None:
    slots.refusal(keys(*values))
    # With every hint of emptiness forged too: used where it is not, empty where it is used.
    attack = slots.attack
    witness = attack.start([value % R for value in values])
    for wire in attack.hints:
        for value in (0, 1, (witness[wire] + 1) % R):
            assert attack.forge({wire: value})[0] is not None


@pytest.mark.parametrize("values", [GOOD[3], GOOD[5], GOOD[0]])
def test_forged_hints_of_slots_are_refused(slots: Gadget, values: tuple[int, ...]) -> None:
    tried = slots.assert_forgeries_rejected(keys(*values))
    assert tried.rejected > 350


def test_one_slot() -> None:
    gadget = gadget_circuit({"k0": (Field, None)}, lambda cs, k: ordered_slots(cs, [k], 4)[1])
    assert gadget.honest({"k0": 15}) == [1]
    assert gadget.honest({"k0": 0}) == [0]
    gadget.refusal({"k0": 16})
