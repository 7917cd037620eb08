"""Bits of a value in an interval that ends before it begins."""

from __future__ import annotations

from circuits.gadgets.bits import bits_between
from zk import Circuit, Uint, private


class Failing(Circuit):
    x: Uint = private(bits=8)

    def define(self, cs):
        cs.assert_equal(bits_between(cs, self.x, 5, 3)[0], 1)
