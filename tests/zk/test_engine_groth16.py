"""Keys, proofs and their verification, on the engine and its twin."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tests.zk.points import G1, G2, OUTSIDE, raw
from tests.zk.systems import random_system
from zk import engine as native
from zk import reference
from zk.errors import BadPoint, EngineError
from zk.field import Limbs, Q, R, from_limbs, to_limbs
from zk.groth16 import COEFFICIENT, Proof, ProvingKey


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


def test_threads_do_not_change_results(case: Any) -> None:
    pk, w, x = case
    for threads in (1, 3, 0):
        native.set_threads(threads)
        assert native.verify(pk.vk, x, native.prove(pk, w))
