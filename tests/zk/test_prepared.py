"""Prepared keys, in the engine and its twin: what is made, what is refused, what is proved."""

from __future__ import annotations

import random
import struct
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tests.zk.systems import Row, random_system, system
from zk import engine as native
from zk import reference
from zk.errors import EngineError, UnsatisfiedRow, ZkError
from zk.field import Limbs, R, to_limbs
from zk.groth16 import ProvingKey
from zk.r1cs import R1CS

Bytes = npt.NDArray[np.uint8]


@pytest.fixture(scope="module")
def small() -> tuple[R1CS, Limbs, ProvingKey]:
    r1cs, witness = random_system(7, 40, 3)
    return r1cs, witness, native.keygen(r1cs, 3, 4)


def resealed(data: Bytes) -> Bytes:
    """The same file with the digest of what it now holds, for the checks behind the digest."""
    body = data[:-32].tobytes()
    leaves = [sha256(body[i : i + (1 << 20)]).digest() for i in range(0, len(body), 1 << 20)]
    head = b"zkmargin prepared key 1" + struct.pack("<Q", len(body))
    return np.frombuffer(body + sha256(head + b"".join(leaves)).digest(), np.uint8)


def section(data: Bytes, index: int) -> tuple[int, int]:
    """Offset and length."""
    start, length = struct.unpack_from("<QQ", data.tobytes(), 192 + 16 * index)
    return start, length


@pytest.mark.parametrize("maker", [native, reference])
@pytest.mark.parametrize("typed", [True, False])
def test_proofs_verify_whoever_made_the_file(
    engine: ModuleType, maker: ModuleType, typed: bool, small: tuple[R1CS, Limbs, ProvingKey]
) -> None:
    r1cs, witness, pk = small
    data = maker.prepare(pk, r1cs if typed else None)
    key = engine.open_prepared(data)
    assert (key.n_wires, key.n_publics, key.domain_size) == (r1cs.n_wires, 3, r1cs.domain_size)
    assert key.is_typed == typed
    assert key.digest == data[-32:].tobytes()
    assert (key.vk.ic == pk.vk.ic).all()
    assert (key.vk.gamma2 == pk.vk.gamma2).all()
    proof = engine.prove_prepared(key, witness)
    assert native.verify(pk.vk, witness[1:4], proof)
    again = engine.prove_prepared(key, witness)
    assert (again.a != proof.a).any()


@pytest.mark.parametrize(("rows", "publics"), [(0, 0), (1, 0), (1, 1), (7, 2), (5000, 3)])
def test_sizes(rows: int, publics: int) -> None:
    r1cs, witness = random_system(rows + 1, rows, publics)
    pk = native.keygen(r1cs, 3, 4)
    for known in (r1cs, None):
        key = native.open_prepared(native.prepare(pk, known))
        proof = native.prove_prepared(key, witness)
        assert native.verify(pk.vk, witness[1 : 1 + publics], proof)


def test_the_same_file_twice(engine: ModuleType, small: tuple[R1CS, Limbs, ProvingKey]) -> None:
    r1cs, _, pk = small
    assert engine.prepare(pk, r1cs).tobytes() == engine.prepare(pk, r1cs).tobytes()
    assert (
        engine.prepare(pk).tobytes()
        == (native if engine is reference else reference).prepare(pk).tobytes()
    )


def test_an_unsatisfied_row_is_named(
    engine: ModuleType, small: tuple[R1CS, Limbs, ProvingKey]
) -> None:
    r1cs, witness, pk = small
    key = engine.open_prepared(engine.prepare(pk, r1cs))
    for wire in range(4, r1cs.n_wires):
        broken = witness.copy()
        broken[wire, 0] ^= 2
        row = native.first_unsatisfied(r1cs, broken)
        with pytest.raises(UnsatisfiedRow) as caught:
            engine.prove_prepared(key, broken)
        assert caught.value.row == row
    untyped = engine.open_prepared(engine.prepare(pk))
    assert not native.verify(pk.vk, broken[1:4], engine.prove_prepared(untyped, broken))


def test_a_value_outside_of_its_class(engine: ModuleType) -> None:
    # b is said to be a bit and no row says so: the ladder must not read it.
    r1cs = system([({1: 1}, {1: 1, 0: -1}, {}), ({2: 1}, {2: 1}, {3: 1})], 4, 0)
    pk = native.keygen(r1cs, 3, 4)
    data = engine.prepare(pk, r1cs)
    assert engine.prove_prepared(engine.open_prepared(data), to_limbs([1, 1, 3, 9]))
    start, _ = section(data, 3)
    assert data[start : start + 4].tolist() == [1, 1, 4, 4]
    # The first row as w1 (w1 - w1) = 0, which says nothing, under the same classes.
    forged = data.copy()
    start, _ = section(data, 9)
    forged[start : start + 8].view(np.uint32)[:] = 1
    key = engine.open_prepared(resealed(forged))
    assert engine.prove_prepared(key, to_limbs([1, 0, 3, 9]))
    for value in (2, R - 1, 1 << 64, 1 << 200):
        with pytest.raises(EngineError, match="wire 1 is not one that the circuit's types allow"):
            engine.prove_prepared(key, to_limbs([1, value, 3, 9]))


