"""A constant that is neither 0 nor 1."""

from __future__ import annotations

from zk import Circuit, Uint, private


class Failing(Circuit):
    x: Uint = private(bits=8)

    def define(self, cs):
        cs.assert_equal(self.x, 5)
        cs.assert_bool(cs.constant(2))
