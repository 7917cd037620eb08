"""A type that no signal has."""

from __future__ import annotations

from zk import Circuit, private


class Failing(Circuit):
    x: int = private(bits=8)

    def define(self, cs):
        cs.assert_equal(self.x, 5)
