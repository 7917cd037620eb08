"""`.r1cs`: a rank-1 constraint system, as circom writes it and snarkjs reads it.

Source: iden3/r1csfile `doc/r1cs_bin_format.md`. Notation: a linear combination is a count and that
many terms (wire u32, coefficient[32]); a constraint is three of them, A, B, C.

    "r1cs" version 1; section 1: n8 u32 = 32, r[32], n_wires, n_outputs, n_public, n_private u32,
    n_labels u64, n_constraints u32; section 2: constraints; section 3: n_wires labels u64

circom writes the sections in the order 2, 1, 3, and the terms of one combination by the bytes of
their wires, the lowest byte first (the document asks for ascending wires): both are remembered by
`R1csFile`, so that a file read and written again has the same bytes. docs/formats/r1cs.md has the
bytes and an example.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from zk.field import Limbs, R
from zk.formats.atomic import write_atomic
from zk.formats.binfile import (
    BinFile,
    SectionToWrite,
    compose,
    first_not_below,
    map_file,
    parse,
    raw,
)
from zk.r1cs import R1CS, U32, Matrix

MAX_COEFFICIENTS = 1 << 20  # distinct ones: circuits have hundreds; bounds the table's memory

_HEADER = 64
_FIELD = (32).to_bytes(4, "little") + R.to_bytes(32, "little")
_TERM = 9  # u32 words: the wire, and eight of the coefficient
_CHUNK = 1 << 20  # u32 words read or written at a time
_ORDER = (2, 1, 3)  # circom's
_NO_GATES = bytes(
    4
)  # what circom writes in sections 4 and 5 when custom gates are allowed, not used

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class R1csFile(R1CS):
    """An R1CS and what else its file said: all that is needed to write the same bytes again.

    `order` has for A, B and C the place in the sorted matrix of each term of the file, None where
    the file's terms ascend; `extra` has the sections that the format tells readers to ignore.
    """

    sections: tuple[int, ...] = _ORDER
    order: tuple[U32 | None, U32 | None, U32 | None] = (None, None, None)
    extra: dict[int, bytes] = field(default_factory=dict)


def load_r1cs(path: str | os.PathLike[str]) -> R1csFile:
    """Read a constraint system from a file."""
    name, data = map_file(path)
    return read_r1cs(data, name)


def save_r1cs(path: str | os.PathLike[str], r1cs: R1CS) -> None:
    """Write a constraint system; one that came from a file gets that file's bytes."""
    write_atomic(path, _pieces(r1cs))


def write_r1cs(r1cs: R1CS) -> bytes:
    """The bytes of a `.r1cs`."""
    return b"".join(_pieces(r1cs))


def read_r1cs(data: bytes | memoryview, name: str = "r1cs") -> R1csFile:
    """The constraint system in `data`; ArtifactError unless every index and value is in range."""
    file = parse(data, b"r1cs", 1, name)
    header = file.sized(1, "header", _HEADER)
    if header[:36] != _FIELD:
        file.refuse("is over another field than BN254's scalars")
    n_wires, n_outputs, n_public, n_private = (
        int.from_bytes(header[i : i + 4], "little") for i in range(36, 52, 4)
    )
    n_labels = int.from_bytes(header[52:60], "little")
    n_constraints = int.from_bytes(header[60:], "little")
    # Private inputs are not counted here: circom drops those that no constraint uses, and still
    # declares them.
    if n_wires < 1 + n_outputs + n_public:
        file.refuse(
            f"declares {n_wires} wires, too few for the constant, "
            f"{n_outputs} outputs and {n_public} public inputs"
        )
    for section in (4, 5):
        if section in file and file.section(section, "custom gates") != _NO_GATES:
            file.refuse(f"has custom gates (section {section}), which Groth16 cannot prove")

    labels = np.frombuffer(file.sized(3, "labels", 8 * n_wires), "<u8").astype(np.uint64)
    if labels[0] != 0 or int(labels.max()) >= n_labels:
        file.refuse(f"section 3 (labels): wire 0 must have label 0, and all be below {n_labels}")

    counts, wires, coeffs, table = _read_terms(file, n_wires, n_constraints)
    a, b, c = (_matrix(file, i, counts, wires, coeffs) for i in range(3))
    return R1csFile(
        n_wires=n_wires,
        n_outputs=n_outputs,
        n_public=n_public,
        n_private=n_private,
        a=a[0],
        b=b[0],
        c=c[0],
        table=table,
        labels=labels,
        n_labels=n_labels,
        sections=file.sections,
        order=(a[1], b[1], c[1]),
        extra={s: bytes(file.section(s, "extra")) for s in file.sections if s not in _ORDER},
    )


