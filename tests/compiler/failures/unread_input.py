"""A private input that no constraint reads."""

from __future__ import annotations

from zk import Circuit, Field, private


class Failing(Circuit):
    x: Field = private()
    salt: Field = private()

    def define(self, cs):
        cs.assert_equal(self.x * self.x, 5)
