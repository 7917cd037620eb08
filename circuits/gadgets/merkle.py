"""Membership of a leaf under a cap: one node's children and the row of nodes above them.

A cap is the list of all nodes of one level; it is hashed once in a circuit that opens many leaves.
A leaf carries its own key, so its position needs no bits: it is enough that it is one of the
children, and that their hash is one of the nodes.
"""

from __future__ import annotations

from collections.abc import Sequence

from circuits.gadgets.hash import poseidon
from circuits.gadgets.select import assert_member
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.types import Bool, Field


def assert_under_cap(
    cs: ConstraintSystem,
    leaf: Field,
    siblings: Sequence[Field],
    cap: Sequence[Field],
    when: Bool | None = None,
) -> None:
    """`leaf` is one of `siblings`, and their hash a node of `cap`; with `when`, if that bit is 1.

    `siblings` are all children of the node, the leaf among them. The caller hashes the cap into
    what it trusts. A leaf must be a hash of another width or tag than a node.

    Requires: nothing.   Cost: a Poseidon of the siblings and len(siblings) + len(cap) - 2, one more
    with `when`.
    """
    with cs.obligation("the leaf is a child of the opened node"):
        assert_member(cs, leaf, siblings)
    with cs.obligation("the opened node stands in the cap"):
        assert_member(cs, poseidon(cs, siblings), cap, when)
