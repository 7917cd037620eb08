"""Reading a list at a private index."""

from __future__ import annotations

import pytest

from circuits.gadgets.mux import lookup, one_hot
from tests.checks import gadget_circuit
from zk.compiler.types import Field, Int, Uint
from zk.errors import CompileError
from zk.field import R


@pytest.mark.parametrize("bits", [1, 2, 3, 5])
def test_one_hot_equals_python(bits: int) -> None:
    gadget = gadget_circuit({"x": (Uint, bits)}, lambda cs, x: [*one_hot(cs, cs.bits(x, bits))])
    for x in range(1 << bits):
        assert gadget.honest({"x": x}) == [int(i == x) for i in range(1 << bits)]
    assert gadget.cost == (1 << bits) - bits - 1
    gadget.assert_forgeries_rejected({"x": (1 << bits) - 1})


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 11])
def test_lookup_equals_python_and_refuses_beyond(count: int) -> None:
    names = [f"v{i}" for i in range(count)]
    gadget = gadget_circuit(
        {"index": (Uint, 6), **dict.fromkeys(names, (Int, 20))},
        lambda cs, index, *values: lookup(cs, index, values),
    )
    values = {name: (-1) ** i * 1000 * i + 7 for i, name in enumerate(names)}
    for index in range(count):
        assert gadget.honest({"index": index, **values}) == [values[f"v{index}"]]
    for index in (count, count + 1, 63):
        gadget.refusal({"index": index, **values})
    gadget.assert_forgeries_rejected({"index": count - 1, **values})


def test_an_index_takes_its_bits_and_no_more() -> None:
    """All values the same: what is refused is the index alone."""
    for count in (1, 2, 4, 5, 8):
        gadget = gadget_circuit(
            {"x": (Field, None), "y": (Field, None)},
            lambda cs, x, y, n=count: lookup(cs, cs.proven(x - y, 0, 63), [cs.constant(7)] * n),
        )
        for index in range(count):
            assert gadget.honest({"x": index + 9, "y": 9}) == [7]
        for index in (count, 2 * count, 63, -1, R // 2):
            gadget.assert_refused({"x": index + 9, "y": 9})


def test_cost_of_the_design_page() -> None:
    names = dict.fromkeys((f"v{i}" for i in range(16)), (Field, None))
    gadget = gadget_circuit(
        {"index": (Field, None), **names},
        lambda cs, index, *values: lookup(cs, cs.assert_range(index, 4), values),
    )
    assert gadget.cost <= 16 - 1 + 4


def test_an_empty_list_does_not_compile() -> None:
    with pytest.raises(CompileError, match="empty list"):
        gadget_circuit({"x": (Uint, 2)}, lambda cs, x: lookup(cs, x, []))
