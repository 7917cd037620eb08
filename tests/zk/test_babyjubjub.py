"""Baby Jubjub and EdDSA on integers: the published vectors, and what is refused."""

from __future__ import annotations

import pickle
import random
from collections import Counter

import pytest

from tests.zk import vectors
from zk import babyjubjub
from zk.babyjubjub import (
    BASE,
    COFACTOR,
    IDENTITY,
    ORDER,
    Point,
    SecretKey,
    Signature,
    add,
    in_subgroup,
    multiply,
    negate,
    on_curve,
    pack,
    unpack,
    verify,
)
from zk.errors import InputError, InvalidSignature
from zk.field import R

SEED = bytes(range(32))
KEY = SecretKey(SEED)


def point(pair: list[str]) -> Point:
    x, y = map(int, pair)
    return x, y


def valid(key: Point, message: int, signature: Signature) -> bool:
    try:
        verify(key, message, signature)
    except InvalidSignature:
        return False
    return True


# The group


def test_multiples_and_sums_of_the_vectors() -> None:
    *cases, last = vectors.load("babyjub.json")
    for case in cases:
        a, b = (multiply(BASE, int(case[name])) for name in "ab")
        assert (a, b) == (point(case["aB"]), point(case["bB"]))
        assert add(a, b) == point(case["sum"])
        assert pack(add(a, b)).hex() == case["packed_sum"]
        assert unpack(pack(add(a, b))) == add(a, b)
    torsion = [point(pair) for pair in last["torsion"]]
    assert len(set(torsion)) == COFACTOR
    for p in torsion:
        assert on_curve(p)
        assert multiply(p, COFACTOR) == IDENTITY
        assert unpack(pack(p)) == p
        assert in_subgroup(p) == (p == IDENTITY)


def test_the_group_law() -> None:
    rng = random.Random(1)
    p, q, t = (multiply(BASE, rng.randrange(ORDER)) for _ in range(3))
    assert add(p, q) == add(q, p)
    assert add(add(p, q), t) == add(p, add(q, t))
    assert add(p, IDENTITY) == p
    assert add(p, negate(p)) == IDENTITY
    assert add(p, p) == multiply(p, 2)
    assert multiply(p, 0) == IDENTITY
    assert multiply(p, ORDER) == IDENTITY
    for k in (1, 7, ORDER - 1, ORDER + 3, 1 << 300):
        assert multiply(p, k) == multiply(p, k % ORDER)
        assert on_curve(multiply(p, k))


def test_what_is_not_on_the_curve() -> None:
    x, y = BASE
    for p in ((0, 0), (x, y + 1), (y, x), (x + R, y), (x, y - R), (-x, y)):
        assert not on_curve(p)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "32 bytes"),
        (bytes(33), "32 bytes"),
        (R.to_bytes(32, "little"), "not below"),
        ((R + 1).to_bytes(32, "little"), "not below"),
        ((1 | 1 << 255).to_bytes(32, "little"), "sign bit"),
        ((2).to_bytes(32, "little"), "not on the curve"),
    ],
)
def test_packed_points_that_are_refused(data: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        unpack(data)


# Signatures


def test_verdicts_of_the_vectors() -> None:
    kinds: Counter[str] = Counter()
    for case in vectors.load("eddsa_poseidon.json"):
        signature = Signature(point(case["R8"]), int(case["S"]))
        key, message = point(case["A"]), int(case["msg"])
        assert valid(key, message, signature) == case["want_valid"], case["kind"]
        kinds[case["kind"]] += 1
    assert len(kinds) == 22
    assert kinds["valid"] == 20


def test_keys_and_signatures_of_the_vectors() -> None:
    for case in vectors.load("eddsa_poseidon.json"):
        if case["want_valid"]:
            key = SecretKey(bytes.fromhex(case["sk"]))
            assert key.public_key() == point(case["A"])
            expected = Signature(point(case["R8"]), int(case["S"]))
            assert key.sign(int(case["msg"])) == expected


def test_a_signature_binds_all_its_parts() -> None:
    key, message = KEY.public_key(), 12345
    s = KEY.sign(message)
    verify(key, message, s)
    assert not valid(key, message + 1, s)
    assert not valid(negate(key), message, s)
    assert not valid(key, message, Signature(negate(s.r8), s.s))
    assert not valid(key, message, Signature(s.r8, (s.s + 1) % ORDER))
    assert not valid(SecretKey(bytes(32)).public_key(), message, s)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda a, s: (a, Signature(s.r8, s.s + ORDER)), "one form"),
        (lambda a, s: (a, Signature(s.r8, s.s - ORDER)), "one form"),
        (lambda a, s: (a, Signature((s.r8[0], s.r8[1] + R), s.s)), "R is not a point"),
        (lambda a, s: (a, Signature((0, 0), s.s)), "R is not a point"),
        (lambda a, s: ((a[0] + R, a[1]), s), "public key is not a point"),
        (lambda a, s: (IDENTITY, s), "low order"),
        (lambda a, s: ((0, R - 1), s), "low order"),
        (lambda a, s: (a, Signature(IDENTITY, s.s)), "not this key's"),
    ],
)
def test_the_reason_of_a_refusal(change, words: str) -> None:
    key, signature = change(KEY.public_key(), KEY.sign(7))
    with pytest.raises(InvalidSignature, match=words):
        verify(key, 7, signature)


def test_a_key_of_low_order_would_sign_anything() -> None:
    """What the refusal is for: S B = R holds for every message under the identity."""
    signature = Signature(multiply(BASE, 5), 5)
    for message in (1, 2, 3):
        right = add(signature.r8, multiply(IDENTITY, message))
        assert multiply(BASE, signature.s) == right
        assert not valid(IDENTITY, message, signature)


@pytest.mark.parametrize("message", [-1, R, 1 << 256])
def test_messages_are_field_elements(message: int) -> None:
    with pytest.raises(InputError, match="message"):
        KEY.sign(message)
    with pytest.raises(InputError, match="message"):
        verify(KEY.public_key(), message, KEY.sign(1))


def test_messages_at_the_ends() -> None:
    for message in (0, R - 1):
        verify(KEY.public_key(), message, KEY.sign(message))


def test_a_secret_key_shows_nothing() -> None:
    key = SecretKey.generate()
    assert repr(key) == str(key) == "<SecretKey>"
    assert not hasattr(key, "__dict__")
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(key)
    assert key.public_key() != SecretKey.generate().public_key()
    for seed in (b"", bytes(31), bytes(33)):
        with pytest.raises(InputError, match="32 bytes") as refused:
            SecretKey(seed)
        assert seed.hex() not in str(refused.value) or not seed


def test_the_clamped_scalar() -> None:
    """A = (s / 8) B with bit 254 of s set and bits 0 to 2 and 255 clear."""
    scalar = SecretKey(SEED)._scalar
    assert scalar % COFACTOR == 0
    assert scalar >> 254 == 1
    assert KEY.public_key() == multiply(BASE, scalar >> 3)
    assert in_subgroup(KEY.public_key())


def test_square_roots() -> None:
    rng = random.Random(4)
    for _ in range(20):
        x = rng.randrange(R)
        assert babyjubjub._square_root(x * x % R) in (x, R - x)
        assert babyjubjub._square_root(5 * x * x % R) is None
    assert babyjubjub._square_root(0) == 0
    assert babyjubjub._square_root(1) in (1, R - 1)
