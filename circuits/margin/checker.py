"""A small declarative checker of JSON trees, which also writes its own JSON schema.

A `Spec` says what a value must be; `spec.check(tree, place)` gives the checked value (integers for
numbers) or raises InputError with the path of what is wrong, and `spec.schema()` gives the same
rules as JSON schema (draft 2020-12), as far as that language can say them. Values of secret files
appear in no message: a message names the path and the rule.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from circuits.margin.decimals import Rounding, decimal_pattern, format_decimal, parse_decimal
from circuits.margin.jsonfile import Number, Repeated
from zk.errors import InputError

Schema = dict[str, Any]
_PLAIN_KEY: Final = re.compile(r"[A-Za-z0-9_./-]{1,40}", re.ASCII)


class Place:
    """Where in which file; `secret` files have their keys kept out of messages as well.

    A path is put together when it is asked for: of ten thousand places most are never named.
    """

    __slots__ = ("_above", "_step", "file", "secret")

    def __init__(
        self,
        file: str = "",
        secret: bool = False,
        above: Place | None = None,
        step: str | int = "",
    ) -> None:
        self.file, self.secret, self._above, self._step = file, secret, above, step

    def key(self, name: str) -> Place:
        return Place(self.file, self.secret, self, name)

    def index(self, i: int) -> Place:
        return Place(self.file, self.secret, self, i)

    @property
    def path(self) -> str:
        """`positions[3].quantity`; empty for the file itself."""
        above = self._above.path if self._above is not None else ""
        if isinstance(self._step, int):
            return f"{above}[{self._step}]"
        return f"{above}.{self._step}" if above else self._step

    def error(self, message: str) -> InputError:
        return InputError(message, self.path, self.file)

    def quote(self, key: str) -> str:
        """A key for a message: as it is if it is short and plain and the file is public."""
        return f"{key!r}" if not self.secret and _PLAIN_KEY.fullmatch(key) else "a key"


class Spec:
    """What a value must be."""

    def check(self, value: Any, at: Place) -> Any:
        raise NotImplementedError

    def schema(self) -> Schema:
        raise NotImplementedError


def _text(value: Any, at: Place, what: str) -> str:
    if isinstance(value, Number):
        raise at.error(f"must be {what} in quotes, not a bare JSON number")
    if not isinstance(value, str):
        raise at.error(f"must be {what} in quotes, not {_kind(value)}")
    return value


def _kind(value: Any) -> str:
    if isinstance(value, Number):
        return "a number"
    if isinstance(value, dict | Repeated):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str):
        return "a string"
    return "null" if value is None else "true or false"


@dataclass(frozen=True)
class Decimal(Spec):
    """A decimal string in [low, high], to the integer at 10^-places.

    `low` and `high` are integers of that unit. With a rounding, up to 18 decimals are taken and
    rounded once; without, more decimals than `places` are refused.
    """

    places: int
    low: int
    high: int
    what: str = "a decimal string"
    rounding: Rounding = "exact"
    nonzero: bool = False

    def check(self, value: Any, at: Place) -> int:
        text = _text(value, at, self.what)
        if self.rounding != "exact":
            try:
                parse_decimal(text, 18)
            except InputError as error:
                raise at.error(error.message) from None
        try:
            number = parse_decimal(text, self.places, rounding=self.rounding)
        except InputError as error:
            raise at.error(error.message) from None
        if number < 0 <= self.low:
            raise at.error("must not be negative")
        if self.nonzero and number == 0:
            raise at.error("must not be zero")
        if not self.low <= number <= self.high:
            raise at.error(f"must be {self._range()}")
        return number

    def _range(self) -> str:
        low, high = format_decimal(self.low, self.places), format_decimal(self.high, self.places)
        return f"from {low} to {high}"

    def schema(self) -> Schema:
        whole = len(str(max(abs(self.low), self.high) // 10**self.places))
        places = self.places if self.rounding == "exact" else 18
        return {
            "type": "string",
            "pattern": decimal_pattern(whole, places, signed=self.low < 0),
            "description": self.what,
        }


@dataclass(frozen=True)
class Text(Spec):
    """A string that a regular expression matches in full."""

    pattern: str
    what: str

    def check(self, value: Any, at: Place) -> str:
        text = _text(value, at, self.what)
        if not re.fullmatch(self.pattern, text, re.ASCII):
            raise at.error(f"must be {self.what}")
        return text

    def schema(self) -> Schema:
        return {
            "type": "string",
            "pattern": rf"^(?:{self.pattern})$(?!\n)",
            "description": self.what,
        }


@dataclass(frozen=True)
class Choice(Spec):
    """One of a few strings."""

    options: Sequence[str]

    def check(self, value: Any, at: Place) -> str:
        what = " or ".join(f'"{option}"' for option in self.options)
        text = _text(value, at, what)
        if text not in self.options:
            raise at.error(f"must be {what}")
        return text

    def schema(self) -> Schema:
        return {"enum": list(self.options)}


@dataclass(frozen=True)
class List(Spec):
    """A list of at most `most` equal items."""

    item: Spec
    most: int
    least: int = 0

    def check(self, value: Any, at: Place) -> list[Any]:
        if not isinstance(value, list):
            raise at.error(f"must be a list, not {_kind(value)}")
        if not self.least <= len(value) <= self.most:
            raise at.error(f"must have {self.least} to {self.most} items")
        return [self.item.check(item, at.index(i)) for i, item in enumerate(value)]

    def schema(self) -> Schema:
        found: Schema = {"type": "array", "items": self.item.schema(), "maxItems": self.most}
        return found | ({"minItems": self.least} if self.least else {})


@dataclass(frozen=True)
class Map(Spec):
    """An object whose keys are names and whose values are alike."""

    key: Text
    item: Spec
    most: int
    least: int = 0

    def check(self, value: Any, at: Place) -> dict[str, Any]:
        members = _members(value, at)
        if not self.least <= len(members) <= self.most:
            raise at.error(f"must have {self.least} to {self.most} entries")
        for name in members:
            if not re.fullmatch(self.key.pattern, name, re.ASCII):
                raise at.error(f"{at.quote(name)} is not {self.key.what}")
        return {name: self.item.check(item, at.key(name)) for name, item in members.items()}

    def schema(self) -> Schema:
        found: Schema = {
            "type": "object",
            "propertyNames": self.key.schema(),
            "additionalProperties": self.item.schema(),
            "maxProperties": self.most,
        }
        return found | ({"minProperties": self.least} if self.least else {})


@dataclass(frozen=True)
class Object(Spec):
    """An object with these keys; `optional` ones may be absent, of `one_of` exactly one stands."""

    required: Mapping[str, Spec]
    optional: Mapping[str, Spec] = field(default_factory=dict)
    one_of: Mapping[str, Spec] = field(default_factory=dict)

    def check(self, value: Any, at: Place) -> dict[str, Any]:
        members = _members(value, at)
        known = {**self.required, **self.one_of, **self.optional}
        for name in members:
            if name not in known:
                allowed = ", ".join(known)
                raise at.error(f"{at.quote(name)} is not known here: remove it (known: {allowed})")
        for name in self.required:
            if name not in members:
                raise at.error(f"{name!r} is missing: add it")
        if self.one_of and sum(name in members for name in self.one_of) != 1:
            raise at.error(f"must have exactly one of {', '.join(self.one_of)}")
        return {
            name: spec.check(members[name], at.key(name))
            for name, spec in known.items()
            if name in members
        }

    def schema(self) -> Schema:
        known = {**self.required, **self.one_of, **self.optional}
        found: Schema = {
            "type": "object",
            "properties": {name: spec.schema() for name, spec in known.items()},
            "required": list(self.required),
            "additionalProperties": False,
        }
        if self.one_of:
            found["oneOf"] = [{"required": [name]} for name in self.one_of]
        return found


def _members(value: Any, at: Place) -> dict[str, Any]:
    if isinstance(value, Repeated):
        raise at.error(f"{at.quote(value.key)} occurs twice: keep one")
    if not isinstance(value, dict):
        raise at.error(f"must be an object, not {_kind(value)}")
    return value
