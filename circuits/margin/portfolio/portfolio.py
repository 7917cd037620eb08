"""Portfolio margin in the circuit: the statements `MeetsPortfolio` and `PortfolioLiquidatable`.

Source: the project's margin specification, "Model P"; `model.py` is the same in plain integers and
`constants.py` has the units. Notation: x_u the worst of an underlying's scenario PnLs and its
basis, mF_u its loss factor:

    margin = sum_u mF_u x_u + value of all legs + cash - contingencies        at 1e-43

The prover shows, of a committed account and a committed epoch:

    1. the commitment opens to the account id, all legs at full class size, the cash and the salt;
    2. in each list used legs come first and keys increase; an empty leg is zero in every part;
    3. every used leg opens the epoch's row or record of its own key, and no other kind's;
    4. all magnitudes together are below 2^sum_bits, so that no lane of a sum leaves its width;
    5. MeetsPortfolio: margin - charge >= buffer.   PortfolioLiquidatable: margin + charge < 0.

The charge covers what the epoch's values may be off by. In MeetsPortfolio x is at most every
scenario's PnL and the basis, in PortfolioLiquidatable it is one of them, named by the prover: since
mF >= 0, a larger x makes that claim harder. All else is exact in both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from circuits.gadgets.compare import assert_le, is_zero
from circuits.gadgets.hash import poseidon, poseidon_sponge
from circuits.gadgets.order import ordered_slots
from circuits.gadgets.pack import pack, with_sign
from circuits.gadgets.select import select
from circuits.margin import constants as linear
from circuits.margin.instrument import KIND_BITS, OPTION, UNDERLYING_BITS
from circuits.margin.portfolio import constants as c
from circuits.margin.portfolio.collaterals import Collaterals, collaterals
from circuits.margin.portfolio.expiries import Expiry, expiry, future
from circuits.margin.portfolio.legs import (
    ExpiryLeg,
    Held,
    OptionSlot,
    UnderlyingLeg,
    assert_priced,
    sizes,
    trusted,
)
from circuits.margin.portfolio.opening import (
    assert_epoch,
    assert_opened,
    expiry_words,
    held_words,
    option_words,
    underlying_words,
)
from circuits.margin.portfolio.options import Options, options
from circuits.margin.portfolio.scenarios import at_most, chosen, profits
from circuits.margin.portfolio.shape import PortfolioShape
from circuits.networks import switches
from zk.compiler.declare import Circuit, private, public
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.types import Bool, Field, Int, Uint

_ASSET_SHIFT = linear.TIME_BITS + KIND_BITS


@dataclass(frozen=True)
class Sums:
    """What both statements compare. `outcomes` are an underlying's PnLs and, last, its basis."""

    outcomes: list[list[Int]]  # 1e-37
    factors: list[Int]  # mF, 1e-6
    rest: Int  # margin without sum mF x, 1e-43
    charge: Int  # 1e-43


@dataclass(frozen=True)
class Perpetual:
    """An underlying's perpetual: its quantity, and the bit that it is held."""

    quantity: Int
    held: Bool


