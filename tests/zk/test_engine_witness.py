"""Witness programs, as they are written, on the engine and its twin."""

from __future__ import annotations

import random
from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tests.zk.points import raw
from tests.zk.systems import Program, program, random_system, system
from zk import engine as native
from zk import reference
from zk.errors import EngineError
from zk.field import Limbs, R, from_limbs, to_limbs

INPUTS = raw(17, 5)

CODE = [
    (0, 3, 1, 0, 0),  # w3 = w1 * w2
    (1, 4, 1, 0, 1),  # w4 = (w1 + 2 w2) * w2
    (2, 5, 1, 0, 0),  # w5 = w1 + 2 w2
    (3, 6, 1, 1, 0),  # w6 = 1 / w2
    (4, 7, 4, 2, 2),  # w7 .. w10 = bits 2 .. 5 of w1
    (5, 11, 1, 2, 1),  # w11 = [w1 < w2]
    (6, 12, 2, 2, 1),  # w12, w13 = w1 / w2
    (7, 14, 1, 2, 1),  # w14 = [w1 == w2]
    (8, 15, 1, 2, 0),  # w15 = isqrt(w1)
]
POOL = [{1: 1, 2: 2}, {2: 1}, {1: 1}, {}, {15: 1}]


def wires(code: list[tuple[int, int, int, int, int]], pool: Any = POOL) -> tuple[Any, Program]:
    return system([({1: 1}, {2: 1}, {3: 1})], 16, 2), program(code, pool, 2)


