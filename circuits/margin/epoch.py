"""The epoch: a market's rows, hashed into a tree whose root the circuit opens.

Source: the project's margin specification, "Model L". Notation: t the tag of a row, k its key, w_j
the words of its tier tables (`tiers.py`).

    leaf  = Poseidon(t, k, mark + 2^64 * (funding + 2^95), w_0, w_1, ...)
    node  = Poseidon(children), `arity` leaves each; rows sorted by key, then zeros
    tree  = sponge(TAG_CAP, all nodes)         the nodes are hashed once, as a cap: no deeper path
    root  = Poseidon(TAG_EPOCH, tree, params digest, timestamp, venue id)

A leaf carries its key, so its place in the tree proves nothing and needs no bits. Depth is fixed
and every role has its tag, so no value hashed in one role opens in another. A zero leaf has no
known preimage: padding cannot be opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import numpy as np

from circuits.margin.constants import (
    FUNDING_OFFSET,
    MARK_LANE,
    PRICE_BITS,
    ROW_COLLATERAL,
    ROW_INSTRUMENT,
    TAG_CAP,
    TAG_EPOCH,
)
from circuits.margin.shape import ARITY
from circuits.margin.tiers import TierTable
from zk.errors import InputError
from zk.field import Limbs, from_limbs, to_limbs
from zk.poseidon import poseidon, poseidon_many, poseidon_sponge


@dataclass(frozen=True)
class Row:
    """What the epoch says of one instrument or collateral.

    `mark` (1e-8) is the mark or the price, `funding` (1e-12) is 0 but for a perpetual, `tables` are
    the requirements at IM and at MM, or the haircut alone.
    """

    tag: int
    key: int
    mark: int
    funding: int
    tables: tuple[TierTable, ...]

    def __post_init__(self) -> None:
        if not 0 < self.mark < 1 << PRICE_BITS:
            raise InputError("a price must be above zero and less than 2^64 units of 1e-8")
        if not -FUNDING_OFFSET <= self.funding < FUNDING_OFFSET:
            raise InputError("a funding index must be a signed number of 96 bits")
        falls = self.tag == ROW_COLLATERAL
        if self.tag not in (ROW_INSTRUMENT, ROW_COLLATERAL) or len(self.tables) != 2 - falls:
            raise InputError("a row is of an instrument (two tables) or of a collateral (one)")
        # Both statements are sound only for convex requirements and concave haircuts.
        if not all(table.falls if falls else table.rises for table in self.tables):
            raise InputError("requirement rates must rise and haircut rates must fall")

    def leaf_inputs(self, requirement_tiers: int, haircut_tiers: int) -> list[int]:
        """The field elements of the leaf, in order."""
        tiers = haircut_tiers if self.tag == ROW_COLLATERAL else requirement_tiers
        packed = self.mark + ((self.funding + FUNDING_OFFSET) << MARK_LANE)
        return [
            self.tag,
            self.key,
            packed,
            *(w for table in self.tables for w in table.words(tiers)),
        ]


@dataclass(frozen=True)
class Opening:
    """What the circuit needs to see that a row is in the epoch: its siblings and the cap."""

    row: Row
    position: int  # among the children
    children: tuple[int, ...]  # of the node above the leaf, the leaf included
    node: int  # index of that node in the cap


@dataclass(frozen=True, repr=False)
class Epoch:
    """A market's table, committed: `root` is what statements are proven against."""

    rows: tuple[Row, ...]
    requirement_tiers: int
    haircut_tiers: int
    capacity: int
    params_digest: int
    timestamp: int
    venue: int

    def __post_init__(self) -> None:
        keys = [row.key for row in self.rows]
        if keys != sorted(set(keys)):
            raise InputError("rows must be sorted by key, each key once")
        if len(keys) > self.capacity:
            raise InputError(f"at most {self.capacity} rows fit the epoch's table")

    def __repr__(self) -> str:
        return f"<Epoch of venue {self.venue} at {self.timestamp}, root {self.root:064x}>"

    @property
    def arity(self) -> int:
        return min(ARITY, self.capacity)

    @cached_property
    def by_key(self) -> Mapping[int, Row]:
        """Rows by instrument key."""
        return MappingProxyType({row.key: row for row in self.rows})

    @cached_property
    def leaves(self) -> tuple[int, ...]:
        """Leaf hashes, padded with zeros to whole nodes."""
        inputs = [row.leaf_inputs(self.requirement_tiers, self.haircut_tiers) for row in self.rows]
        hashes = [0] * (-(-self.capacity // self.arity) * self.arity)
        # One vectorised call for each number of inputs: instrument and collateral rows may differ.
        for width in {len(values) for values in inputs}:
            chosen = [i for i, values in enumerate(inputs) if len(values) == width]
            found = _hash_many([inputs[i] for i in chosen])
            for i, value in zip(chosen, found, strict=True):
                hashes[i] = value
        return tuple(hashes)

    @cached_property
    def cap(self) -> tuple[int, ...]:
        """The nodes above the leaves."""
        leaves = self.leaves
        groups = [leaves[i : i + self.arity] for i in range(0, len(leaves), self.arity)]
        return tuple(_hash_many(groups))

    @cached_property
    def tree_root(self) -> int:
        return poseidon_sponge([TAG_CAP, *self.cap])

    @cached_property
    def root(self) -> int:
        """The public input that statements are proven against."""
        header = [TAG_EPOCH, self.tree_root, self.params_digest, self.timestamp, self.venue]
        return poseidon(header)

    def open(self, key: int) -> Opening:
        """The opening of the row with this key; InputError if the table has none."""
        if key not in self.by_key:
            raise InputError("the market has no row for this instrument (not listed, or expired)")
        leaf = self._index[key]
        node, position = divmod(leaf, self.arity)
        children = self.leaves[node * self.arity : (node + 1) * self.arity]
        return Opening(self.by_key[key], position, children, node)

    @cached_property
    def _index(self) -> Mapping[int, int]:
        return {row.key: i for i, row in enumerate(self.rows)}


def _hash_many(inputs: list[list[int]] | list[tuple[int, ...]]) -> list[int]:
    """Poseidon of many equally long lists, in one call of the engine."""
    if not inputs:
        return []
    flat = to_limbs(value for values in inputs for value in values)
    limbs: Limbs = np.ascontiguousarray(flat.reshape(len(inputs), len(inputs[0]), 4))
    return from_limbs(poseidon_many(limbs))
