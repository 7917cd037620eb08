"""Several integers in one field element that can be scaled and summed together: packed lanes.

A table's row packs the values of many scenarios; multiplying the packed element by a signed
quantity scales every lane at once, sums of rows add lane by lane, and the total is unpacked once.
Notation: W the lanes' width, s_l the exact lanes, packed = sum s_l 2^(W l) as an integer, negative
lanes borrowing from the next.

An interval on the packed element says nothing about its lanes, so lanes are a type of their own
with one interval each, and every operation keeps each inside (-2^(W-1), 2^(W-1)): then the packed
integer determines its lanes, and stays within the field.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from circuits.gadgets.pack import pack
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.types import Bool, Field, Int, integer
from zk.errors import CompileError
from zk.field import R

Interval = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Lanes:
    """A packed element, its lanes' width and exact intervals, lowest lane first."""

    cs: ConstraintSystem
    packed: Field
    width: int
    intervals: tuple[Interval, ...]

    def __post_init__(self) -> None:
        half = 1 << (self.width - 1)
        for i, (lo, hi) in enumerate(self.intervals):
            if lo <= -half or hi >= half:
                raise CompileError(
                    f"lane {i} could leave its {self.width} bits: it needs "
                    f"{max(hi, -lo).bit_length() + 1}",
                    self.cs.source_line(),
                )
        if 1 << self.width * len(self.intervals) >= R // 2:
            raise CompileError(
                f"{len(self.intervals)} lanes of {self.width} bits do not fit a field element",
                self.cs.source_line(),
            )

    def __add__(self, other: Lanes) -> Lanes:
        """Lane by lane. Free."""
        if (self.width, len(self.intervals)) != (other.width, len(other.intervals)):
            raise CompileError("lanes of other widths or number", self.cs.source_line())
        pairs = zip(self.intervals, other.intervals, strict=True)
        sums = tuple((a[0] + b[0], a[1] + b[1]) for a, b in pairs)
        return Lanes(self.cs, self.packed + other.packed, self.width, sums)

    def __mul__(self, factor: Int | int) -> Lanes:
        """Every lane times the factor. One constraint; none for a constant."""
        if isinstance(factor, int):
            lo = hi = factor
            packed = self.packed * factor
        else:
            integer(self.cs, factor, "lanes *")
            lo, hi = factor.lo, factor.hi
            packed = self.packed * Field(self.cs, factor.lc)
        products = []
        for a, b in self.intervals:
            ends = (a * lo, a * hi, b * lo, b * hi)
            products.append((min(ends), max(ends)))
        return Lanes(self.cs, packed, self.width, tuple(products))

    def __neg__(self) -> Lanes:
        return self * -1

    def __sub__(self, other: Lanes) -> Lanes:
        return self + -other


def pack_lanes(cs: ConstraintSystem, values: Sequence[Int], width: int) -> Lanes:
    """Lanes that hold `values`.

    Requires: nothing beyond the types; a value that does not fit is a CompileError.   Cost: none.
    """
    packed = Field(cs, {})
    for i, value in enumerate(values):
        integer(cs, value, "pack_lanes")
        packed = packed + Field(cs, value.lc) * (1 << width * i)
    return Lanes(cs, packed, width, tuple((value.lo, value.hi) for value in values))


def trusted_lanes(cs: ConstraintSystem, packed: Field, bits: int, count: int, width: int) -> Lanes:
    """Lanes of an element that is known from outside the circuit to hold `bits` bits in each.

    Requires: that the element opens what is trusted to hold `count` unsigned lanes of `bits` bits
    at distance `width`: no constraint here says so.   Cost: none.
    """
    return Lanes(cs, packed, width, ((0, (1 << bits) - 1),) * count)


def broadcast(cs: ConstraintSystem, value: Int, count: int, width: int) -> Lanes:
    """Lanes that all hold `value`.

    Requires: nothing beyond the types; a value that does not fit is a CompileError.   Cost: none.
    """
    return pack_lanes(cs, [value] * count, width)


def unpack(cs: ConstraintSystem, lanes: Lanes) -> list[Int]:
    """Return the lanes, lowest first.

    Requires: the lanes' intervals hold.   Cost: for each lane the bits of its interval, and one for
    a sign.
    """
    return [value for value, _ in unpack_signed(cs, lanes)]


def unpack_signed(cs: ConstraintSystem, lanes: Lanes) -> list[tuple[Int, Bool]]:
    """Return each lane and the bit [lane >= 0], lowest lane first.

    Requires: the lanes' intervals hold.   Cost: that of unpack.
    """
    # A lane that may be negative is lifted by 2^k into [0, 2^(k+1)), k + 1 <= W. The lifted sum is
    # an integer below 2^(W count) < R / 2 whose digits in base 2^W are the lifted lanes: its bits
    # are unique, and those above each lane's are 0, so that only the others are asked for.
    widths = [_lifted_width(lo, hi) for lo, hi in lanes.intervals]
    lifts = [
        1 << bits - 1 if lo < 0 else 0
        for bits, (lo, _) in zip(widths, lanes.intervals, strict=True)
    ]
    rest = lanes.packed
    for i, lift in enumerate(lifts):
        rest = rest + (lift << lanes.width * i)
    lifted, digits = rest, []
    for i, bits in enumerate(widths):
        first = int(i == 0)  # bit 0 is what is left
        hints = cs.hint_bits(lifted, bits - first, lanes.width * i + first) if bits > first else []
        digits.append([cs.assert_bool(hint) for hint in hints])
        for j, bit in enumerate(digits[-1], start=lanes.width * i + first):
            rest = rest - Field(cs, bit.lc) * (1 << j)
    digits[0].insert(0, cs.assert_bool(rest))
    found = []
    for own, lift, (lo, hi) in zip(digits, lifts, lanes.intervals, strict=True):
        value = pack(cs, [(bit, 1) for bit in own]) - lift
        sign = own[-1] if lift else cs.assert_bool(cs.constant(1))
        found.append((cs.number(value.lc, lo, hi), sign))
    return found


def _lifted_width(lo: int, hi: int) -> int:
    """Bits of a lane in [lo, hi] once it is not negative."""
    return max(hi.bit_length(), (-lo - 1).bit_length()) + 1 if lo < 0 else max(hi.bit_length(), 1)
