"""Several range-checked integers in one field element, and signs apart from magnitudes.

A lane is packed only after its type has given it a range: a value packed before that can spill
into its neighbour.
"""

from __future__ import annotations

from collections.abc import Sequence

from zk.compiler.frontend import ConstraintSystem
from zk.compiler.types import Bool, Field, Int, Uint, bit, integer
from zk.errors import CompileError
from zk.field import R


def pack(cs: ConstraintSystem, lanes: Sequence[tuple[Uint, int]]) -> Field:
    """Return sum lane_i * 2^(widths before i), least significant lane first.

    Requires: nothing beyond the types; a lane that does not fit its width is a CompileError.
    Cost: none.
    """
    total: Field = Field(cs, {})
    shift = 0
    for lane, width in lanes:
        if not (isinstance(lane, Uint) and lane.hi < 1 << width):
            raise CompileError(
                f"{lane.describe()} does not fit a lane of {width} bits", cs.source_line()
            )
        total = total + Field(cs, lane.lc) * (1 << shift)
        shift += width
    if 1 << shift >= R:
        raise CompileError(f"{shift} bits of lanes do not fit a field element", cs.source_line())
    return total


def with_sign(cs: ConstraintSystem, magnitude: Uint, negative: Bool) -> Int:
    """Return -magnitude where `negative` is 1, else magnitude.

    Requires: nothing.   Cost: 1 constraint.
    """
    bit(cs, negative, "with_sign")
    integer(cs, magnitude, "with_sign", Uint)
    value = magnitude - 2 * (negative * magnitude)
    return cs.number(value.lc, -magnitude.hi, magnitude.hi)
