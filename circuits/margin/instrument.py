"""Instrument keys: one integer of 117 bits that names what a slot or a row is about.

Source: the project's margin specification, "Numbers". Most significant first: underlying (16, never
0), kind (4), expiry (32, unix seconds, 0 if none), strike (64, unit 1e-8, 0 if none), right (1:
call 0, put 1). So keys sort by underlying, and the call and the put of one strike are neighbours.
The zero key is no instrument: it is the empty slot.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from zk.errors import InputError

UNDERLYING_BITS: Final = 16
KIND_BITS: Final = 4
EXPIRY_BITS: Final = 32
STRIKE_BITS: Final = 64
RIGHT_BITS: Final = 1
KEY_BITS: Final = UNDERLYING_BITS + KIND_BITS + EXPIRY_BITS + STRIKE_BITS + RIGHT_BITS

PERPETUAL: Final = 1
FUTURE: Final = 2
OPTION: Final = 3  # reserved for portfolio margin; no row of the linear model has it
COLLATERAL: Final = 4
KINDS: Final = {"perpetual": PERPETUAL, "future": FUTURE}

_FIELDS: Final = (
    ("underlying", UNDERLYING_BITS),
    ("kind", KIND_BITS),
    ("expiry", EXPIRY_BITS),
    ("strike", STRIKE_BITS),
    ("right", RIGHT_BITS),
)


@dataclass(frozen=True)
class Instrument:
    """The fields of a key."""

    underlying: int
    kind: int
    expiry: int = 0
    strike: int = 0
    right: int = 0

    def __post_init__(self) -> None:
        values = (self.underlying, self.kind, self.expiry, self.strike, self.right)
        for value, (name, bits) in zip(values, _FIELDS, strict=True):
            if value >> bits:  # of a negative value too
                raise InputError(f"must be an integer of at most {bits} bits", name)
        if self.underlying == 0:
            raise InputError("must be 1 to 65535", "underlying")
        if self.kind not in (PERPETUAL, FUTURE, OPTION, COLLATERAL):
            raise InputError("no such kind of instrument", "kind")
        if (self.expiry != 0) != (self.kind in (FUTURE, OPTION)):
            raise InputError("a dated instrument has an expiry, any other has none", "expiry")
        if self.kind != OPTION and (self.strike or self.right):
            raise InputError("only an option has a strike and a right", "strike")

    @cached_property
    def key(self) -> int:
        key = 0
        for name, bits in _FIELDS:
            key = key << bits | getattr(self, name)
        return key

    @classmethod
    def from_key(cls, key: int) -> Instrument:
        """The fields of a key; InputError if it is none."""
        if not 0 <= key < 1 << KEY_BITS:
            raise InputError(f"an instrument key has at most {KEY_BITS} bits", "key")
        values = {}
        for name, bits in reversed(_FIELDS):
            values[name] = key & ((1 << bits) - 1)
            key >>= bits
        return cls(**values)


def perpetual(underlying: int) -> int:
    """Key of the perpetual on an asset."""
    return Instrument(underlying, PERPETUAL).key


def future(underlying: int, expiry: int) -> int:
    """Key of the future on an asset that expires at `expiry` (unix seconds)."""
    return Instrument(underlying, FUTURE, expiry).key


def collateral(asset: int) -> int:
    """Key of an asset held as collateral."""
    return Instrument(asset, COLLATERAL).key
