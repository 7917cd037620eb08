"""Coverage by what was rounded up."""

from __future__ import annotations

from circuits.gadgets.fixed import Fixed, assert_covers
from zk import Circuit, Uint, private


class Failing(Circuit):
    x: Uint = private(bits=8)

    def define(self, cs):
        assert_covers(cs, Fixed(self.x, 100).ceil(10), Fixed(self.x, 10))
