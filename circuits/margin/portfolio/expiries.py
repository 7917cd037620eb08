"""What each expiry of the account adds to the scenarios, the basis and the charges.

Source: the project's margin specification, "Model P". Notation for an expiry: V_s the value of its
options in lane s (1e-16), M = V_0, d the static discount (1e-15) of value held or owed, f the
notional of its future that moves with spot (1e-16), u_s the shock less 1 (1e-6):

    T_s   = V_s d(V_s >= 0) - 1e15 M                    in a skew lane -|T_s|          at 1e-31
    basis = min(U_up, U_down, 0) * factor,  U_s = 1e6 (V_s - M) + f u_s                at 1e-34
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from circuits.gadgets.arith import is_negative, minimum
from circuits.gadgets.compare import is_zero
from circuits.gadgets.pack import pack, with_sign
from circuits.gadgets.select import select
from circuits.margin.constants import QUANTITY_BITS
from circuits.margin.portfolio import constants as c
from circuits.margin.portfolio.legs import ExpiryLeg, assert_priced, trusted
from circuits.margin.portfolio.options import unpacked
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.types import Bool, Field, Int, Uint


@dataclass(frozen=True)
class Expiry:
    """An expiry's part of the sums."""

    future: Int  # its quantity
    mark: Int  # value of options and future, 1e-16
    changes: list[Int]  # T_s of every lane, 1e-31
    notional: Int  # f
    basis: Int  # 1e-34


def future(cs: ConstraintSystem, leg: ExpiryLeg, used: Bool) -> Int:
    """The quantity of the expiry's future: zero in one form, and in an unused leg."""
    with cs.obligation("an empty leg is zero in every part"):
        lanes: list[tuple[Uint, int]] = [(leg.magnitude, QUANTITY_BITS), (leg.short, 1)]
        cs.assert_product(~used, pack(cs, lanes), 0)
    empty = is_zero(cs, leg.magnitude)
    with cs.obligation("zero has no sign"):
        cs.assert_product(empty, leg.short, 0)
    with cs.obligation("a held future's price is not zero"):
        assert_priced(cs, leg.forward, ~empty)
    return with_sign(cs, leg.magnitude, leg.short)


def expiry(
    cs: ConstraintSystem,
    leg: ExpiryLeg,
    quantity: Int,
    words: Sequence[Field],
    shocks: Sequence[Int],
    *,
    skews: int,
    sum_bits: int,
) -> Expiry:
    """Constrain an expiry's part, given the packed sums of its rows and the shocks less 1.

    Requires: that all magnitudes of the account add up to less than 2^sum_bits.
    """
    with cs.obligation("values in the scenarios"):
        values = unpacked(cs, words, sum_bits)
    bound = values[0][0].hi
    mark = values[c.LANE_MARK][0]
    long = trusted(cs, leg.discount_long, c.DISCOUNT_BITS)
    short = trusted(cs, leg.discount_short, c.DISCOUNT_BITS)
    changes: list[Int] = []
    for i, (value, held) in enumerate(values):
        with cs.obligation(f"change in lane {i}"):
            discount = select(cs, held, long, short)
            change = value * discount - mark * c.DISCOUNT_ONE
            if i >= len(values) - skews:
                change = 2 * (is_negative(cs, change) * change) - change
                # -|T|, whichever sign T has.
                change = cs.number(change.lc, -bound * (long.hi + c.DISCOUNT_ONE), 0)
            changes.append(change)
    notional = quantity * trusted(cs, leg.forward_variable, c.PRICE_BITS)
    with cs.obligation("basis"):
        up, down = (
            (values[lane][0] - mark) * c.SHOCK_ONE + notional * shocks[lane]
            for lane in (c.LANE_UP, c.LANE_DOWN)
        )
        worst = minimum(cs, minimum(cs, up, down), cs.constant(0))
        basis = worst * trusted(cs, leg.basis_factor, c.BASIS_BITS)
    mark = mark + quantity * trusted(cs, leg.forward, c.PRICE_BITS)
    return Expiry(quantity, mark, changes, notional, basis)
