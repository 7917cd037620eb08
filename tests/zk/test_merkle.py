"""Trees of mixed arity: levels by hand, paths that lead to the cap, padding, roots."""

from __future__ import annotations

import random

import pytest

from zk.errors import EngineError
from zk.field import R
from zk.merkle import Tree, cap_root, lone_path
from zk.poseidon import poseidon, poseidon_sponge


def leaves(count: int) -> tuple[int, ...]:
    rng = random.Random(f"leaves {count}")
    return tuple(rng.randrange(R) for _ in range(count))


def test_levels_by_hand() -> None:
    a = leaves(5)
    tree = Tree(a, (2, 3))
    below = [poseidon([a[0], a[1]]), poseidon([a[2], a[3]]), poseidon([a[4], 0])]
    assert tree.levels == ((*a, 0), tuple(below), (poseidon(below),))
    assert tree.cap == (tree.root(),)
    assert tree.root(7) == poseidon([7, tree.cap[0]])
    assert tree.open(4) == ((a[4], 0), tuple(below))


@pytest.mark.parametrize("arities", [(), (2,), (16,), (3, 5), (5, 3), (2, 2, 2), (4, 7, 2)])
def test_every_path_leads_to_the_cap(arities: tuple[int, ...]) -> None:
    tree = Tree(leaves(47), arities)
    for index, leaf in enumerate(tree.leaves):
        node, path = leaf, tree.open(index)
        assert [len(children) for children in path] == list(arities)
        for children in path:
            assert node in children
            node = poseidon(children)
        assert node in tree.cap
    assert tree.root() == (tree.cap[0] if len(tree.cap) == 1 else poseidon_sponge(tree.cap))


def test_a_cap_without_levels_is_the_leaves() -> None:
    assert Tree(leaves(3), ()).cap == leaves(3)


def test_the_root_binds_leaves_places_and_arities() -> None:
    a = leaves(12)
    trees = [
        Tree(a, (2, 2)),
        Tree(a, (4,)),
        Tree(a, (2, 3, 2)),
        Tree(a[:11], (2, 2)),
        Tree((a[1], a[0], *a[2:]), (2, 2)),
    ]
    roots = [tree.root(tag) for tree in trees for tag in (None, 0, 1)]
    assert len(set(roots)) == len(roots)


def test_a_cap_of_few_nodes_and_no_tag_is_one_more_level() -> None:
    assert Tree(leaves(12), (2, 2)).root() == Tree(leaves(12), (2, 2, 3)).root()


def test_a_lone_path_is_a_path() -> None:
    path = lone_path(9, (3, 2))
    assert path == ((9, 0, 0), (poseidon([9, 0, 0]), 0))


def test_what_is_no_tree_is_refused() -> None:
    with pytest.raises(EngineError, match="at least one leaf"):
        Tree((), (2,))
    for arity in (0, 1, 17):
        with pytest.raises(EngineError, match="2 to 16 children"):
            Tree((1,), (arity,))
    for index in (-1, 5):
        with pytest.raises(EngineError, match="no leaf"):
            Tree(leaves(5), (2, 3)).open(index)
    with pytest.raises(EngineError):
        cap_root([])
