"""A Field has no width."""

from __future__ import annotations

from zk import Circuit, Field, private


class Failing(Circuit):
    x: Field = private(bits=8)

    def define(self, cs):
        cs.assert_equal(self.x, 5)
