"""Holes that the language once had: each circuit here compiled, and proved something false.

Annotations do not run, so a gadget that took any signal for a bit, or a circuit that read another
one's wires, was a circuit like any other. Each is a CompileError now, with the line.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from circuits.gadgets.pack import with_sign
from circuits.gadgets.select import assert_member, select
from zk import Bool, Circuit, ConstraintSystem, Field, Uint, compile, private, public
from zk.compiler.template import Template
from zk.errors import CompileError

kept: list[Field] = []


def field_for_a_bit(cs: Any, x: Field, y: Uint, flag: Bool) -> None:
    """select by 5 gives y + 5 (z - y), which leaves the interval that its type would claim."""
    cs.assert_equal(select(cs, x, y, y + 1), 3)


def number_for_a_bit(cs: Any, x: Field, y: Uint, flag: Bool) -> None:
    """flag & 200 was a Bool of value 200, and ~ of it negative."""
    cs.assert_equal(~(flag & y), x)


def integer_for_a_bit(cs: Any, x: Field, y: Uint, flag: Bool) -> None:
    cs.assert_equal((flag & 2) * y, x)


def field_for_a_sign(cs: Any, x: Field, y: Uint, flag: Bool) -> None:
    cs.assert_equal(with_sign(cs, y, x), flag)


def field_for_a_condition(cs: Any, x: Field, y: Uint, flag: Bool) -> None:
    assert_member(cs, y, [flag], x)


def product_that_wraps(cs: Any, x: Field, y: Uint, flag: Bool) -> None:
    """quotient * divisor = y held modulo r for quotients that no integer division gives."""
    quotient = cs.assert_range(x, 250)
    cs.assert_product(quotient, y + 1, flag)


def kept_signal(cs: Any, x: Field, y: Uint, flag: Bool) -> None:
    """A signal of an earlier circuit names whatever wire has its number here."""
    kept.append(x)
    cs.assert_equal(x * y, flag)
    if len(kept) > 1:
        cs.assert_equal(kept[0], 7)


def one_wire_for_two(cs: Any, x: Field, y: Uint, flag: Bool) -> None:
    """A row with a wire twice, of which a later rewriting kept one term."""
    block = Template.record(ConstraintSystem("block"), 2, lambda xs: [(xs[0] + xs[1]) * xs[0]])
    (wire,) = (x * y).lc
    cs.assert_equal(cs.instantiate(block, [wire, wire])[0], flag)


def without_range(cs: Any, x: Field, y: Uint, flag: Bool) -> None:
    """What nothing bounds is not below anything."""
    from circuits.gadgets.compare import assert_le

    assert_le(cs, x, y)


EXPLOITS: list[Callable[[Any, Field, Uint, Bool], None]] = [
    field_for_a_bit,
    number_for_a_bit,
    integer_for_a_bit,
    field_for_a_sign,
    field_for_a_condition,
    product_that_wraps,
    kept_signal,
    one_wire_for_two,
    without_range,
]


@pytest.mark.parametrize("exploit", EXPLOITS, ids=lambda exploit: exploit.__name__)
def test_it_does_not_compile(exploit: Callable[[Any, Field, Uint, Bool], None]) -> None:
    class Exploit(Circuit):
        x: Field = private()
        y: Uint = private(bits=8)
        flag: Bool = private()

        def define(self, cs: ConstraintSystem) -> None:
            exploit(cs, self.x, self.y, self.flag)

    if exploit is kept_signal:
        compile(Exploit())
    with pytest.raises(CompileError) as caught:
        compile(Exploit())
    assert caught.value.where.startswith("tests/security/test_language.py:")


def test_a_forgotten_input_does_not_compile() -> None:
    """Its range alone read it, and nothing in the statement did."""

    class Buffered(Circuit):
        margin: Uint = private(bits=16)
        buffer: Uint = public(bits=8)

        def define(self, cs: ConstraintSystem) -> None:
            cs.assert_non_negative(self.margin - 1)

    with pytest.raises(CompileError, match="no constraint reads the input buffer"):
        compile(Buffered())
