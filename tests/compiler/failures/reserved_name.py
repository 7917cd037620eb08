"""An input whose name is one of the language's own."""

from __future__ import annotations

from zk import Circuit, Uint, private


class Failing(Circuit):
    name: Uint = private(bits=8)

    def define(self, cs):
        cs.assert_equal(self.name, 5)
