"""A signal kept from an earlier compilation."""

from __future__ import annotations

from zk import Circuit, ConstraintSystem, Uint, private


class Failing(Circuit):
    x: Uint = private(bits=8)

    def define(self, cs):
        other = ConstraintSystem("other")
        cs.assert_equal(self.x + other.constant(1), 5)
