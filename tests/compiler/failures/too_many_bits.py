"""A width that has two decompositions in the field."""

from __future__ import annotations

from zk import Circuit, Uint, private


class Failing(Circuit):
    x: Uint = private(bits=253)

    def define(self, cs):
        cs.assert_equal(self.x, 5)
