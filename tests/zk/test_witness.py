"""Prepared witness programs, over both engines: of one account or of many, `run_witness`'s values.

The core's own tests (engine/core/src/witness/tests.rs) hold the two paths together on random
programs and on both kernels; here are the handle, the arrays, and the engine beside its twin.
"""

from __future__ import annotations

import random
import threading
from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tests.zk.systems import Program, Row, program, system
from zk import Circuit, Field, Uint, compile, private, public, reference
from zk import engine as native
from zk.errors import EngineError
from zk.field import Limbs, R, from_limbs, to_limbs

#: Values on both sides of where narrow integers end, and of where signs change.
EDGES = [
    *(0, 1, 2, R - 1, R - 2, R // 2, R // 2 + 1),
    *(x for n in (51, 52, 63, 64, 126, 127, 128, 253) for x in (2**n - 1, 2**n, R - 2**n)),
]


def random_program(rng: random.Random, length: int) -> tuple[Any, Program]:
    """Instructions of every kind over earlier wires, many of them bits, with rows for the ROWs."""
    n_inputs = 3
    wires, rows, pool = 1 + n_inputs, [], []
    code: list[tuple[int, int, int, int, int]] = []

    def combination() -> Row:
        known = range(wires) if rng.random() < 0.5 else range(max(0, wires - 12), wires)
        coefficients = (1, -1, 2, -5, 2**40, 2**62, 2**126, -(2**100), rng.randrange(1, R))
        n = rng.choice((0, 1, 1, 1, 2, 3, 8, 70))
        return {rng.choice(known): rng.choice(coefficients) for _ in range(n)}

    def pooled() -> int:
        if not pool or rng.random() < 0.8:
            pool.append(combination())
        return rng.randrange(len(pool))

    for _ in range(length):
        op, n, b = rng.randrange(10), 1, 0
        if op == 0:
            left = combination()
            rows.append((left, left if rng.random() < 0.3 else combination(), {wires: 1}))
            code.append((op, wires, 1, len(rows) - 1, 0))
        else:
            if op == 4:
                n = rng.randrange(1, 60)
                b = rng.randrange(257 - n)
            elif op == 6:
                n = rng.choice((1, 2))
            a = pooled()
            code.append((op, wires, n, a, b if op == 4 else pooled()))
        wires += n
    return system(rows, wires, 1), program(code, pool, n_inputs)


def inputs_of(rng: random.Random, m: int, k: int) -> Limbs:
    draw = [
        rng.choice((rng.choice(EDGES), rng.randrange(R), rng.getrandbits(60))) for _ in range(m * k)
    ]
    return to_limbs(draw).reshape(m, k, 4)


@pytest.mark.parametrize("seed", range(12))
def test_many_are_one_after_another(seed: int) -> None:
    rng = random.Random(f"witness {seed}")
    r1cs, code = random_program(rng, 40)
    prepared, twin = (e.prepare_witness(r1cs, code) for e in (native, reference))
    for m in (1, 3, 8, 21) if seed < 4 else (9,):
        inputs = inputs_of(rng, m, 3)
        found = native.run_prepared(prepared, inputs)
        assert found.shape == (m, r1cs.n_wires, 4)
        np.testing.assert_array_equal(found, reference.run_prepared(twin, inputs))
        for one, witness in zip(inputs, found, strict=True):
            np.testing.assert_array_equal(native.run_witness(r1cs, code, one), witness)
            assert native.first_unsatisfied(r1cs, witness) is None


def test_none_and_many_at_once(engine: ModuleType) -> None:
    r1cs, code = random_program(random.Random(3), 10)
    inputs = inputs_of(random.Random(4), 5, 3)
    found = engine.run_witness_many(r1cs, code, inputs)
    np.testing.assert_array_equal(found[4], engine.run_witness(r1cs, code, inputs[4]))
    assert engine.run_witness_many(r1cs, code, inputs[:0]).shape == (0, r1cs.n_wires, 4)
    # Arrays that are not contiguous are read as they are.
    np.testing.assert_array_equal(engine.run_witness_many(r1cs, code, inputs[::2]), found[::2])


def test_no_inputs(engine: ModuleType) -> None:
    r1cs, code = system([], 2, 0), program([(2, 1, 1, 0, 0)], [{0: 7}], 0)
    found = engine.run_witness_many(r1cs, code, np.zeros((3, 0, 4), np.uint64))
    assert [from_limbs(one) for one in found] == [[1, 7]] * 3


GOOD = [(0, 3, 1, 0, 0), (4, 4, 2, 0, 0)]  # w3 = w1 w2; w4, w5 = bits 0, 1 of w1


def by_hand(code: list[tuple[int, int, int, int, int]]) -> tuple[Any, Program]:
    return system([({1: 1}, {2: 1}, {3: 1})], 6, 2), program(code, [{1: 1}, {5: 1}], 2)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (GOOD[:1], "wire 4 is never written"),
        ([GOOD[0], *GOOD], "instruction 1: wire 3 is written twice"),
        ([GOOD[0], (4, 4, 3, 0, 0)], "instruction 1: wire 6 is out of range"),
        ([GOOD[0], (4, 4, 2, 1, 0)], "wire 5 is read before it is written"),
        ([GOOD[0], (4, 4, 2, 2, 0)], "row 2 is out of range"),
        ([GOOD[0], (4, 4, 2, 0, 255)], "bits 255 to 257"),
        ([GOOD[0], (4, 4, 2, 0, 4294967295)], "bits"),
        ([(0, 3, 1, 1, 0), GOOD[1]], "row 1 is out of range"),
        ([(0, 4, 1, 0, 0), GOOD[1]], "row 0 does not define wire 4"),
        ([GOOD[0], (10, 4, 2, 0, 0)], "no operation 10"),
        ([GOOD[0], (6, 4, 3, 0, 0)], "a division has no 3 results"),
        ([(1, 1, 1, 0, 0), *GOOD], "wire 1 is written twice"),
        ([(1, 0, 1, 0, 0), *GOOD], "wire 0 is written twice"),
        ([*GOOD, (2, 4294967295, 1, 0, 0)], "out of range"),
    ],
)
def test_malformed_programs_are_not_prepared(
    engine: ModuleType, code: list[tuple[int, int, int, int, int]], message: str
) -> None:
    engine.prepare_witness(*by_hand(GOOD))
    with pytest.raises(EngineError, match=message):
        engine.prepare_witness(*by_hand(code))


