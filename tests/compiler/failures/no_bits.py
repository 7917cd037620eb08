"""A width of 0."""

from __future__ import annotations

from zk import Circuit, Uint, private


class Failing(Circuit):
    x: Uint = private(bits=0)

    def define(self, cs):
        cs.assert_equal(self.x, 5)
