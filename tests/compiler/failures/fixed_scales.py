"""A sum at scales of which neither divides the other."""

from __future__ import annotations

from circuits.gadgets.fixed import Fixed
from zk import Circuit, Uint, private


class Failing(Circuit):
    x: Uint = private(bits=8)

    def define(self, cs):
        cs.assert_equal((Fixed(self.x, 100) + Fixed(self.x, 30)).value, 5)
