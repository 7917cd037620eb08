"""From hashed field elements back to the row or record that they are of.

Source: the layout in records.py, which writes what this reads. A list of elements is of at most one
row or record: the tag says of which kind, the number of elements must be that kind's, and what is
read must write the same elements again.
"""

from __future__ import annotations

from collections.abc import Sequence

from circuits.margin.constants import FUNDING_OFFSET
from circuits.margin.portfolio.constants import (
    DAMPING_BITS,
    DELTA_ONE,
    RECORD_EXPIRY,
    RECORD_SCENARIOS,
    RECORD_UNDERLYING,
    ROW_HELD,
    ROW_OPTION,
    SHOCK_LANE,
    TAG_LANE,
)
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
    unpack,
)
from zk.errors import InputError


def decode(elements: Sequence[int]) -> Row | Record:
    """The row or record that has these elements; InputError if none has.

    A record outside its ranges is refused; a row is not, so that a check can say what is wrong with
    it (`fault`).
    """
    tag, key = divmod(elements[0], 1 << TAG_LANE)
    cancels, tag = divmod(tag, 1 << TAG_BITS)
    rest = list(elements[1:])
    found: Row | Record
    if tag == ROW_OPTION and len(rest) >= 2:
        lanes = [value for element in rest[:-1] for value in unpack(element)]
        delta, vega = unpack(rest[-1])
        found = OptionRow(key, tuple(lanes), delta - DELTA_ONE, vega)
    elif tag == ROW_HELD and len(rest) == len(CollateralRow._fields) - 2:
        found = CollateralRow(key, rest[0], rest[1], rest[2], cancels)
    elif tag == RECORD_EXPIRY and len(rest) == len(ExpiryRecord.widths) - 1:
        found = ExpiryRecord(key, *rest)
    elif tag == RECORD_UNDERLYING and len(rest) == len(UnderlyingRecord.widths) - 1:
        rest[2] -= FUNDING_OFFSET
        found = UnderlyingRecord(key, *rest)
    elif tag == RECORD_SCENARIOS and key == 0:
        found = ScenarioRecord(tuple(_lane(element) for element in rest))
    else:
        raise InputError("these elements are of no row and no record")
    if found.elements() != list(elements):
        raise InputError("these elements are of no row and no record")
    return found


def _lane(element: int) -> LaneEntry:
    damping = element & ((1 << DAMPING_BITS) - 1)
    return LaneEntry(element >> SHOCK_LANE, damping)
