"""Sums and multiples of points, what is no point, and the pairing, on the engine and its twin."""

from __future__ import annotations

import random
from types import ModuleType

import numpy as np
import pytest

from tests.zk.points import G1, G2, OUTSIDE, raw
from zk import engine as native
from zk import reference
from zk.errors import BadPoint, EngineError
from zk.field import Q, R, coordinates_to_limbs, from_limbs, to_limbs

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