def test_witnesses_that_are_refused(
    engine: ModuleType, small: tuple[R1CS, Limbs, ProvingKey]
) -> None:
    r1cs, witness, pk = small
    key = engine.open_prepared(engine.prepare(pk, r1cs))
    two = witness.copy()
    two[0, 0] = 2
    big = witness.copy()
    big[-1] = to_limbs([R])
    for bad, message in (
        (witness[:-1], "values for"),
        (witness[:0], "values for"),
        (np.concatenate([witness, witness[-1:]]), "values for"),
        (two, "start with 1"),
        (big, "not below r"),
        (witness.astype(np.int64), "uint64"),
    ):
        with pytest.raises(EngineError, match=message):
            engine.prove_prepared(key, bad)
    other: Any = native if engine is reference else reference
    with pytest.raises(EngineError, match="of this engine"):
        engine.prove_prepared(other.open_prepared(other.prepare(pk, r1cs)), witness)


def test_a_flipped_byte_anywhere(engine: ModuleType, small: tuple[R1CS, Limbs, ProvingKey]) -> None:
    r1cs, _, pk = small
    data = native.prepare(pk, r1cs)
    places = [0, 7, 8, 12, 16, 24, 30, 40, 60, 200, 600, len(data) - 33, len(data) - 32]
    places += [len(data) - 1, 5000]
    places += [sum(section(data, i)) - 1 for i in range(22) if section(data, i)[1]]
    places += np.random.default_rng(1).integers(0, len(data), 200).tolist()
    for place in places:
        bad = data.copy()
        bad[place] ^= 1 << place % 8
        with pytest.raises(EngineError, match="prepared key"):
            engine.open_prepared(bad)


