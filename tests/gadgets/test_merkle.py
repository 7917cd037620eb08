"""assert_in_tree, assert_under_cap and cap_root, against zk.merkle."""

from __future__ import annotations

import random
from functools import cache

import pytest

from circuits.gadgets.hash import poseidon as poseidon_gadget
from circuits.gadgets.merkle import assert_in_tree, assert_under_cap, cap_root
from tests.checks import Gadget, gadget_circuit
from zk.compiler.types import Bool, Field
from zk.field import R
from zk.merkle import Path, Tree, lone_path
from zk.poseidon import poseidon

CHILDREN, NODES = 3, 4


def tree(seed: int, arities: tuple[int, ...] = (CHILDREN,), nodes: int = NODES) -> Tree:
    rng = random.Random(f"tree {seed}")
    count = nodes
    for arity in arities:
        count *= arity
    return Tree(tuple(rng.randrange(R) for _ in range(count)), arities)


def opening(leaf: int, path: Path, cap: tuple[int, ...], bit: int | None = None) -> dict[str, int]:
    values = {} if bit is None else {"bit": bit}
    values["leaf"] = leaf
    for level, children in enumerate(path):
        values |= {f"s{level}_{i}": value for i, value in enumerate(children)}
    return values | {f"n{i}": value for i, value in enumerate(cap)}


@cache
def opener(arities: tuple[int, ...], nodes: int, when: bool = True) -> Gadget:
    inputs: dict[str, tuple[type[Field], None]] = {"bit": (Bool, None)} if when else {}
    inputs["leaf"] = (Field, None)
    for level, arity in enumerate(arities):
        inputs |= {f"s{level}_{i}": (Field, None) for i in range(arity)}
    inputs |= {f"n{i}": (Field, None) for i in range(nodes)}

    def body(cs, *signals):
        bit, leaf, *rest = signals if when else (None, *signals)
        path = []
        for arity in arities:
            path.append(rest[:arity])
            rest = rest[arity:]
        if len(path) == 1:
            assert_under_cap(cs, leaf, path[0], rest, bit)
        else:
            assert_in_tree(cs, leaf, path, rest, bit)

    return gadget_circuit(inputs, body)


@pytest.mark.parametrize(
    ("arities", "nodes"),
    [((), 5), ((3,), 4), ((16,), 1), ((2, 3), 2), ((5, 2), 3), ((2, 2, 2), 1), ((3, 2, 4), 2)],
)
def test_every_leaf_opens(arities: tuple[int, ...], nodes: int) -> None:
    gadget, built = opener(arities, nodes), tree(1, arities, nodes)
    for index, leaf in enumerate(built.leaves):
        gadget.honest(opening(leaf, built.open(index), built.cap, 1))


@pytest.mark.parametrize("arities", [(3,), (2, 3), (2, 2, 2)])
def test_no_wire_of_an_opening_is_free(arities: tuple[int, ...]) -> None:
    """There is no hint: the wires of the hashes and products are what a liar can change."""
    gadget, built = opener(arities, 2), tree(2, arities, 2)
    assert gadget.attack.hints == []
    tried = gadget.assert_forgeries_rejected(opening(built.leaves[3], built.open(3), built.cap, 1))
    assert tried.harmless == 0


@pytest.mark.parametrize("bit", [1, None])
@pytest.mark.parametrize("arities", [(3,), (2, 3)])
def test_what_is_not_in_the_tree_is_refused(arities: tuple[int, ...], bit: int | None) -> None:
    gadget = opener(arities, NODES, bit is not None)
    built, other = tree(3, arities), tree(4, arities)
    leaf, path, cap = built.leaves[0], built.open(0), built.cap
    far = built.open(len(built.leaves) - 1)
    lies = [
        (built.leaves[-1], path, cap),  # the leaf of another node
        (other.leaves[0], other.open(0), cap),  # a leaf of another tree
        (other.leaves[0], ((other.leaves[0], *path[0][1:]), *path[1:]), cap),  # a leaf put in
        (leaf, (path[0][::-1], *path[1:]), cap),  # children in another order
        (leaf, ((leaf, *path[0][:-1]), *path[1:]), cap),  # a child twice
        (cap[0], path, cap),  # a node is no leaf
        (0, path, cap),
        (leaf, path, other.cap),
        (leaf, path, tuple(cap[1:]) + cap[1:2]),  # the cap without its node
        (leaf, lone_path(leaf, arities), cap),
    ]
    if len(arities) > 1:
        lies += [
            (leaf, (path[0], *far[1:]), cap),  # the path of another node from the second level
            (leaf, (far[0], *path[1:]), cap),
            (poseidon(path[0]), path, cap),  # an inner node is no leaf
            (poseidon(path[0]), path[1:] + far[1:], cap),
        ]
    for leaf, path, cap in lies:
        if [len(children) for children in path] == list(arities):
            gadget.assert_refused(opening(leaf, path, cap, bit), wires=8)


