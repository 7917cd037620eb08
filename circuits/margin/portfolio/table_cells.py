"""An epoch's file, entry by entry: a row or record as a list of decimal strings, and back.

The cells of an entry: its tag, what names it, its numbers, and last its hash.

    scenarios   tag, shock and damping of every lane, hash
    underlying  tag, number, spot, perpetual's price, funding index, loss factor IM, MM,
                perpetual rate MM, IM, option rate MM, IM, charge IM, MM, hash
    expiry      tag, underlying, expiry, discount of value held, of value owed, basis factor,
                forward's variable part, forward, confidence rate, that with a perpetual, hash
    option      tag, "option", underlying, expiry, strike, "C" or "P", lanes, delta, vega, hash
    collateral  tag, "collateral", number, price, rate MM, rate IM, what it cancels, hash
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final, Generic, TypeVar

from circuits.margin.constants import FUNDING_PLACES, PRICE_PLACES
from circuits.margin.decimals import format_decimal, parse_decimal
from circuits.margin.instrument import COLLATERAL, OPTION, Instrument
from circuits.margin.portfolio.constants import (
    BASIS_PLACES,
    CHARGE_PLACES,
    DAMPING_PLACES,
    DELTA_ONE,
    DELTA_PLACES,
    DISCOUNT_PLACES,
    FACTOR_PLACES,
    LANE_WIDTH,
    SHOCK_PLACES,
    VALUE_PLACES,
)
from circuits.margin.portfolio.names import RIGHTS
from circuits.margin.portfolio.records import (
    TAG_BITS,
    CollateralRow,
    ExpiryRecord,
    LaneEntry,
    OptionRow,
    Record,
    Row,
    ScenarioRecord,
    UnderlyingRecord,
    prefix,
    tag_of,
    tagged,
)
from zk.errors import InputError
from zk.field import R

# Decimal places of an entry's numbers.
_LANE: Final = (SHOCK_PLACES, DAMPING_PLACES)
_UNDERLYING: Final = (
    *[PRICE_PLACES] * 2,
    FUNDING_PLACES,
    *[FACTOR_PLACES] * 6,
    *[CHARGE_PLACES] * 2,
)
_EXPIRY: Final = (
    *[DISCOUNT_PLACES] * 2,
    BASIS_PLACES,
    *[PRICE_PLACES] * 2,
    *[FACTOR_PLACES] * 2,
)
_HELD: Final = (PRICE_PLACES, FACTOR_PLACES, FACTOR_PLACES, 0)
_GREEKS: Final = (DELTA_PLACES, VALUE_PLACES)

C = TypeVar("C", bound="Row | Record", covariant=True)


@dataclass(frozen=True)
class Entry(Generic[C]):
    """A row or record as published: its tag, what it says, and the hash it claims."""

    tag: int
    content: C
    hash: int

    def elements(self) -> list[int]:
        """What the hash should be of: the content under the published tag."""
        first, *rest = self.content.elements()
        return [first - tagged(self.true_tag) + tagged(self.tag), *rest]

    @property
    def true_tag(self) -> int:
        """The tag of what it says."""
        return tag_of(self.content.elements()[0])


def line(cells: Sequence[str]) -> str:
    """An entry as JSON."""
    return '["' + '", "'.join(cells) + '"]'


def scenario_cells(record: ScenarioRecord, hash_: int) -> list[str]:
    return _cells(record, [], [v for lane in record.lanes for v in lane], _LANE, hash_)


def underlying_cells(record: UnderlyingRecord, hash_: int) -> list[str]:
    number, *values = [getattr(record, field.name) for field in fields(record)]
    return _cells(record, [str(number)], values, _UNDERLYING, hash_)


def expiry_cells(record: ExpiryRecord, hash_: int) -> list[str]:
    values = [getattr(record, field.name) for field in fields(record)][1:]
    name = [str(record.underlying), str(record.expiry)]
    return _cells(record, name, values, _EXPIRY, hash_)


def row_cells(row: Row, hash_: int) -> list[str]:
    key = Instrument.from_key(row.key)
    if isinstance(row, CollateralRow):
        values = [row.price, row.maintenance, row.initial, row.cancels]
        return _cells(row, ["collateral", str(key.underlying)], values, _HELD, hash_)
    strike = format_decimal(key.strike, PRICE_PLACES)
    name = ["option", str(key.underlying), str(key.expiry), strike, RIGHTS[key.right]]
    values = [*row.values, row.delta, row.vega]
    return _cells(row, name, values, _option_places(len(row.values)), hash_)


def read_scenarios(cells: list[str]) -> Entry[ScenarioRecord]:
    tag, values, hash_ = _numbers(cells, 0, _LANE * ((len(cells) - 2) // 2))
    lanes = zip(values[::2], values[1::2], strict=True)
    return Entry(tag, ScenarioRecord(tuple(LaneEntry(*lane) for lane in lanes)), hash_)


def read_underlying(cells: list[str]) -> Entry[UnderlyingRecord]:
    tag, values, hash_ = _numbers(cells, 1, _UNDERLYING)
    return Entry(tag, UnderlyingRecord(_number(cells, 1, 0), *values), hash_)


def read_expiry(cells: list[str]) -> Entry[ExpiryRecord]:
    tag, values, hash_ = _numbers(cells, 2, _EXPIRY)
    name = prefix(_number(cells, 1, 0), _number(cells, 2, 0))
    return Entry(tag, ExpiryRecord(name, *values), hash_)


def read_row(cells: list[str]) -> Entry[Row]:
    """A row as it is published, whatever its tag and however wide its values."""
    kind = cells[1] if len(cells) > 1 else ""
    row: Row
    if kind == "collateral":
        tag, values, hash_ = _numbers(cells, 2, _HELD)
        key = Instrument(_number(cells, 2, 0), COLLATERAL).key
        row = CollateralRow(key, *values)
    elif kind == "option":
        lanes = max(0, len(cells) - 9)
        if lanes % 2:
            raise InputError("must have an even number of lanes")
        tag, values, hash_ = _numbers(cells, 5, _option_places(lanes))
        if cells[5] not in RIGHTS:
            raise InputError("must be C or P", "[5]")
        right = RIGHTS.index(cells[5])
        strike = _number(cells, 4, PRICE_PLACES)
        key = Instrument(_number(cells, 2, 0), OPTION, _number(cells, 3, 0), strike, right).key
        row = OptionRow(key, tuple(values[:-2]), values[-2], values[-1])
    else:
        raise InputError("must be option or collateral", "[1]")
    # Anything below 2^111 can be hashed, though an honest row has much less; delta has a sign.
    signed = len(values) - 2 if kind == "option" else len(values)
    for i, value in enumerate(values):
        if not (-DELTA_ONE if i == signed else 0) <= value < 1 << (LANE_WIDTH - 1):
            place = f"[{len(cells) - 1 - len(values) + i}]"
            raise InputError("is of no width that a row could be hashed with", place)
    return Entry(tag, row, hash_)


def _option_places(lanes: int) -> tuple[int, ...]:
    return (*[VALUE_PLACES] * lanes, *_GREEKS)


def _cells(
    content: Row | Record, name: list[str], values: list[int], places: tuple[int, ...], hash_: int
) -> list[str]:
    cycle = places * (len(values) // len(places))
    numbers = [format_decimal(value, at) for value, at in zip(values, cycle, strict=True)]
    return [str(tag_of(content.elements()[0])), *name, *numbers, str(hash_)]


def _numbers(cells: list[str], names: int, places: Sequence[int]) -> tuple[int, list[int], int]:
    """(tag, numbers, hash) of an entry with so many cells that name it."""
    if len(cells) != names + len(places) + 2:
        raise InputError(f"must have {names + len(places) + 2} cells, not {len(cells)}")
    tag, hash_ = _number(cells, 0, 0), _number(cells, len(cells) - 1, 0)
    if not 0 <= tag < 1 << TAG_BITS or not 0 <= hash_ < R:
        raise InputError("the tag or the hash is out of range")
    return tag, [_number(cells, 1 + names + i, at) for i, at in enumerate(places)], hash_


def _number(cells: list[str], index: int, places: int) -> int:
    try:
        return parse_decimal(cells[index], places)
    except InputError as error:
        raise InputError(error.message, f"[{index}]") from None
