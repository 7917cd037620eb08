"""`if` on a signal."""

from __future__ import annotations

from zk import Bool, Circuit, private


class Failing(Circuit):
    flag: Bool = private()

    def define(self, cs):
        if self.flag:
            cs.assert_equal(self.flag, 1)
