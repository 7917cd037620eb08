"""An array without its length."""

from __future__ import annotations

from zk import Circuit, Uint, private


class Failing(Circuit):
    xs: list[Uint] = private(bits=8)

    def define(self, cs):
        cs.assert_equal(self.xs[0], 5)
