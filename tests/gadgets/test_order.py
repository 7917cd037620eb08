"""ordered_slots and assert_under_cap."""

from __future__ import annotations

import random

import pytest

from circuits.gadgets.merkle import assert_under_cap
from circuits.gadgets.order import ordered_slots
from tests.checks import Gadget, gadget_circuit
from zk.compiler.types import Bool, Field
from zk.field import R
from zk.poseidon import poseidon

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


@pytest.mark.parametrize(
    "values",
    [
        (0, 1, 0, 0),  # a gap
        (1, 0, 2, 0),
        (1, 2, 0, 3),
        (2, 1, 0, 0),  # unsorted
        (1, 1, 0, 0),  # one key twice
        (1, 2, 2, 0),
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
    assert tried.rejected > 400


def test_one_slot() -> None:
    gadget = gadget_circuit({"k0": (Field, None)}, lambda cs, k: ordered_slots(cs, [k], 4)[1])
    assert gadget.honest({"k0": 15}) == [1]
    assert gadget.honest({"k0": 0}) == [0]
    gadget.refusal({"k0": 16})


# Membership under a cap -------------------------------------------------------------------------

CHILDREN, NODES = 3, 4


def tree(seed: int) -> tuple[list[list[int]], list[int]]:
    rng = random.Random(f"tree {seed}")
    children = [[rng.randrange(R) for _ in range(CHILDREN)] for _ in range(NODES)]
    return children, [poseidon(group) for group in children]


def opening(bit: int, leaf: int, siblings: list[int], cap: list[int]) -> dict[str, int]:
    values = {"bit": bit, "leaf": leaf}
    values |= {f"s{i}": value for i, value in enumerate(siblings)}
    return values | {f"n{i}": value for i, value in enumerate(cap)}


@pytest.fixture(scope="module")
def under_cap() -> Gadget:
    inputs = {"bit": (Bool, None), "leaf": (Field, None)}
    inputs |= {f"s{i}": (Field, None) for i in range(CHILDREN)}
    inputs |= {f"n{i}": (Field, None) for i in range(NODES)}

    def body(cs, bit, leaf, *rest):
        assert_under_cap(cs, leaf, rest[:CHILDREN], rest[CHILDREN:], bit)

    return gadget_circuit(inputs, body)


def test_every_leaf_opens(under_cap: Gadget) -> None:
    children, cap = tree(1)
    for group in children:
        for leaf in group:
            under_cap.honest(opening(1, leaf, group, cap))
    under_cap.assert_forgeries_rejected(opening(1, children[2][1], children[2], cap))


def test_what_is_not_under_the_cap_is_refused(under_cap: Gadget) -> None:
    children, cap = tree(2)
    other, _ = tree(3)
    leaf = children[0][0]
    for values in (
        opening(1, children[1][0], children[0], cap),  # the leaf of another node
        opening(1, other[0][0], other[0], cap),  # a node of another tree
        opening(1, leaf, children[0][::-1], cap),  # siblings in another order
        opening(1, leaf, [leaf, *children[0][:2]], cap),
        opening(1, cap[0], children[0], cap),  # a node is no leaf
        opening(1, 0, children[0], cap),
    ):
        under_cap.assert_refused(values, wires=12)


def test_an_unused_opening_needs_no_node_but_its_leaf(under_cap: Gadget) -> None:
    children, cap = tree(4)
    under_cap.honest(opening(0, 7, [7, 0, 0], cap))
    under_cap.refusal(opening(0, 7, children[0], cap))


def test_without_when_every_opening_counts() -> None:
    children, cap = tree(5)
    inputs = {f"x{i}": (Field, None) for i in range(1 + CHILDREN + NODES)}

    def body(cs, leaf, *rest):
        assert_under_cap(cs, leaf, rest[:CHILDREN], rest[CHILDREN:])

    gadget = gadget_circuit(inputs, body)
    values = [children[3][2], *children[3], *cap]
    gadget.honest({f"x{i}": value for i, value in enumerate(values)})
    for lies in ([values[0] + 1, *values[1:]], [7, 7, 0, 0, *cap]):
        gadget.refusal({f"x{i}": value for i, value in enumerate(lies)})
