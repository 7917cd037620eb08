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
from dataclasses import dataclass

from circuits.gadgets.compare import assert_le
from circuits.gadgets.pack import pack
from circuits.gadgets.select import select
from circuits.margin import constants as linear
from circuits.margin.portfolio import constants as c
from circuits.margin.portfolio.collaterals import Collaterals, collaterals
from circuits.margin.portfolio.committed import CommittedPortfolio, Order, Perpetual
from circuits.margin.portfolio.expiries import Expiry, expiry, future
from circuits.margin.portfolio.legs import Held, trusted
from circuits.margin.portfolio.opening import (
    assert_epoch,
    assert_opened,
    assert_scenarios,
    expiry_words,
    held_words,
    option_words,
    underlying_words,
)
from circuits.margin.portfolio.options import Options, options
from circuits.margin.portfolio.scenarios import at_most, chosen, profits
from circuits.margin.portfolio.shape import PortfolioShape
from circuits.margin.portfolio.sums import total
from circuits.networks import switches
from zk.compiler.declare import private, public
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.types import Bool, Field, Int, Uint


@dataclass(frozen=True)
class Sums:
    """What both statements compare. `outcomes` are an underlying's PnLs and, last, its basis."""

    listed: list[Bool]  # by underlying: the leg is used
    outcomes: list[list[Int]]  # 1e-37
    factors: list[Int]  # mF, 1e-6
    rest: Int  # margin without sum mF x, 1e-43
    charge: Int  # 1e-43


class PortfolioMargin(CommittedPortfolio):
    """What the statements share: the committed account, opened against the epoch."""

    held: list[Held] = private(count="collaterals")

    damping: list[Uint] = private(bits=c.DAMPING_BITS, count="lanes")
    shock: list[Uint] = private(bits=c.SHOCK_BITS, count="lanes")
    timestamp: Field = private()
    venue: Field = private()
    cap: list[Field] = private(count="cap_entries")
    crossed: list[Field] = private(count="switches")  # what leaves each switch above

    def __init__(self, shape: PortfolioShape) -> None:
        super().__init__(shape)
        self.collaterals, self.lanes = shape.collaterals, shape.lanes
        self.switches = switches(shape.openings + shape.cap_entries)

    def sums(self, cs: ConstraintSystem, maintenance: Bool) -> Sums:
        """Both sides of the inequality but for the choice of x, after obligations 1 to 4."""
        order = self.ordered(cs)
        perpetuals, belongs = order.perpetuals, order.belongs
        slots = options(cs, self.option, order.prefixes, order.used)
        holdings = collaterals(cs, self.held, maintenance, order.assets, order.listed)
        with cs.obligation("the commitment opens to the account"):
            words = [
                *underlying_words(cs, self.underlying, order.assets),
                *expiry_words(cs, self.expiry, order.prefixes),
                *option_words(cs, self.option, slots.ranks),
                *held_words(cs, self.held, holdings.assets),
            ]
            self.assert_committed(cs, words)
        with cs.obligation("every used leg opens the epoch"):
            self._assert_opened(cs, order, slots, holdings)
        with cs.obligation("a damping is at most 1"):
            for damping in self.damping:
                assert_le(cs, damping, c.DAMPING_ONE)
        shocks = [shock - c.SHOCK_ONE for shock in self.shock]
        parts = []
        for e, leg in enumerate(self.expiry):
            with cs.obligation(f"expiry[{e}]"):
                quantity = future(cs, leg, order.used[e])
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
        self.assert_magnitudes(cs)
        outcomes = self._outcomes(cs, belongs, perpetuals, parts, holdings, shocks)
        factors = [
            _either(cs, maintenance, leg.loss_maintenance, leg.loss_initial)
            for leg in self.underlying
        ]
        rest = self.cash * c.CASH_SCALE + self._value(cs, perpetuals, parts, holdings)
        rest = rest - self._contingencies(cs, maintenance, belongs, perpetuals, slots, holdings)
        charge = self._charge(cs, maintenance, belongs, slots, holdings)
        return Sums(order.listed, outcomes, factors, rest, charge)

    def _assert_opened(
        self,
        cs: ConstraintSystem,
        order: Order,
        slots: Options,
        holdings: Collaterals,
    ) -> None:
        """The cap is the epoch's, and what the legs open stands in it."""
        assert_scenarios(cs, self.damping, self.shock, self.cap)
        header = [self.params_digest, self.timestamp, self.venue]
        assert_epoch(cs, self.cap, header, self.epoch_root)
        entries = [
            *self.records(cs, order),
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
            return total(cs, values)
        return total(cs, [bit * value for bit, value in zip(bits, values, strict=True)])

    def _value(
        self,
        cs: ConstraintSystem,
        perpetuals: list[Perpetual],
        parts: list[Expiry],
        holdings: Collaterals,
    ) -> Int:
        """What all legs are worth without shocks, entry prices being in the cash; 1e-43."""
        value = total(cs, [part.mark for part in parts]) + holdings.value
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
        summed = holdings.haircut
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
                summed = summed + charged * trusted(cs, leg.spot, c.PRICE_BITS)
        return summed * c.RATE_SCALE

    def _naked(self, cs: ConstraintSystem, slots: Options, bits: Sequence[Bool]) -> Int:
        """Naked shorts of an underlying."""
        if self.underlyings == 1:
            return total(cs, slots.naked)
        by_expiry = []
        for e in range(len(self.expiry)):
            own = zip(self.option, slots.naked, strict=True)
            by_expiry.append(total(cs, [slot.expiry[e] * naked for slot, naked in own]))
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
        summed = holdings.charge
        for u, leg in enumerate(self.underlying):
            with cs.obligation(f"underlying[{u}]"), cs.obligation("charge"):
                magnitude = leg.magnitude + self._mine(cs, [b[u] for b in belongs], held)
                magnitude = magnitude + holdings.moving[u]
                rate = _either(cs, maintenance, leg.charge_maintenance, leg.charge_initial)
                summed = summed + magnitude * rate
        return summed * c.CHARGE_SCALE


class MeetsPortfolio(PortfolioMargin):
    """The committed account meets its initial or maintenance margin with a buffer to spare."""

    claim: Field = public()  # mode + 2^8 buffer, mode 0 initial, 1 maintenance

    maintenance: Bool = private()
    buffer: Uint = private(bits=linear.BUFFER_BITS)  # whole quote units
    worst: list[Field] = private(count="underlyings")  # x, 1e-37

    kind = "portfolio meets"

    def define(self, cs: ConstraintSystem) -> None:
        with cs.obligation("the claim holds mode and buffer"):
            lanes: list[tuple[Uint, int]] = [
                (self.maintenance, 8),
                (self.buffer, linear.BUFFER_BITS),
            ]
            cs.assert_equal(pack(cs, lanes), self.claim)
        sums = self.sums(cs, self.maintenance)
        margin = sums.rest - sums.charge
        for u, (x, factor) in enumerate(zip(self.worst, sums.factors, strict=True)):
            with cs.obligation(f"underlying[{u}]"):
                with cs.obligation("an unused leg has no worst"):
                    # Its factor is of no record, so a negative x would be worth anything.
                    cs.assert_product(~sums.listed[u], x, 0)
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
