"""The published file of an epoch: a header, its records and its rows, each with its hash.

JSON, one row on a line, every number a decimal string in the units that people read (a value in
the quote currency, a rate as a fraction); fields in docs/portfolio-files.md. The file may say
anything: `PublishedTable` holds it as published, tags and over-wide values included, so that
`table_check.py` can say what is wrong with it; `PublishedTable.epoch` gives an epoch only if every
hash, the root, every tag and every range is right.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from circuits.margin.constants import TIME_BITS, VENUE_BITS
from circuits.margin.decimals import parse_decimal
from circuits.margin.jsonfile import MARKET_LIMIT, parse_json, read_bytes
from circuits.margin.portfolio.params import PortfolioParams
from circuits.margin.portfolio.records import ExpiryRecord, Row, ScenarioRecord, UnderlyingRecord
from circuits.margin.portfolio.shape import SIZE_CLASSES, PortfolioShape
from circuits.margin.portfolio.table import (
    TABLE_SIZES,
    PortfolioEpoch,
    cap_of,
    cap_root,
    epoch_root,
    hash_many,
)
from circuits.margin.portfolio.table_cells import (
    Entry,
    expiry_cells,
    line,
    read_expiry,
    read_row,
    read_scenarios,
    read_underlying,
    row_cells,
    scenario_cells,
    underlying_cells,
)
from zk.errors import ArtifactError, DigestMismatch, InputError
from zk.field import R
from zk.formats.atomic import write_atomic

FORMAT: Final = "zkmargin.portfolio-epoch/1"
LIMIT: Final = MARKET_LIMIT

T = TypeVar("T")

_HEADER: Final = ("format", "venue", "timestamp", "params_digest", "root", "shape")
_PARTS: Final = ("scenarios", "underlyings", "expiries", "rows")


@dataclass(frozen=True, repr=False)
class PublishedTable:
    """A file's content, as published."""

    venue: int
    timestamp: int
    params_digest: int
    root: int
    shape: PortfolioShape
    scenarios: Entry[ScenarioRecord]
    underlyings: tuple[Entry[UnderlyingRecord], ...]
    expiries: tuple[Entry[ExpiryRecord], ...]
    rows: tuple[Entry[Row], ...]
    file: str = ""

    def __repr__(self) -> str:
        return f"<PublishedTable of venue {self.venue} at {self.timestamp}>"

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> PublishedTable:
        """Read a published file; ArtifactError if it is none."""
        return cls.parse(read_bytes(path, LIMIT), str(path))

    @classmethod
    def parse(cls, data: bytes, file: str = "") -> PublishedTable:
        """Read the bytes of a published file."""
        try:
            return _read(parse_json(data, file, limit=LIMIT), file)
        except InputError as error:
            place = ": ".join(part for part in (file, error.path) if part)
            raise ArtifactError(f"{place or 'the table'}: {error.message}") from None

    def entries(self) -> Iterator[tuple[str, Entry[Any]]]:
        """Every record and row with its place in the file."""
        yield "scenarios", self.scenarios
        for part in _PARTS[1:]:
            for i, entry in enumerate(getattr(self, part)):
                yield f"{part}[{i}]", entry

    def altered(self) -> Iterator[str]:
        """Places of entries whose hash is not that of what they say."""
        found = list(self.entries())
        hashes = hash_many([entry.elements() for _, entry in found])
        for (place, entry), value in zip(found, hashes, strict=True):
            if entry.hash != value:
                yield place

    def computed_root(self) -> int:
        """The root over the published hashes."""
        cap = cap_of(
            self.shape,
            self.scenarios.hash,
            [entry.hash for entry in self.underlyings],
            [entry.hash for entry in self.expiries],
            [entry.hash for entry in self.rows],
        )
        return epoch_root(cap_root(cap), self.params_digest, self.timestamp, self.venue)

    def epoch(self, params: PortfolioParams | None = None) -> PortfolioEpoch:
        """The epoch, if the file is sound in itself and, when given, of these params."""
        name = self.file or "the table"
        if params is not None and self.params_digest != params.digest:
            raise DigestMismatch(
                f"{name}: is an epoch of other params: give those it was made with"
            )
        for place in self.altered():
            raise DigestMismatch(f"{name}: {place}: was altered: its hash is of other values")
        if self.computed_root() != self.root:
            raise DigestMismatch(f"{name}: root: is not the root of these rows and records")
        for place, entry in self.entries():
            if entry.tag != entry.true_tag:
                raise ArtifactError(f"{name}: {place}: has the tag {entry.tag}, not its kind's")
        try:
            return PortfolioEpoch(
                shape=self.shape,
                scenarios=self.scenarios.content,
                underlyings=tuple(entry.content for entry in self.underlyings),
                expiries=tuple(entry.content for entry in self.expiries),
                rows=tuple(entry.content for entry in self.rows),
                params_digest=self.params_digest,
                timestamp=self.timestamp,
                venue=self.venue,
            )
        except InputError as error:
            raise ArtifactError(f"{name}: {error.path}: {error.message}") from None


