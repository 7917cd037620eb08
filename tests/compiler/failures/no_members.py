"""Membership in an empty list."""

from __future__ import annotations

from circuits.gadgets.select import assert_member
from zk import Circuit, Uint, private


class Failing(Circuit):
    x: Uint = private(bits=8)

    def define(self, cs):
        assert_member(cs, self.x, [])
