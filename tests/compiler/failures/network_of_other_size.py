"""A lookup with the switches of another number of values."""

from __future__ import annotations

from circuits.gadgets.lookup import assert_all_members
from zk import Circuit, Field, private


class Failing(Circuit):
    value: Field = private()
    member: list[Field] = private(count=2)
    switch: list[Field] = private(count=2)

    def define(self, cs):
        assert_all_members(cs, [self.value], self.member, self.switch)
