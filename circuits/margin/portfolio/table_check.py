"""Checking a published epoch row by row against the market and params it claims to come from.

Whoever accepts a root must know four things (the project's margin specification, "The epoch
table"): each value is the integer reference's for its key, each lane is within its width, each row
and record has its kind's tag, and every listed option has a row. This says so of a file, or says of
each row and lane what is wrong. Values are recomputed one by one in plain integers, by other code
than the vectorised one that built the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from itertools import pairwise
from typing import Any, NamedTuple

from circuits.margin.decimals import format_decimal
from circuits.margin.instrument import Instrument
from circuits.margin.portfolio.constants import DELTA_PLACES, VALUE_PLACES
from circuits.margin.portfolio.feeds import (
    collateral_rows,
    expiry_records,
    scenario_record,
    underlying_records,
)
from circuits.margin.portfolio.lanes import Lane, lanes
from circuits.margin.portfolio.market import Listed, PortfolioMarket
from circuits.margin.portfolio.names import expiry_name, key_name
from circuits.margin.portfolio.params import PortfolioParams
from circuits.margin.portfolio.records import (
    CollateralRow,
    ExpiryRecord,
    OptionRow,
    Row,
    UnderlyingRecord,
)
from circuits.margin.portfolio.table import TABLE_SIZES
from circuits.margin.portfolio.table_cells import Entry
from circuits.margin.portfolio.table_file import PublishedTable
from circuits.margin.portfolio.valuation import option_row


class Finding(NamedTuple):
    """One thing that is wrong, and where."""

    place: str
    problem: str

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}"


def check(
    table: PublishedTable, market: PortfolioMarket, params: PortfolioParams
) -> Iterator[Finding]:
    """Everything that is wrong with a table; nothing if it is the epoch of market and params.

    A table of another epoch, or of other params, is said to be that and not compared further.
    """
    market.fit(params, table.shape)
    foreign = list(_header(table, market, params))
    yield from foreign
    if foreign:
        return
    yield from _hashes(table, params)
    yield from _tags(table, params)
    found = lanes(params.rules, table.shape)
    yield from _records(table, market, params)
    yield from _rows(table, market, params, found)


def _header(
    table: PublishedTable, market: PortfolioMarket, params: PortfolioParams
) -> Iterator[Finding]:
    if table.venue != market.venue:
        yield Finding("venue", f"is of venue {table.venue}, the market of {market.venue}")
    if table.timestamp != market.timestamp:
        problem = f"is another epoch: of {table.timestamp}, the market of {market.timestamp}"
        yield Finding("timestamp", problem)
    if table.params_digest != params.digest:
        yield Finding("params_digest", "is of other params: give those it was made with")
    for name in TABLE_SIZES:
        here, there = getattr(table.shape, name), getattr(params.shape, name)
        if here != there:
            yield Finding(f"shape.{name}", f"is {here}, the params say {there}")


def _hashes(table: PublishedTable, params: PortfolioParams) -> Iterator[Finding]:
    names = {place: _name(entry, params) for place, entry in table.entries()}
    for place in table.altered():
        yield Finding(f"{place}{names[place]}", "was altered: its hash is of other values")
    if table.computed_root() != table.root:
        yield Finding("root", "is not the root over the hashes of rows and records")


def _tags(table: PublishedTable, params: PortfolioParams) -> Iterator[Finding]:
    for place, entry in table.entries():
        if entry.tag != entry.true_tag:
            problem = f"has the tag {entry.tag}, must have {entry.true_tag}"
            yield Finding(f"{place}{_name(entry, params)}", problem)


def _records(
    table: PublishedTable, market: PortfolioMarket, params: PortfolioParams
) -> Iterator[Finding]:
    scenarios = scenario_record(params.rules, table.shape)
    if len(table.scenarios.content.lanes) != len(scenarios.lanes):
        yield Finding("scenarios", f"must have {len(scenarios.lanes)} lanes")
    else:
        published = table.scenarios.content.lanes
        for i, (have, want) in enumerate(zip(published, scenarios.lanes, strict=True)):
            if have != want:
                yield Finding("scenarios", f"lane {i} is {tuple(have)}, must be {tuple(want)}")
    expiries = expiry_records(market, params)
    underlyings = underlying_records(market, params, expiries)
    for part, wanted in (("underlyings", underlyings), ("expiries", expiries)):
        entries: Sequence[Entry[Any]] = getattr(table, part)
        by_id = {_id(entry.content): (i, entry) for i, entry in enumerate(entries)}
        yield from _order(part, [_id(entry.content) for entry in entries])
        for record in wanted:
            if _id(record) not in by_id:
                yield Finding(part, f"no record of{_record_name(record, params)}: add it")
                continue
            i, entry = by_id.pop(_id(record))
            for field in fields(record):
                have, want = (getattr(r, field.name) for r in (entry.content, record))
                if have != want:
                    place = f"{part}[{i}]{_record_name(record, params)}"
                    yield Finding(place, f"{field.name} is {have}, must be {want}")
        for i, entry in by_id.values():
            place = f"{part}[{i}]{_record_name(entry.content, params)}"
            yield Finding(place, "is not listed by the market")


def _rows(
    table: PublishedTable,
    market: PortfolioMarket,
    params: PortfolioParams,
    found: tuple[Lane, ...],
) -> Iterator[Finding]:
    options = {option.key: option for option in market.options(params)}
    held = {row.key: row for row in collateral_rows(market, params)}
    yield from _order("rows", [entry.content.key for entry in table.rows])
    for i, entry in enumerate(table.rows):
        key = entry.content.key
        place = f"rows[{i}]{_name(entry, params)}"
        if key in options:
            problems = _option(entry.content, options.pop(key), market, params, found)
        elif key in held:
            problems = _collateral(entry.content, held.pop(key))
        else:
            problems = iter(["is not listed by the market, or twice in the table"])
        for problem in problems:
            yield Finding(place, problem)
    for key in (*options, *held):
        name = key_name(key, params.asset(Instrument.from_key(key).underlying))
        yield Finding("rows", f"no row of {name}, which is listed")


def _option(
    row: Row,
    option: Listed,
    market: PortfolioMarket,
    params: PortfolioParams,
    found: tuple[Lane, ...],
) -> Iterator[str]:
    fault = row.fault()
    if fault:
        yield fault
    if not isinstance(row, OptionRow) or len(row.values) != len(found):
        yield f"must have {len(found)} lanes"
        return
    right = option_row(option, market.timestamp, params.rules, found)
    for i, (have, want) in enumerate(zip(row.values, right.values, strict=True)):
        if have != want:
            scenario = found[i].scenario if found[i].used else "unused"
            yield f"lane {i} ({scenario}) is {_value(have)}, must be {_value(want)}"
    if row.delta != right.delta:
        here, there = (format_decimal(d, DELTA_PLACES) for d in (row.delta, right.delta))
        yield f"delta is {here}, must be {there}"
    if row.vega != right.vega:
        yield f"vega is {_value(row.vega)}, must be {_value(right.vega)}"


def _collateral(row: Row, right: CollateralRow) -> Iterator[str]:
    fault = row.fault()
    if fault:
        yield fault
    for name in ("price", "maintenance", "initial", "cancels"):
        have, want = getattr(row, name), getattr(right, name)
        if have != want:
            yield f"{name} is {have}, must be {want}"


def _order(part: str, ids: list[int]) -> Iterator[Finding]:
    for i, (before, after) in enumerate(pairwise(ids), start=1):
        if before >= after:
            yield Finding(f"{part}[{i}]", "is out of order, or there twice")


def _id(record: ExpiryRecord | UnderlyingRecord) -> int:
    return record.prefix if isinstance(record, ExpiryRecord) else record.underlying


def _value(value: int) -> str:
    return format_decimal(value, VALUE_PLACES)


def _record_name(record: ExpiryRecord | UnderlyingRecord, params: PortfolioParams) -> str:
    name = f" {params.asset(record.underlying)}"
    return f"{name}-{expiry_name(record.expiry)}" if isinstance(record, ExpiryRecord) else name


def _name(entry: Entry[Any], params: PortfolioParams) -> str:
    """A space and the name of what an entry is about, for behind its place."""
    content = entry.content
    if isinstance(content, OptionRow | CollateralRow):
        asset = params.asset(Instrument.from_key(content.key).underlying)
        return f" {key_name(content.key, asset)}"
    if isinstance(content, ExpiryRecord | UnderlyingRecord):
        return _record_name(content, params)
    return ""
