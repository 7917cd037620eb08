"""verification_key.json, proof.json, public.json from outside: all but the one form is refused.

No tool is needed: the texts are written from a key that the engine makes for x * y = z.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.interop.product import PRODUCT, product_witness
from zk import engine
from zk.errors import ArtifactError, BadPoint
from zk.field import Q, R, to_limbs
from zk.formats.json import (
    KEY_LIMIT,
    SMALL_LIMIT,
    load_proof,
    load_public,
    load_verifying_key,
    read_proof,
    read_public,
    read_verifying_key,
    write_proof,
    write_public,
    write_verifying_key,
)
from zk.groth16 import Proof, development_scalar

_PK = engine.keygen(PRODUCT, development_scalar("alpha"), development_scalar("beta"))
VK = write_verifying_key(_PK.vk)
PROOF = write_proof(engine.prove(_PK, product_witness(3, 5)))
PUBLIC = write_public(to_limbs([15, 0, R - 1]))

Change = Callable[[Any], Any]


def test_what_is_written_is_read() -> None:
    assert write_verifying_key(read_verifying_key(VK)) == VK
    assert write_proof(read_proof(PROOF)) == PROOF
    assert write_public(read_public(PUBLIC)) == PUBLIC
    assert write_public(read_public("[]")) == "[]"
    assert json.loads(PUBLIC) == ["15", "0", str(R - 1)]


def test_layout_is_free() -> None:
    """JSON's white space and the order of keys carry no meaning."""
    shuffled = json.dumps(dict(reversed(json.loads(PROOF).items())), separators=(",", ":"))
    assert write_proof(read_proof(shuffled)) == PROOF


NOT_A_NUMBER: list[Any] = [
    *(15, True, None, [], {}, ["15"], {"0": "15"}),
    *("", " 15", "15 ", "+15", "-0", "-15", "015", "00", "0x0f", "0xF", "1e1", "15.0", "1_5"),
    *("15n", "F", "\u0661\u0665", "１５", "9" * 1000, "NaN", "Infinity"),
]


@pytest.mark.parametrize("value", NOT_A_NUMBER, ids=lambda value: repr(value)[:20])
def test_only_canonical_decimals(value: Any) -> None:
    with pytest.raises(ArtifactError, match=r"^public signals: \[1\]: "):
        read_public(json.dumps(["1", value], ensure_ascii=False))
    proof = json.loads(PROOF)
    proof["pi_b"][1][0] = value
    with pytest.raises(ArtifactError, match=r"^proof: pi_b\[1\]\[0\]: "):
        read_proof(json.dumps(proof, ensure_ascii=False))


@pytest.mark.parametrize("value", [R, R + 15, 2**256 - 1, 2**256 + 15, 10**77 - 1])
def test_public_signals_are_below_r(value: int) -> None:
    with pytest.raises(ArtifactError, match=r"^public signals: \[0\]: "):
        read_public(json.dumps([str(value)]))


COORDINATES = [
    *(("pi_a", 0), ("pi_a", 1), ("pi_c", 0), ("pi_c", 1)),
    *(("pi_b", 0, 0), ("pi_b", 0, 1), ("pi_b", 1, 0), ("pi_b", 1, 1)),
]


@pytest.mark.parametrize("path", COORDINATES, ids=str)
def test_coordinates_are_below_q(path: tuple[str | int, ...]) -> None:
    """snarkjs's verify accepts coordinate + q; the EVM and we do not."""
    text, value = changed(PROOF, path, lambda value: str(int(value) + Q))
    with pytest.raises(BadPoint, match="is not below the prime q"):
        read_proof(text)
    text, value = changed(PROOF, path, lambda value: str((int(value) + 1) % Q))
    with pytest.raises(BadPoint, match="is not a point of its group"):
        read_proof(text)
    assert value != json.loads(PROOF)


INFINITY: list[tuple[str, Any]] = [
    *((key, point) for key in ("pi_a", "pi_c") for point in (["0", "1", "0"], ["0", "0", "1"])),
    ("pi_a", ["0", "0", "0"]),
    ("pi_b", [["0", "0"], ["1", "0"], ["0", "0"]]),
    ("pi_b", [["0", "0"], ["0", "0"], ["1", "0"]]),
]


@pytest.mark.parametrize(("key", "point"), INFINITY, ids=repr)
def test_infinity_is_refused(key: str, point: Any) -> None:
    text, _ = changed(PROOF, (key,), lambda _: point)
    with pytest.raises(BadPoint, match=rf"^proof: {key}"):
        read_proof(text)


def test_projective_points_are_refused() -> None:
    """The same point with another third coordinate: two texts of one proof would be two proofs."""
    third: Any
    for third in ("2", 1, "01", None):
        text = json.dumps(json.loads(PROOF) | {"pi_a": [*json.loads(PROOF)["pi_a"][:2], third]})
        with pytest.raises(BadPoint, match=r"^proof: pi_a\[2\]: must be one"):
            read_proof(text)
    for third in (["1", "1"], ["2", "0"], ["1"], "1", ["0", "1"]):
        text = json.dumps(json.loads(PROOF) | {"pi_b": [*json.loads(PROOF)["pi_b"][:2], third]})
        with pytest.raises(BadPoint, match=r"^proof: pi_b\[2\]: must be one"):
            read_proof(text)


