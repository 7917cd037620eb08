"""The engine and its twin: one file, run over both."""

from __future__ import annotations

import random
import subprocess
import sys
from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tests.zk.systems import Program, program, random_system, system
from zk import engine as native
from zk import reference
from zk.errors import BadPoint, EngineError
from zk.field import (
    Limbs,
    Q,
    R,
    coordinates_to_limbs,
    from_limbs,
    root_of_unity,
    to_limbs,
)
from zk.groth16 import COEFFICIENT, Proof, ProvingKey

G1 = coordinates_to_limbs([1, 2]).reshape(8)
G2 = coordinates_to_limbs(
    [
        10857046999023057135944570762232829481370756359578518086990519993285655852781,
        11559732032986387107991004021392285783925812861821192530917403151452391805634,
        8495653923123431417604973247489272438418190587263600148770280649306958101930,
        4082367875863433681332203403145435568316851327593401208105741076214120093531,
    ]
).reshape(16)

# On the twist, not in the subgroup: x = 1, the y that py_ecc's curve equation gives.
OUTSIDE = coordinates_to_limbs(
    [
        1,
        0,
        18278151005453108793778860132295291098363647455926340152056652516292830556603,
        5912654199736721486680175016176231956195085055698687135131307249486702594212,
    ]
).reshape(16)

# e(31337 G1, 271828 G2) as ffjavascript 0.3 gives it: curve.Gt.toObject(curve.pairing(p, q)).
PAIRING = [
    7424316998460116318282248874746561345363864999768302346022176566088434737747,
    4238028741820099454558659977780821179692365506767230465492998400095454546009,
    6967313020560384359928271629287522002477092353521094924851792644782132417362,
    21474139520439633323768010401817170442580726434029307551670271747170097268039,
    16659930514716694201681167331125359134628633994968462608405296211199890101555,
    13087471930327590893321716480110334668348750619274322474604684071295152416977,
    2483281534871021448779869467264364141094263291496595488449305133530504890694,
    6696654906516699292500453629286438063209506069293241726869914048618421782591,
    19696835934883652337091289015593967701419412896548166857421937222794817375151,
    16560744385520918752641689767005693506850457247376209256247102201369816086673,
    15899115865059511996968414549113642586286695105610069002585153439299490646569,
    8173715107686736365225723037628662782132280226521485199570436165209475988485,
]


@pytest.fixture(params=["native", "reference"])
def engine(request: pytest.FixtureRequest) -> ModuleType:
    return native if request.param == "native" else reference


def raw(*values: int) -> Limbs:
    """Limbs of integers as they are, canonical or not."""
    return to_limbs(values)


def test_names() -> None:
    assert (native.name(), reference.name()) == ("native", "reference")
    assert set(reference.__all__) == set(native.__all__) - {"WitnessProgram"}


# --- curve


