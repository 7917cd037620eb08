"""A sum that could leave the field."""

from __future__ import annotations

from zk import Circuit, Uint, private


class Failing(Circuit):
    x: Uint = private(bits=252)

    def define(self, cs):
        cs.assert_equal(self.x + self.x, 5)