def test_each_level_is_asked_for() -> None:
    """A node of the level that is wrong is the one that is named."""
    gadget, built = opener((2, 3), NODES), tree(5, (2, 3))
    leaf, path, cap = built.leaves[0], built.open(0), built.cap
    far = built.open(len(built.leaves) - 1)
    named = {
        "the leaf is a child of the opened node": (built.leaves[-1], path),
        "the opened node is a child of one of level 2": (leaf, (path[0], far[1])),
        "the opened node stands in the cap": (leaf, lone_path(leaf, (2, 3))),
    }
    for words, (lie, way) in named.items():
        assert gadget.refusal(opening(lie, way, cap, 1)).obligation == words


def test_an_unused_opening_needs_no_node_but_its_leaf() -> None:
    for arities in ((CHILDREN,), (2, 3)):
        gadget, built = opener(arities, NODES), tree(6, arities)
        gadget.honest(opening(7, lone_path(7, arities), built.cap, 0))
        gadget.refusal(opening(7, built.open(0), built.cap, 0))


def test_a_lone_node_is_the_root() -> None:
    built = tree(7, (3, 2), 1)
    gadget = opener((3, 2), 1, False)
    gadget.honest(opening(built.leaves[5], built.open(5), (built.root(),)))
    gadget.refusal(opening(built.leaves[5], built.open(5), (built.root(3),)))


@pytest.mark.parametrize("tag", [None, 0, 77])
@pytest.mark.parametrize("count", [1, 2, 17])
def test_cap_root(count: int, tag: int | None) -> None:
    inputs = {f"n{i}": (Field, None) for i in range(count)}
    gadget = gadget_circuit(inputs, lambda cs, *cap: cap_root(cs, cap, tag))
    built = tree(8, (), count)
    values = {f"n{i}": value for i, value in enumerate(built.cap)}
    assert gadget.honest(values) == [built.root(tag)]
    if gadget.cost:
        assert gadget.assert_forgeries_rejected(values).harmless == 0


def test_a_cap_is_hashed_once_for_many_openings() -> None:
    """Leaves of rows that two slots open: as a statement puts the parts together."""
    arities, nodes = (3, 2), 3
    inputs = {"root": (Field, None)} | {f"n{i}": (Field, None) for i in range(nodes)}
    for slot in range(2):
        inputs |= {f"{name}{slot}": (Field, None) for name in ("key", "value")}
        inputs |= {f"s{slot}_{i}": (Field, None) for i in range(sum(arities))}

    def body(cs, root, *rest):
        cap, rest = rest[:nodes], rest[nodes:]
        cs.assert_equal(cap_root(cs, cap, 9), root)
        for slot in range(2):
            key, value, *children = rest[slot * 7 : (slot + 1) * 7]
            leaf = poseidon_gadget(cs, [key, value])
            assert_in_tree(cs, leaf, [children[:3], children[3:]], cap)

    gadget = gadget_circuit(inputs, body)
    rows = [(key, key * key) for key in range(100, 118)]
    built = Tree(tuple(poseidon(row) for row in rows), arities)

    def values(*slots: int) -> dict[str, int]:
        given = {"root": built.root(9)} | {f"n{i}": node for i, node in enumerate(built.cap)}
        for slot, index in enumerate(slots):
            path = [child for children in built.open(index) for child in children]
            given |= {f"key{slot}": rows[index][0], f"value{slot}": rows[index][1]}
            given |= {f"s{slot}_{i}": child for i, child in enumerate(path)}
        return given

    for slots in ((0, 17), (5, 5), (11, 6)):
        gadget.honest(values(*slots))
    for change in ({"value1": 1}, {"key0": 101}, {"root": built.root()}, {"n1": 5}):
        gadget.refusal(values(3, 8) | change)
