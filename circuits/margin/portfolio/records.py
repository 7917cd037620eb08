"""Rows and records of an epoch, and the field elements they are hashed as.

Source: the project's margin specification, "The epoch table". A row says what one option or one
collateral is worth, a record what holds for an expiry, an underlying, or all scenarios. With
`sponge` Poseidon's chained form (one permutation up to 16 elements), each is hashed as

    option      key + 2^120 * ROW_OPTION, two lanes an element: v + 2^112 * w,
                (delta + 1) + 2^112 * vega
    collateral  key + 2^120 * ROW_HELD + 2^128 * cancels, price, rate MM, rate IM
    expiry      prefix + 2^120 * RECORD_EXPIRY, discount of value held, of value owed,
                basis factor, forward's variable part, forward, confidence rate, that with a perp
    underlying  number + 2^120 * RECORD_UNDERLYING, spot, perpetual's price, funding + 2^95,
                loss factor IM, MM, perpetual rate MM, IM, option rate MM, IM, charge IM, MM
    scenarios   2^120 * RECORD_SCENARIOS, for each lane damping + 2^20 * shock

The tag stands in the first element, so none opens as another. Units: constants.py. IM rates of a
collateral are whole, those of perpetuals and options come on top of MM.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar, Final, NamedTuple

from circuits.margin.constants import FUNDING_BITS, FUNDING_OFFSET
from circuits.margin.instrument import (
    COLLATERAL,
    EXPIRY_BITS,
    KEY_BITS,
    OPTION,
    UNDERLYING_BITS,
    Instrument,
)
from circuits.margin.portfolio.constants import (
    BASIS_BITS,
    CANCELS_LANE,
    CHARGE_BITS,
    DAMPING_ONE,
    DELTA_ONE,
    DISCOUNT_BITS,
    FACTOR_BITS,
    LANE_WIDTH,
    PREFIX_BITS,
    PRICE_BITS,
    RECORD_EXPIRY,
    RECORD_SCENARIOS,
    RECORD_UNDERLYING,
    ROW_HELD,
    ROW_OPTION,
    SHOCK_BITS,
    SHOCK_LANE,
    STRIKE_RIGHT_BITS,
    TAG_LANE,
    VALUE_BITS,
    VEGA_BITS,
)
from zk.errors import InputError

TAG_BITS: Final = CANCELS_LANE - TAG_LANE
_LANE_MASK: Final = (1 << LANE_WIDTH) - 1


def prefix(underlying: int, expiry: int) -> int:
    """What the keys of an expiry's options have above the strike."""
    return Instrument(underlying, OPTION, expiry).key >> STRIKE_RIGHT_BITS


def tagged(tag: int, key: int = 0) -> int:
    """The first element of a row or a record."""
    return key + (tag << TAG_LANE)


def tag_of(first: int) -> int:
    """The tag in a first element; only a collateral's has something above it."""
    return first >> TAG_LANE & ((1 << TAG_BITS) - 1)


def pack(low: int, high: int) -> int:
    """Two lanes in one element."""
    return low + (high << LANE_WIDTH)


def unpack(element: int) -> tuple[int, int]:
    """The two lanes of an element; the upper one is whatever is left."""
    return element & _LANE_MASK, element >> LANE_WIDTH


class OptionRow(NamedTuple):
    """An option's values (1e-8) in every lane, delta (1e-8, signed) and vega (1e-8 per 1.00)."""

    key: int
    values: tuple[int, ...]
    delta: int
    vega: int

    def elements(self) -> list[int]:
        lanes = zip(self.values[::2], self.values[1::2], strict=True)
        greeks = pack(self.delta + DELTA_ONE, self.vega)
        return [tagged(ROW_OPTION, self.key), *(pack(*pair) for pair in lanes), greeks]

    def fault(self) -> str:
        """What is out of range, or nothing."""
        for lane, value in enumerate(self.values):
            if not 0 <= value < 1 << VALUE_BITS:
                return f"lane {lane} is wider than {VALUE_BITS} bits"
        if not -DELTA_ONE <= self.delta <= DELTA_ONE:
            return "delta is not from -1 to 1"
        if not 0 <= self.vega < 1 << VEGA_BITS:
            return f"vega is wider than {VEGA_BITS} bits"
        return _key_fault(self.key, OPTION)