def _read_terms(file: BinFile, n_wires: int, n_constraints: int) -> tuple[Counts, U32, U32, Limbs]:
    """Section 2: terms per combination, and for each term its wire and its place in the table."""
    section = file.section(2, "constraints")
    if len(section) % 4 or len(section) < 12 * n_constraints:
        file.refuse(f"section 2 (constraints) has no room for {n_constraints} constraints")
    starts = _scan(file, section, 3 * n_constraints)
    words = np.frombuffer(section, "<u4")
    counts = words[starts[:-1]].astype(np.int64)
    first = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=first[1:])
    n_terms = int(first[-1])
    if n_terms >> 32:
        file.refuse("section 2 (constraints) has more than 2^32 terms")

    wires = np.empty(n_terms, np.uint32)
    coeffs = np.empty(n_terms, np.uint32)
    table = _Table(file)
    lo = 0
    while lo < len(counts):
        # As many whole combinations as fit in a chunk, at least one.
        hi = max(lo + 1, int(np.searchsorted(starts, starts[lo] + _CHUNK, "right")) - 1)
        block = words[starts[lo] : starts[hi]]
        is_term = np.ones(len(block), np.bool_)
        is_term[starts[lo:hi] - starts[lo]] = False
        terms = block[is_term].reshape(-1, _TERM)
        here = slice(int(first[lo]), int(first[hi]))
        wires[here] = terms[:, 0]
        if len(terms) and int(terms[:, 0].max()) >= n_wires:
            row = lo + int(np.searchsorted(first[lo:], first[lo] + np.argmax(terms[:, 0]), "right"))
            file.refuse(f"constraint {(row - 1) // 3}: a wire is not below {n_wires}")
        coeffs[here] = table.indices(np.ascontiguousarray(terms[:, 1:]).view("<u8"))
        lo = hi
    return counts, wires, coeffs, table.limbs()


def _scan(file: BinFile, section: memoryview, combinations: int) -> Counts:
    """Where each combination starts, in words, and where the last one ends.

    The one loop over single items: each start follows from the count before it.
    """
    words = section.cast("I")
    end = len(words)
    starts = array("q", [0])
    append = starts.append
    position = 0
    try:
        for _ in range(combinations):
            position += 1 + _TERM * words[position]
            append(position)
    except IndexError:
        position = end + 1
    if position > end:
        row = (len(starts) - 1) // 3
        file.refuse(
            f"section 2 (constraints) is cut off in constraint {min(row, combinations // 3)}"
        )
    if position < end:
        file.refuse(f"section 2 (constraints) has {4 * (end - position)} bytes after the last one")
    return np.frombuffer(starts, np.int64)


class _Table:
    """The distinct coefficients in the order in which they are first seen."""

    def __init__(self, file: BinFile) -> None:
        self._file = file
        self._places: dict[bytes, int] = {}
        # Coefficients are told apart by a random hash of 64 bits; `indices` checks for collisions.
        random = np.random.default_rng().integers(0, 1 << 64, (2, 4), dtype=np.uint64)
        self._hash = random | np.uint64(1)

    def indices(self, values: Limbs) -> U32:
        """The place of each of `values`, uint64[n, 4], in the table; new ones are added."""
        if not len(values):
            return np.empty(0, np.uint32)
        if first_not_below(values, R) is not None:
            self._file.refuse(
                "section 2 (constraints): a coefficient is not below the field's order"
            )
        mixed = values * self._hash[0]
        mixed = (mixed ^ mixed >> np.uint64(32)) * self._hash[1]
        hashes = (mixed ^ mixed >> np.uint64(32)).sum(axis=1, dtype=np.uint64)
        _, first, inverse = np.unique(hashes, return_index=True, return_inverse=True)
        distinct = values[first]
        if not np.array_equal(distinct[inverse], values):  # two collided
            distinct, first, inverse = np.unique(
                values, axis=0, return_index=True, return_inverse=True
            )
        if not distinct.any(axis=1).all():
            self._file.refuse("section 2 (constraints): a coefficient is zero")
        places = np.empty(len(first), np.uint32)
        for i in np.argsort(first):
            places[i] = self._places.setdefault(distinct[i].tobytes(), len(self._places))
        if len(self._places) > MAX_COEFFICIENTS:
            self._file.refuse(f"has more than {MAX_COEFFICIENTS} distinct coefficients")
        return places[inverse.reshape(-1)]

    def limbs(self) -> Limbs:
        return np.frombuffer(b"".join(self._places), "<u8").reshape(-1, 4).astype(np.uint64)


