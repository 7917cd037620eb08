"""A sum that leaves its lane."""

from __future__ import annotations

from circuits.gadgets.lanes import pack_lanes
from zk import Circuit, Uint, private


class Failing(Circuit):
    x: Uint = private(bits=8)

    def define(self, cs):
        lanes = pack_lanes(cs, [self.x, self.x], 9)
        cs.assert_equal((lanes + lanes).packed, 5)
