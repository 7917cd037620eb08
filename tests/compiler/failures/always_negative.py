"""A value that its range makes negative."""

from __future__ import annotations

from zk import Circuit, Uint, private


class Failing(Circuit):
    x: Uint = private(bits=8)

    def define(self, cs):
        cs.assert_non_negative(self.x - 300)