def _matrix(
    file: BinFile, which: int, counts: Counts, wires: U32, coeffs: U32
) -> tuple[Matrix, U32 | None]:
    """Matrix A (0), B (1) or C (2) with ascending wires, and the file's order if it is another."""
    mine = np.zeros(len(counts), np.bool_)
    mine[which::3] = True
    chosen = np.repeat(mine, counts)
    wires, coeffs = wires[chosen], coeffs[chosen]
    offsets = np.zeros(len(counts) // 3 + 1, np.uint32)
    np.cumsum(counts[which::3], out=offsets[1:])

    order = None
    if not _ascends(offsets, wires).all():
        rows = np.repeat(np.arange(len(offsets) - 1, dtype=np.uint64), counts[which::3])
        by_wire = np.argsort(rows << np.uint64(32) | wires, kind="stable")
        wires, coeffs = wires[by_wire], coeffs[by_wire]
        order = np.empty(len(wires), np.uint32)
        order[by_wire] = np.arange(len(wires), dtype=np.uint32)
        if not (ascends := _ascends(offsets, wires)).all():
            row = int(rows[int(np.argmin(ascends))])
            file.refuse(f"constraint {row}: a wire occurs twice in its {'ABC'[which]}")
    return Matrix(offsets, wires, coeffs), order


def _ascends(offsets: U32, wires: U32) -> npt.NDArray[np.bool_]:
    """For each term: whether it starts a row or has a higher wire than the term before it."""
    ascends = np.ones(len(wires), np.bool_)
    ascends[1:] = wires[1:] > wires[:-1]
    ascends[offsets[:-1][offsets[:-1] < len(wires)]] = True
    return ascends


def _pieces(r1cs: R1CS) -> Iterator[bytes | memoryview]:
    """The bytes of the file, streamed."""
    file = r1cs if isinstance(r1cs, R1csFile) else None
    n_terms = sum(len(matrix.wires) for matrix in (r1cs.a, r1cs.b, r1cs.c))
    counts = (r1cs.n_wires, r1cs.n_outputs, r1cs.n_public, r1cs.n_private)
    header = b"".join(
        (
            _FIELD,
            *(count.to_bytes(4, "little") for count in counts),
            r1cs.n_labels.to_bytes(8, "little"),
            r1cs.n_constraints.to_bytes(4, "little"),
        )
    )
    known: dict[int, SectionToWrite] = {
        1: (1, _HEADER, [header]),
        2: (2, 12 * r1cs.n_constraints + 4 * _TERM * n_terms, _constraints(r1cs)),
        3: (3, 8 * r1cs.n_wires, [raw(r1cs.labels.astype("<u8", copy=False))]),
    }
    if file is not None:
        known |= {section: (section, len(data), [data]) for section, data in file.extra.items()}
    return compose(b"r1cs", 1, [known[s] for s in (_ORDER if file is None else file.sections)])


def _constraints(r1cs: R1CS) -> Iterator[memoryview]:
    """Section 2, a block of rows at a time."""
    matrices = (r1cs.a, r1cs.b, r1cs.c)
    order = r1cs.order if isinstance(r1cs, R1csFile) else (None, None, None)
    table = r1cs.table.astype("<u8", copy=False).view("<u4").reshape(-1, _TERM - 1)
    offsets = [matrix.offsets.astype(np.int64) for matrix in matrices]
    words = 3 * np.arange(r1cs.n_constraints + 1) + _TERM * sum(offsets)
    lo = 0
    while lo < r1cs.n_constraints:
        hi = max(lo + 1, int(np.searchsorted(words, words[lo] + _CHUNK, "right")) - 1)
        counts = np.stack([np.diff(offset[lo : hi + 1]) for offset in offsets], axis=1)
        first = np.concatenate(([0], np.cumsum(counts)))  # of each combination, in terms
        terms = np.empty((int(first[-1]), _TERM), "<u4")
        for i, matrix in enumerate(matrices):
            begin, end = offsets[i][lo], offsets[i][hi]
            places = order[i]
            take = slice(begin, end) if places is None else places[begin:end]
            # Term k of this block's part of the matrix goes k places after its part's first term,
            # moved by what the other two matrices have put before its row.
            shift = first[i:-1:3] - (offsets[i][lo:hi] - begin)
            slots = np.arange(end - begin) + np.repeat(shift, counts[:, i])
            terms[slots, 0] = matrix.wires[take]
            terms[slots, 1:] = table[matrix.coeffs[take]]
        block = np.empty(int(words[hi] - words[lo]), "<u4")
        is_count = np.zeros(len(block), np.bool_)
        is_count[np.arange(counts.size) + _TERM * first[:-1]] = True
        block[is_count] = counts.reshape(-1)
        block[~is_count] = terms.reshape(-1)
        yield raw(block)
        lo = hi
