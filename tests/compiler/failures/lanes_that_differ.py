"""A sum of lanes of two widths."""

from __future__ import annotations

from circuits.gadgets.lanes import pack_lanes
from zk import Circuit, Uint, private


class Failing(Circuit):
    x: Uint = private(bits=8)

    def define(self, cs):
        wide, narrow = pack_lanes(cs, [self.x], 20), pack_lanes(cs, [self.x], 10)
        cs.assert_equal((wide + narrow).packed, 5)
