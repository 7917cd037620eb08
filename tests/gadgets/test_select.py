"""select, assert_member, pack, with_sign."""

from __future__ import annotations

import random

import pytest

from circuits.gadgets.pack import pack, with_sign
from circuits.gadgets.select import assert_member, select
from tests.checks import gadget_circuit
from zk.compiler.types import Bool, Field, Int, Uint
from zk.errors import CompileError
from zk.field import R

BIT = {"bit": (Bool, None)}
FIELD_PAIR = {"x": (Field, None), "y": (Field, None)}


def test_select() -> None:
    gadget = gadget_circuit(BIT | FIELD_PAIR, select)
    rng = random.Random(1)
    for x, y in [(0, 0), (0, 1), (R - 1, 5), (rng.randrange(R), rng.randrange(R))]:
        for bit in (0, 1):
            assert gadget.honest({"bit": bit, "x": x, "y": y}) == [x if bit else y]
    for bit in (2, R - 1):
        gadget.refusal({"bit": bit, "x": 1, "y": 2})
    gadget.assert_forgeries_rejected({"bit": 1, "x": 3, "y": 4})


def test_select_takes_the_hull_of_the_intervals() -> None:
    def body(cs, bit, x, y):
        chosen = select(cs, bit, x, y)
        assert (chosen.lo, chosen.hi) == (-8, 31)
        field = select(cs, bit, Field(cs, x.lc), y)
        assert type(field) is Field
        return chosen

    gadget = gadget_circuit(BIT | {"x": (Int, 4), "y": (Uint, 5)}, body)
    for x in (-8, 7):
        for y in (0, 31):
            assert gadget.honest({"bit": 1, "x": x, "y": y}) == [x]
            assert gadget.honest({"bit": 0, "x": x, "y": y}) == [y]


def test_select_by_a_constant_is_free() -> None:
    gadget = gadget_circuit(
        FIELD_PAIR, lambda cs, x, y: select(cs, cs.assert_bool(cs.constant(1)), x, y)
    )
    assert gadget.cost == 0
    assert gadget.honest({"x": 7, "y": 8}) == [7]


@pytest.mark.parametrize("count", [1, 2, 3, 9])
def test_assert_member(count: int) -> None:
    inputs = {"x": (Field, None)} | {f"m{i}": (Field, None) for i in range(count)}
    gadget = gadget_circuit(inputs, lambda cs, x, *members: assert_member(cs, x, members))
    rng = random.Random(count)
    members = {f"m{i}": rng.randrange(R) for i in range(count)}
    for value in members.values():
        gadget.honest({"x": value} | members)
        gadget.honest({"x": value} | dict.fromkeys(members, value))
    for x in (0, 1, R - 1, (members["m0"] + 1) % R):
        gadget.assert_refused({"x": x} | members)
    gadget.assert_forgeries_rejected({"x": members["m0"]} | members)


def test_assert_member_when() -> None:
    inputs = BIT | {"x": (Field, None), "m0": (Field, None), "m1": (Field, None)}
    gadget = gadget_circuit(inputs, lambda cs, bit, x, *ms: assert_member(cs, x, ms, bit))
    assert gadget.cost == 2
    gadget.honest({"bit": 1, "x": 5, "m0": 4, "m1": 5})
    gadget.honest({"bit": 0, "x": 6, "m0": 4, "m1": 5})
    gadget.assert_refused({"bit": 1, "x": 6, "m0": 4, "m1": 5})
    gadget.assert_forgeries_rejected({"bit": 1, "x": 5, "m0": 4, "m1": 5})


def test_assert_member_of_nothing_is_refused() -> None:
    with pytest.raises(CompileError, match="no members"):
        gadget_circuit({"x": (Field, None)}, lambda cs, x: assert_member(cs, x, []))


def test_pack() -> None:
    inputs = {"x": (Uint, 63), "bit": (Bool, None), "y": (Uint, 96)}

    def body(cs, x, bit, y):
        return pack(cs, [(x, 63), (bit, 8), (y, 96)])

    gadget = gadget_circuit(inputs, body)
    assert gadget.cost == 0
    for x in (0, 1, (1 << 63) - 1):
        for bit in (0, 1):
            for y in (0, (1 << 96) - 1):
                packed = gadget.honest({"x": x, "bit": bit, "y": y})
                assert packed == [x + (bit << 63) + (y << 71)]
    for values in ({"x": 1 << 63}, {"bit": 2}, {"y": -1}):
        gadget.refusal({"x": 0, "bit": 0, "y": 0} | values)
    gadget.assert_forgeries_rejected({"x": 7, "bit": 1, "y": 9})


@pytest.mark.parametrize(
    ("kind", "bits", "width"), [(Uint, 9, 8), (Int, 8, 64), (Field, None, 254)]
)
def test_a_lane_that_does_not_fit_is_refused(kind, bits, width) -> None:
    """A value packed before its type gives it a range could spill into its neighbour."""
    with pytest.raises(CompileError, match="does not fit a lane"):
        gadget_circuit({"x": (kind, bits)}, lambda cs, x: pack(cs, [(x, width)]))


def test_a_lane_fits_to_the_last_value() -> None:
    def lane(top: int):
        return lambda cs, x: pack(cs, [(cs.proven(x, 0, top), 8), (x, 9)])

    gadget_circuit({"x": (Uint, 9)}, lane(255))
    with pytest.raises(CompileError, match="does not fit a lane of 8 bits"):
        gadget_circuit({"x": (Uint, 9)}, lane(256))


def test_lanes_that_do_not_fit_the_field_are_refused() -> None:
    with pytest.raises(CompileError, match="254 bits of lanes"):
        gadget_circuit({"x": (Uint, 8)}, lambda cs, x: pack(cs, [(x, 127), (x, 127)]))


def test_with_sign() -> None:
    def body(cs, bit, x):
        value = with_sign(cs, x, bit)
        assert (value.lo, value.hi) == (-255, 255)
        return value

    gadget = gadget_circuit(BIT | {"x": (Uint, 8)}, body)
    for x in (0, 1, 200, 255):
        assert gadget.honest({"bit": 0, "x": x}) == [x]
        assert gadget.honest({"bit": 1, "x": x}) == [-x]
    gadget.refusal({"bit": 2, "x": 1})
    gadget.refusal({"bit": 1, "x": 256})
    gadget.assert_forgeries_rejected({"bit": 1, "x": 200})


@pytest.mark.parametrize(
    "body",
    [
        lambda cs, x, y: select(cs, x, y, y),
        lambda cs, x, y: with_sign(cs, y, x),
        lambda cs, x, y: assert_member(cs, y, [y], x),
    ],
)
@pytest.mark.parametrize("kind", [(Field, None), (Uint, 1), (Uint, 8)])
def test_what_is_no_bit_by_its_type_chooses_nothing(body, kind) -> None:
    """A 2 in the place of a bit would leave the hull of the intervals."""
    with pytest.raises(CompileError, match="takes a Bool"):
        gadget_circuit({"x": kind, "y": (Uint, 8)}, body)


def test_a_magnitude_is_not_negative() -> None:
    with pytest.raises(CompileError, match="Uint"):
        gadget_circuit(BIT | {"x": (Int, 8)}, lambda cs, bit, x: with_sign(cs, x, bit))
