"""More bits of lanes than a field element has."""

from __future__ import annotations

from circuits.gadgets.pack import pack
from zk import Circuit, Uint, private


class Failing(Circuit):
    x: Uint = private(bits=8)

    def define(self, cs):
        cs.assert_equal(pack(cs, [(self.x, 200), (self.x, 60)]), 5)
