"""A hash of an empty list."""

from __future__ import annotations

from circuits.gadgets.hash import poseidon_sponge
from zk import Circuit, Uint, private


class Failing(Circuit):
    x: Uint = private(bits=8)

    def define(self, cs):
        cs.assert_equal(self.x, poseidon_sponge(cs, []))
