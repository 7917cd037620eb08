"""Prepared keys on integers: the twin of engine/core/src/prepared.

Source: docs/formats/prepared-key.md; Groth (2016), section 3.2. It reads and writes the same bytes
on its own, and sums list by list as the file has them. Of the classes it derives from rows bits
alone (classes.py): any classes that the rows imply make a good file. Notation: w the witness, k the
offsets of full wires.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import accumulate
from mmap import mmap

import numpy as np
import numpy.typing as npt

from zk.errors import EngineError, UnsatisfiedRow
from zk.field import MONTGOMERY, TWO_ADICITY, Limbs, R, from_limbs, to_limbs
from zk.groth16 import COEFFICIENT, Proof, ProvingKey, VerifyingKey
from zk.r1cs import R1CS, Intervals, Matrix
from zk.reference import arrays
from zk.reference.classes import CLASSES, FULL, SMALL, VALUE, Terms, classes_of
from zk.reference.groth16 import blinded, coset_product
from zk.reference.groups import G1, G2, Group, Point, Points, add, msm, mul, negate
from zk.reference.witness import Rows, system_rows

Bytes = npt.NDArray[np.uint8]
Buffer = bytes | bytearray | memoryview | mmap | Bytes

_MAGIC = b"zkmprep\0"
_VERSION = 1
_PAGE = 4096
_CHUNK = 1 << 20
_DOMAIN = b"zkmargin prepared key 1"
_SECTIONS = 22
_TABLE = 192  # where the table of sections stands
_HEADER = struct.Struct("<8sIIQIIIIIQ")
_COUNTS = struct.Struct("<15I")

_FROM_MONTGOMERY = pow(MONTGOMERY, -1, R)
_WORD = (1 << 64) - 1


@dataclass(frozen=True, eq=False)
class PreparedKey:
    """An opened key; the sections are views of the file."""

    n_wires: int
    n_publics: int
    domain_size: int
    rows: int
    is_typed: bool
    digest: bytes
    vk: VerifyingKey
    seed: int
    counts: tuple[tuple[int, ...], ...]
    sections: tuple[Bytes, ...]


def prepare(pk: ProvingKey, r1cs: R1CS | None = None, intervals: Intervals | None = None) -> Bytes:
    """The bytes of a prepared key."""
    if intervals is not None and r1cs is None:
        raise EngineError("intervals: without the system that they are of")
    points1, points2, g1, g2 = _good_points(pk)
    wires, publics, n = pk.n_wires, pk.vk.n_public, pk.domain_size
    table: dict[int, int] = {1: 0, R - 1: 1}
    rows = _records(pk)
    classes = [VALUE] * wires
    if r1cs is not None:
        a, b, c = (part.rows for part in system_rows(r1cs))
        a = [*a, *([(wire, 1)] for wire in range(publics + 1))]
        sizes = (r1cs.n_wires, r1cs.n_publics, r1cs.domain_size)
        if sizes != (wires, publics, n) or not (_same(rows[0], a) and _same(rows[1], b)):
            raise EngineError("the proving key is of another circuit: its terms are not this one's")
        rows = [rows[0], rows[1], c]
        classes = classes_of(wires, (a, b, c), intervals)
    height = max(len(part) for part in rows)
    matrices = [_csr(part, height, table) for part in rows]
    if r1cs is None:
        matrices.append((b"", b"", b""))

    seed = int.from_bytes(sha256(g1.tobytes()).digest()[:8], "little")
    lists: list[list[int]] = []
    sums, sums2 = [], []
    queries = ((G1, "a", 0), (G1, "b1", 0), (G1, "c", publics + 1))
    for g, name, first in queries:
        points = points1[name]
        listed = [i + first for i, point in enumerate(points) if point is not None]
        listed.sort(key=lambda wire: classes[wire])
        lists.append(listed)
        for code in range(CLASSES):
            chosen = [wire for wire in listed if classes[wire] == code]
            weights = [_weight(code, seed, wire) for wire in chosen]
            sums.append(msm(g, [points[wire - first] for wire in chosen], weights))
            if name == "b1":
                sums2.append(msm(G2, [points2[wire] for wire in chosen], weights))
    counts = [
        sum(classes[wire] == code for wire in listed) for listed in lists for code in range(CLASSES)
    ]
    of_a, of_b, of_l = lists
    montgomery = to_limbs(value * MONTGOMERY % R for value in table)
    sections = [
        np.concatenate([g1, arrays.points_out(G1, sums)]).tobytes(),
        np.concatenate([g2, arrays.points_out(G2, sums2)]).tobytes(),
        pk.vk.ic.tobytes(),
        bytes(classes),
        montgomery.tobytes(),
        *(part for matrix in matrices for part in matrix),
        *(np.array(of_a, "<u4").tobytes(), pk.a[of_a].tobytes()),
        *(np.array(of_b, "<u4").tobytes(), pk.b1[of_b].tobytes(), pk.b2[of_b].tobytes()),
        *(np.array(of_l, "<u4").tobytes(), pk.c[[w - publics - 1 for w in of_l]].tobytes()),
        np.ascontiguousarray(pk.h).tobytes(),
    ]
    places, at = [], _PAGE
    for section in sections:
        places.append((at, len(section)))
        at += -(-len(section) // _PAGE) * _PAGE
    header = _HEADER.pack(
        _MAGIC, _VERSION, _SECTIONS, at + 32, wires, publics, n, height, r1cs is not None, seed
    )
    head = (header + _COUNTS.pack(*counts)).ljust(_TABLE, b"\0")
    head += b"".join(struct.pack("<QQ", *place) for place in places)
    body = bytearray(at)
    body[: len(head)] = head
    for (start, length), section in zip(places, sections, strict=True):
        body[start : start + length] = section
    return np.frombuffer(body + _digest(body), np.uint8)


def open_prepared(data: Buffer) -> PreparedKey:
    """A prepared key, checked: its digest first, then every size, index and coordinate."""
    file = memoryview(np.frombuffer(data, np.uint8).data)
    if len(file) < _TABLE + 16 * _SECTIONS or file[:8] != _MAGIC:
        raise EngineError("this is not a prepared key")
    _, version, sections, length, wires, publics, n, rows, typed, seed = _HEADER.unpack_from(file)
    if version != _VERSION:
        raise EngineError(
            f"prepared key of version {version}: this engine reads version {_VERSION}; prepare the "
            "key again"
        )
    if length != len(file) or sections != _SECTIONS:
        raise _bad("the file is cut off, or something was added to it")
    if _digest(file[:-32]) != file[-32:]:
        raise _bad("the digest does not agree: the file is damaged; prepare the key again")
    flat = _COUNTS.unpack_from(file, _HEADER.size)
    counts = tuple(flat[i : i + CLASSES] for i in range(0, len(flat), CLASSES))
    places = [struct.unpack_from("<QQ", file, _TABLE + 16 * i) for i in range(_SECTIONS)]
    of_a, of_b, of_l = (sum(count) for count in counts)
    terms = [places[i][1] for i in (6, 9, 12)]
    fixed = [64 * (3 + 3 * CLASSES), 128 * (3 + CLASSES), 64 * (publics + 1), wires, places[4][1]]
    for i, size in enumerate(terms):
        fixed += [4 * (rows + 1) if typed == 1 or i < 2 else 0, size, size]
    fixed += [4 * of_a, 64 * of_a, 4 * of_b, 64 * of_b, 128 * of_b, 4 * of_l, 64 * of_l, 64 * n]
    ends = [_PAGE, *accumulate((-(-size // _PAGE) * _PAGE for size in fixed), initial=_PAGE)][1:]
    if places != list(zip(ends, fixed, strict=False)) or ends[-1] + 32 != len(file):
        raise _bad("its sections do not fit the file")
    if not (publics < wires and rows <= n and n.bit_count() == 1 and n <= 1 << TWO_ADICITY):
        raise _bad("its sizes contradict each other")
    parts = tuple(np.frombuffer(file[at : at + size], np.uint8) for at, size in places)
    g1, g2 = parts[0].view("<u8").reshape(-1, 8), parts[1].view("<u8").reshape(-1, 16)
    vk = VerifyingKey(g1[0], g2[0], g2[1], g2[2], parts[2].view("<u8").reshape(-1, 8))
    key = PreparedKey(
        n_wires=wires,
        n_publics=publics,
        domain_size=n,
        rows=rows,
        is_typed=typed == 1,
        digest=bytes(file[-32:]),
        vk=vk,
        seed=seed,
        counts=counts,
        sections=parts,
    )
    _check(key)
    return key


def prove_prepared(key: PreparedKey, witness: Limbs) -> Proof:
    """A proof for a witness; r and s are drawn here."""
    if not isinstance(key, PreparedKey):
        raise EngineError("a prepared key of this engine is needed")
    w = arrays.scalars_in(witness, "witness")
    if len(w) != key.n_wires:
        raise EngineError(f"{len(w)} values for {key.n_wires} wires")
    if w[0] != 1:
        raise EngineError("the witness does not start with 1")
    a, b, *c = ([rows.dot(i, w) for i in range(len(rows.rows))] for rows in _matrices(key))
    products = [x * y % R for x, y in zip(a, b, strict=True)]
    for row, (left, right) in enumerate(zip(products, c[0] if c else products, strict=True)):
        if left != right:
            raise UnsatisfiedRow(row)
    for wire, (value, code) in enumerate(zip(w, key.sections[3].tolist(), strict=True)):
        if not _holds(code, value):
            raise EngineError(f"the value of wire {wire} is not one that the circuit's types allow")
    empty = [0] * (key.domain_size - len(a))
    quotient = coset_product(a + empty, b + empty, products + empty)
    sum_h = msm(G1, _points(G1, key.sections[21]), quotient)
    g1, g2 = _points(G1, key.sections[0]), _points(G2, key.sections[1])
    sum_a, sum_b1, sum_b2, sum_l = (
        _sum(g, key, q, points, w, sums)
        for g, q, points, sums in (
            (G1, 0, 15, g1[3:]),
            (G1, 1, 17, g1[3 + CLASSES :]),
            (G2, 1, 18, g2[3:]),
            (G1, 2, 20, g1[3 + 2 * CLASSES :]),
        )
    )
    sums = (sum_a, sum_b1, sum_b2, add(G1, sum_l, sum_h))
    return blinded(sums, (g1[0], g1[1], g1[2]), (g2[0], g2[2]))


# --- lists


def _sum(g: Group, key: PreparedKey, query: int, section: int, w: list[int], sums: Points) -> Point:
    """A query's sum, list by list."""
    wires = key.sections[(14, 16, 19)[query]].view("<u4").tolist()
    points = _points(g, key.sections[section])
    total: Point = None
    start = 0
    for code, count in enumerate(key.counts[query]):
        here = slice(start, start + count)
        values = [_summed(code, key.seed, wire, w[wire]) for wire in wires[here]]
        total = add(g, total, msm(g, points[here], values))
        if count and code != VALUE:
            # What was added to each value is taken away at once.
            surplus = 1 if code == FULL else SMALL.get(code, (1, 0))[1]
            total = add(g, total, negate(g, mul(g, sums[code], surplus)))
        start += count
    return total