@pytest.mark.parametrize(
    ("x", "y"),
    [(0, 0), (17, 5), (-17, 5), (-15, 5), (17, -5), (5, 5), (-1, 1), (0, 1), (R // 2, 1),
     (R // 2 + 1, 2), (R // 2, R // 2), (1 << 200, 1 << 100), ((1 << 120) - 1, (1 << 60) + 7)],
)  # fmt: skip
def test_every_operation(engine: ModuleType, x: int, y: int) -> None:
    r1cs, code = wires(CODE)
    w = from_limbs(engine.run_witness(r1cs, code, to_limbs([x % R, y % R])))

    def signed(v: int) -> int:
        v %= R
        return v - R if v > R // 2 else v

    sx, sy = signed(x), signed(y)
    quotient, remainder = divmod(sx, sy) if sy > 0 else (0, 0)
    root = w[15]
    assert root**2 <= x % R < (root + 1) ** 2
    assert w[:15] == [
        1, x % R, y % R, x * y % R, (x + 2 * y) * y % R, (x + 2 * y) % R,
        pow(y, -1, R) if y % R else 0,
        *((x % R >> i & 1) for i in range(2, 6)),
        int(sx < sy), quotient % R, remainder, int(x % R == y % R),
    ]  # fmt: skip
    assert engine.first_unsatisfied(r1cs, to_limbs(w)) is None


@pytest.mark.parametrize(("x", "y"), [(0, 0), (17, 0), (0, 5), (17, 5), (-17, 5), (1, R - 1)])
def test_quotients_in_the_field(engine: ModuleType, x: int, y: int) -> None:
    quotients = [(*CODE[0][:1], 3, 1, 0, 0), *((9, 4 + i, 1, 2, 1) for i in range(12))]
    r1cs, code = wires(quotients)
    w = from_limbs(engine.run_witness(r1cs, code, to_limbs([x % R, y % R])))
    assert w[4:] == [x * pow(y, -1, R) % R if y else 0] * 12


def test_engines_agree_on_random_values() -> None:
    rng = random.Random(11)
    r1cs, code = wires(CODE)
    for _ in range(200):
        inputs = to_limbs(rng.randrange(R) >> rng.randrange(254) for _ in range(2))
        if rng.random() < 0.5:
            inputs[:1] = to_limbs([R - 1 - from_limbs(inputs[:1])[0]])
        np.testing.assert_array_equal(
            native.run_witness(r1cs, code, inputs), reference.run_witness(r1cs, code, inputs)
        )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({8: (8, 16, 1, 2, 0)}, "wire 16 is out of range"),
        ({8: (8, 4, 1, 2, 0)}, "wire 4 is written twice"),
        ({8: (8, 0, 1, 2, 0)}, "wire 0 is written twice"),
        ({8: (8, 2, 1, 2, 0)}, "wire 2 is written twice"),
        ({8: (10, 15, 1, 2, 0)}, "no operation 10"),
        ({8: (8, 15, 1, 5, 0)}, "row 5 is out of range"),
        ({8: (8, 15, 1, 4, 0)}, "wire 15 is read before it is written"),
        ({8: None}, "wire 15 is never written"),
        ({0: (0, 3, 1, 1, 0)}, "row 1 is out of range"),
        ({0: (0, 4, 1, 0, 0)}, "row 0 does not define wire 4"),
        ({4: (4, 7, 4, 2, 253)}, "bits 253 to 257"),
        ({4: (4, 13, 4, 2, 2)}, "wire 16 is out of range"),
        ({6: (6, 15, 2, 2, 1)}, "wire 16 is out of range"),
        ({7: (4294967295, 14, 1, 2, 1)}, "no operation"),
        ({7: (2, 4294967295, 1, 2, 1)}, "out of range"),
        ({4: (4, 4294967295, 4294967295, 2, 4294967295)}, "bits"),
    ],
)
def test_malformed_programs(engine: ModuleType, change: dict[int, Any], message: str) -> None:
    lines = [change.get(i, line) for i, line in enumerate(CODE)]
    r1cs, code = wires([line for line in lines if line is not None])
    with pytest.raises(EngineError, match=message):
        engine.run_witness(r1cs, code, raw(17, 5))


def test_malformed_arrays(engine: ModuleType) -> None:
    r1cs, code = wires(CODE)

    def refused(system_: Any = r1cs, program_: Any = code, inputs: Limbs = INPUTS) -> None:
        with pytest.raises(EngineError):
            engine.run_witness(system_, program_, inputs)

    refused(inputs=raw(17))
    refused(inputs=raw(17, R))
    refused(inputs=raw(17, 5)[:, :3])
    refused(program_=replace(code, n_inputs=3))
    refused(program_=replace(code, table=raw(1, R)))
    refused(program_=replace(code, code=code.code.astype(np.int64)))
    for name in ("offsets", "wires", "coeffs"):
        array = getattr(code.pool, name).copy()
        array[-1] += 100
        refused(program_=replace(code, pool=replace(code.pool, **{name: array})))
        refused(program_=replace(code, pool=replace(code.pool, **{name: array[:-1]})))
        array = getattr(r1cs.b, name).copy()
        array[-1] += 100
        refused(system_=replace(r1cs, b=replace(r1cs.b, **{name: array})))
    refused(system_=replace(r1cs, n_public=16))
    refused(system_=replace(r1cs, n_wires=15))


def test_overrides_forge_a_witness() -> None:
    r1cs, code = wires(CODE)
    forged = reference.run_witness(r1cs, code, raw(17, 5), overrides={3: 86, 1: 18})
    assert from_limbs(forged)[1:6] == [18, 5, 86, 140, 28]
    assert native.first_unsatisfied(r1cs, forged) == 0


def test_first_unsatisfied(engine: ModuleType) -> None:
    r1cs, w = random_system(1, rows=40, n_publics=2)
    assert engine.first_unsatisfied(r1cs, w) is None
    for row in (39, 20, 0):
        w = w.copy()
        w[row + 3] = raw(from_limbs(w[row + 3])[0] ^ 2)[0]
        assert engine.first_unsatisfied(r1cs, w) == row
    for wrong in (w[:-1], raw(R, *[0] * 42)):
        with pytest.raises(EngineError):
            engine.first_unsatisfied(r1cs, wrong)
