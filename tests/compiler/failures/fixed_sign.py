"""A floor times what may be negative."""

from __future__ import annotations

from circuits.gadgets.fixed import Fixed
from zk import Circuit, Int, private


class Failing(Circuit):
    x: Int = private(bits=8)

    def define(self, cs):
        floor = Fixed(self.x, 100).floor(10)
        cs.assert_equal((floor * Fixed(self.x, 1)).value, 5)
