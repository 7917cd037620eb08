"""A hint that no constraint reads."""

from __future__ import annotations

from zk import Circuit, Uint, private


class Failing(Circuit):
    x: Uint = private(bits=16)
    y: Uint = private(bits=8)

    def define(self, cs):
        quotient, _ = cs.hint_divide(self.x, self.y)
        cs.assert_product(quotient, self.y, self.x)
