"""The epoch: rows and records of a market under its params, committed by one root.

Source: the project's margin specification, "The epoch table". Notation: `sponge` is Poseidon's
chained form, the hash of a row or record is that of its elements (`records.py`).

    node = Poseidon(hashes of `arity` rows)   rows sorted by key; a missing child is 0
    cap  = scenario record, underlying records, expiry records, nodes        (their hashes)
    tree = sponge(TAG_CAP, cap)
    root = Poseidon(TAG_EPOCH, tree, params digest, timestamp, venue)

An empty place of the cap (no such underlying or expiry, no row below the node) holds its own index
plus 1: a value that nobody knows a preimage of, and that differs from every other place, as a
lookup in the cap needs. A row carries its key, so its position proves nothing and needs no bits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from types import MappingProxyType
from typing import Final, Generic, TypeVar

import numpy as np

from circuits.margin.instrument import EXPIRY_BITS
from circuits.margin.portfolio.constants import STRIKE_RIGHT_BITS, TAG_CAP, TAG_EPOCH
from circuits.margin.portfolio.feeds import (
    collateral_rows,
    expiry_records,
    scenario_record,
    underlying_records,
)
from circuits.margin.portfolio.market import PortfolioMarket
from circuits.margin.portfolio.params import PortfolioParams
from circuits.margin.portfolio.records import (
    ExpiryRecord,
    OptionRow,
    Row,
    ScenarioRecord,
    UnderlyingRecord,
)
from circuits.margin.portfolio.shape import SIZE_CLASSES, PortfolioShape
from circuits.margin.portfolio.valuation import option_rows
from zk import engine
from zk.errors import InputError
from zk.field import Limbs, from_limbs, to_limbs
from zk.poseidon import RATE, poseidon, poseidon_sponge

#: The parts of a shape that an epoch depends on.
TABLE_SIZES: Final = ("lanes", "skews", "rows", "market_underlyings", "market_expiries")

R = TypeVar("R", ExpiryRecord, UnderlyingRecord, ScenarioRecord)


@dataclass(frozen=True)
class Opening:
    """What the circuit needs to see that a row is in the epoch: its siblings and the cap."""

    row: Row
    position: int  # among the children
    children: tuple[int, ...]  # of the node above the row, its own hash included
    node: int  # index of that node in the cap


@dataclass(frozen=True)
class RecordOpening(Generic[R]):
    """A record and its place in the cap."""

    record: R
    index: int


@dataclass(frozen=True, repr=False)
class PortfolioEpoch:
    """A market's table, committed: `root` is what statements are proven against."""

    shape: PortfolioShape  # `table_shape` of the statements' shapes
    scenarios: ScenarioRecord
    underlyings: tuple[UnderlyingRecord, ...]
    expiries: tuple[ExpiryRecord, ...]
    rows: tuple[Row, ...]
    params_digest: int
    timestamp: int
    venue: int

    def __post_init__(self) -> None:
        shape = self.shape
        for what, ids, room in (
            ("rows", [row.key for row in self.rows], shape.rows),
            ("underlyings", [u.underlying for u in self.underlyings], shape.market_underlyings),
            ("expiries", [e.prefix for e in self.expiries], shape.market_expiries),
        ):
            if any(a >= b for a, b in pairwise(ids)):
                raise InputError("must be sorted by key, each key once", what)
            if len(ids) > room:
                raise InputError(f"at most {room} fit the epoch's shape", what)
        if len(self.scenarios.lanes) != shape.lanes:
            raise InputError(f"must have {shape.lanes} lanes, as the shape", "scenarios")
        for i, row in enumerate(self.rows):
            fault = row.fault()
            if not fault and isinstance(row, OptionRow) and len(row.values) != shape.lanes:
                fault = f"has {len(row.values)} lanes, the shape {shape.lanes}"
            if fault:
                raise InputError(fault, f"rows[{i}]")
        self._refuse_expired()

    def _refuse_expired(self) -> None:
        """InputError for what has expired: still open, it would be margin without risk."""
        options = [(i, row) for i, row in enumerate(self.rows) if isinstance(row, OptionRow)]
        for place, prefix in (
            *((f"expiries[{i}]", record.prefix) for i, record in enumerate(self.expiries)),
            *((f"rows[{i}]", row.key >> STRIKE_RIGHT_BITS) for i, row in options),
        ):
            if prefix & ((1 << EXPIRY_BITS) - 1) <= self.timestamp:
                raise InputError("has expired at the epoch's time", place)

    def __repr__(self) -> str:
        return f"<PortfolioEpoch of venue {self.venue} at {self.timestamp}, root {self.root:064x}>"

    @classmethod
    def build(
        cls, market: PortfolioMarket, params: PortfolioParams, shape: PortfolioShape | None = None
    ) -> PortfolioEpoch:
        """The epoch of a market: every listed option in every scenario, hashed."""
        shape = table_shape(shape or params.shape)
        market.fit(params, shape)
        expiries = expiry_records(market, params)
        rows: list[Row] = [
            *option_rows(market, params, shape),
            *collateral_rows(market, params),
        ]
        return cls(
            shape=shape,
            scenarios=scenario_record(params.rules, shape),
            underlyings=underlying_records(market, params, expiries),
            expiries=expiries,
            rows=tuple(sorted(rows, key=lambda row: row.key)),
            params_digest=params.digest,
            timestamp=market.timestamp,
            venue=market.venue,
        )

    @cached_property
    def by_key(self) -> Mapping[int, Row]:
        """Rows by instrument key."""
        return MappingProxyType({row.key: row for row in self.rows})

    @cached_property
    def leaves(self) -> tuple[int, ...]:
        """Hashes of the rows, in their order."""
        return tuple(hash_many([row.elements() for row in self.rows]))

    @cached_property
    def cap(self) -> tuple[int, ...]:
        """Hashes of records and nodes, each in its place."""
        return cap_of(
            self.shape,
            poseidon_sponge(self.scenarios.elements()),
            hash_many([record.elements() for record in self.underlyings]),
            hash_many([record.elements() for record in self.expiries]),
            self.leaves,
        )

    @cached_property
    def tree_root(self) -> int:
        return cap_root(self.cap)

    @cached_property
    def root(self) -> int:
        """The public input that statements are proven against."""
        return epoch_root(self.tree_root, self.params_digest, self.timestamp, self.venue)

    def open(self, key: int) -> Opening:
        """The opening of the row with this key; InputError if the table has none."""
        if key not in self._index:
            raise InputError("the epoch has no row for this instrument (not listed, or expired)")
        arity = self.shape.arity
        node, position = divmod(self._index[key], arity)
        known = self.leaves[node * arity : (node + 1) * arity]
        children = (*known, *[0] * (arity - len(known)))
        return Opening(self.by_key[key], position, children, self.shape.records + node)

    def open_scenarios(self) -> RecordOpening[ScenarioRecord]:
        return RecordOpening(self.scenarios, 0)

    def open_underlying(self, underlying: int) -> RecordOpening[UnderlyingRecord]:
        """The record of an asset's number; InputError if the epoch has none."""
        for i, record in enumerate(self.underlyings):
            if record.underlying == underlying:
                return RecordOpening(record, 1 + i)
        raise InputError("the epoch does not list this underlying")

    def open_expiry(self, prefix: int) -> RecordOpening[ExpiryRecord]:
        """The record of an expiry's prefix (`records.prefix`); InputError if there is none."""
        for i, record in enumerate(self.expiries):
            if record.prefix == prefix:
                return RecordOpening(record, 1 + self.shape.market_underlyings + i)
        raise InputError("the epoch does not list this expiry (not listed, or expired)")

    @cached_property
    def _index(self) -> Mapping[int, int]:
        return {row.key: i for i, row in enumerate(self.rows)}


