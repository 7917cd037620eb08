"""A private input that nothing reads but its own range."""

from __future__ import annotations

from zk import Circuit, Uint, private


class Failing(Circuit):
    x: Uint = private(bits=8)
    buffer: Uint = private(bits=8)

    def define(self, cs):
        cs.assert_equal(self.x * self.x, 25)
