"""A value in a lane that it does not fit."""

from __future__ import annotations

from circuits.gadgets.pack import pack
from zk import Circuit, Uint, private


class Failing(Circuit):
    x: Uint = private(bits=9)

    def define(self, cs):
        cs.assert_equal(pack(cs, [(self.x, 8)]), 5)
