"""Decompositions beyond R / 2, into an interval, and of sums of which the low bits are wanted."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from circuits.gadgets.bits import bits_between, bytes_to_bits, from_bits, low_bits
from tests.checks import Gadget, gadget_circuit
from zk.babyjubjub import ORDER
from zk.compiler.types import Bool, Field, Uint
from zk.compiler.witness import Op
from zk.errors import CompileError
from zk.field import R

ONE = {"x": (Field, None)}


def between(low: int, high: int) -> Gadget:
    return gadget_circuit(ONE, lambda cs, x: bits_between(cs, x, low, high))


def number(bits: list[int]) -> int:
    assert set(bits) <= {0, 1}
    return sum(b << i for i, b in enumerate(bits))


@pytest.mark.parametrize(
    ("low", "high"), [(0, 0), (0, 1), (5, 5), (0, 6), (3, 6), (8, 11), (7, 8), (5, 26), (0, 21)]
)
def test_every_small_interval(low: int, high: int) -> None:
    gadget = between(low, high)
    for x in range(-3, 35):
        if low <= x <= high:
            bits = gadget.honest({"x": x})
            assert (number(bits), len(bits)) == (x, max(high.bit_length(), 1))
        else:
            gadget.refusal({"x": x})
            assert_no_witness(gadget, x)
    if low < high:
        for x in {low, high, (low + high) // 2}:
            gadget.assert_forgeries_rejected({"x": x}, pairs=100)


def assert_no_witness(gadget: Gadget, x: int) -> None:
    """Bits and conjunctions of any small values do not bring x into the interval."""
    attack = gadget.attack
    wires = range(2, len(attack.start([x % R])))
    rng = random.Random(x)
    for _ in range(60):
        lies = {w: rng.choice((0, 0, 1, 1, 2, R - 1)) for w in wires if rng.random() < 0.5}
        if lies:
            assert attack.forge(lies)[0] is not None


#: Intervals as wide as the field, among them those that EdDSA uses; some reach beyond r.
WIDE = [(0, R - 1), (0, ORDER - 1), (1, R), (2, R + 1), (21 * ORDER - R + 1, 21 * ORDER),
        (11 * ORDER, 11 * ORDER + R - 1), (1 << 254, (1 << 254) + R - 1)]  # fmt: skip


@pytest.mark.parametrize(("low", "high"), WIDE)
def test_wide_intervals(low: int, high: int) -> None:
    gadget = between(low, high)
    rng = random.Random(low)
    top = min(high, low + R - 1)
    values = {low, low + 1, high - 1, high, R - 1, R, *(rng.randint(low, top) for _ in range(6))}
    for v in values:
        if low <= v <= high:
            assert number(gadget.honest({"x": v % R})) == v
    if high - low < R - 1:
        for outside in (high + 1, low - 1, rng.randrange(high + 1, R)):
            gadget.refusal({"x": outside % R})


@pytest.mark.parametrize(("low", "high"), WIDE)
def test_the_other_representative_is_refused(low: int, high: int) -> None:
    """v + r and v - r have the same residue; their bits must break a row."""
    attack = between(low, high).attack
    free = (low ^ high).bit_length()
    prefix = high >> free << free
    parity, bits = attack.written_by(Op.LESS), attack.written_by(Op.BITS)
    first = free - len(bits)  # the bits below it are what is left over, and the parity
    tried = 0
    for v in (low, low + 1, low + 7, high, high - 1, high - 7, (low + high) // 2):
        honest = attack.start([v % R])
        assert [honest[w] for w in bits] == [v - prefix >> first + i & 1 for i in range(len(bits))]
        for alias in (v - R, v + R):
            if 0 <= alias - prefix < 1 << free:
                lies = {w: alias - prefix >> first + i & 1 for i, w in enumerate(bits)}
                lies |= dict.fromkeys(parity, (alias ^ low) & 1)
                assert attack.forge(lies)[0] is not None
                tried += 1
    assert tried or high == ORDER - 1


def test_a_short_interval_above_the_field() -> None:
    """The shared prefix leaves a number below r, whose parity needs no hint of its own."""
    gadget = between(1 << 254, (1 << 254) + 5)
    assert not gadget.attack.written_by(Op.LESS)
    for x in range(-2, 9):
        v = (1 << 254) + x
        if 0 <= x <= 5:
            assert number(gadget.honest({"x": v % R})) == v
        else:
            gadget.refusal({"x": v % R})


def test_forged_bits_of_a_wide_interval() -> None:
    gadget = between(0, ORDER - 1)
    for x in (0, ORDER - 1, 1 << 200):
        gadget.assert_forgeries_rejected({"x": x}, pairs=200, repairs=20)


@pytest.mark.parametrize(("low", "high"), [(-1, 5), (3, 2), (0, R), (7, R + 7)])
def test_intervals_that_have_no_single_answer_are_refused(low: int, high: int) -> None:
    with pytest.raises(CompileError, match="bits_between"):
        between(low, high)


def test_low_bits() -> None:
    def body(cs, x, y):
        return low_bits(cs, x + y, 8)

    gadget = gadget_circuit({"x": (Uint, 10), "y": (Uint, 9)}, body)
    assert gadget.cost == 11
    for x in (0, 1, 255, 256, 700, 1023):
        for y in (0, 1, 255, 511):
            assert number(gadget.honest({"x": x, "y": y})) == (x + y) % 256
    for x in (0, 700, 1023):
        gadget.assert_forgeries_rejected({"x": x, "y": 511}, pairs=200)


def carried(gadget: Gadget, x: int) -> None:
    """2 more in one bit and 1 less in the next keep every sum: a row of the bits must break."""
    attack = gadget.attack
    honest = attack.start([x % R])
    bits = attack.written_by(Op.BITS)
    for low, high in pairwise(bits):
        for sign in (1, -1):
            lies = {low: honest[low] + 2 * sign, high: honest[high] - sign}
            assert attack.forge({wire: value % R for wire, value in lies.items()})[0] is not None
    # The bit that is left over takes what the hints give away.
    for wire in bits:
        for value in (honest[wire] + change for change in (-2, -1, 1, 2)):
            assert attack.forge({wire: value % R})[0] is not None


def test_carries_between_bits_are_refused() -> None:
    narrow = gadget_circuit({"x": (Uint, 10)}, lambda cs, x: low_bits(cs, x + 0, 8))
    for x in (0, 1023, 700, 341):
        carried(narrow, x)
    for low, high in ((5, 26), (0, 21), (8, 63)):
        for x in range(low, high + 1):
            carried(between(low, high), x)
    carried(between(0, ORDER - 1), ORDER // 3)


def test_low_bits_of_what_has_few() -> None:
    gadget = gadget_circuit({"x": (Uint, 5)}, lambda cs, x: low_bits(cs, x, 8))
    assert gadget.cost == 0
    assert number(gadget.honest({"x": 19})) == 19
    with pytest.raises(CompileError, match="Uint"):
        gadget_circuit(ONE, lambda cs, x: low_bits(cs, x, 8))


def test_bytes_and_back() -> None:
    def body(cs, x, y):
        bits = bytes_to_bits(cs, [x, y])
        value = from_bits(cs, bits[::-1])
        assert (value.lo, value.hi) == (0, 65_535)
        return [value, *bits]

    gadget = gadget_circuit({"x": (Uint, 8), "y": (Uint, 8)}, body)
    assert gadget.cost == 0
    value, *bits = gadget.honest({"x": 0xA5, "y": 0x0F})
    assert value == 0xA50F
    assert bits == [int(c) for c in f"{0xA50F:016b}"]


def test_from_bits_takes_bits() -> None:
    with pytest.raises(CompileError, match="takes a Bool"):
        gadget_circuit(ONE, lambda cs, x: from_bits(cs, [x]))
    with pytest.raises(CompileError, match="leave the field"):
        gadget_circuit({"x": (Bool, None)}, lambda cs, x: from_bits(cs, [x] * 253))
