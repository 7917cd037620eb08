"""Bits that a field element does not have."""

from __future__ import annotations

from zk import Circuit, Uint, private


class Failing(Circuit):
    x: Uint = private(bits=8)

    def define(self, cs):
        high = cs.hint_bits(self.x, 10, 250)
        cs.assert_equal(high[0], self.x)
