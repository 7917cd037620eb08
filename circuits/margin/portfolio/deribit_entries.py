"""Entries of Deribit's book summaries: names and fields of options, read strictly.

Source: Deribit's API documentation, public/get_book_summary_by_currency; which fields are read and
what they mean is in deribit.py. Numbers are exact fractions of what the JSON says; an entry without
a field that is needed is refused by its instrument's name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, NamedTuple

from circuits.margin.constants import PRICE_PLACES
from circuits.margin.decimals import parse_decimal
from circuits.margin.jsonfile import MARKET_LIMIT, parse_json
from circuits.margin.portfolio.market import MAX_VOL
from circuits.margin.portfolio.names import EXPIRY_HOUR, MONTHS
from circuits.margin.portfolio.rules import UNIT
from zk.errors import InputError

_DAY: Final = r"(?P<day>[1-9]|[12][0-9]|3[01])(?P<month>[A-Z]{3})(?P<year>[0-9]{2})"
_OPTION: Final = re.compile(
    rf"(?P<asset>[A-Z0-9]+)(_[A-Z]+)?-{_DAY}-(?P<strike>[1-9][0-9]{{0,6}}(d[0-9]{{1,8}})?|0d0*[1-9][0-9]{{0,6}})-(?P<right>[CP])"
)
_FUTURE: Final = re.compile(rf"(?P<asset>[A-Z0-9]+)(_[A-Z]+)?-({_DAY}|(?P<perpetual>PERPETUAL))")
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,40}")


class Entry(NamedTuple):
    """One option's entry."""

    name: str
    asset: str
    expiry: int
    strike: int  # 1e-8
    right: str
    forward: Fraction
    vol: Fraction
    rate: Fraction
    spot: Fraction
    mark: Fraction | None  # in units of the forward
    time: int  # milliseconds


class Perpetual(NamedTuple):
    """A perpetual's entry."""

    name: str
    asset: str
    mark: Fraction


def read_entries(data: bytes, file: str) -> tuple[list[Entry], list[Perpetual]]:
    """The options and perpetuals of a response; other futures are passed over."""
    options: list[Entry] = []
    perpetuals: list[Perpetual] = []
    for i, item in enumerate(_items(data, file)):
        name = item.get("instrument_name") if isinstance(item, dict) else None
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise InputError("has no instrument_name", f"result[{i}]", file)
        if parts := _OPTION.fullmatch(name):
            options.append(_option(item, parts, file))
        elif found := _FUTURE.fullmatch(name):
            if found["perpetual"]:
                mark = _field(item, "mark_price", name, file)
                perpetuals.append(Perpetual(name, found["asset"], mark))
        else:
            raise InputError("is neither an option nor a future: ask for kind=option", name, file)
    return options, perpetuals


def _items(data: bytes, file: str) -> list[Any]:
    """The list `result` of a response, or a bare list; numbers as exact decimals."""
    tree = parse_json(data, file, limit=MARKET_LIMIT, number=_exact)
    result = tree.get("result") if isinstance(tree, dict) else tree
    if not isinstance(result, list):
        problem = "has no list 'result': give what get_book_summary_by_currency answered"
        raise InputError(problem, file=file)
    return result


def _exact(text: str) -> Fraction | None:
    """A JSON number, exactly; None if it is absurdly long, large or small."""
    number = Decimal(text) if len(text) <= 40 else Decimal("1e99")
    if number == 0:
        return Fraction(0)
    return Fraction(number) if abs(number.adjusted()) <= 20 else None


def _option(item: Mapping[str, Any], parts: re.Match[str], file: str) -> Entry:
    name = parts[0]
    forward = _field(item, "underlying_price", name, file)
    vol = _field(item, "mark_iv", name, file) / 100
    if vol * UNIT > MAX_VOL:
        raise InputError("mark_iv is over 1800 percent: leave the instrument out", name, file)
    rate = _field(item, "interest_rate", name, file, signed=True)
    index = item.get("underlying_index")
    day = f"{parts['day']}{parts['month']}{parts['year']}"
    if not isinstance(index, str) or not (index == "index_price" or index.endswith(f"-{day}")):
        raise InputError("underlying_index is of another expiry", name, file)
    mark = item.get("mark_price")
    if isinstance(mark, Fraction) and "_" not in name:
        mark *= forward  # an inverse option is quoted in its coin
    return Entry(
        name=name,
        asset=parts["asset"],
        expiry=_expiry(parts, name, file),
        strike=parse_decimal(parts["strike"].replace("d", "."), PRICE_PLACES),
        right=parts["right"],
        forward=forward,
        vol=vol,
        rate=max(rate, Fraction(0)),
        spot=_field(item, "estimated_delivery_price", name, file),
        mark=mark if isinstance(mark, Fraction) else None,
        time=int(_field(item, "creation_timestamp", name, file)),
    )


def _field(
    item: Mapping[str, Any], key: str, name: str, file: str, *, signed: bool = False
) -> Fraction:
    """A number of an entry, above zero unless it may have a sign."""
    value = item.get(key)
    if not isinstance(value, Fraction):
        raise InputError(f"has no {key}: leave the instrument out or ask again", name, file)
    if not signed and value <= 0:
        raise InputError(f"{key} is not above zero: leave the instrument out", name, file)
    return value


def _expiry(parts: re.Match[str], name: str, file: str) -> int:
    try:
        month = MONTHS.index(parts["month"]) + 1
        day = datetime(2000 + int(parts["year"]), month, int(parts["day"]), EXPIRY_HOUR, tzinfo=UTC)
    except ValueError:
        raise InputError("has no such day as its expiry", name, file) from None
    return int(day.timestamp())
