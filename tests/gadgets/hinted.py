"""Two gadgets that a user of the language could write: how hints are used, and attacked."""

from __future__ import annotations

from circuits.gadgets.compare import assert_less
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.types import Uint


def floor_divide(cs: ConstraintSystem, x: Uint, y: Uint) -> Uint:
    """Return floor(x / y); y = 0 is refused.

    Requires: nothing beyond the types.   Cost: the bits of x and twice those of y, and 1.
    """
    hinted = cs.hint_divide(x, y)
    quotient, remainder = cs.assert_range(hinted[0], x.bits), cs.assert_range(hinted[1], y.bits)
    # 0 <= remainder < y and x = quotient y + remainder over the integers, for no product of these
    # types leaves the field: there is one such quotient.
    assert_less(cs, remainder, y)
    cs.assert_product(quotient, y, x - remainder)
    return quotient


def floor_sqrt(cs: ConstraintSystem, x: Uint) -> Uint:
    """Return the largest s with s^2 <= x.

    Requires: nothing beyond the types.   Cost: 3 n + 3, n half the bits of x.
    """
    n = (x.bits + 1) // 2
    root = cs.assert_range(cs.hint_sqrt(x), n)
    # x - s^2 lies in [0, 2 s], so s^2 <= x < (s + 1)^2.
    rest = cs.assert_range(x - root * root, n + 1)
    cs.assert_range(2 * root - rest, n + 1)
    return root
