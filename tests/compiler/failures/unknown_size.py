"""A size that no attribute holds."""

from __future__ import annotations

from zk import Circuit, Uint, private


class Failing(Circuit):
    x: Uint = private(bits="width")

    def define(self, cs):
        cs.assert_equal(self.x, 5)
