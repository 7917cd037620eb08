"""A struct whose declaration says public, while its members are private."""

from __future__ import annotations

from zk import Circuit, Field, Struct, private, public


class Pair(Struct):
    x: Field = private()


class Failing(Circuit):
    pair: Pair = public()

    def define(self, cs):
        cs.assert_equal(self.pair.x, 5)
