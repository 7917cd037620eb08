"""A comparison of what has no range."""

from __future__ import annotations

from circuits.gadgets.compare import assert_le
from zk import Circuit, Field, private


class Failing(Circuit):
    x: Field = private()

    def define(self, cs):
        assert_le(cs, self.x, 5)
