"""A member of a Merkle tree whose balance reaches a minimum: the circuit of docs/porting.md.

    python examples/membership.py membership.zkc [depth]

The prover shows that some leaf of the tree holds a balance of at least `minimum`, and a nullifier
by which a second proof of the same leaf in the same scope is recognised; not which leaf it is, nor
its balance.
"""

from __future__ import annotations

import sys
from typing import Any

from circuits.gadgets.compare import assert_le
from circuits.gadgets.hash import poseidon
from circuits.gadgets.select import select
from zk import Bool, Circuit, ConstraintSystem, Field, Uint, compile, private, public
from zk.errors import UnsatisfiedConstraint
from zk.formats.circuit import save_circuit
from zk.poseidon import poseidon as poseidon_hash

LEAF = 1  # the tag of a leaf: three inputs, so that no inner node, a hash of two, is one


class Member(Circuit):
    """A leaf of the tree under `root` holds at least `minimum`."""

    root: Field = public()
    minimum: Uint = public(bits=64)
    nullifier: Field = public()
    scope: Field = public()

    secret: Field = private()
    balance: Uint = private(bits=64)
    side: list[Bool] = private(count="depth")  # 1: the node is the right child
    sibling: list[Field] = private(count="depth")

    def __init__(self, depth: int = 20) -> None:
        self.depth = depth

    def define(self, cs: ConstraintSystem) -> None:
        with cs.obligation("the balance reaches the minimum"):
            assert_le(cs, self.minimum, self.balance)
        with cs.obligation("the leaf is in the tree"):
            node = poseidon(cs, [cs.constant(LEAF), self.secret, self.balance])
            for side, sibling in zip(self.side, self.sibling, strict=True):
                node = parent(cs, node, sibling, side)
            cs.assert_equal(node, self.root)
        with cs.obligation("the nullifier is the secret's in this scope"):
            cs.assert_equal(poseidon(cs, [self.secret, self.scope]), self.nullifier)


def parent(cs: ConstraintSystem, node: Field, sibling: Field, side: Bool) -> Field:
    """Return the hash of the two children, `node` on the right where `side` is 1.

    Requires: nothing.   Cost: 1 and a Poseidon of 2.
    """
    left = select(cs, side, sibling, node)
    # The other child is what is left of their sum: it needs no choice of its own.
    return poseidon(cs, [left, node + sibling - left])


def inputs(
    secret: int, balance: int, minimum: int, scope: int, path: list[tuple[int, int]]
) -> dict[str, Any]:
    """The circuit's inputs for a leaf; `path` has (side, sibling) from the leaf up."""
    node = poseidon_hash([LEAF, secret, balance])
    for side, sibling in path:
        node = poseidon_hash([sibling, node] if side else [node, sibling])
    return {
        "root": node,
        "minimum": minimum,
        "nullifier": poseidon_hash([secret, scope]),
        "scope": scope,
        "secret": secret,
        "balance": balance,
        "side": [side for side, _ in path],
        "sibling": [sibling for _, sibling in path],
    }


def main(file: str = "", depth: str = "20") -> None:
    circuit = compile(Member(int(depth)))
    print(circuit.summary())
    if file:
        save_circuit(file, circuit)

    path = [(level % 2, 1000 + level) for level in range(int(depth))]
    true = inputs(secret=41, balance=50_000, minimum=50_000, scope=7, path=path)
    circuit.check(circuit.witness(true))
    print("a balance of 50,000 reaches a minimum of 50,000")
    false = inputs(secret=41, balance=49_999, minimum=50_000, scope=7, path=path)
    try:
        circuit.check(circuit.witness(false))
    except UnsatisfiedConstraint as error:
        print(error)


if __name__ == "__main__":
    main(*sys.argv[1:])