def test_malformed_arrays(engine: ModuleType) -> None:
    r1cs, code = by_hand(GOOD)
    for n_inputs in (1, 3, 6, 2**40):
        with pytest.raises(EngineError):
            engine.prepare_witness(r1cs, replace(code, n_inputs=n_inputs))
    for name in ("offsets", "wires", "coeffs"):
        array = getattr(code.pool, name).copy()
        array[-1] += 100
        with pytest.raises(EngineError):
            engine.prepare_witness(r1cs, replace(code, pool=replace(code.pool, **{name: array})))
    prepared = engine.prepare_witness(r1cs, code)
    good = np.zeros((2, 2, 4), np.uint64)
    for wrong in (
        good[0],
        good[:, :1],
        good[:, :, :3],
        good.astype(np.int64),
        to_limbs([1, 2, 3, R]).reshape(2, 2, 4),
    ):
        with pytest.raises(EngineError):
            engine.run_prepared(prepared, wrong)
    with pytest.raises(EngineError, match="prepare_witness"):
        engine.run_prepared(code, good)


def test_a_row_that_all_instructions_name_is_computed_once() -> None:
    """No file makes preparing or running take the square of its size."""
    n, pool = 4_000, [dict.fromkeys(range(1, 4_001), 3)]
    code = [(2, 4_001 + i, 1, 0, 0) for i in range(n)]
    r1cs, many = system([], 1 + 2 * n, 0), program(code, pool, n)
    inputs = to_limbs([1] * n)[np.newaxis]
    found = native.run_witness_many(r1cs, many, inputs)[0]
    assert from_limbs(found[-1:]) == [3 * n]
    np.testing.assert_array_equal(
        found, native.run_prepared(native.prepare_witness(r1cs, many), inputs)[0]
    )


def test_one_handle_in_several_threads() -> None:
    rng = random.Random(8)
    r1cs, code = random_program(rng, 60)
    prepared = native.prepare_witness(r1cs, code)
    inputs = inputs_of(rng, 6, 3)
    wanted = native.run_prepared(prepared, inputs)
    right: list[bool] = []

    def run() -> None:
        for _ in range(10):
            right.append(np.array_equal(native.run_prepared(prepared, inputs), wanted))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert right == [True] * 40


class Ratio(Circuit):
    """price * size, in [0, 2^40), over a divisor."""

    limit: Uint = public(bits=40)
    price: Uint = private(bits=20)
    size: Uint = private(bits=20)
    salt: Field = private()

    def define(self, cs: Any) -> None:
        cs.assert_non_negative(self.limit - self.price * self.size)
        quotient, rest = cs.hint_divide(self.price * self.size, self.limit)
        cs.assert_equal(quotient * self.limit + rest, self.price * self.size)
        cs.assert_product(self.salt, self.salt, cs.hint_product(self.salt, self.salt))


def test_a_circuit_s_witnesses() -> None:
    circuit = compile(Ratio())
    rng = random.Random(12)
    # Some beyond what is declared: the constraints refuse them, the witness is the field's.
    accounts = [
        {
            name: rng.choice((rng.getrandbits(20), *EDGES))
            for name in ("limit", "price", "size", "salt")
        }
        for _ in range(21)
    ]
    for at_once in (1, 8, 16):
        found = list(circuit.witnesses(iter(accounts), at_once))
        assert len(found) == 21
        for values, witness in zip(accounts, found, strict=True):
            field = native.run_witness(circuit.r1cs, circuit.program, circuit.assign(values))
            np.testing.assert_array_equal(witness, field)
            np.testing.assert_array_equal(witness, circuit.witness(values))
    with pytest.raises(ValueError, match="at_once"):
        next(circuit.witnesses(accounts, 0))


def test_the_handle_shows_no_value() -> None:
    r1cs, code = by_hand(GOOD)
    prepared = native.prepare_witness(r1cs, code)
    native.run_prepared(prepared, to_limbs([987_654_321, 5])[np.newaxis])
    assert "987654321" not in repr(prepared) + str(vars(type(prepared)))
    assert (prepared.n_wires, prepared.n_inputs) == (6, 2)
