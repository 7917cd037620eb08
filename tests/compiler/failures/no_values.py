"""A lookup in an empty list."""

from __future__ import annotations

from circuits.gadgets.mux import lookup
from zk import Circuit, Uint, private


class Failing(Circuit):
    x: Uint = private(bits=8)

    def define(self, cs):
        cs.assert_equal(lookup(cs, self.x, []), 5)
