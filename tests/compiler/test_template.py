"""Recorded blocks: an instance is what writing it out would give."""

from __future__ import annotations

import pytest

from tests.checks import gadget_circuit
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.template import Template
from zk.compiler.types import Field
from zk.errors import CompileError
from zk.field import R


def block(xs: list[Field]) -> list[Field]:
    """Two products over two externals and constants."""
    x, y = xs
    product = (x + 2 * y + 1) * (y - 3)
    return [product * product + x, product - 5]


def recorded() -> Template:
    return Template.record(ConstraintSystem("scratch"), 2, block)


PAIR = {"x": (Field, None), "y": (Field, None)}


def wire(x: Field) -> int:
    """The one wire of a product."""
    (found,) = x.lc
    return found


def test_an_instance_is_the_block() -> None:
    template = recorded()

    def instances(cs, x, y):
        p, q = wire(x * y), wire(x * x)
        r = wire(y * y)
        return [*cs.instantiate(template, [p, q]), *cs.instantiate(template, [p, r])]

    def written(cs, x, y):
        p, q, r = x * y, x * x, y * y
        return [*block([p, q]), *block([p, r])]

    one, two = gadget_circuit(PAIR, instances), gadget_circuit(PAIR, written)
    assert one.cost == two.cost == 3 + 2 * 2
    for x, y in ((0, 0), (3, 4), (R - 1, 9)):
        assert one.honest({"x": x, "y": y}) == two.honest({"x": x, "y": y})
    one.assert_forgeries_rejected({"x": 3, "y": 4})


def test_the_externals_are_distinct_wires_in_order() -> None:
    """One wire for two externals would stand twice in a row, and a rewriting would lose a term."""
    template = recorded()
    cs = ConstraintSystem("externals")
    cs.wires(3)
    for externals in ([1, 1], [2, 1], [0, 1], [1], [1, 2, 3]):
        with pytest.raises(CompileError, match="distinct wires"):
            cs.instantiate(template, externals)
    cs.instantiate(template, [1, 3])


def test_a_block_holds_products_alone() -> None:
    def hinted(xs: list[Field]) -> list[Field]:
        return [xs[0].cs.hint_inverse(xs[0])]

    def linear(xs: list[Field]) -> list[Field]:
        xs[0].cs.assert_equal(xs[0], 5)
        return xs

    for build in (hinted, linear):
        with pytest.raises(AssertionError):
            Template.record(ConstraintSystem("scratch"), 1, build)


def test_an_eliminated_external_is_rewritten_in_every_row() -> None:
    template = recorded()

    def body(cs, x, y):
        p, q = x * y, x * x
        outputs = cs.instantiate(template, [wire(p), wire(q)])
        cs.assert_equal(q, p + 7)  # q goes, and stands in the block's rows
        return outputs

    gadget = gadget_circuit(PAIR, body)
    x, y = 7, 6  # 49 = 42 + 7
    assert gadget.honest({"x": x, "y": y}) == [
        ((42 + 2 * 49 + 1) * 46) ** 2 + 42,
        (42 + 2 * 49 + 1) * 46 - 5,
    ]
    gadget.refusal({"x": 7, "y": 5})
