"""A floor plus a ceiling."""

from __future__ import annotations

from circuits.gadgets.fixed import Fixed
from zk import Circuit, Uint, private


class Failing(Circuit):
    x: Uint = private(bits=8)

    def define(self, cs):
        total = Fixed(self.x, 100).floor(10) + Fixed(self.x, 100).ceil(10)
        cs.assert_equal(total.value, 5)