def _summed(code: int, seed: int, wire: int, w: int) -> int:
    """What a wire's point is multiplied by: the value and its class's offset."""
    if code == FULL:
        return (w + _offset(seed, wire)) % R
    return (w + SMALL.get(code, (1, 0))[1]) % R


def _weight(code: int, seed: int, wire: int) -> int:
    """What its point is multiplied by in the sum that the key holds."""
    return _offset(seed, wire) if code == FULL else int(code != VALUE)


def _holds(code: int, w: int) -> bool:
    if code in (VALUE, FULL):
        return True
    bits, offset = SMALL.get(code, (1, 0))
    return (w + offset) % R >> bits == 0


def _offset(seed: int, wire: int) -> int:
    """k of a wire: words of SplitMix64, 254 bits at a time, until they are below r."""
    state = _mix(seed ^ _mix(wire))
    while True:
        k = 0
        for i in range(4):
            state = (state + 0x9E3779B97F4A7C15) & _WORD
            k |= _mix(state) << 64 * i
        k &= (1 << 254) - 1
        if k < R:
            return k


def _mix(z: int) -> int:
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & _WORD
    z = (z ^ z >> 27) * 0x94D049BB133111EB & _WORD
    return z ^ z >> 31


# --- reading


def _check(key: PreparedKey) -> None:
    """Indices, coefficients and points; `open_prepared` has checked the sizes."""
    g1, g2 = key.sections[0].view("<u8").reshape(-1, 8), key.sections[1].view("<u8").reshape(-1, 16)
    for g, points in ((G1, g1[:3]), (G2, g2[:3])):
        for point in points:
            arrays.finite_point(g, point, "prepared key")
    for g, section in ((G1, 0), (G2, 1), (G1, 2)):
        _points(g, key.sections[section])
    for matrix in _matrices(key):
        if len(matrix.rows) != key.rows:
            raise _bad("a matrix has another number of rows")
    classes = key.sections[3]
    if len(classes) and int(classes.max()) >= CLASSES:
        raise _bad("there is no such class")
    for section, count in zip((14, 16, 19), key.counts, strict=True):
        wires = key.sections[section].view("<u4")
        listed = np.repeat(np.arange(CLASSES), count)
        if (wires >= key.n_wires).any() or (classes[wires] != listed).any():
            raise _bad("a wire is out of range or in a list of another class")
    for g, section in ((G1, 15), (G1, 17), (G2, 18), (G1, 20), (G1, 21)):
        if any(point is None for point in _points(g, key.sections[section])):
            raise _bad("a point at infinity in a list")


