"""A compiler's intervals in prepared keys: what they narrow; a false one gives no wrong proof."""

from __future__ import annotations

import struct
from contextlib import suppress
from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from circuits.margin.portfolio.shape import SIZE_CLASSES, PortfolioShape
from prover.prover import Prover
from tests.margin import agreement as linear
from tests.portfolio import agreement as portfolio
from tests.strategies import shape_of
from tests.zk.systems import Row, system
from zk import Circuit, Field, Uint, compile, private, public, reference
from zk import engine as native
from zk.compiler.compiled import CompiledCircuit
from zk.errors import EngineError
from zk.field import Limbs, R, to_limbs
from zk.groth16 import ProvingKey
from zk.r1cs import R1CS, Intervals

_BIT, _WORD, _DOUBLE, _FULL = 1, 2, 3, 4
_TOP = {_BIT: 1, _WORD: (1 << 64) - 1, _DOUBLE: (1 << 128) - 1, _FULL: (1 << 128)}
MANY = 300  # wires that are enough for a list of their own

Bytes = npt.NDArray[np.uint8]


@pytest.fixture(params=["native", "reference"])
def engine(request: pytest.FixtureRequest) -> ModuleType:
    return native if request.param == "native" else reference


def classes(data: Bytes) -> list[int]:
    start, length = struct.unpack_from("<QQ", data.tobytes(), 192 + 16 * 3)
    return data[start : start + length].tolist()


def intervals(n_wires: int, *known: tuple[int, int, int]) -> Intervals:
    """From (wire, least, greatest)."""
    of = np.zeros(n_wires, np.uint32)
    ends = []
    for place, (wire, low, high) in enumerate(known, start=1):
        of[wire] = place
        ends += [low % R, high % R]
    return Intervals(to_limbs(ends).reshape(-1, 2, 4), of)


def squares(n: int) -> tuple[R1CS, Limbs]:
    """Wires of which no row says anything, 1 .. n, and their squares; the honest ones are small."""
    rows: list[tuple[Row, Row, Row]] = [({i: 1}, {i: 1}, {n + i: 1}) for i in range(1, n + 1)]
    values = [i % 2 for i in range(1, n + 1)]
    return system(rows, 2 * n + 1, 0), to_limbs([1, *values, *(x * x for x in values)])


@pytest.fixture(scope="module")
def few() -> tuple[R1CS, Limbs, ProvingKey]:
    r1cs, witness = squares(3)
    return r1cs, witness, native.keygen(r1cs, 3, 4)


@pytest.fixture(scope="module")
def many() -> tuple[R1CS, Limbs, ProvingKey]:
    r1cs, witness = squares(MANY)
    return r1cs, witness, native.keygen(r1cs, 3, 4)


def same(n: int, low: int, high: int) -> Intervals:
    """One interval for wires 1 .. n of 2 n + 1."""
    of = np.array([0, *[1] * n, *[0] * n], np.uint32)
    return Intervals(to_limbs([low % R, high % R]).reshape(1, 2, 4), of)


# What they narrow ---------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [_BIT, _WORD, _DOUBLE, _FULL])
def test_wires_of_an_interval_have_its_class(
    many: tuple[R1CS, Limbs, ProvingKey], code: int
) -> None:
    r1cs, witness, pk = many
    assert set(classes(native.prepare(pk, r1cs))[1:]) == {_FULL}
    low = 0 if code == _BIT else -_TOP[code]
    data = native.prepare(pk, r1cs, same(MANY, low, _TOP[code]))
    found = classes(data)
    assert set(found[1 : MANY + 1]) == {code}
    # The squares follow from the rows.
    expected = {_BIT: {_BIT}, _WORD: {_DOUBLE}}.get(code, {_FULL})
    assert set(found[MANY + 1 :]) == expected
    key = native.open_prepared(data)
    assert native.verify(pk.vk, witness[1:1], native.prove_prepared(key, witness))


