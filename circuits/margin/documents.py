"""What the input files share: their formats' names, common fields, and opening one."""

from __future__ import annotations

import os
from typing import Any, Final

from circuits.margin.checker import Choice, Decimal, Place, Schema, Spec, Text
from circuits.margin.constants import TIME_BITS, VENUE_BITS
from circuits.margin.jsonfile import parse_json, read_bytes

PARAMS_FORMAT: Final = "zkmargin.params/1"
MARKET_FORMAT: Final = "zkmargin.market/1"
ACCOUNT_FORMAT: Final = "zkmargin.account/1"
PORTFOLIO_PARAMS_FORMAT: Final = "zkmargin.portfolio-params/1"
PORTFOLIO_MARKET_FORMAT: Final = "zkmargin.portfolio-market/1"
PORTFOLIO_ACCOUNT_FORMAT: Final = "zkmargin.portfolio-account/1"
PORTFOLIO_TRADE_FORMAT: Final = "zkmargin.portfolio-trade/1"
PORTFOLIO_TABLE_FORMAT: Final = "zkmargin.portfolio-epoch/1"
_FORMATS: Final = (
    PARAMS_FORMAT,
    MARKET_FORMAT,
    ACCOUNT_FORMAT,
    PORTFOLIO_PARAMS_FORMAT,
    PORTFOLIO_MARKET_FORMAT,
    PORTFOLIO_ACCOUNT_FORMAT,
    PORTFOLIO_TRADE_FORMAT,
    PORTFOLIO_TABLE_FORMAT,
)

MAX_LISTINGS: Final = 16_384  # instruments, or collaterals, in one file

NAME: Final = Text(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,39}", "a name such as BTC-PERP or BTC-26MAR27")
ASSET: Final = Text(r"[A-Za-z0-9][A-Za-z0-9._]{0,15}", "an asset's name such as BTC")
ASSET_ID: Final = Decimal(0, 1, 65_535, "an asset's number, 1 to 65535")
VENUE: Final = Decimal(0, 0, (1 << VENUE_BITS) - 1, "the venue's number")
TIME: Final = Decimal(0, 1, (1 << TIME_BITS) - 1, "a time in unix seconds")


def tag(name: str) -> Choice:
    """The field `format` of a document."""
    return Choice((name,))


def load(path: str | os.PathLike[str], limit: int) -> tuple[bytes, str]:
    """A file's bytes, and its name for messages."""
    return read_bytes(path, limit), str(path)


def checked(
    data: bytes, file: str, format_: str, spec: Spec, limit: int, *, secret: bool = False
) -> dict[str, Any]:
    """The checked content of a document of one format."""
    tree = parse_json(data, file, limit=limit)
    at = Place(file, secret=secret)
    # A file of another kind says so before any of its fields is found wrong.
    found = tree.get("format") if isinstance(tree, dict) else None
    if isinstance(found, str) and found != format_ and found in _FORMATS:
        raise at.key("format").error(f"this is a {found} file: give a {format_} file here")
    content: dict[str, Any] = spec.check(tree, at)
    return content


def published(spec: Spec, title: str, description: str) -> Schema:
    """The JSON schema of a document, as published."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "description": description,
        **spec.schema(),
    }