def _matrices(key: PreparedKey) -> Iterator[Rows]:
    """A, B and, in a typed key, C."""
    raw = arrays.scalars_in(key.sections[4].view("<u8").reshape(-1, 4), "prepared key")
    table = [value * _FROM_MONTGOMERY % R for value in raw]
    for first in (5, 8, 11)[: 3 if key.is_typed else 2]:
        parts = (part.view("<u4") for part in key.sections[first : first + 3])
        yield Rows(Matrix(*parts), table, key.n_wires, "prepared key")


def _points(g: Group, section: Bytes) -> Points:
    return arrays.points_in(g, section.view("<u8").reshape(-1, g.limbs))


def _digest(body: bytes | bytearray | memoryview) -> bytes:
    leaves = [sha256(body[at : at + _CHUNK]).digest() for at in range(0, len(body), _CHUNK)]
    return sha256(_DOMAIN + len(body).to_bytes(8, "little") + b"".join(leaves)).digest()


def _bad(what: str) -> EngineError:
    return EngineError(f"prepared key: {what}")


# --- making


def _good_points(
    pk: ProvingKey,
) -> tuple[dict[str, Points], Points, Limbs, Limbs]:
    """The key's points, checked in full; its header's points as they go into the file."""
    vk, publics = pk.vk, pk.vk.n_public + 1
    n = pk.domain_size
    if publics > pk.n_wires or n.bit_count() != 1 or n > 1 << TWO_ADICITY:
        raise EngineError("the key's sizes contradict each other")
    g1 = np.stack([vk.alpha1, pk.beta1, pk.delta1])
    g2 = np.stack([vk.beta2, vk.gamma2, vk.delta2])
    for g, header in ((G1, g1), (G2, g2)):
        for point in header:
            arrays.finite_point(g, point, "key")
    counts = {"a": pk.n_wires, "b1": pk.n_wires, "c": pk.n_wires - publics, "h": n}
    points = {name: arrays.good_points(G1, getattr(pk, name)) for name in counts}
    points2 = arrays.good_points(G2, pk.b2)
    arrays.good_points(G1, vk.ic)
    if any(len(points[name]) != count for name, count in counts.items()):
        raise EngineError("the key's points are not as many as its header says")
    if [p is None for p in points["b1"]] != [p is None for p in points2]:
        raise EngineError("key: a wire has a point of B in one group only")
    if None in points["h"]:
        raise EngineError("key.h: a point at infinity")
    return points, points2, g1, g2