class PortfolioMargin(Circuit):
    """What the statements share: the committed account, opened against the epoch."""

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
    held: list[Held] = private(count="collaterals")

    damping: list[Uint] = private(bits=c.DAMPING_BITS, count="lanes")
    shock: list[Field] = private(count="lanes")
    timestamp: Field = private()
    venue: Field = private()
    cap: list[Field] = private(count="cap_entries")
    crossed: list[Field] = private(count="switches")  # what leaves each switch above

    kind = ""  # of the statement, as the compiled file records it

    def __init__(self, shape: PortfolioShape) -> None:
        self.shape = shape
        self.__dict__.update(sizes(shape))
        self.underlyings, self.options = shape.underlyings, shape.options
        self.collaterals, self.lanes = shape.collaterals, shape.lanes
        self.cap_entries = shape.cap_entries
        self.switches = switches(shape.openings + shape.cap_entries)

    @property
    def name(self) -> str:
        return f"{type(self).__name__} {self.shape.size_class}"

    def metadata(self) -> dict[str, Any]:
        return {"statement": self.kind, "shape": asdict(self.shape)}

    def sums(self, cs: ConstraintSystem, maintenance: Bool) -> Sums:
        """Both sides of the inequality but for the choice of x, after obligations 1 to 4."""
        with cs.obligation("underlyings"):
            ids = [leg.asset for leg in self.underlying]
            assets, listed = ordered_slots(cs, ids, UNDERLYING_BITS)
        with cs.obligation("expiries"):
            prefixes, used = ordered_slots(cs, [leg.prefix for leg in self.expiry], c.PREFIX_BITS)
        belongs = [self._belongs(cs, e, used[e], assets, listed) for e in range(len(self.expiry))]
        perpetuals = [
            self._perpetual(cs, u, leg, listed[u]) for u, leg in enumerate(self.underlying)
        ]
        slots = options(cs, self.option, prefixes, used)
        holdings = collaterals(cs, self.held, maintenance, assets, listed)
        with cs.obligation("the commitment opens to the account"):
            words = [
                *underlying_words(cs, self.underlying, assets),
                *expiry_words(cs, self.expiry, prefixes),
                *option_words(cs, self.option, slots.ranks),
                *held_words(cs, self.held, holdings.assets),
            ]
            self._assert_commitment(cs, words)
        with cs.obligation("every used leg opens the epoch"):
            self._assert_opened(cs, listed, used, slots, holdings)
        with cs.obligation("a damping is at most 1"):
            for damping in self.damping:
                assert_le(cs, damping, c.DAMPING_ONE)
        shocks = [trusted(cs, shock, c.SHOCK_BITS) - c.SHOCK_ONE for shock in self.shock]
        parts = []
        for e, leg in enumerate(self.expiry):
            with cs.obligation(f"expiry[{e}]"):
                quantity = future(cs, leg, used[e])
                parts.append(
                    expiry(
                        cs,
                        leg,
                        quantity,
                        slots.words[e],
                        shocks,
                        skews=self.shape.skews,
                        sum_bits=self.shape.sum_bits,
                    )
                )
        with cs.obligation("all magnitudes together are in range"):
            magnitudes = [
                *(leg.magnitude for leg in self.underlying),
                *(leg.magnitude for leg in self.expiry),
                *(slot.magnitude for slot in self.option),
            ]
            cs.assert_range(_total(cs, magnitudes), self.shape.sum_bits)
        outcomes = self._outcomes(cs, belongs, perpetuals, parts, holdings, shocks)
        factors = [
            _either(cs, maintenance, leg.loss_maintenance, leg.loss_initial)
            for leg in self.underlying
        ]
        rest = self.cash * c.CASH_SCALE + self._value(cs, perpetuals, parts, holdings)
        rest = rest - self._contingencies(cs, maintenance, belongs, perpetuals, slots, holdings)
        charge = self._charge(cs, maintenance, belongs, slots, holdings)
        return Sums(outcomes, factors, rest, charge)

    def _belongs(
        self, cs: ConstraintSystem, e: int, used: Bool, assets: list[Uint], listed: list[Bool]
    ) -> list[Bool]:
        """To which underlying the expiry belongs; to none if it is not used."""
        leg = self.expiry[e]
        bits = leg.belongs or [used]
        with cs.obligation(f"expiry[{e}]"), cs.obligation("it is an expiry of an underlying"):
            if leg.belongs:
                cs.assert_equal(_total(cs, bits), used)
            number = _total(cs, [bit * asset for bit, asset in zip(bits, assets, strict=True)])
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

    def _assert_commitment(self, cs: ConstraintSystem, words: Sequence[Field]) -> None:
        opened = [
            cs.constant(self.shape.class_tag),
            self.account,
            self.sequence,
            poseidon_sponge(cs, words),
            self.cash,
            self.salt,
        ]
        cs.assert_equal(poseidon(cs, opened), self.commitment)

    def _assert_opened(
        self,
        cs: ConstraintSystem,
        listed: list[Bool],
        used: list[Bool],
        slots: Options,
        holdings: Collaterals,
    ) -> None:
        """The cap is the epoch's, and what the legs open stands in it."""
        scenarios: list[Field] = [cs.constant(c.RECORD_SCENARIOS << c.TAG_LANE)]
        for damping, shock in zip(self.damping, self.shock, strict=True):
            scenarios.append(Field(cs, damping.lc) + shock * (1 << c.SHOCK_LANE))
        header = [self.params_digest, self.timestamp, self.venue]
        assert_epoch(cs, self.cap, scenarios, header, self.epoch_root)
        entries = [
            *((poseidon(cs, leg.record(cs)), listed[u]) for u, leg in enumerate(self.underlying)),
            *((poseidon(cs, leg.record(cs)), used[e]) for e, leg in enumerate(self.expiry)),
            *zip(slots.nodes, slots.ranks.used, strict=True),
            *zip(holdings.nodes, holdings.used, strict=True),
        ]
        assert_opened(cs, entries, self.cap, self.crossed)

    def _outcomes(
        self,
        cs: ConstraintSystem,
        belongs: list[list[Bool]],
        perpetuals: list[Perpetual],
        parts: list[Expiry],
        holdings: Collaterals,
        shocks: list[Int],
    ) -> list[list[Int]]:
        """Of each underlying the PnL in every lane, then the basis."""
        outcomes = []
        for u, (leg, perpetual) in enumerate(zip(self.underlying, perpetuals, strict=True)):
            bits = [of_expiry[u] for of_expiry in belongs]
            with cs.obligation(f"underlying[{u}]"):
                notional = perpetual.quantity * trusted(cs, leg.price, c.PRICE_BITS)
                notional = notional + self._mine(cs, bits, [part.notional for part in parts])
                notional = notional + holdings.cancelling[u]
                changes = [
                    self._mine(cs, bits, [part.changes[lane] for part in parts])
                    for lane in range(self.lanes)
                ]
                found = profits(cs, changes, notional, shocks, self.damping)
                basis = self._mine(cs, bits, [part.basis for part in parts]) * c.BASIS_SCALE
                outcomes.append([*found, basis])
        return outcomes

    def _mine(self, cs: ConstraintSystem, bits: Sequence[Bool], values: Sequence[Int]) -> Int:
        """The sum of what belongs to an underlying; an unused expiry's value is zero."""
        if self.underlyings == 1:
            return _total(cs, values)
        return _total(cs, [bit * value for bit, value in zip(bits, values, strict=True)])

    def _value(
        self,
        cs: ConstraintSystem,
        perpetuals: list[Perpetual],
        parts: list[Expiry],
        holdings: Collaterals,
    ) -> Int:
        """What all legs are worth without shocks, entry prices being in the cash; 1e-43."""
        value = _total(cs, [part.mark for part in parts]) + holdings.value
        owed: Int = cs.constant(0)
        for leg, perpetual in zip(self.underlying, perpetuals, strict=True):
            value = value + perpetual.quantity * trusted(cs, leg.price, c.PRICE_BITS)
            index = trusted(cs, leg.funding, linear.FUNDING_BITS) - linear.FUNDING_OFFSET
            owed = owed + perpetual.quantity * (index - leg.settled)
        return value * c.VALUE_SCALE - owed * c.FUNDING_SCALE

    def _contingencies(
        self,
        cs: ConstraintSystem,
        maintenance: Bool,
        belongs: list[list[Bool]],
        perpetuals: list[Perpetual],
        slots: Options,
        holdings: Collaterals,
    ) -> Int:
        """Charges on notionals: perpetuals, naked shorts, confidences, haircuts; 1e-43."""
        total = holdings.haircut
        for u, (leg, perpetual) in enumerate(zip(self.underlying, perpetuals, strict=True)):
            bits = [of_expiry[u] for of_expiry in belongs]
            with cs.obligation(f"underlying[{u}]"), cs.obligation("contingencies"):
                on_top = ~maintenance
                rates = [
                    trusted(cs, base, c.FACTOR_BITS) + on_top * trusted(cs, more, c.FACTOR_BITS)
                    for base, more in (
                        (leg.perpetual_maintenance, leg.perpetual_initial),
                        (leg.option_maintenance, leg.option_initial),
                    )
                ]
                charged = leg.magnitude * rates[0] + self._naked(cs, slots, bits) * rates[1]
                doubts = []
                for part, magnitude in zip(self.expiry, slots.magnitudes, strict=True):
                    plain = trusted(cs, part.confidence, c.FACTOR_BITS)
                    with_perpetual = trusted(cs, part.confidence_perpetual, c.FACTOR_BITS)
                    rate = select(cs, perpetual.held, with_perpetual, plain)
                    doubts.append(magnitude * rate)
                charged = charged + on_top * self._mine(cs, bits, doubts)
                total = total + charged * trusted(cs, leg.spot, c.PRICE_BITS)
        return total * c.RATE_SCALE

    def _naked(self, cs: ConstraintSystem, slots: Options, bits: Sequence[Bool]) -> Int:
        """Naked shorts of an underlying."""
        if self.underlyings == 1:
            return _total(cs, slots.naked)
        by_expiry = []
        for e in range(len(self.expiry)):
            own = zip(self.option, slots.naked, strict=True)
            by_expiry.append(_total(cs, [slot.expiry[e] * naked for slot, naked in own]))
        return self._mine(cs, bits, by_expiry)

    def _charge(
        self,
        cs: ConstraintSystem,
        maintenance: Bool,
        belongs: list[list[Bool]],
        slots: Options,
        holdings: Collaterals,
    ) -> Int:
        """What the epoch's values may be off by, for all quantities; 1e-43."""
        held = [
            options + leg.magnitude
            for options, leg in zip(slots.magnitudes, self.expiry, strict=True)
        ]
        total = holdings.charge
        for u, leg in enumerate(self.underlying):
            with cs.obligation(f"underlying[{u}]"), cs.obligation("charge"):
                magnitude = leg.magnitude + self._mine(cs, [b[u] for b in belongs], held)
                magnitude = magnitude + holdings.moving[u]
                rate = _either(cs, maintenance, leg.charge_maintenance, leg.charge_initial)
                total = total + magnitude * rate
        return total * c.CHARGE_SCALE