def test_swapped_halves_are_refused() -> None:
    """The order of calldata and of gnark: both halves of a G2 coordinate the other way round."""
    text, _ = changed(PROOF, ("pi_b",), lambda b: [pair[::-1] for pair in b[:2]] + b[2:])
    with pytest.raises(BadPoint, match=r"^proof: pi_b: is not a point of its group"):
        read_proof(text)


def test_g2_outside_the_subgroup_is_refused() -> None:
    """On the twist, of an order that r does not divide: only the subgroup check sees it."""
    x, y = outside_the_subgroup()
    text, _ = changed(PROOF, ("pi_b",), lambda _: [[*map(str, x)], [*map(str, y)], ["1", "0"]])
    with pytest.raises(BadPoint, match=r"^proof: pi_b: is not a point of its group"):
        read_proof(text)


SHAPES: list[tuple[str, Change, str]] = [
    ("missing key", lambda p: {k: v for k, v in p.items() if k != "pi_c"}, '"pi_c" is missing'),
    ("surplus key", lambda p: p | {"pi_d": "1"}, "has a surplus key 'pi_d'"),
    ("protocol", lambda p: p | {"protocol": "plonk"}, 'protocol: must be "groth16"'),
    ("curve", lambda p: p | {"curve": "bls12381"}, 'curve: must be "bn128"'),
    ("curve's alias", lambda p: p | {"curve": "bn254"}, 'curve: must be "bn128"'),
    ("no curve", lambda p: {k: v for k, v in p.items() if k != "curve"}, '"curve" is missing'),
    ("a list", lambda p: list(p.values()), "must be an object"),
    ("null", lambda p: None, "must be an object"),
    ("short point", lambda p: p | {"pi_a": p["pi_a"][:2]}, "pi_a: must have 3 entries, not 2"),
    ("long point", lambda p: p | {"pi_a": [*p["pi_a"], "1"]}, "pi_a: must have 3 entries, not 4"),
    ("point object", lambda p: p | {"pi_a": {"x": "1"}}, "pi_a: must be an array"),
    ("flat G2", lambda p: p | {"pi_b": p["pi_b"][0] + p["pi_b"][1]}, "pi_b: must have 3 entries"),
    ("G1 for G2", lambda p: p | {"pi_b": p["pi_a"]}, "pi_b"),
    ("G2 for G1", lambda p: p | {"pi_a": p["pi_b"]}, "pi_a"),
]


@pytest.mark.parametrize(("change", "message"), [s[1:] for s in SHAPES], ids=[s[0] for s in SHAPES])
def test_shapes(change: Change, message: str) -> None:
    with pytest.raises(ArtifactError) as refused:
        read_proof(json.dumps(change(json.loads(PROOF))))
    assert message in str(refused.value)


TEXTS: list[tuple[str, bytes, str]] = [
    ("empty", b"", "is not JSON"),
    ("cut off", PUBLIC.encode()[:-1], "is not JSON"),
    ("trailing", PUBLIC.encode() + b"]", "is not JSON"),
    ("two values", b'["1"]["2"]', "is not JSON"),
    ("trailing comma", b'["1",]', "is not JSON"),
    ("single quotes", b"['1']", "is not JSON"),
    ("byte order mark", b"\xef\xbb\xbf" + PUBLIC.encode(), "is not JSON"),
    ("UTF-16", PUBLIC.encode("utf-16"), "is not UTF-8"),
    ("not UTF-8", b'["1", "\xff"]', "is not UTF-8"),
    ("NaN", b"[NaN]", "not whole"),
    ("Infinity", b"[-Infinity]", "not whole"),
    ("float", b"[1e3]", "not whole"),
    ("100,000 digits", b"[" + b"9" * 60_000 + b"]", "must be a decimal string"),
    ("digits in quotes", b'["' + b"9" * 60_000 + b'"]', "must be a decimal number"),
    ("nested", b"[" * 60_000, "nested too deeply"),
    ("escaped", b'["\\u0031"]', "has a backslash"),
    ("control", b'["1\x00"]', "is not JSON"),
    ("twice", b'{"a": "1", "a": "2"}', "has the key 'a' twice"),
    ("too long", b" " * SMALL_LIMIT + b'["1"]', "is longer than the limit"),
]


@pytest.mark.parametrize(("text", "message"), [t[1:] for t in TEXTS], ids=[t[0] for t in TEXTS])
def test_texts(text: bytes, message: str) -> None:
    with pytest.raises(ArtifactError) as refused:
        read_public(text)
    assert message in str(refused.value)


