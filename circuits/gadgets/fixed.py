"""Fixed-point numbers that know which way they were rounded.

A `Fixed` is an integer n at a scale s, standing for n / s, and a direction: EXACT, FLOOR (the true
value is at least n / s) or CEIL (at most). Sums and products are exact at their own scale; `floor`
and `ceil` bring a number to a smaller scale and give it its direction. Operations that would mix
directions, so that the result bounds nothing, do not compile.

Source: fixed point as hint and remainder (renegade `fixed_point.rs`), here with the direction in
the type.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from circuits.gadgets.arith import divide
from circuits.gadgets.compare import assert_le
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.types import Int, Uint
from zk.errors import CompileError


class Rounding(Enum):
    """How a number relates to the value it stands for."""

    EXACT = "exact"
    FLOOR = "floor"
    CEIL = "ceil"

    @property
    def opposite(self) -> Rounding:
        return {Rounding.FLOOR: Rounding.CEIL, Rounding.CEIL: Rounding.FLOOR}.get(self, self)


EXACT, FLOOR, CEIL = Rounding.EXACT, Rounding.FLOOR, Rounding.CEIL


@dataclass(frozen=True, eq=False)
class Fixed:
    """value / scale, rounded as `rounding` says."""

    value: Int
    scale: int
    rounding: Rounding = EXACT
    #: Whether a ceiling is known to stand for no negative value; for the others the type says it.
    positive: bool = False

    def __post_init__(self) -> None:
        if self.scale < 1:
            raise CompileError("a scale is a positive integer", self.cs.source_line())

    @property
    def cs(self) -> ConstraintSystem:
        return self.value.cs

    def __repr__(self) -> str:
        return f"<Fixed {self.value.describe()} / {self.scale}, {self.rounding.value}>"

    @property
    def non_negative(self) -> bool:
        """Whether the value this stands for is known not to be negative."""
        return self.positive if self.rounding is CEIL else isinstance(self.value, Uint)

    def __neg__(self) -> Fixed:
        """-x: a floor becomes a ceiling."""
        return Fixed(-self.value, self.scale, self.rounding.opposite)

    def __add__(self, other: Fixed) -> Fixed:
        """x + y at the larger scale, which the smaller must divide. Free."""
        scale = max(self.scale, other.scale)
        if scale % self.scale or scale % other.scale:
            raise CompileError(
                f"scales {self.scale} and {other.scale} have no common one: rescale first",
                self.cs.source_line(),
            )
        total = self.value * (scale // self.scale) + other.value * (scale // other.scale)
        positive = self.non_negative and other.non_negative
        return Fixed(total, scale, self._joined(other.rounding, "sum"), positive)

    def __sub__(self, other: Fixed) -> Fixed:
        return self + -other

    def __mul__(self, other: Fixed) -> Fixed:
        """x * y at the product of the scales. One constraint.

        A rounded factor keeps its direction only beside one that stands for no negative value.
        """
        for x, y in ((self, other), (other, self)):
            if x.rounding is not EXACT and not y.non_negative:
                raise CompileError(
                    f"a {x.rounding.value} times a factor that may be negative would bound nothing",
                    self.cs.source_line(),
                )
        # Floors: 0 <= x <= x', 0 <= y <= y' give x y <= x' y'. Ceilings: 0 <= x' <= x, 0 <= y' <= y
        # give x' y' <= x y. Beside an exact y >= 0 either holds whatever the sign of x.
        rounding = self._joined(other.rounding, "product")
        positive = self.non_negative and other.non_negative
        return Fixed(self.value * other.value, self.scale * other.scale, rounding, positive)

    def floor(self, scale: int) -> Fixed:
        """The largest multiple of 1 / scale at or below. Cost: a division by a constant."""
        return self._rescaled(scale, FLOOR)

    def ceil(self, scale: int) -> Fixed:
        """The smallest multiple of 1 / scale at or above. Cost: a division by a constant."""
        return self._rescaled(scale, CEIL)

    def _rescaled(self, scale: int, rounding: Rounding) -> Fixed:
        if scale % self.scale == 0:
            return Fixed(self.value * (scale // self.scale), scale, self.rounding, self.positive)
        if self.scale % scale:
            raise CompileError(
                f"scale {scale} neither divides nor is a multiple of {self.scale}",
                self.cs.source_line(),
            )
        direction = self._joined(rounding, "rescaling")
        step = self.scale // scale
        if rounding is FLOOR:
            return Fixed(divide(self.cs, self.value, step)[0], scale, direction)
        up = -divide(self.cs, -self.value, step)[0]
        return Fixed(up, scale, direction, self.non_negative)

    def _joined(self, rounding: Rounding, what: str) -> Rounding:
        """The direction of a result that has two parts."""
        if EXACT in (self.rounding, rounding):
            return self.rounding if rounding is EXACT else rounding
        if self.rounding is not rounding:
            raise CompileError(
                f"this {what} mixes a floor with a ceiling: the result would bound nothing",
                self.cs.source_line(),
            )
        return rounding


def assert_covers(cs: ConstraintSystem, have: Fixed, need: Fixed) -> None:
    """have >= need, where `have` is exact or a floor and `need` exact or a ceiling.

    So that rounding can only make the claim harder.

    Requires: nothing beyond the types.   Cost: that of assert_le at the larger scale.
    """
    if have.rounding is CEIL or need.rounding is FLOOR:
        raise CompileError(
            "what is held must be rounded down and what is needed rounded up", cs.source_line()
        )
    scale = max(have.scale, need.scale)
    if scale % have.scale or scale % need.scale:
        raise CompileError("these scales have no common one: rescale first", cs.source_line())
    assert_le(cs, need.value * (scale // need.scale), have.value * (scale // have.scale))
