"""Greek limits in the circuit: the statement `GreekLimits`, on the account and epoch of the others.

Source: the project's margin specification, "Statements"; `exposure.py` is the same in plain
integers and says what counts. The prover shows, of a committed account and a committed epoch:

    1. the commitment opens to the account id, all legs at full class size, the cash and the salt;
    2. underlyings, expiries and options are in order; an empty leg is zero in every part;
    3. each of them opens the epoch's row or record of its own key;
    4. all magnitudes together are below 2^sum_bits, so that no lane of a sum leaves its width;
    5. of every underlying in scope |net delta| and |net vega| are within the public limits.

Values in the scenarios are hashed with their row and never unpacked. Collaterals do not count, so
that of them the commitment's words are enough.
"""

from __future__ import annotations

from collections.abc import Sequence

from circuits.gadgets.compare import assert_le, is_equal, is_zero
from circuits.gadgets.lanes import Lanes, unpack
from circuits.gadgets.pack import pack
from circuits.margin.instrument import UNDERLYING_BITS
from circuits.margin.portfolio import constants as c
from circuits.margin.portfolio.exposure import GREEKS, LIMIT_BITS, LIMIT_SCALE, MODE_BITS
from circuits.margin.portfolio.positions import PortfolioPositions, Positions
from circuits.margin.portfolio.sums import field_total
from zk.compiler.declare import private, public
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.types import Field, Int, Uint


class GreekLimits(PortfolioPositions):
    """The committed account's net delta and vega are within public limits."""

    claim: Field = public()  # 2 + 2^8 scope + 2^24 limit on delta + 2^72 limit on vega

    scope: Uint = private(bits=UNDERLYING_BITS)  # an underlying's number, or 0 for all
    delta_limit: Uint = private(bits=LIMIT_BITS)  # whole units of the underlying
    vega_limit: Uint = private(bits=LIMIT_BITS)  # whole quote units per 1.00 of volatility

    kind = "portfolio greeks"

    def define(self, cs: ConstraintSystem) -> None:
        with cs.obligation("the claim holds scope and limits"):
            lanes: list[tuple[Uint, int]] = [
                (cs.proven(cs.constant(GREEKS), GREEKS, GREEKS), MODE_BITS),
                (self.scope, UNDERLYING_BITS),
                (self.delta_limit, LIMIT_BITS),
                (self.vega_limit, LIMIT_BITS),
            ]
            cs.assert_equal(pack(cs, lanes), self.claim)
        held = self.positions(cs)
        everything = is_zero(cs, self.scope)
        for u, (delta, vega) in enumerate(self._nets(cs, held)):
            with cs.obligation(f"underlying[{u}]"):
                in_scope = everything | is_equal(cs, self.scope, held.order.assets[u])
                for name, net, limit in (
                    ("net delta is within its limit", delta, self.delta_limit),
                    ("net vega is within its limit", vega, self.vega_limit),
                ):
                    with cs.obligation(name):
                        limited = in_scope * net
                        for side, value in (("upper", limited), ("lower", -limited)):
                            with cs.obligation(f"{side} limit"):
                                assert_le(cs, value, limit * LIMIT_SCALE)

    def _nets(self, cs: ConstraintSystem, held: Positions) -> list[list[Int]]:
        """Net delta and vega of each underlying, 1e-16."""
        # A used slot's element opens the epoch, so it is (delta + 1) + 2^112 vega, |delta| <= 1 and
        # vega in 48 bits. An unused slot's quantity is 0.
        weighted = [
            Field(cs, quantity.lc) * (slot.greeks - c.DELTA_ONE)
            for slot, quantity in zip(self.option, held.slots.quantities, strict=True)
        ]
        # The account's magnitudes add up to less than 2^sum_bits, those of options, futures and
        # perpetuals together, and none weighs more than 1 in delta and 2^48 - 1 in vega.
        most = (1 << self.shape.sum_bits) - 1
        intervals = tuple(
            (-most * unit, most * unit) for unit in (c.DELTA_ONE, (1 << c.VEGA_BITS) - 1)
        )
        nets = []
        for u, part in enumerate(self._by_underlying(cs, held, weighted)):
            with cs.obligation(f"underlying[{u}]"), cs.obligation("net delta and vega"):
                # A perpetual's delta is 1, and it has no vega.
                packed = part + Field(cs, held.order.perpetuals[u].quantity.lc) * c.DELTA_ONE
                nets.append(unpack(cs, Lanes(cs, packed, c.LANE_WIDTH, intervals)))
        return nets

    def _by_underlying(
        self, cs: ConstraintSystem, held: Positions, weighted: Sequence[Field]
    ) -> list[Field]:
        """Packed delta and vega of the options and futures of each underlying."""
        deltas = [Field(cs, quantity.lc) * c.DELTA_ONE for quantity in held.futures]
        if self.underlyings == 1:
            return [field_total(cs, [*weighted, *deltas])]
        by_expiry = []
        for e, own in enumerate(deltas):
            with cs.obligation(f"options of expiry[{e}]"):
                pairs = zip(self.option, weighted, strict=True)
                chosen = [Field(cs, slot.expiry[e].lc) * value for slot, value in pairs]
                by_expiry.append(field_total(cs, [*chosen, own]))
        found = []
        for u in range(self.underlyings):
            with cs.obligation(f"underlying[{u}]"):
                bits = [Field(cs, of_expiry[u].lc) for of_expiry in held.order.belongs]
                parts = zip(bits, by_expiry, strict=True)
                found.append(field_total(cs, [bit * value for bit, value in parts]))
        return found