def test_both_engines_take_them(engine: ModuleType, few: tuple[R1CS, Limbs, ProvingKey]) -> None:
    r1cs, witness, pk = few
    known = intervals(7, (1, 0, 1), (2, -(1 << 64), 5), (3, 0, 1 << 100))
    data = engine.prepare(pk, r1cs, known)
    if engine is reference:
        assert classes(data) == [1, 1, 2, 3, 4, 4, 4]
    for opener in (native, reference):
        key = opener.open_prepared(data)
        assert native.verify(pk.vk, witness[1:1], opener.prove_prepared(key, witness))
    assert engine.prepare(pk, r1cs, known).tobytes() == data.tobytes()
    nothing = intervals(7)
    assert engine.prepare(pk, r1cs, nothing).tobytes() == engine.prepare(pk, r1cs).tobytes()


STATEMENTS = {
    "linear meets": lambda: linear.circuit("meets", shape_of("4+4")),
    "linear liquidatable": lambda: linear.circuit("liquidatable", shape_of("4+4")),
    "portfolio meets": lambda: portfolio.circuit(portfolio.MEETS, PortfolioShape(SIZE_CLASSES[0])),
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_no_class_of_a_statement_is_wider_than_by_rows(name: str) -> None:
    """In linear liquidatable bits leave so few integers of 64 bits that by themselves they would
    have no list.
    """
    circuit = STATEMENTS[name]()
    pk = native.keygen(circuit.r1cs, 3, 4)
    rows, both = (
        np.array(classes(native.prepare(pk, circuit.r1cs, known)))
        for known in (None, circuit.intervals)
    )
    assert (both <= rows).all()
    assert np.count_nonzero(both < rows) > 50


# False ones ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [_BIT, _WORD, _DOUBLE])
def test_a_value_outside_of_a_false_interval_is_named(
    many: tuple[R1CS, Limbs, ProvingKey], code: int
) -> None:
    """The witness satisfies every constraint; the interval is the lie."""
    r1cs, _, pk = many
    low = 0 if code == _BIT else -_TOP[code]
    key = native.open_prepared(native.prepare(pk, r1cs, same(MANY, low, _TOP[code])))
    last = {_BIT: -1, _WORD: -(1 << 64) - 1, _DOUBLE: -(1 << 128) - 1}[code]
    for value in (_TOP[code] + 1, last, 1 << 130, 1 << 253, R // 2, R // 2 + 1):
        values = [0] * MANY
        values[200] = values[17] = value % R
        witness = to_limbs([1, *values, *(x * x % R for x in values)])
        assert native.first_unsatisfied(r1cs, witness) is None
        with pytest.raises(EngineError, match=r"wire 18 is not one that the circuit's types allow"):
            native.prove_prepared(key, witness)


def test_a_false_interval_in_both_engines(
    engine: ModuleType, few: tuple[R1CS, Limbs, ProvingKey]
) -> None:
    r1cs, _, pk = few
    key = engine.open_prepared(engine.prepare(pk, r1cs, intervals(7, (2, 0, 1), (3, 1, 1))))
    for values, wire in (((1, 2, 1), 2), ((1, R - 1, 3), 2), ((9, 0, 1 << 200), 3)):
        witness = to_limbs([1, *values, *(x * x % R for x in values)])
        with pytest.raises(EngineError, match=f"wire {wire} is not one"):
            engine.prove_prepared(key, witness)
    # A class holds more than an interval: what is in it is summed rightly.
    witness = to_limbs([1, 5, 0, 0, 25, 0, 0])
    assert native.verify(pk.vk, witness[1:1], engine.prove_prepared(key, witness))


def test_intervals_that_contradict_each_other_give_no_wrong_proof(
    engine: ModuleType,
) -> None:
    # x (x - 1) = 0, x y = z: a bit, and said to be 7; what rows conclude from that is as false.
    rows: list[tuple[Row, Row, Row]] = [
        ({1: 1}, {1: 1, 0: -1}, {}),
        ({1: 1}, {2: 1}, {3: 1}),
        ({2: 1}, {2: 1}, {4: 1}),
    ]
    r1cs = system(rows, 5, 0)
    pk = native.keygen(r1cs, 3, 4)
    known = intervals(5, (0, 9, 9), (1, 7, 7), (2, 0, 0), (3, -4, -4), (4, 1, 1))
    key = engine.open_prepared(engine.prepare(pk, r1cs, known))
    for x, y in ((0, 0), (1, 0), (1, 1), (0, 5), (1, R - 3)):
        witness = to_limbs([1, x, y, x * y % R, y * y % R])
        with suppress(EngineError):
            assert native.verify(pk.vk, witness[1:1], engine.prove_prepared(key, witness))


MALFORMED = {
    "a wire less": lambda good: replace(good, of=good.of[:-1]),
    "a wire more": lambda good: replace(good, of=np.append(good.of, np.uint32(0))),
    "no wires": lambda good: replace(good, of=good.of[:0]),
    "places of another type": lambda good: replace(good, of=good.of.astype(np.int64)),
    "places in two dimensions": lambda good: replace(good, of=good.of.reshape(1, -1)),
    "a place out of range": lambda good: replace(good, of=np.full_like(good.of, 3)),
    "a place far out": lambda good: replace(good, of=np.full_like(good.of, 2**32 - 1)),
    "no intervals": lambda good: replace(good, ends=good.ends[:0]),
    "an interval less": lambda good: replace(good, ends=good.ends[:1]),
    "flat ends": lambda good: replace(good, ends=good.ends.reshape(-1, 4)),
    "ends of another type": lambda good: replace(good, ends=good.ends.astype(np.int64)),
    "an end not below r": lambda good: replace(good, ends=np.full_like(good.ends, 2**64 - 1)),
    "ends the wrong way": lambda good: replace(good, ends=good.ends[:, ::-1]),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_intervals(
    engine: ModuleType, few: tuple[R1CS, Limbs, ProvingKey], name: str
) -> None:
    r1cs, _, pk = few
    good = intervals(7, (1, 0, 1), (2, -8, 7))
    assert len(engine.prepare(pk, r1cs, good)) > 0
    with pytest.raises(EngineError) as caught:
        engine.prepare(pk, r1cs, MALFORMED[name](good))
    assert "\n" not in str(caught.value)


def test_intervals_need_their_system(
    engine: ModuleType, few: tuple[R1CS, Limbs, ProvingKey]
) -> None:
    _, _, pk = few
    with pytest.raises(EngineError, match="without the system"):
        engine.prepare(pk, None, intervals(7))


# A circuit with a false one, from compiling to proving --------------------------------------------


class Sum(Circuit):
    """A product of two bytes."""

    z: Field = public()
    x: Uint = private(bits=8)
    y: Uint = private(bits=8)

    def define(self, cs: Any) -> None:
        cs.assert_equal(self.x * self.y, self.z)


def test_a_forged_circuit_gives_no_proof(engine: ModuleType) -> None:
    circuit = compile(Sum())
    assert circuit.intervals is not None
    (x,) = [i for i, slot in enumerate(circuit.slots, start=1) if slot.path == "x"]
    of = circuit.intervals.of.copy()
    of[x] = of[0]  # that x is 1
    forged = replace(circuit, intervals=replace(circuit.intervals, of=of))
    assert forged.digest != circuit.digest
    pk = native.keygen(circuit.r1cs, 3, 4)
    witness = circuit.witness({"x": 200, "y": 3, "z": 600})
    provers = [prover_of(engine, pk, each) for each in (circuit, forged)]
    assert native.verify(pk.vk, witness[1:2], provers[0].prove(witness))
    with pytest.raises(EngineError, match=f"wire {x} is not one"):
        provers[1].prove(witness)
    # Where the false interval happens to hold, so does the proof.
    witness = circuit.witness({"x": 1, "y": 3, "z": 3})
    assert native.verify(pk.vk, witness[1:2], provers[1].prove(witness))


def prover_of(engine: ModuleType, pk: ProvingKey, circuit: CompiledCircuit) -> Prover:
    data = engine.prepare(pk, circuit.r1cs, circuit.intervals)
    return Prover(native.open_prepared(data), circuit)
