"""Trees of Poseidon hashes with another arity on each level, up to a cap or a root.

Source: Merkle, "A Digital Signature Based on a Conventional Encryption Function" (1987); caps are
Plonky2's. Notation: level 0 the leaves, arities[i] the children of a node of level i + 1, the cap
all nodes of the last level. `circuits.gadgets.merkle` opens such a tree in a circuit,
`circuits.trees` chooses the arities.

    node = Poseidon(children)          root = the cap's one node, or sponge([tag,] all of the cap)

Leaves are padded with zeros to whole nodes: a leaf that is a hash is never one of those. Who opens
a path knows depth and arities, so a node opens as no leaf and a leaf as no node. Without a tag a
cap of at most 16 nodes has the root that one more level has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

from zk.errors import EngineError
from zk.field import from_limbs, to_limbs
from zk.poseidon import RATE, poseidon, poseidon_many, poseidon_sponge

#: Of each level below the cap, all children of the node above.
Path = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Tree:
    """A tree over `leaves`, which may be fewer than it has places for."""

    leaves: tuple[int, ...]
    arities: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.leaves:
            raise EngineError("a tree has at least one leaf")
        if not all(2 <= arity <= RATE for arity in self.arities):
            raise EngineError(f"a node has 2 to {RATE} children")

    @cached_property
    def levels(self) -> tuple[tuple[int, ...], ...]:
        """All nodes, the padded leaves first and the cap last."""
        padding = -len(self.leaves) % prod(self.arities)
        levels = [(*self.leaves, *[0] * padding)]
        for arity in self.arities:
            children = to_limbs(levels[-1]).reshape(-1, arity, 4)
            levels.append(tuple(from_limbs(poseidon_many(children))))
        return tuple(levels)

    @property
    def cap(self) -> tuple[int, ...]:
        """The nodes of the last level."""
        return self.levels[-1]

    def root(self, tag: int | None = None) -> int:
        """What stands for the whole tree: `cap_root` of its cap."""
        return cap_root(self.cap, tag)

    def open(self, index: int) -> Path:
        """The path of a leaf to the cap."""
        if not 0 <= index < len(self.leaves):
            raise EngineError(f"a tree of {len(self.leaves)} leaves has no leaf {index}")
        path = []
        for level, arity in zip(self.levels, self.arities, strict=False):
            index //= arity
            path.append(level[index * arity : (index + 1) * arity])
        return tuple(path)


def cap_root(cap: Sequence[int], tag: int | None = None) -> int:
    """The hash of a cap, after a tag if there is one; a lone node without is its own."""
    if tag is None:
        return cap[0] if len(cap) == 1 else poseidon_sponge(cap)
    return poseidon_sponge([tag, *cap])


def lone_path(leaf: int, arities: Sequence[int]) -> Path:
    """A path of `leaf` to some node that stands in no cap: for an opening that is not asked for."""
    path = []
    for arity in arities:
        path.append((leaf, *[0] * (arity - 1)))
        leaf = poseidon(path[-1])
    return tuple(path)