KEYS: list[tuple[str, Change, str]] = [
    ("nPublic as text", lambda k: k | {"nPublic": "1"}, "nPublic: must be a whole number"),
    ("nPublic as bool", lambda k: k | {"nPublic": True}, "nPublic: must be a whole number"),
    ("nPublic negative", lambda k: k | {"nPublic": -1}, "nPublic: must be a whole number"),
    (
        "nPublic too large",
        lambda k: k | {"nPublic": 2},
        "IC: has 2 points where nPublic asks for 3",
    ),
    ("IC short", lambda k: k | {"IC": k["IC"][:1]}, "IC: has 1 points where nPublic asks for 2"),
    (
        "IC at infinity",
        lambda k: k | {"IC": [k["IC"][0], ["0", "1", "0"]]},
        "IC[1][2]: must be one",
    ),
    ("IC is zero", lambda k: k | {"IC": [k["IC"][0], ["0", "0", "1"]]}, "IC[1]: is not a point"),
    ("IC off curve", lambda k: k | {"IC": [k["IC"][0], ["1", "1", "1"]]}, "IC[1]: is not a point"),
    (
        "alpha off curve",
        lambda k: k | {"vk_alpha_1": ["1", "1", "1"]},
        "vk_alpha_1: is not a point",
    ),
    (
        "gamma's halves swapped",
        lambda k: k | {"vk_gamma_2": [c[::-1] for c in k["vk_gamma_2"][:2]] + [["1", "0"]]},
        "vk_gamma_2: is not a point",
    ),
    (
        "another alpha",
        lambda k: k | {"vk_alpha_1": ["1", "2", "1"]},
        "vk_alphabeta_12: is not the pairing",
    ),
    (
        "pairing short",
        lambda k: k | {"vk_alphabeta_12": k["vk_alphabeta_12"][:1]},
        "vk_alphabeta_12: must have 2 entries",
    ),
    (
        "no pairing",
        lambda k: {name: part for name, part in k.items() if name != "vk_alphabeta_12"},
        '"vk_alphabeta_12" is missing',
    ),
]


@pytest.mark.parametrize(("change", "message"), [k[1:] for k in KEYS], ids=[k[0] for k in KEYS])
def test_keys(change: Change, message: str) -> None:
    with pytest.raises(ArtifactError) as refused:
        read_verifying_key(json.dumps(change(json.loads(VK))))
    assert message in str(refused.value)


def test_no_number_but_npublic() -> None:
    text = VK.replace('"nPublic": 1', '"nPublic": 1.0')
    with pytest.raises(ArtifactError, match="not whole"):
        read_verifying_key(text)
    with pytest.raises(ArtifactError, match="must be a decimal string"):
        read_verifying_key(VK.replace('"nPublic": 1', '"nPublic": 10000000001'))


def test_files_are_named_and_limited(tmp_path: Path) -> None:
    path = tmp_path / "some.json"
    with pytest.raises(ArtifactError, match=r"some\.json: cannot be read: No such file"):
        load_public(path)
    with pytest.raises(ArtifactError, match="is not a regular file"):
        load_public(tmp_path)
    path.write_text(PUBLIC)
    with pytest.raises(ArtifactError, match=r"some\.json: must be an object"):
        load_proof(path)
    path.write_bytes(b" " * (SMALL_LIMIT + 1))
    with pytest.raises(ArtifactError, match="the limit for this kind is 65536"):
        load_proof(path)
    path.write_bytes(b" " * (KEY_LIMIT + 1))
    with pytest.raises(ArtifactError, match="the limit for this kind is 1048576"):
        load_verifying_key(path)


def test_infinity_is_not_written() -> None:
    proof = read_proof(PROOF)
    with pytest.raises(BadPoint, match="infinity"):
        write_proof(Proof(np.zeros_like(proof.a), proof.b, proof.c))


def changed(text: str, path: tuple[str | int, ...], change: Change) -> tuple[str, Any]:
    """The text with the value at `path` changed, and the whole value."""
    root = json.loads(text)
    node = root
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = change(node[path[-1]])
    return json.dumps(root), root


def outside_the_subgroup() -> tuple[tuple[int, int], tuple[int, int]]:
    """A point (x, y) of the twist y^2 = x^3 + 3 / (9 + i) with x = (n, 0), n as small as can be.

    The twist has r * (2q - r) points, and r does not divide 2q - r: a point that was not chosen to
    be in the subgroup of order r is in it with probability 1 / (2q - r).
    """
    inverse = pow(82, -1, Q)  # |9 + i|^2
    b = (27 * inverse % Q, -3 * inverse % Q)
    for n in range(1, 100):
        root = square_root(((n**3 + b[0]) % Q, b[1]))
        if root is not None:
            return (n, 0), root
    raise AssertionError("no point found")


def square_root(a: tuple[int, int]) -> tuple[int, int] | None:
    """A square root in Fq[i], by the complex method; Q = 3 mod 4."""
    norm = (a[0] * a[0] + a[1] * a[1]) % Q
    length = pow(norm, (Q + 1) // 4, Q)
    if length * length % Q != norm:
        return None
    for sign in (1, -1):
        half = (a[0] + sign * length) * pow(2, -1, Q) % Q
        real = pow(half, (Q + 1) // 4, Q)
        if real and real * real % Q == half:
            imaginary = a[1] * pow(2 * real, -1, Q) % Q
            return real, imaginary
    return None