def save(epoch: PortfolioEpoch, path: str | os.PathLike[str]) -> None:
    """Publish an epoch; the bytes depend on nothing else."""
    write_atomic(path, encode(epoch))


def encode(epoch: PortfolioEpoch) -> bytes:
    """The bytes of an epoch's file."""
    cap, shape = epoch.cap, epoch.shape
    underlyings = zip(epoch.underlyings, cap[1:], strict=False)
    expiries = zip(epoch.expiries, cap[1 + shape.market_underlyings :], strict=False)
    header = (FORMAT, epoch.venue, epoch.timestamp, epoch.params_digest, epoch.root)
    sizes = ", ".join(f'"{name}": "{getattr(shape, name)}"' for name in TABLE_SIZES)
    lines = [
        *(f'"{name}": "{value}"' for name, value in zip(_HEADER, header, strict=False)),
        f'"shape": {{{sizes}}}',
        f'"scenarios": {line(scenario_cells(epoch.scenarios, cap[0]))}',
        f'"underlyings": {_lines(underlying_cells(*pair) for pair in underlyings)}',
        f'"expiries": {_lines(expiry_cells(*pair) for pair in expiries)}',
        f'"rows": {_lines(map(row_cells, epoch.rows, epoch.leaves))}',
    ]
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode("ascii")


def _lines(cells: Iterable[list[str]]) -> str:
    """A list with one entry on a line."""
    return "[\n " + ",\n ".join(line(entry) for entry in cells) + "\n]"


def _read(tree: Any, file: str) -> PublishedTable:
    header = _members(tree, (*_HEADER, *_PARTS), "")
    if header["format"] != FORMAT:
        raise InputError(f"is not {FORMAT}: give the file that the epoch was saved as", "format")
    numbers = {
        name: _whole(header[name], limit, name)
        for name, limit in (
            ("venue", 1 << VENUE_BITS),
            ("timestamp", 1 << TIME_BITS),
            ("params_digest", R),
            ("root", R),
        )
    }
    sizes = {
        name: _whole(value, 1 << 16, f"shape.{name}")
        for name, value in _members(header["shape"], TABLE_SIZES, "shape").items()
    }
    return PublishedTable(
        **numbers,
        shape=PortfolioShape(SIZE_CLASSES[0], **sizes),
        scenarios=_entry(read_scenarios, header["scenarios"], "scenarios"),
        underlyings=_entries(read_underlying, header, "underlyings"),
        expiries=_entries(read_expiry, header, "expiries"),
        rows=_entries(read_row, header, "rows"),
        file=file,
    )


def _entries(read: Callable[[list[str]], T], header: dict[str, Any], part: str) -> tuple[T, ...]:
    if not isinstance(header[part], list):
        raise InputError("must be a list", part)
    return tuple(_entry(read, cells, f"{part}[{i}]") for i, cells in enumerate(header[part]))


def _entry(read: Callable[[list[str]], T], cells: Any, place: str) -> T:
    if not isinstance(cells, list) or not all(isinstance(cell, str) for cell in cells):
        raise InputError("must be a list of strings", place)
    try:
        return read(cells)
    except InputError as error:
        raise InputError(error.message, f"{place}{error.path}") from None


def _members(tree: Any, names: tuple[str, ...], place: str) -> dict[str, Any]:
    if not isinstance(tree, dict) or set(tree) != set(names):
        raise InputError(f"must be an object with the keys {', '.join(names)}", place)
    return tree


def _whole(value: Any, limit: int, place: str) -> int:
    number = parse_decimal(value, 0) if isinstance(value, str) else -1
    if not 0 <= number < limit:
        raise InputError("must be a whole number in quotes, within its range", place)
    return number