class CollateralRow(NamedTuple):
    """A collateral's price (1e-8) and haircut rates (1e-6): at MM, and the whole one at IM.

    `cancels` is the number of the underlying with whose scenarios the price moves, 0 if none.
    """

    key: int
    price: int
    maintenance: int
    initial: int
    cancels: int

    def elements(self) -> list[int]:
        first = tagged(ROW_HELD, self.key) + (self.cancels << CANCELS_LANE)
        return [first, self.price, self.maintenance, self.initial]

    def fault(self) -> str:
        """What is out of range, or nothing."""
        if not 0 < self.price < 1 << PRICE_BITS:
            return f"the price is zero or wider than {PRICE_BITS} bits"
        if not 0 <= self.maintenance <= self.initial < 1 << FACTOR_BITS:
            return f"the rates do not rise from MM to IM within {FACTOR_BITS} bits"
        if not 0 <= self.cancels < 1 << UNDERLYING_BITS:
            return f"what it cancels is wider than {UNDERLYING_BITS} bits"
        return _key_fault(self.key, COLLATERAL)


Row = OptionRow | CollateralRow


@dataclass(frozen=True)
class ExpiryRecord:
    """What holds for all options and futures of one expiry."""

    prefix: int
    discount_long: int
    discount_short: int
    basis_factor: int
    forward_variable: int
    forward: int
    confidence_rate: int
    confidence_rate_perpetual: int  # if the account holds the underlying's perpetual

    tag: ClassVar[int] = RECORD_EXPIRY
    widths: ClassVar[tuple[int, ...]] = (
        PREFIX_BITS,
        DISCOUNT_BITS,
        DISCOUNT_BITS,
        BASIS_BITS,
        PRICE_BITS,
        PRICE_BITS,
        FACTOR_BITS,
        FACTOR_BITS,
    )

    def __post_init__(self) -> None:
        _check_widths(self)
        if self.forward_variable > self.forward or self.forward == 0:
            raise InputError("a forward is above zero, its variable part at most the forward")

    @property
    def underlying(self) -> int:
        return self.prefix >> (PREFIX_BITS - UNDERLYING_BITS)

    @property
    def expiry(self) -> int:
        return self.prefix & ((1 << EXPIRY_BITS) - 1)

    def elements(self) -> list[int]:
        return _elements(self)


@dataclass(frozen=True)
class UnderlyingRecord:
    """What holds for all legs of one underlying. No perpetual: price 0, which no leg may have."""

    underlying: int
    spot: int
    perpetual_price: int
    funding: int  # signed
    loss_initial: int
    loss_maintenance: int
    perpetual_maintenance: int
    perpetual_initial: int
    option_maintenance: int
    option_initial: int
    charge_initial: int
    charge_maintenance: int

    tag: ClassVar[int] = RECORD_UNDERLYING
    widths: ClassVar[tuple[int, ...]] = (
        UNDERLYING_BITS,
        PRICE_BITS,
        PRICE_BITS,
        FUNDING_BITS,
        *[FACTOR_BITS] * 6,
        *[CHARGE_BITS] * 2,
    )

    def __post_init__(self) -> None:
        _check_widths(self)
        if self.underlying == 0 or self.spot == 0:
            raise InputError("an underlying's number and spot are above zero")

    def elements(self) -> list[int]:
        return _elements(self)


class LaneEntry(NamedTuple):
    """A scenario's shock and damping (1e-6).

    Damping 0 is a lane that is no scenario: its PnL of 0 is never below the basis.
    """

    shock: int
    damping: int


@dataclass(frozen=True)
class ScenarioRecord:
    """The scenario of every lane; one for all underlyings."""

    lanes: tuple[LaneEntry, ...]

    tag: ClassVar[int] = RECORD_SCENARIOS

    def __post_init__(self) -> None:
        for i, entry in enumerate(self.lanes):
            if not 0 < entry.shock < 1 << SHOCK_BITS or not 0 <= entry.damping <= DAMPING_ONE:
                raise InputError("a shock is above zero, a damping from 0 to 1", f"lanes[{i}]")

    def elements(self) -> list[int]:
        packed = (lane.damping + (lane.shock << SHOCK_LANE) for lane in self.lanes)
        return [tagged(self.tag), *packed]


Record = ExpiryRecord | UnderlyingRecord | ScenarioRecord


def _elements(record: ExpiryRecord | UnderlyingRecord) -> list[int]:
    values: list[int] = [getattr(record, field.name) for field in fields(record)]
    if isinstance(record, UnderlyingRecord):
        values[3] += FUNDING_OFFSET
    return [tagged(record.tag, values[0]), *values[1:]]


def _check_widths(record: ExpiryRecord | UnderlyingRecord) -> None:
    for field, bits in zip(fields(record), record.widths, strict=True):
        value = getattr(record, field.name)
        if field.name == "funding":
            value += FUNDING_OFFSET
        if not 0 <= value < 1 << bits:
            raise InputError(f"does not fit {bits} bits", field.name)


def _key_fault(key: int, kind: int) -> str:
    try:
        found = Instrument.from_key(key)
    except InputError:
        return f"the key is no instrument's (of {KEY_BITS} bits)"
    return "" if found.kind == kind else "the tag is not that of the key's kind"
