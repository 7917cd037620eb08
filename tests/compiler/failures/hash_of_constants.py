"""A hash that the compiler would have to compute."""

from __future__ import annotations

from circuits.gadgets.hash import poseidon
from zk import Circuit, Uint, private


class Failing(Circuit):
    x: Uint = private(bits=8)

    def define(self, cs):
        cs.assert_equal(self.x, poseidon(cs, [cs.constant(1)]))