def test_a_file_of_another_length(
    engine: ModuleType, small: tuple[R1CS, Limbs, ProvingKey]
) -> None:
    r1cs, _, pk = small
    data = native.prepare(pk, r1cs)
    for length in (0, 1, 8, 100, 543, 544, 4096, len(data) // 2, len(data) - 32, len(data) - 1):
        with pytest.raises(EngineError, match="prepared key"):
            engine.open_prepared(data[:length])
    with pytest.raises(EngineError, match="prepared key"):
        engine.open_prepared(np.concatenate([data, data[:1]]))
    newer = data.copy()
    newer[8] = 2
    with pytest.raises(EngineError, match=r"version 2: .* prepare the key again"):
        engine.open_prepared(newer)


def test_what_a_digest_does_not_excuse(
    engine: ModuleType, small: tuple[R1CS, Limbs, ProvingKey]
) -> None:
    """Files with a digest that agrees, made by somebody who wants a crash."""
    r1cs, _, pk = small
    data = native.prepare(pk, r1cs)
    assert engine.open_prepared(resealed(data))

    def refused(offset: int, value: bytes) -> None:
        bad = data.copy()
        bad[offset : offset + len(value)] = np.frombuffer(value, np.uint8)
        with pytest.raises(ZkError):
            engine.open_prepared(resealed(bad))

    big = b"\xff" * 4
    for word in range(24, 40, 4):
        refused(word, big)
        refused(word, bytes(4))
    for count in range(52, 52 + 60, 4):
        refused(count, big)
    for index in range(22):
        for field in (0, 8):
            entry = 192 + 16 * index + field
            for value in (b"\xff" * 8, struct.pack("<Q", 1 << 63), struct.pack("<Q", 4097)):
                refused(entry, value)
        start, length = section(data, index)
        if length and index != 3:
            refused(start + length - 4, big)
    refused(section(data, 3)[0], b"\x07")  # no such class
    refused(section(data, 3)[0] + 5, b"\x00")  # another class than that of its list
    for index, width in ((15, 64), (17, 64), (18, 128), (20, 64), (21, 64)):
        refused(section(data, index)[0], bytes(width))  # infinity in a list
    for index in (0, 1):
        refused(section(data, index)[0], bytes(32))  # off the curve


def test_a_key_of_another_circuit(
    engine: ModuleType, small: tuple[R1CS, Limbs, ProvingKey]
) -> None:
    _, _, pk = small
    for seed in (8, 9):
        other, _ = random_system(seed, 40, 3)
        with pytest.raises(EngineError, match="another circuit"):
            engine.prepare(pk, other)


def test_bad_points_are_not_prepared(
    engine: ModuleType, small: tuple[R1CS, Limbs, ProvingKey]
) -> None:
    r1cs, _, pk = small
    for name in ("a", "b1", "b2", "c", "h"):
        points = np.array(getattr(pk, name))
        index = int(np.flatnonzero(points.any(axis=1))[0])
        points[index, 0] ^= 1
        with pytest.raises(ZkError):
            engine.prepare(replace(pk, **{name: points}), r1cs)
        with pytest.raises(ZkError):
            engine.prepare(replace(pk, **{name: getattr(pk, name)[:-1]}), r1cs)
    h = np.array(pk.h)
    h[1] = 0
    with pytest.raises(ZkError, match="infinity"):
        engine.prepare(replace(pk, h=h), r1cs)


def arithmetic(seed: int, n: int) -> tuple[R1CS, Limbs]:
    """n signed numbers of 20 bits, products of their powers, and bits of all kinds."""
    rng = random.Random(seed)
    rows: list[tuple[Row, Row, Row]] = []
    w = [1]

    def wire(value: int) -> int:
        w.append(value)
        return len(w) - 1

    def bit() -> int:
        new = wire(rng.getrandbits(1))
        k, m = rng.randrange(1, R), rng.randrange(1, R)
        square, other = {new: k}, {new: m, 0: -m}
        rows.append((square, other, {}) if rng.random() < 0.5 else (other, square, {}))
        return new

    for _ in range(n):
        bits = [bit() for _ in range(20)]
        # The highest bit has no wire: (x - sum) (x - sum + 2^20) = 0, scaled.
        value = sum(w[b] << i for i, b in enumerate(bits)) - (rng.getrandbits(1) << 20)
        x = wire(value)
        scale = pow(2, -20, R)
        less = {x: scale, **{b: -(scale << i) for i, b in enumerate(bits)}}
        rows.append((less, {**less, 0: 1}, {}))
        square = wire(value * value)
        rows.append(({x: 1}, {x: 1}, {square: 1}))
        cube = wire(-value * value * value)
        rows.append(({square: 1}, {x: -1}, {cube: 1}))
        wide = wire(w[cube] * w[square])
        rows.append(({cube: 1}, {square: 1}, {wide: 1}))
        chosen = wire(w[x] if w[bits[0]] else w[cube])
        rows.append(({bits[0]: 1}, {x: 1, cube: -1}, {chosen: 1, cube: -1}))
        either = wire(w[bits[1]] ^ w[bits[2]])
        rows.append(({bits[1]: 2}, {bits[2]: 1}, {bits[1]: 1, bits[2]: 1, either: -1}))
        free = wire(rng.randrange(R))
        rows.append(({free: 1}, {free: 1}, {wire(w[free] ** 2): 1}))
    return system(rows, len(w), 0), to_limbs(value % R for value in w)


def test_classes_are_what_the_rows_imply() -> None:
    n = 260
    r1cs, witness = arithmetic(3, n)
    assert native.first_unsatisfied(r1cs, witness) is None
    pk = native.keygen(r1cs, 3, 4)
    data = native.prepare(pk, r1cs)
    start, length = section(data, 3)
    one = [1] * 20 + [2, 2, 2, 3, 2, 1, 4, 4]  # bits, x, square, cube, wide, chosen, either, free
    assert data[start : start + length].tolist() == [1] + one * n
    key = native.open_prepared(data)
    assert native.verify(pk.vk, witness[1:1], native.prove_prepared(key, witness))
    assert native.verify(pk.vk, witness[1:1], native.prove_prepared(key, arithmetic(4, n)[1])), (
        "another witness of the same rows"
    )


def test_few_small_wires_have_no_list() -> None:
    r1cs, _ = arithmetic(3, 2)
    pk = native.keygen(r1cs, 3, 4)
    data = native.prepare(pk, r1cs)
    start, length = section(data, 3)
    assert set(data[start : start + length].tolist()) == {1, 4}


def test_one_key_many_threads() -> None:
    r1cs, witness = random_system(11, 3000, 2)
    pk = native.keygen(r1cs, 3, 4)
    key = native.open_prepared(native.prepare(pk, r1cs))
    with ThreadPoolExecutor(4) as pool:
        proofs = list(pool.map(lambda _: native.prove_prepared(key, witness), range(12)))
    assert all(native.verify(pk.vk, witness[1:3], proof) for proof in proofs)
    assert len({proof.a.tobytes() for proof in proofs}) == 12
