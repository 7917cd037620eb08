"""A scale that is no part of the number's."""

from __future__ import annotations

from circuits.gadgets.fixed import Fixed
from zk import Circuit, Uint, private


class Failing(Circuit):
    x: Uint = private(bits=8)

    def define(self, cs):
        cs.assert_equal(Fixed(self.x, 100).floor(30).value, 5)
