"""Division by a constant that is not above zero."""

from __future__ import annotations

from circuits.gadgets.arith import divide
from zk import Circuit, Uint, private


class Failing(Circuit):
    x: Uint = private(bits=8)

    def define(self, cs):
        cs.assert_equal(divide(cs, self.x, 0)[0], 5)
