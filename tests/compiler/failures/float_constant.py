"""A number that is no integer."""

from __future__ import annotations

from zk import Circuit, Uint, private


class Failing(Circuit):
    x: Uint = private(bits=8)

    def define(self, cs):
        cs.assert_equal(self.x * 0.5, 5)
