"""Division by a signal that can only be zero."""

from __future__ import annotations

from circuits.gadgets.arith import divide
from zk import Circuit, Uint, private


class Failing(Circuit):
    x: Uint = private(bits=8)

    def define(self, cs):
        nothing = cs.proven(cs.constant(0), 0, 0)
        cs.assert_equal(divide(cs, self.x, nothing)[0], 5)
