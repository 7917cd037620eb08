"""Packed lanes: scaled and summed packed, unpacked once."""

from __future__ import annotations

import random

import pytest

from circuits.gadgets.lanes import broadcast, pack_lanes, trusted_lanes, unpack, unpack_signed
from tests.checks import gadget_circuit
from zk.compiler.types import Field, Int, Uint
from zk.errors import CompileError

WIDTH = 84


def weighted(cs, q0, q1, equity, *values):
    """equity + q0 * (three lanes) + q1 * (three lanes), lane by lane."""
    first, second = pack_lanes(cs, values[:3], WIDTH), pack_lanes(cs, values[3:], WIDTH)
    return unpack(cs, broadcast(cs, equity, 3, WIDTH) + first * q0 - second * q1)


INPUTS = {
    "q0": (Int, 32),
    "q1": (Int, 32),
    "equity": (Int, 80),
    **{f"v{i}": (Uint, 48) for i in range(6)},
}


def expected(values: dict[str, int]) -> list[int]:
    v = [values[f"v{i}"] for i in range(6)]
    return [
        values["equity"] + values["q0"] * a - values["q1"] * b
        for a, b in zip(v[:3], v[3:], strict=True)
    ]


def test_lanes_equal_python_at_their_limits() -> None:
    gadget = gadget_circuit(INPUTS, weighted)
    rng = random.Random("lanes")
    tops = {"q0": 1 << 31, "q1": 1 << 31, "equity": 1 << 79}
    for _ in range(40):
        values = {
            name: rng.choice((-tops[name], tops[name] - 1, 0, -1, rng.randrange(tops[name])))
            if name in tops
            else rng.choice((0, (1 << 48) - 1, rng.getrandbits(48)))
            for name in INPUTS
        }
        assert gadget.honest(values) == expected(values)
    gadget.assert_forgeries_rejected(values)


def test_costs_a_product_a_row_and_the_bits_of_each_lane() -> None:
    # |equity| <= 2^79 and twice a product of 48 and 31 bits: below 2^81, and a sign.
    assert gadget_circuit(INPUTS, weighted).cost == 2 + 3 * 82


@pytest.mark.parametrize("bits", [1, 7, 40])
def test_signs_and_ends_of_lanes(bits: int) -> None:
    """Signed lanes with their signs, beside unsigned ones, at the ends of their intervals."""

    def body(cs, x, y, z):
        (x, positive), (y, always), (z, other) = unpack_signed(
            cs, pack_lanes(cs, [x, y, z], bits + 2)
        )
        return x, positive, y, always, z, other

    inputs = {"x": (Int, bits), "y": (Uint, bits), "z": (Int, bits)}
    gadget = gadget_circuit(inputs, body)
    assert gadget.cost == 3 * bits
    half, top = 1 << bits - 1, (1 << bits) - 1
    for x in {-half, -1, 0, half - 1}:
        for y in (0, top):
            for z in (-half, half - 1):
                found = gadget.honest({"x": x, "y": y, "z": z})
                assert found == [x, int(x >= 0), y, 1, z, int(z >= 0)]
    gadget.assert_forgeries_rejected({"x": -half, "y": top, "z": half - 1})


def test_a_lane_that_could_overflow_does_not_compile() -> None:
    def body(cs, q, x):
        return unpack(cs, pack_lanes(cs, [x, x], 90) * q)

    with pytest.raises(CompileError, match="lane 0 could leave its 90 bits"):
        gadget_circuit({"q": (Int, 48), "x": (Uint, 48)}, body)


def test_too_many_lanes_do_not_compile() -> None:
    with pytest.raises(CompileError, match="3 lanes of 90 bits do not fit"):
        gadget_circuit({"x": (Uint, 48)}, lambda cs, x: pack_lanes(cs, [x] * 3, 90).packed)


def test_a_trusted_element_with_a_wide_lane_is_refused_when_it_shows() -> None:
    """Lanes that break the promise of `trusted_lanes` do not unpack to their own values."""
    gadget = gadget_circuit(
        {"packed": (Field, None)},
        lambda cs, packed: unpack(cs, trusted_lanes(cs, packed, 8, 2, 10)),
    )
    assert gadget.honest({"packed": 5 + (7 << 10)}) == [5, 7]
    gadget.refusal({"packed": 1 << 20})
