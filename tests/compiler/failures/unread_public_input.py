"""A public input that no constraint reads."""

from __future__ import annotations

from zk import Circuit, Field, private, public


class Failing(Circuit):
    x: Field = private()
    domain: Field = public()

    def define(self, cs):
        cs.assert_equal(self.x * self.x, 5)
