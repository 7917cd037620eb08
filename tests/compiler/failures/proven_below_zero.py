"""A claim of a negative interval where a Uint is meant."""

from __future__ import annotations

from zk import Circuit, Uint, private


class Failing(Circuit):
    x: Uint = private(bits=8)

    def define(self, cs):
        cs.proven(self.x - 300, -300, -45)
