"""Slots in order: used ones first, keys strictly increasing, emptiness derived from the key."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from circuits.gadgets.compare import is_zero
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.types import Bool, Field, Uint


def ordered_slots(
    cs: ConstraintSystem, keys: Sequence[Field], bits: int
) -> tuple[list[Uint], list[Bool]]:
    """Return the keys with their bound, and the bits [key != 0].

    Proves that non-zero keys come first and increase strictly, so that none stands twice. Each key
    is below len(keys) * 2^bits: `bits` is the width of the first key and of every gap.

    Requires: nothing.   Cost: bits + 4 a key.
    """
    used: list[Bool] = []
    for i, key in enumerate(keys):
        with cs.obligation(f"slot {i} is used exactly when its key is not zero"):
            used.append(~is_zero(cs, key))
    with cs.obligation("the first key is in range"):
        cs.assert_range(keys[0], bits)
    for i, (before, after) in enumerate(pairwise(range(len(keys))), start=1):
        with cs.obligation(f"slot {i} is used only if the one before it is"):
            cs.assert_product(used[after], ~used[before], 0)
        with cs.obligation(f"the key of slot {i} is above the one before it"):
            # Used: key' - key - 1 is in [0, 2^bits), as integers, since key < i 2^bits is far from
            # R. Unused: the product is 0.
            gap = Field(cs, used[after].lc) * (keys[after] - keys[before] - 1)
            cs.assert_range(gap, bits)
    top = (len(keys) << bits) - 1
    return [cs.proven(key, 0, top) for key in keys], used
