"""A choice by what is no bit."""

from __future__ import annotations

from circuits.gadgets.select import select
from zk import Circuit, Uint, private


class Failing(Circuit):
    x: Uint = private(bits=8)

    def define(self, cs):
        cs.assert_equal(select(cs, self.x, self.x, self.x + 1), 1)
