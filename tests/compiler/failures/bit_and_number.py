"""& of a bit and what is no bit."""

from __future__ import annotations

from zk import Bool, Circuit, Uint, private


class Failing(Circuit):
    flag: Bool = private()
    x: Uint = private(bits=8)

    def define(self, cs):
        cs.assert_equal(self.flag & self.x, 1)
