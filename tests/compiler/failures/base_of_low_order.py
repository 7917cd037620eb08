"""A base outside the prime-order subgroup."""

from __future__ import annotations

from circuits.gadgets.babyjubjub import multiply_fixed
from zk import Bool, Circuit, private


class Failing(Circuit):
    flag: Bool = private()

    def define(self, cs):
        cs.assert_equal(multiply_fixed(cs, [self.flag] * 8, (0, 1)).x, 5)