def _records(pk: ProvingKey) -> list[list[list[tuple[int, int]]]]:
    """A and B from the records of a `.zkey`, by rows."""
    if pk.coefficients.dtype != COEFFICIENT:
        raise EngineError("coefficients: an array of groth16.COEFFICIENT is needed")
    values = from_limbs(np.ascontiguousarray(pk.coefficients["value"]))
    triples = [pk.coefficients[name].tolist() for name in ("matrix", "row", "wire")]
    height = max(triples[1], default=-1) + 1
    if height > pk.domain_size:
        raise EngineError("key.coefficients: a row is out of range")
    rows: list[list[list[tuple[int, int]]]] = [[[] for _ in range(height)] for _ in range(2)]
    for index, (matrix, row, wire, value) in enumerate(zip(*triples, values, strict=True)):
        if matrix > 1 or wire >= pk.n_wires or value >= R:
            raise EngineError(f"key.coefficients: record {index} is out of range")
        rows[matrix][row].append((wire, value * _FROM_MONTGOMERY * _FROM_MONTGOMERY % R))
    return rows


def _same(found: Sequence[Terms], expected: Sequence[Terms]) -> bool:
    size = max(len(found), len(expected))
    padded = [[*rows, *([[]] * (size - len(rows)))] for rows in (found, expected)]
    return all(sorted(x) == sorted(y) for x, y in zip(*padded, strict=True))


def _csr(rows: Sequence[Terms], height: int, table: dict[int, int]) -> tuple[bytes, bytes, bytes]:
    terms = [term for row in rows for term in row]
    ends = list(accumulate((len(row) for row in rows), initial=0))
    ends += [ends[-1]] * (height - len(rows))
    places = [table.setdefault(value, len(table)) for _, value in terms]
    arrays_of = (ends, [wire for wire, _ in terms], places)
    offsets, wires, coeffs = (np.array(x, "<u4").tobytes() for x in arrays_of)
    return offsets, wires, coeffs
