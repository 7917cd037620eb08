"""An index of no bits."""

from __future__ import annotations

from circuits.gadgets.mux import one_hot
from zk import Circuit, Uint, private


class Failing(Circuit):
    x: Uint = private(bits=8)

    def define(self, cs):
        cs.assert_equal(one_hot(cs, [])[0], self.x)
