"""A hash of more values than one permutation takes."""

from __future__ import annotations

from circuits.gadgets.hash import poseidon
from zk import Circuit, Uint, private


class Failing(Circuit):
    x: Uint = private(bits=8)

    def define(self, cs):
        cs.assert_equal(poseidon(cs, [self.x] * 17), 5)