def table_shape(shape: PortfolioShape) -> PortfolioShape:
    """The shape with what only accounts have at its default: all classes share one epoch."""
    sizes = {name: getattr(shape, name) for name in TABLE_SIZES}
    return PortfolioShape(SIZE_CLASSES[0], **sizes)


def cap_root(cap: Sequence[int]) -> int:
    """The tree's root over its cap."""
    return poseidon_sponge([TAG_CAP, *cap])


def epoch_root(tree_root: int, params_digest: int, timestamp: int, venue: int) -> int:
    """The root over a tree."""
    return poseidon([TAG_EPOCH, tree_root, params_digest, timestamp, venue])


def cap_of(
    shape: PortfolioShape,
    scenarios: int,
    underlyings: Sequence[int],
    expiries: Sequence[int],
    leaves: Sequence[int],
) -> tuple[int, ...]:
    """The cap from the hashes below it."""
    cap = list(range(1, shape.cap_entries + 1))
    cap[0] = scenarios
    for start, found in (
        (1, underlyings),
        (1 + shape.market_underlyings, expiries),
        (shape.records, _nodes(leaves, shape.arity)),
    ):
        cap[start : start + len(found)] = found
    return tuple(cap)


def _nodes(leaves: Sequence[int], arity: int) -> list[int]:
    """The nodes that have a row below them."""
    if not leaves:
        return []
    padded = [*leaves, *[0] * (-len(leaves) % arity)]
    return from_limbs(engine.poseidon(to_limbs(padded).reshape(-1, arity, 4)))


def hash_many(inputs: Sequence[Sequence[int]]) -> list[int]:
    """The sponge of many lists, in one call of the engine for each length and chunk."""
    hashes = [0] * len(inputs)
    for width in {len(values) for values in inputs}:
        chosen = [i for i, values in enumerate(inputs) if len(values) == width]
        flat = to_limbs(value for i in chosen for value in inputs[i]).reshape(-1, width, 4)
        state: Limbs | None = None
        for start in range(0, width, RATE):
            chunk = np.ascontiguousarray(flat[:, start : start + RATE])
            state = engine.poseidon(chunk, state)
        assert state is not None  # a row has elements
        for i, value in zip(chosen, from_limbs(state), strict=True):
            hashes[i] = value
    return hashes
