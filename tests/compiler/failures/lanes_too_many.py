"""More lanes than a field element holds."""

from __future__ import annotations

from circuits.gadgets.lanes import pack_lanes
from zk import Circuit, Uint, private


class Failing(Circuit):
    x: Uint = private(bits=8)

    def define(self, cs):
        cs.assert_equal(pack_lanes(cs, [self.x] * 5, 60).packed, 5)
