"""Membership of a leaf in a tree of mixed arity, under a cap.

A cap is the list of all nodes of one level; it is hashed once in a circuit that opens many leaves,
and a root is a cap of one node. A leaf carries its own key, so its position needs no bits: it is
enough that it is one of a node's children, that node one of the next one's, and so on, and the last
one of the cap.

`zk.merkle` builds such trees and their paths; `circuits.trees` chooses arities and cap for a number
of leaves and of openings, and whether all opened nodes are looked up together (`lookup`).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from circuits.gadgets.hash import poseidon, poseidon_sponge
from circuits.gadgets.select import assert_member
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.types import Bool, Field


def assert_in_tree(
    cs: ConstraintSystem,
    leaf: Field,
    path: Sequence[Sequence[Field]],
    cap: Sequence[Field],
    when: Bool | None = None,
) -> None:
    """`leaf` is one of the leaves under `cap`; with `when`, if that bit is 1.

    `path` is that of opened_node. The caller hashes the cap into what it trusts.

    Requires: that of opened_node.   Cost: that of opened_node and len(cap) - 1, one more with
    `when`.
    """
    node = opened_node(cs, leaf, path)
    with cs.obligation("the opened node stands in the cap"):
        assert_member(cs, node, cap, when)


def opened_node(cs: ConstraintSystem, leaf: Field, path: Sequence[Sequence[Field]]) -> Field:
    """Return the node at the end of a path of `leaf`; whether it is in a cap, the caller shows.

    `path` has, of each level below the cap, all children of the node above: the leaf among the
    first, a node's hash among the next.

    Requires: a leaf that is a hash, of another width or tag than a node: the zeros that fill a tree
    up open too.   Cost: on each level a Poseidon of the children and their number less 1.
    """
    # Depth and arities are fixed and Poseidon is collision-resistant, so a node of the cap has one
    # list of children, each of those one, and so down to the leaves: what is opened is one of them.
    if not path:
        return leaf
    with cs.obligation("the leaf is a child of the opened node"):
        assert_member(cs, leaf, path[0])
    for level, (below, children) in enumerate(pairwise(path), start=2):
        with cs.obligation(f"the opened node is a child of one of level {level}"):
            assert_member(cs, poseidon(cs, below), children)
    with cs.obligation("the opened node stands in the cap"):
        return poseidon(cs, path[-1])


def assert_under_cap(
    cs: ConstraintSystem,
    leaf: Field,
    siblings: Sequence[Field],
    cap: Sequence[Field],
    when: Bool | None = None,
) -> None:
    """`leaf` is one of `siblings`, and their hash a node of `cap`; with `when`, if that bit is 1.

    `siblings` are all children of the node, the leaf among them: a path of one level.

    Requires: that of assert_in_tree.   Cost: a Poseidon of the siblings and
    len(siblings) + len(cap) - 2, one more with `when`.
    """
    assert_in_tree(cs, leaf, [siblings], cap, when)


def cap_root(cs: ConstraintSystem, cap: Sequence[Field], tag: int | None = None) -> Field:
    """Return the hash of a cap, after a tag if there is one; a lone node without is its own.

    Requires: nothing.   Cost: that of poseidon_sponge; none for a lone node without a tag.
    """
    if tag is None:
        return cap[0] if len(cap) == 1 else poseidon_sponge(cs, cap)
    return poseidon_sponge(cs, [cs.constant(tag), *cap])
