"""What a margin statement says in public, and how an account's book becomes its private inputs.

Source: the project's margin specification, "Statements". The public inputs of both statements, in
order:

    domain         Poseidon(chain id, gate address, circuit digest)
    account        the account's id, below 2^160
    commitment     to the account's book, from the venue's ledger or the gate
    epoch root     of the market's table
    params digest  of the risk parameters
    meets: mode + 2^8 * buffer (0 IM, 1 MM; whole quote units)    liquidatable: the liquidator

A verifier builds them from what it knows itself; `publics` is the only place that orders them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from circuits.margin import commitment as committed
from circuits.margin import model
from circuits.margin.book import Book, Holding, Position
from circuits.margin.constants import (
    ACCOUNT_BITS,
    FUNDING_OFFSET,
    MAINTENANCE,
    MARK_LANE,
    MODES,
    ROW_COLLATERAL,
    ROW_INSTRUMENT,
)
from circuits.margin.epoch import Epoch
from circuits.margin.market import Market
from circuits.margin.params import RiskParams
from circuits.margin.shape import Shape
from circuits.margin.tiers import TierTable
from zk.errors import InputError
from zk.field import R
from zk.poseidon import poseidon

if TYPE_CHECKING:
    from circuits.margin.linear import Liquidatable, MeetsMargin

#: Names of the public inputs; the last is the statement's own.
PUBLIC_INPUTS = ("domain", "account", "commitment", "epoch_root", "params_digest")

Values = dict[str, Any]


def publics(
    domain: int, account: int, commitment: int, root: int, digest: int, own: int
) -> list[int]:
    """The public inputs of any margin statement, in order; `own` is the statement's last one."""
    if not 0 <= account < 1 << ACCOUNT_BITS:
        raise InputError("an account id is an integer below 2^160", "account")
    if not 0 <= commitment < R:
        raise InputError("a commitment is an integer below the field's order", "commitment")
    return [domain, account, commitment, root, digest, own]


def meets_margin(shape: Shape) -> MeetsMargin:
    """The circuit of `Claim` for a shape."""
    from circuits.margin.linear import MeetsMargin

    return MeetsMargin(shape)


def liquidatable(shape: Shape) -> Liquidatable:
    """The circuit of `LiquidationClaim` for a shape."""
    from circuits.margin.linear import Liquidatable

    return Liquidatable(shape)


@dataclass(frozen=True)
class Domain:
    """Where proofs are for: a chain id and the gate contract's address; 0, 0 off chain."""

    chain_id: int = 0
    gate: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.chain_id < 1 << 64:
            raise InputError("a chain id is an integer below 2^64", "chain_id")
        if not 0 <= self.gate < 1 << ACCOUNT_BITS:
            raise InputError("a gate address is an integer below 2^160", "gate")

    def value(self, circuit_digest: int) -> int:
        """The public input that binds a proof to this place and circuit."""
        return committed.domain(self.chain_id, self.gate, circuit_digest)


@dataclass(frozen=True)
class _Claim:
    """What both claims share: the place, the parameters and the market they are about."""

    domain: Domain
    params: RiskParams
    market: Market

    statement: ClassVar[str]
    last_input: ClassVar[str]

    @cached_property
    def epoch(self) -> Epoch:
        """The market's committed table under these parameters."""
        return self.market.epoch(self.params)

    def publics(self, circuit_digest: int, account: int, commitment: int) -> list[int]:
        """The six public inputs, in order."""
        return publics(
            self.domain.value(circuit_digest),
            account,
            commitment,
            self.epoch.root,
            self.params.digest,
            self._own_input(),
        )

    def inputs(self, shape: Shape, book: Book, salt: int, circuit_digest: int) -> Values:
        """Every input of the circuit for a book; secret. InputError if a row is missing."""
        if (book.position_slots, book.collateral_slots) != (shape.positions, shape.collaterals):
            raise InputError(
                f"the account is of class {book.size_class}, the circuit of {shape.size_class}: "
                "use the circuit of the account's class"
            )
        publics = self.publics(circuit_digest, book.account, committed.commitment(book, salt))
        values = book_inputs(shape, book, salt, self.epoch, self._mode())
        values |= dict(zip((*PUBLIC_INPUTS, self.last_input), publics, strict=True))
        return values | self._private()

    def holds(self, book: Book) -> bool:
        """Whether the claim is true of a book, by the integer model."""
        raise NotImplementedError

    def _own_input(self) -> int:
        raise NotImplementedError

    def _mode(self) -> int:
        return MAINTENANCE

    def _private(self) -> Values:
        return {}