@pytest.mark.parametrize("group", ["g1", "g2"])
@pytest.mark.parametrize("n", [0, 1, 2, 5, 33, 150])
def test_msm_equals_the_sum_of_logarithms(engine: ModuleType, group: str, n: int) -> None:
    rng = random.Random(n)
    base = G1 if group == "g1" else G2
    msm, mul = getattr(engine, f"msm_{group}"), getattr(engine, f"mul_{group}")
    # Edge values, small values, bits; the same point twice, opposite points, infinity.
    kinds = [0, 1, 2, R - 1, R - 2, (R - 1) // 2, 255, 256, 1 << 64, (1 << 64) - 1]
    scalars = [rng.choice([*kinds, rng.randrange(R), rng.getrandbits(1)]) for _ in range(n)]
    logs = [rng.choice([0, 1, 1, 3, R - 1, R - 3, rng.randrange(R)]) for _ in range(n)]
    points = mul(base, to_limbs(logs))
    total = sum(k * s for k, s in zip(logs, scalars, strict=True)) % R
    np.testing.assert_array_equal(msm(points, to_limbs(scalars)), mul(base, raw(total))[0])


def test_msm_of_one_point_many_times(engine: ModuleType) -> None:
    n = 300
    points = np.tile(G1, (n, 1))
    for scalar in (1, R - 1, 3, 12345678901234567890):
        expected = engine.mul_g1(G1, raw(n * scalar % R))[0]
        np.testing.assert_array_equal(engine.msm_g1(points, to_limbs([scalar] * n)), expected)
    points[::2, 4:] = coordinates_to_limbs([Q - 2])[0]
    assert not engine.msm_g1(points, to_limbs([7] * n)).any()


def test_large_msm_of_the_native_engine() -> None:
    rng = np.random.default_rng(1)
    n = 40_000
    logs = rng.integers(0, 1 << 62, (n, 4), dtype=np.uint64)
    logs[:, 3] >>= np.uint64(3)
    scalars = rng.integers(0, 1 << 62, (n, 4), dtype=np.uint64)
    scalars[:, 3] >>= np.uint64(3)
    scalars[: n // 2] = 0
    scalars[: n // 2, 0] = rng.integers(0, 2, n // 2)
    scalars[: n // 8, 0] = rng.integers(0, 1 << 60, n // 8)
    points = native.mul_g1(G1, logs)
    total = sum(a * b for a, b in zip(from_limbs(logs), from_limbs(scalars), strict=True)) % R
    expected = native.mul_g1(G1, raw(total))[0]
    np.testing.assert_array_equal(native.msm_g1(points, scalars), expected)


def test_multiples(engine: ModuleType) -> None:
    three, zero, minus = engine.mul_g1(G1, raw(3, 0, R - 1))
    np.testing.assert_array_equal(
        engine.msm_g1(np.stack([three, G1]), raw(1, R - 1)), engine.mul_g1(G1, raw(2))[0]
    )
    assert not zero.any()
    np.testing.assert_array_equal(minus[:4], G1[:4])
    assert not engine.mul_g2(np.zeros(16, np.uint64), raw(5)).any()
    assert engine.mul_g1(G1, raw()).shape == (0, 8)


def test_engines_agree_on_multiples() -> None:
    rng = random.Random(9)
    scalars = to_limbs([0, 1, R - 1, *(rng.randrange(R) for _ in range(5))])
    np.testing.assert_array_equal(native.mul_g1(G1, scalars), reference.mul_g1(G1, scalars))
    np.testing.assert_array_equal(native.mul_g2(G2, scalars), reference.mul_g2(G2, scalars))


def test_bad_points(engine: ModuleType) -> None:
    good1, good2 = engine.mul_g1(G1, raw(*range(6))), engine.mul_g2(G2, raw(*range(6)))
    assert engine.first_bad_g1(good1) is None
    assert engine.first_bad_g2(good2) is None
    assert engine.first_bad_g1(good1[:0]) is None
    off = good1.copy()
    off[3, 0] ^= np.uint64(1)
    off[5, 0] ^= np.uint64(1)
    assert engine.first_bad_g1(off) == 3
    # x + q is the same point to a careless reader.
    alias = good1.copy()
    alias[2, :4] = raw(from_limbs(alias[2, :4])[0] + Q)[0]
    assert engine.first_bad_g1(alias) == 2
    with pytest.raises(EngineError):
        engine.msm_g1(alias, raw(*range(6)))
    alias = good2.copy()
    alias[4, 12:] = raw(from_limbs(alias[4, 12:])[0] + Q)[0]
    assert engine.first_bad_g2(alias) == 4
    outside = good2.copy()
    outside[1] = OUTSIDE
    assert engine.first_bad_g2(outside) == 1
    half = good1.copy()
    half[1, 4:] = 0
    assert engine.first_bad_g1(half) == 1


def test_one_bad_point_among_many(engine: ModuleType) -> None:
    """Long lists are checked by random sums; the verdict and the place stay exact."""
    points = np.tile(engine.mul_g2(G2, raw(*range(1, 51))), (5, 1))
    assert engine.first_bad_g2(points) is None
    for place in (249, 130, 0):
        points[place] = OUTSIDE
        assert engine.first_bad_g2(points) == place


# --- pairing


def test_pairing_is_snarkjs_s(engine: ModuleType) -> None:
    p, q = engine.mul_g1(G1, raw(31337))[0], engine.mul_g2(G2, raw(271828))[0]
    assert engine.pairing(p, q) == PAIRING
    infinity = np.zeros(8, np.uint64)
    assert engine.pairing(infinity, q) == [1] + [0] * 11


def test_pairing_check(engine: ModuleType) -> None:
    g1, g2 = engine.mul_g1(G1, raw(6, R - 2, 0)), engine.mul_g2(G2, raw(5, 15, 7))
    assert engine.pairing_check(g1, g2)
    assert not engine.pairing_check(g1[:1], g2[:1])
    assert engine.pairing_check(g1[:0], g2[:0])
    for bad1, bad2 in ((g1 ^ np.uint64(1), g2), (g1[:1], OUTSIDE[np.newaxis])):
        with pytest.raises(BadPoint):
            engine.pairing_check(bad1, bad2)
    with pytest.raises(EngineError):
        engine.pairing_check(g1, g2[:1])


# --- transforms


@pytest.mark.parametrize("log", [0, 1, 2, 5])
@pytest.mark.parametrize("shift", [1, 7, root_of_unity(64), R - 1])
def test_ntt_by_definition(engine: ModuleType, log: int, shift: int) -> None:
    rng = random.Random(log)
    n = 1 << log
    values = [rng.choice([0, 1, R - 1, rng.randrange(R)]) for _ in range(n)]
    points = [shift * pow(root_of_unity(n), i, R) % R for i in range(n)]
    expected = [sum(v * pow(x, k, R) for k, v in enumerate(values)) % R for x in points]
    there = engine.ntt(to_limbs(values), shift=shift)
    assert from_limbs(there) == expected
    assert from_limbs(engine.ntt(there, inverse=True, shift=shift)) == values


def test_engines_agree_on_a_long_transform() -> None:
    rng = random.Random(3)
    values = to_limbs(rng.randrange(R) for _ in range(1 << 12))
    for inverse in (False, True):
        np.testing.assert_array_equal(
            native.ntt(values, inverse, 5), reference.ntt(values, inverse, 5)
        )


def test_ntt_refuses_other_sizes(engine: ModuleType) -> None:
    for n in (0, 3, 12):
        with pytest.raises(EngineError, match="power of two"):
            engine.ntt(to_limbs([1] * n))
    for shift in (0, R, -1):
        with pytest.raises(EngineError, match="shift"):
            engine.ntt(to_limbs([1]), shift=shift)


# --- witnesses

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


# --- Groth16


@pytest.fixture(scope="module")
def case() -> tuple[ProvingKey, Limbs, Limbs]:
    r1cs, w = random_system(2, rows=50, n_publics=3)
    return native.keygen(r1cs, 11, 22), w, w[1:4]


@pytest.mark.parametrize(("rows", "publics"), [(1, 0), (3, 1), (29, 2), (70, 3)])
def test_prove_and_verify(engine: ModuleType, rows: int, publics: int) -> None:
    r1cs, w = random_system(rows, rows, publics)
    pk = engine.keygen(r1cs, 12345, 67890)
    assert pk.domain_size == r1cs.domain_size
    for points in (pk.vk.ic, pk.a, pk.b1, pk.c, pk.h):
        assert engine.first_bad_g1(points) is None
    assert engine.first_bad_g2(pk.b2) is None
    proof = engine.prove(pk, w)
    x = w[1 : publics + 1]
    # Both engines' verifiers take it, and both provers' proofs with this key.
    for other in (native, reference):
        assert other.verify(pk.vk, x, proof)
        assert engine.verify(pk.vk, x, other.prove(pk, w))
    again = engine.prove(pk, w)
    assert not np.array_equal(proof.a, again.a)
    if publics:
        y = x.copy()
        y[-1, 0] ^= np.uint64(1)
        assert not engine.verify(pk.vk, y, proof)
    broken = w.copy()
    broken[-1] = raw((from_limbs(w[-1])[0] + 2) % R)[0]
    assert not engine.verify(pk.vk, x, engine.prove(pk, broken))


def test_key_is_the_qap_s(engine: ModuleType) -> None:
    """The key's points satisfy the relations that the pairing can see."""
    r1cs, w = random_system(4, rows=11, n_publics=2)
    pk = engine.keygen(r1cs, 3, 5)
    vk = pk.vk
    np.testing.assert_array_equal(vk.alpha1, engine.mul_g1(G1, raw(3))[0])
    np.testing.assert_array_equal(pk.beta1, engine.mul_g1(G1, raw(5))[0])
    np.testing.assert_array_equal(vk.beta2, engine.mul_g2(G2, raw(5))[0])
    np.testing.assert_array_equal(vk.gamma2, G2)
    minus = engine.mul_g1(G1, raw(R - 1))
    assert engine.pairing_check(np.stack([pk.delta1, minus[0]]), np.stack([G2, vk.delta2]))
    # b1 and b2 hold the same polynomials.
    weights = to_limbs(range(1, len(w) + 1))
    b1, b2 = engine.msm_g1(pk.b1, weights), engine.msm_g2(pk.b2, weights)
    assert engine.pairing_check(np.stack([b1, minus[0]]), np.stack([G2, b2]))
    # Records: row by row, A before B, then the public rows; values times 2^512.
    rows = pk.coefficients["row"].tolist()
    assert rows == sorted(rows)
    assert rows[-3:] == [11, 12, 13]
    last = pk.coefficients[-1]
    assert (last["matrix"], last["wire"]) == (0, 2)
    assert from_limbs(last["value"]) == [pow(2, 512, R)]


def test_keys_differ(engine: ModuleType) -> None:
    r1cs, _ = random_system(5, rows=3, n_publics=1)
    first, second = engine.keygen(r1cs, 3, 5), engine.keygen(r1cs, 3, 5)
    assert not np.array_equal(first.vk.delta2, second.vk.delta2)
    assert not np.array_equal(first.a, second.a)
    for alpha, beta in ((0, 1), (1, 0), (R, 1), (1, -1)):
        with pytest.raises(EngineError):
            engine.keygen(r1cs, alpha, beta)


def test_verify_refuses_malformed(engine: ModuleType, case: Any) -> None:
    pk, w, x = case
    vk, proof = pk.vk, native.prove(pk, w)
    assert engine.verify(vk, x, proof)

    def alias(point: Limbs) -> Limbs:
        out = point.copy()
        out[:4] = raw(from_limbs(out[:4])[0] + Q)[0]
        return out

    for bad in (
        replace(proof, a=alias(proof.a)),
        replace(proof, b=alias(proof.b)),
        replace(proof, c=proof.c ^ np.uint64(1)),
        replace(proof, a=np.zeros(8, np.uint64)),
        replace(proof, b=np.zeros(16, np.uint64)),
        replace(proof, b=OUTSIDE),
    ):
        with pytest.raises(BadPoint):
            engine.verify(vk, x, bad)
    for bad_key in (
        replace(vk, alpha1=np.zeros(8, np.uint64)),
        replace(vk, delta2=OUTSIDE),
        replace(vk, ic=vk.ic ^ np.uint64(1)),
        replace(vk, ic=np.concatenate([vk.ic[:-1], np.zeros((1, 8), np.uint64)])),
    ):
        with pytest.raises(BadPoint):
            engine.verify(bad_key, x, proof)
    too_large = x.copy()
    too_large[1] = raw(from_limbs(x[1])[0] + R)[0] if from_limbs(x[1])[0] + R < 1 << 256 else x[1]
    for publics in (x[:2], np.concatenate([x, x[:1]]), to_limbs([R, 0, 0]), too_large[:, :3]):
        with pytest.raises(EngineError):
            engine.verify(vk, publics, proof)
    swapped = Proof(a=proof.c, b=proof.b, c=proof.a)
    assert not engine.verify(vk, x, swapped)


def test_prove_checks_the_key_s_shape(engine: ModuleType, case: Any) -> None:
    pk, w, _ = case

    def record(name: str, value: int) -> ProvingKey:
        coefficients = pk.coefficients.copy()
        coefficients[name][5] = value
        return replace(pk, coefficients=coefficients)

    huge = pk.coefficients.copy()
    huge["value"][3] = raw(R)[0]
    alias = pk.a.copy()
    alias[7, :4] = raw(Q)[0]
    for bad in (
        replace(pk, a=pk.a[:-1]),
        replace(pk, b1=pk.b1[1:]),
        replace(pk, b2=pk.b2[:-1]),
        replace(pk, c=pk.c[:-1]),
        replace(pk, h=pk.h[:-1]),
        replace(pk, a=alias),
        replace(pk, n_wires=pk.n_wires - 1),
        replace(pk, domain_size=pk.domain_size * 2),
        replace(pk, domain_size=pk.domain_size - 1),
        replace(pk, coefficients=huge),
        record("matrix", 2),
        record("row", pk.domain_size),
        record("wire", pk.n_wires),
        record("wire", 0xFFFFFFFF),
    ):
        with pytest.raises(EngineError):
            engine.prove(bad, w)
    for witness in (w[:-1], raw(R, *[0] * (len(w) - 1)), raw(2, *[0] * (len(w) - 1))):
        with pytest.raises(EngineError):
            engine.prove(pk, witness)


def test_rows_of_the_key_in_any_order(engine: ModuleType, case: Any) -> None:
    pk, w, x = case
    order = np.random.default_rng(1).permutation(len(pk.coefficients))
    shuffled = replace(pk, coefficients=pk.coefficients[order])
    assert engine.verify(pk.vk, x, engine.prove(shuffled, w))


def test_a_key_that_lies_anywhere_in_memory(case: Any) -> None:
    """Sections of a mapped file start at odd addresses; nothing is copied to align them."""
    pk, w, x = case

    def moved(array: Any, dtype: Any) -> Any:
        data = b"\0" * 3 + array.tobytes()
        out = np.frombuffer(data, np.uint8)[3:].view(dtype).reshape(array.shape)
        assert not out.flags.aligned or dtype == COEFFICIENT
        return out

    parts = {name: moved(getattr(pk, name), np.uint64) for name in ("a", "b1", "b2", "c", "h")}
    key = replace(pk, **parts, coefficients=moved(pk.coefficients, COEFFICIENT))
    assert np.shares_memory(native._bytes(key.a), key.a)
    assert native.verify(pk.vk, x, native.prove(key, moved(w, np.uint64)))


# --- the door


def test_shapes_are_refused(engine: ModuleType) -> None:
    one, points = raw(1), G1[np.newaxis]
    with pytest.raises(EngineError):
        engine.msm_g1(points, raw(1, 2))
    with pytest.raises(EngineError):
        engine.msm_g1(points, raw(R))
    with pytest.raises(EngineError):
        engine.msm_g2(points, one)
    with pytest.raises(EngineError):
        engine.msm_g1(points.astype(np.int64), one)
    with pytest.raises(EngineError):
        engine.mul_g1(points, one)
    with pytest.raises(EngineError):
        engine.first_bad_g1(G1)
    with pytest.raises(EngineError):
        engine.set_threads(-1)


def test_threads_do_not_change_results(case: Any) -> None:
    pk, w, x = case
    for threads in (1, 3, 0):
        native.set_threads(threads)
        assert native.verify(pk.vk, x, native.prove(pk, w))


def run(script: str, **env: str) -> str:
    import os

    return subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **env},
        timeout=120,
    ).stdout


def test_a_forked_child_has_its_own_threads() -> None:
    script = """
import os, numpy as np
from zk import engine
from zk.field import to_limbs
values = to_limbs(range(1 << 13))
engine.ntt(values)
child = os.fork()
if child == 0:
    engine.ntt(values)
    os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert run(script).strip() == "7"


def test_the_door_opens_no_slow_module() -> None:
    script = """
import sys
import zk.engine, zk.poseidon
print(sorted({"py_ecc", "galois", "numba", "zk.reference"} & set(sys.modules)), zk.engine.name())
"""
    assert run(script, ZKMARGIN_ENGINE="native").strip() == "[] native"


def test_the_environment_chooses_the_engine() -> None:
    script = "from zk import engine; print(engine.name(), engine.msm_g1.__module__)"
    assert run(script, ZKMARGIN_ENGINE="reference").split()[0] == "reference"
    script = """
from zk.errors import EngineError
try:
    import zk.engine
except EngineError as error:
    print(error)
"""
    assert "native or reference" in run(script, ZKMARGIN_ENGINE="fast")


def test_an_engine_that_is_not_built_says_so() -> None:
    script = """
import sys
sys.modules["zk._engine"] = None
from zk.errors import EngineError
try:
    import zk.engine
except EngineError as error:
    print(error)
"""
    assert "not built" in run(script, ZKMARGIN_ENGINE="native")


def test_the_stub_is_the_module_s() -> None:
    import ast
    from pathlib import Path

    from zk import _engine, errors

    stub = Path(errors.__file__).with_name("_engine.pyi").read_text()
    declared = {
        node.name: [argument.arg for argument in node.args.args]
        for node in ast.parse(stub).body
        if isinstance(node, ast.FunctionDef)
    }
    import inspect

    real = {
        name: list(inspect.signature(value).parameters)
        for name, value in vars(_engine).items()
        if callable(value) and not isinstance(value, type)
    }
    assert declared == real
    classes = {
        node.name: {member.name for member in node.body if isinstance(member, ast.FunctionDef)}
        for node in ast.parse(stub).body
        if isinstance(node, ast.ClassDef)
    }
    assert classes == {
        name: {member for member in vars(value) if not member.startswith("__")} | {"__init__"}
        for name, value in vars(_engine).items()
        if isinstance(value, type)
    }
