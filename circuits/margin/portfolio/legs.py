"""The private inputs of a portfolio statement: the account's legs, each with what the epoch says.

Notation: m the magnitude of a quantity, `short` its sign. Fields of rows and records have no range
of their own: the epoch's root is trusted for their widths, and a leg that is not used is zero, so
that what stands beside it multiplies zero (`trusted`).
"""

from __future__ import annotations

from circuits.margin import constants as linear
from circuits.margin.instrument import UNDERLYING_BITS
from circuits.margin.portfolio import constants as c
from circuits.margin.portfolio.shape import PortfolioShape
from zk.compiler.declare import Struct, private
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.types import Bool, Field, Int, Uint


class UnderlyingLeg(Struct):
    """An underlying of the account, its perpetual, and the epoch's record of it."""

    asset: Uint = private(bits=UNDERLYING_BITS)  # 0 where the leg is not used
    magnitude: Uint = private(bits="sum_bits")
    short: Bool = private()
    settled: Int = private(bits=linear.FUNDING_BITS)

    spot: Field = private()
    price: Field = private()  # of the perpetual
    funding: Field = private()  # + 2^95
    loss_initial: Field = private()
    loss_maintenance: Field = private()
    perpetual_maintenance: Field = private()
    perpetual_initial: Field = private()
    option_maintenance: Field = private()
    option_initial: Field = private()
    charge_initial: Field = private()
    charge_maintenance: Field = private()

    def record(self, cs: ConstraintSystem) -> list[Field]:
        """The elements of the epoch's record."""
        return [
            self.asset + cs.constant(c.RECORD_UNDERLYING << c.TAG_LANE),
            self.spot,
            self.price,
            self.funding,
            self.loss_initial,
            self.loss_maintenance,
            self.perpetual_maintenance,
            self.perpetual_initial,
            self.option_maintenance,
            self.option_initial,
            self.charge_initial,
            self.charge_maintenance,
        ]


class ExpiryLeg(Struct):
    """An expiry of the account, its future, and the epoch's record of it."""

    prefix: Field = private()  # 0 where the leg is not used
    magnitude: Uint = private(bits="sum_bits")
    short: Bool = private()
    belongs: list[Bool] = private(count="choices")  # to which underlying, where there are several

    discount_long: Field = private()
    discount_short: Field = private()
    basis_factor: Field = private()
    forward_variable: Field = private()
    forward: Field = private()
    confidence: Field = private()
    confidence_perpetual: Field = private()

    def record(self, cs: ConstraintSystem) -> list[Field]:
        """The elements of the epoch's record."""
        return [
            self.prefix + (c.RECORD_EXPIRY << c.TAG_LANE),
            self.discount_long,
            self.discount_short,
            self.basis_factor,
            self.forward_variable,
            self.forward,
            self.confidence,
            self.confidence_perpetual,
        ]


class OptionSlot(Struct):
    """An option of the account: the expiry it is of, strike and right, quantity, and its row."""

    expiry: list[Bool] = private(count="expiries")  # one of them, or none where it is not used
    strike_right: Field = private()
    magnitude: Uint = private(bits="sum_bits")
    short: Bool = private()

    words: list[Field] = private(count="lane_words")
    greeks: Field = private()
    siblings: list[Field] = private(count="arity")

    def row(self, key: Field) -> list[Field]:
        """The elements of the epoch's row."""
        return [key + (c.ROW_OPTION << c.TAG_LANE), *self.words, self.greeks]


class Held(Struct):
    """A collateral of the account and its row."""

    asset: Uint = private(bits=UNDERLYING_BITS)  # 0 where the slot is not used
    quantity: Uint = private(bits="sum_bits")

    price: Field = private()
    maintenance: Field = private()
    initial: Field = private()
    cancels: Field = private()  # the underlying with whose scenarios the price moves
    siblings: list[Field] = private(count="arity")


def sizes(shape: PortfolioShape) -> dict[str, int]:
    """The sizes that the structs above name."""
    return {
        "sum_bits": shape.sum_bits,
        "choices": shape.underlyings if shape.underlyings > 1 else 0,
        "lane_words": shape.words,
        "arity": shape.arity,
        "expiries": shape.expiries,
    }


def trusted(cs: ConstraintSystem, value: Field, bits: int) -> Uint:
    """`value` as an integer of `bits` bits, which the epoch's root vouches for.

    It must be an element of a row or record by itself: of two that are packed in one, the root
    vouches for the packed one alone. Where the leg beside it is not used the value is anything, so
    the caller shows that whatever multiplies it is zero then.
    """
    return cs.proven(value, 0, (1 << bits) - 1)


def assert_priced(cs: ConstraintSystem, price: Field, held: Bool) -> None:
    """price is not 0 if `held` is 1; with or without a price if it is 0."""
    # A price of 0 gives 0 = held.
    cs.assert_product(price, cs.hint_quotient(held, price), held)