@dataclass(frozen=True)
class Claim(_Claim):
    """The account meets its margin at `mode` (IM or MM) with `buffer` whole quote units to spare.

    The buffer must be on the parameters' public menu.
    """

    mode: str = "MM"
    buffer: int = 0

    statement = "meets"
    last_input = "claim"

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise InputError(f"must be one of {', '.join(MODES)}", "mode")
        self.params.buffer(self.buffer)

    def holds(self, book: Book) -> bool:
        return model.book_meets(book, self.epoch.by_key, MODES[self.mode], self.buffer)

    def _own_input(self) -> int:
        return MODES[self.mode] + (self.buffer << 8)

    def _mode(self) -> int:
        return MODES[self.mode]

    def _private(self) -> Values:
        return {"maintenance": MODES[self.mode], "buffer": self.buffer}


@dataclass(frozen=True)
class LiquidationClaim(_Claim):
    """The account is below its maintenance margin; `liquidator` is who may act on it."""

    liquidator: int = 0

    statement = "liquidatable"
    last_input = "liquidator"

    def __post_init__(self) -> None:
        if not 0 <= self.liquidator < 1 << ACCOUNT_BITS:
            raise InputError("an address is an integer below 2^160", "liquidator")

    def holds(self, book: Book) -> bool:
        return model.book_liquidatable(book, self.epoch.by_key)

    def _own_input(self) -> int:
        return self.liquidator


def book_inputs(shape: Shape, book: Book, salt: int, epoch: Epoch, mode: int) -> Values:
    """The private inputs that both statements have: account, openings, cap and header."""
    positions = [_position(shape, p, epoch, mode) for p in book.positions]
    holdings = [_holding(shape, h, epoch) for h in book.collaterals]
    return {
        "sequence": book.sequence,
        "salt": salt,
        "cash": book.cash,
        "position": positions + [_empty_position(shape)] * (shape.positions - len(positions)),
        "holding": holdings + [_empty_holding(shape)] * (shape.collaterals - len(holdings)),
        "timestamp": epoch.timestamp,
        "venue": epoch.venue,
        "cap": list(epoch.cap),
    }


def _position(shape: Shape, p: Position, epoch: Epoch, mode: int) -> Values:
    opening = epoch.open(p.key)
    row = opening.row
    return {
        "key": p.key,
        "magnitude": abs(p.quantity),
        "short": int(p.quantity < 0),
        "settled": p.funding,
        "mark": row.mark,
        "funding": row.funding,
        "table": _table(row.tables[mode], shape.requirement_tiers),
        "other": row.tables[1 - mode].words(shape.requirement_tiers),
        "siblings": list(opening.children),
    }


def _holding(shape: Shape, h: Holding, epoch: Epoch) -> Values:
    opening = epoch.open(h.key)
    return {
        "key": h.key,
        "quantity": h.quantity,
        "price": opening.row.mark,
        "table": _table(opening.row.tables[0], shape.haircut_tiers),
        "siblings": list(opening.children),
    }


def _table(table: TierTable, tiers: int) -> Values:
    increments = table.increments(tiers)
    return {
        "rate0": table.rates[0],
        "boundary": [boundary for boundary, _ in increments],
        "step": [step for _, step in increments],
    }


def _empty_position(shape: Shape) -> Values:
    """An unused slot: a row of zeros, which needs no opening, under a node of its own."""
    zeros = TierTable((0,)).words(shape.requirement_tiers)
    return {
        "key": 0,
        "magnitude": 0,
        "short": 0,
        "settled": 0,
        "mark": 0,
        "funding": 0,
        "table": _table(TierTable((0,)), shape.requirement_tiers),
        "other": zeros,
        "siblings": _alone(shape, ROW_INSTRUMENT, 2 * len(zeros)),
    }


def _empty_holding(shape: Shape) -> Values:
    words = len(TierTable((0,)).words(shape.haircut_tiers))
    return {
        "key": 0,
        "quantity": 0,
        "price": 0,
        "table": _table(TierTable((0,)), shape.haircut_tiers),
        "siblings": _alone(shape, ROW_COLLATERAL, words),
    }


def _alone(shape: Shape, tag: int, words: int) -> list[int]:
    """The children of a node that holds nothing but the leaf of the zero row."""
    leaf = poseidon([tag, 0, FUNDING_OFFSET << MARK_LANE, *[0] * words])
    return [leaf, *[0] * (shape.arity - 1)]
