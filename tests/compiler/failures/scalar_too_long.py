"""A scalar with more bits than the subgroup's order."""

from __future__ import annotations

from circuits.gadgets.babyjubjub import multiply_fixed
from zk import Bool, Circuit, private
from zk.babyjubjub import BASE


class Failing(Circuit):
    flag: Bool = private()

    def define(self, cs):
        cs.assert_equal(multiply_fixed(cs, [self.flag] * 253, BASE).x, 5)
