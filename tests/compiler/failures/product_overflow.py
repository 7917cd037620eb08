"""A product that could leave the field: both operands, their ranges and the line."""

from __future__ import annotations

from zk import Circuit, Uint, private


class Failing(Circuit):
    price: Uint = private(bits=200)
    quantity: Uint = private(bits=60)

    def define(self, cs):
        cs.assert_equal(self.price * (self.quantity + 1), 5)
