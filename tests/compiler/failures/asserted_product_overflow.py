"""A product that is asserted, and could hold modulo R alone."""

from __future__ import annotations

from zk import Circuit, Uint, private


class Failing(Circuit):
    quotient: Uint = private(bits=200)
    divisor: Uint = private(bits=60)
    x: Uint = private(bits=64)

    def define(self, cs):
        cs.assert_product(self.quotient, self.divisor, self.x)
