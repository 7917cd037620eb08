"""A constant that is no integer beside an Int."""

from __future__ import annotations

from zk import Circuit, Uint, private


class Failing(Circuit):
    x: Uint = private(bits=8)

    def define(self, cs):
        cs.assert_equal(self.x + 2**253, 5)
