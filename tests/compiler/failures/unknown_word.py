"""A word that the declaration does not take."""

from __future__ import annotations

from zk import Circuit, Uint, private


class Failing(Circuit):
    x: Uint = private(bits=8, bit=9)

    def define(self, cs):
        cs.assert_equal(self.x, 5)