class MeetsPortfolio(PortfolioMargin):
    """The committed account meets its initial or maintenance margin with a buffer to spare."""

    claim: Field = public()  # mode + 2^8 buffer, mode 0 initial, 1 maintenance

    maintenance: Bool = private()
    buffer: Uint = private(bits=linear.BUFFER_BITS)  # whole quote units
    worst: list[Field] = private(count="underlyings")  # x, 1e-37

    kind = "portfolio meets"

    def define(self, cs: ConstraintSystem) -> None:
        with cs.obligation("the claim holds mode and buffer"):
            lanes: list[tuple[Uint, int]] = [(self.maintenance, 8), (self.buffer, 48)]
            cs.assert_equal(pack(cs, lanes), self.claim)
        sums = self.sums(cs, self.maintenance)
        margin = sums.rest - sums.charge
        for u, (x, factor) in enumerate(zip(self.worst, sums.factors, strict=True)):
            with cs.obligation(f"underlying[{u}]"):
                margin = margin + at_most(cs, x, sums.outcomes[u]) * factor
        with cs.obligation("the margin covers the buffer"):
            cs.assert_non_negative(margin - self.buffer * c.BUFFER_SCALE)


class PortfolioLiquidatable(PortfolioMargin):
    """The committed account is below its maintenance margin."""

    liquidator: Field = public(context=True)

    choice: list[Bool] = private(count="choices_of_x")

    kind = "portfolio liquidatable"

    def __init__(self, shape: PortfolioShape) -> None:
        super().__init__(shape)
        self.choices_of_x = shape.underlyings * (shape.lanes + 1)

    def define(self, cs: ConstraintSystem) -> None:
        sums = self.sums(cs, cs.assert_bool(cs.constant(1)))
        margin = sums.rest + sums.charge
        count = self.lanes + 1
        for u, factor in enumerate(sums.factors):
            with cs.obligation(f"underlying[{u}]"):
                choice = self.choice[u * count : (u + 1) * count]
                margin = margin + chosen(cs, choice, sums.outcomes[u]) * factor
        with cs.obligation("the margin is below zero"):
            cs.assert_non_negative(-margin - 1)


#: The statements by the name that files and the command line use.
STATEMENTS: dict[str, type[PortfolioMargin]] = {
    "portfolio meets": MeetsPortfolio,
    "portfolio liquidatable": PortfolioLiquidatable,
}


def _either(cs: ConstraintSystem, maintenance: Bool, if_so: Field, otherwise: Field) -> Int:
    """A rate of the mode in use."""
    rate = select(
        cs, maintenance, trusted(cs, if_so, c.FACTOR_BITS), trusted(cs, otherwise, c.FACTOR_BITS)
    )
    return cs.number(rate.lc, 0, (1 << c.FACTOR_BITS) - 1)


def _total(cs: ConstraintSystem, terms: Sequence[Int]) -> Int:
    total: Int = cs.constant(0)
    for term in terms:
        total = total + term
    return total
