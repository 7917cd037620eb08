"""A comparison whose difference does not fit."""

from __future__ import annotations

from circuits.gadgets.compare import assert_le
from zk import Circuit, Int, private


class Failing(Circuit):
    x: Int = private(bits=252)
    y: Int = private(bits=252)

    def define(self, cs):
        assert_le(cs, self.x * 2 - self.y, 5)
