"""A circuit with every kind of origin and hint, small enough to count by hand."""

from __future__ import annotations

from circuits.gadgets.compare import assert_le, is_zero
from circuits.gadgets.hash import poseidon
from circuits.gadgets.select import select
from zk import Bool, Circuit, Field, Int, Uint, private, public
from zk.poseidon import poseidon as poseidon_hash


class Vault(Circuit):
    """Some slots are below a limit; their sum is hashed, divided and compared."""

    digest: Field = public()
    limit: Uint = public(bits=20)
    domain: Field = public(context=True)
    slot: list[Uint] = private(bits=20, count=3)
    shift: Int = private(bits=8)
    chosen: Bool = private()

    def __init__(self, checked: int = 3) -> None:
        self.checked = checked

    def define(self, cs) -> None:
        for i, x in enumerate(self.slot[: self.checked]):
            with cs.obligation(f"slot[{i}]"), cs.obligation("is within the limit"):
                assert_le(cs, x, self.limit)
        with cs.obligation("the sum"):
            total = self.slot[0] + self.slot[1] + self.slot[2] + self.shift + 128
            value = select(cs, self.chosen, total, total * self.slot[0])
            cs.assert_equal(poseidon(cs, [value]), self.digest)
        with cs.obligation("parts"):
            quotient, rest = cs.hint_divide(self.slot[0], self.limit + 1)
            cs.assert_product(quotient, self.limit + 1, self.slot[0] - rest)
            root = cs.assert_range(cs.hint_sqrt(self.slot[1]), 10)
            cs.assert_range(self.slot[1] - root * root, 11)
            less = cs.assert_bool(cs.hint_less(self.slot[1], self.slot[2]))
            is_zero(cs, cs.hint_product(less, self.slot[2]))


def inputs() -> dict[str, object]:
    """Values that satisfy it."""
    total = 7 + 8 + 9 - 5 + 128
    return {
        "digest": poseidon_hash([total]),
        "limit": 1000,
        "domain": 4,
        "slot": [7, 8, 9],
        "shift": -5,
        "chosen": 1,
    }
