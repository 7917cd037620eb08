"""What every statement about a committed portfolio account begins with: its legs, in order.

Source: the project's margin specification, "Statements" and "What must be unsatisfiable". A
statement declares what else it reads of the account and the epoch, and opens the epoch with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from circuits.gadgets.compare import is_zero
from circuits.gadgets.hash import poseidon, poseidon_sponge
from circuits.gadgets.order import ordered_slots
from circuits.gadgets.pack import with_sign
from circuits.margin import constants as linear
from circuits.margin.instrument import KIND_BITS, OPTION, UNDERLYING_BITS
from circuits.margin.portfolio import constants as c
from circuits.margin.portfolio.legs import (
    ExpiryLeg,
    OptionSlot,
    UnderlyingLeg,
    assert_priced,
    sizes,
)
from circuits.margin.portfolio.shape import PortfolioShape
from circuits.margin.portfolio.sums import total
from zk.compiler.declare import Circuit, private, public
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.types import Bool, Field, Int, Uint

_ASSET_SHIFT = linear.TIME_BITS + KIND_BITS


@dataclass(frozen=True)
class Perpetual:
    """An underlying's perpetual: its quantity, and the bit that it is held."""

    quantity: Int
    held: Bool


@dataclass(frozen=True)
class Order:
    """The account's underlyings and expiries in order, and which expiry is of which underlying."""

    assets: list[Uint]
    listed: list[Bool]  # which underlyings are used
    prefixes: list[Uint]
    used: list[Bool]  # which expiries are
    belongs: list[list[Bool]]  # by expiry: the bit of its underlying, none of an unused one's
    perpetuals: list[Perpetual]


class CommittedPortfolio(Circuit):
    """A committed account and a committed epoch, as all portfolio statements see them."""

    domain: Field = public(context=True)
    account: Field = public()
    commitment: Field = public()
    epoch_root: Field = public()
    params_digest: Field = public()

    sequence: Field = private()
    salt: Field = private()
    cash: Int = private(bits=linear.CASH_BITS)
    underlying: list[UnderlyingLeg] = private(count="underlyings")
    expiry: list[ExpiryLeg] = private(count="expiries")
    option: list[OptionSlot] = private(count="options")

    kind = ""  # of the statement, as the compiled file records it

    def __init__(self, shape: PortfolioShape) -> None:
        self.shape = shape
        self.__dict__.update(sizes(shape))
        self.underlyings, self.options = shape.underlyings, shape.options
        self.cap_entries = shape.cap_entries

    @property
    def name(self) -> str:
        return f"{type(self).__name__} {self.shape.size_class}"

    def metadata(self) -> dict[str, Any]:
        return {"statement": self.kind, "shape": asdict(self.shape)}

    def ordered(self, cs: ConstraintSystem) -> Order:
        """Underlyings, with their perpetuals, and expiries: none twice, an unused one is zero."""
        with cs.obligation("underlyings"):
            ids = [leg.asset for leg in self.underlying]
            assets, listed = ordered_slots(cs, ids, UNDERLYING_BITS)
        with cs.obligation("expiries"):
            prefixes, used = ordered_slots(cs, [leg.prefix for leg in self.expiry], c.PREFIX_BITS)
        belongs = [self._belongs(cs, e, used[e], assets, listed) for e in range(len(self.expiry))]
        perpetuals = [
            self._perpetual(cs, u, leg, listed[u]) for u, leg in enumerate(self.underlying)
        ]
        return Order(assets, listed, prefixes, used, belongs, perpetuals)

    def _belongs(
        self, cs: ConstraintSystem, e: int, used: Bool, assets: list[Uint], listed: list[Bool]
    ) -> list[Bool]:
        """To which underlying the expiry belongs; to none if it is not used."""
        leg = self.expiry[e]
        bits = leg.belongs or [used]
        with cs.obligation(f"expiry[{e}]"), cs.obligation("it is an expiry of an underlying"):
            if leg.belongs:
                cs.assert_equal(total(cs, bits), used)
            number = total(cs, [bit * asset for bit, asset in zip(bits, assets, strict=True)])
            for bit, known in zip(bits, listed, strict=True):
                cs.assert_product(bit, ~known, 0)
            # prefix = asset, 4 bits of kind, 32 of time: what is left of it is the time.
            kind = used * (OPTION << linear.TIME_BITS)
            time = leg.prefix - Field(cs, number.lc) * (1 << _ASSET_SHIFT) - Field(cs, kind.lc)
            cs.assert_range(time, linear.TIME_BITS)
        return bits

    def _perpetual(self, cs: ConstraintSystem, u: int, leg: UnderlyingLeg, used: Bool) -> Perpetual:
        """The underlying's perpetual: zero in one form, and in an unused leg."""
        with cs.obligation(f"underlying[{u}]"):
            empty = is_zero(cs, leg.magnitude)
            with cs.obligation("an empty perpetual is zero in every part"):
                # Lanes of 1 and 96 bits side by side: the sum is 0 only if both are.
                cs.assert_product(empty, leg.short + leg.settled * 2, 0)
            with cs.obligation("an unused leg has no perpetual"):
                cs.assert_product(~used, leg.magnitude, 0)
            with cs.obligation("a held perpetual's price is not zero"):
                assert_priced(cs, leg.price, ~empty)
            return Perpetual(with_sign(cs, leg.magnitude, leg.short), ~empty)

    def assert_committed(self, cs: ConstraintSystem, words: Sequence[Field]) -> None:
        """The commitment opens to the account, these words of all legs, the cash and the salt."""
        opened = [
            cs.constant(self.shape.class_tag),
            self.account,
            self.sequence,
            poseidon_sponge(cs, words),
            self.cash,
            self.salt,
        ]
        cs.assert_equal(poseidon(cs, opened), self.commitment)

    def records(self, cs: ConstraintSystem, order: Order) -> list[tuple[Field, Bool]]:
        """The hash of every leg's record, which must stand in the cap where the leg is used."""
        return [
            *(
                (poseidon(cs, leg.record(cs)), known)
                for leg, known in zip(self.underlying, order.listed, strict=True)
            ),
            *(
                (poseidon(cs, leg.record(cs)), known)
                for leg, known in zip(self.expiry, order.used, strict=True)
            ),
        ]

    def assert_magnitudes(self, cs: ConstraintSystem) -> None:
        """All magnitudes together are below 2^sum_bits, so that no lane leaves its width."""
        with cs.obligation("all magnitudes together are in range"):
            magnitudes = [
                *(leg.magnitude for leg in self.underlying),
                *(leg.magnitude for leg in self.expiry),
                *(slot.magnitude for slot in self.option),
            ]
            cs.assert_range(total(cs, magnitudes), self.shape.sum_bits)
