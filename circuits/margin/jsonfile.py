"""A strict JSON reader: bytes to dicts, lists and strings, or an InputError that quotes nothing.

Source: RFC 8259, less what two readers may understand differently: duplicate keys, numbers (a
decimal string stands for every number), NaN and Infinity, byte order marks, deep nesting. Every
file is held in memory once, its size looked at first.

What is refused at a place the reader cannot name (a number, a repeated key) becomes a marker in the
tree; the checker of `checker.py` raises when it comes to it, because it knows the path.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

from zk.errors import InputError

ACCOUNT_LIMIT: Final = 1_000_000
MARKET_LIMIT: Final = 16_000_000
PARAMS_LIMIT: Final = 16_000_000
# Python takes 60 bytes for `[]`: without these, 16 MB of text could become half a gigabyte.
_MOST_BRACKETS: Final = 500_000
_MOST_QUOTES: Final = 4_000_000


@dataclass(frozen=True)
class Number:
    """A bare JSON number (or NaN): always refused, with advice."""


@dataclass(frozen=True)
class Repeated:
    """An object in which a key occurs twice: always refused."""

    key: str


_A_NUMBER: Final = Number()


def read_bytes(path: str | os.PathLike[str], limit: int) -> bytes:
    """The bytes of a regular file of at most `limit` bytes."""
    file = Path(path)
    try:
        info = file.stat()
        if not stat.S_ISREG(info.st_mode):
            raise InputError("is not a regular file: give the path of a file", file=str(path))
        if info.st_size > limit:
            _too_large(limit, str(path))
        with file.open("rb") as stream:
            data = stream.read(limit + 1)
    except OSError as error:
        reason = error.strerror or "cannot be read"
        raise InputError(f"cannot be read: {reason}", file=str(path)) from None
    except ValueError:
        raise InputError("is not a path", file="") from None
    if len(data) > limit:  # it grew while it was read
        _too_large(limit, str(path))
    return data


def _number(_text: str) -> Any:
    return _A_NUMBER


def parse_json(
    data: bytes,
    file: str = "",
    *,
    limit: int = MARKET_LIMIT,
    number: Callable[[str], Any] = _number,
) -> Any:
    """The tree of a JSON text; repeated keys as markers, numbers too unless `number` reads them."""
    if len(data) > limit:
        _too_large(limit, file)
    brackets = data.count(b"[") + data.count(b"{")
    if brackets > _MOST_BRACKETS or data.count(b'"') > _MOST_QUOTES:
        raise InputError("has more parts than any file of its kind", file=file)
    # Errors are raised outside the handlers: a decoder's exception holds the whole text.
    problem = ""
    tree: Any = None
    try:
        tree = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_object,
            parse_float=number,
            parse_int=number,
            parse_constant=_number,
        )
    except UnicodeDecodeError as error:
        problem = f"is not UTF-8 text (byte {error.start})"
    except json.JSONDecodeError as error:
        problem = f"is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        if not data.strip():
            problem = "is empty"
        elif "BOM" in error.msg:
            problem = "begins with a byte order mark: save it as plain UTF-8"
    except RecursionError:
        problem = "is nested too deeply"
    if problem:
        raise InputError(problem, file=file)
    return tree


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any] | Repeated:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            return Repeated(key)
        found[key] = value
    return found


def _too_large(limit: int, file: str) -> NoReturn:
    raise InputError(f"is larger than {limit // 1_000_000} MB, the limit for its kind", file=file)
