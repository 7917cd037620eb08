"""An interval that ends before it begins."""

from __future__ import annotations

from circuits.gadgets.arith import assert_in_range
from zk import Circuit, Uint, private


class Failing(Circuit):
    x: Uint = private(bits=8)

    def define(self, cs):
        assert_in_range(cs, self.x, 5, 3)
