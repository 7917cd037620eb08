"""Equalities that no value satisfies together."""

from __future__ import annotations

from zk import Circuit, Uint, private


class Failing(Circuit):
    x: Uint = private(bits=8)
    y: Uint = private(bits=8)

    def define(self, cs):
        product = self.x * self.y
        cs.assert_equal(product, 5)
        cs.assert_equal(product, 6)
