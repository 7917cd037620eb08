"""Binary files from outside: each lie of a header, an index or a value is refused with its name."""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.clock import at_most, processor_seconds
from tests.formats.samples import (
    SYSTEM,
    edit,
    matrix,
    patch,
    put_together,
    samples,
    take_apart,
    witness,
)
from zk import engine
from zk.errors import ArtifactError, BadPoint
from zk.field import Q, R
from zk.formats.binfile import MAX_SECTIONS, first_not_below
from zk.formats.contributions import read_contributions
from zk.formats.r1cs import load_r1cs, read_r1cs, write_r1cs
from zk.formats.wtns import load_wtns, read_wtns, save_wtns
from zk.formats.zkey import check_zkey_points, load_zkey, read_zkey, save_zkey, write_zkey
from zk.groth16 import COEFFICIENT

READERS: dict[str, Callable[[bytes], object]] = {
    "r1cs": read_r1cs,
    "wtns": read_wtns,
    "zkey": read_zkey,
}
Mutation = Callable[[bytes], bytes]


def u32(value: int) -> bytes:
    return value.to_bytes(4, "little")


def u64(value: int) -> bytes:
    return value.to_bytes(8, "little")


def u256(value: int) -> bytes:
    return value.to_bytes(32, "little")


def test_samples_are_read_and_written() -> None:
    made = samples()
    assert write_r1cs(read_r1cs(made["r1cs"])) == made["r1cs"]
    other = read_r1cs(made["r1cs in another order"])
    assert other.sections == (77, 3, 2, 4, 1)
    assert write_r1cs(other) == made["r1cs in another order"]
    assert np.array_equal(other.a.wires, SYSTEM.a.wires)
    assert np.array_equal(other.table[other.a.coeffs], SYSTEM.table[SYSTEM.a.coeffs])
    assert np.array_equal(read_wtns(made["wtns"]), witness(3, 5))
    assert write_zkey(read_zkey(made["zkey"])) == made["zkey"]


CONTAINER: list[tuple[str, Mutation, str]] = [
    ("empty", lambda d: b"", "is too short"),
    ("short", lambda d: d[:11], "is too short"),
    ("magic", lambda d: b"zkex" + d[4:], "is not a ."),
    ("another kind", lambda d: b"ptau" + d[4:], "is not a ."),
    ("version 0", lambda d: patch(d, 4, u32(0)), "has version 0"),
    ("version 3", lambda d: patch(d, 4, u32(3)), "has version 3"),
    ("sections", lambda d: patch(d, 8, u32(2**32 - 1)), "declares 4294967295 sections"),
    ("one more", lambda d: patch(d, 8, u32(d[8] + 1)), "a section's header is cut off"),
    ("one less", lambda d: patch(d, 8, u32(d[8] - 1)), "bytes after its last section"),
    ("none", lambda d: patch(d, 8, u32(0)), "bytes after its last section"),
    ("2^63", lambda d: patch(d, 16, u64(2**63)), "declares 9223372036854775808 bytes"),
    ("2^64 - 1", lambda d: patch(d, 16, u64(2**64 - 1)), "declares 18446744073709551615 bytes"),
    ("truncated", lambda d: d[:-1], "is truncated"),
    ("trailing", lambda d: d + b"\0", "1 bytes after its last section"),
    ("twice", lambda d: twice(d), "twice"),
    ("missing", lambda d: put_together(take_apart(d)[0], take_apart(d)[1][:-1]), "is missing"),
]


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize(
    ("mutation", "message"), [c[1:] for c in CONTAINER], ids=[c[0] for c in CONTAINER]
)
def test_containers(kind: str, mutation: Mutation, message: str) -> None:
    with pytest.raises(ArtifactError, match=f"^{kind}: |^witness: ") as refused:
        READERS[kind](mutation(samples()[kind]))
    assert message in str(refused.value)


def twice(data: bytes) -> bytes:
    head, sections = take_apart(data)
    return put_together(head, [*sections, sections[0]])


def section(number: int, change: Mutation) -> Mutation:
    return lambda data: edit(data, number, change)


def at(number: int, place: int, new: bytes) -> Mutation:
    return section(number, lambda content: patch(content, place, new))


# Section 2 of the sample: constraint 0 starts with the count 2, then wire 0, coefficient, wire 2.
R1CS_LIES: list[tuple[str, Mutation, str]] = [
    ("field size", at(1, 0, u32(40)), "over another field"),
    ("BLS12-381", at(1, 4, u256(2**255 - 19)), "over another field"),
    ("header long", section(1, lambda c: c + b"\0"), "section 1 (header) has 65 bytes"),
    ("no wires", at(1, 36, u32(0)), "declares 0 wires"),
    ("more wires", at(1, 36, u32(6)), "section 3 (labels) has 40 bytes"),
    ("2^32 - 1 wires", at(1, 36, u32(2**32 - 1)), "section 3 (labels) has 40 bytes"),
    ("outputs", at(1, 40, u32(2**32 - 1)), "too few for the constant"),
    ("constraints", at(1, 60, u32(2**32 - 1)), "has no room for 4294967295 constraints"),
    ("one more", at(1, 60, u32(4)), "is cut off in constraint 3"),
    ("one less", at(1, 60, u32(2)), "bytes after the last one"),
    ("label", at(3, 8, u64(10)), "all be below 10"),
    ("label of 1", at(3, 0, u64(1)), "wire 0 must have label 0"),
    ("count", at(2, 0, u32(2**32 - 1)), "is cut off in constraint 0"),
    ("count less", at(2, 0, u32(1)), "section 2"),
    ("odd size", section(2, lambda c: c + b"\0"), "has no room"),
    ("wire", at(2, 4, u32(5)), "constraint 0: a wire is not below 5"),
    ("wire twice", at(2, 40, u32(0)), "constraint 0: a wire occurs twice in its A"),
    ("coefficient r", at(2, 8, u256(R)), "a coefficient is not below"),
    ("coefficient", at(2, 8, u256(2**256 - 1)), "a coefficient is not below"),
    ("zero", at(2, 8, u256(0)), "a coefficient is zero"),
    ("gates", lambda d: put_together(d[:8], [*take_apart(d)[1], (4, u32(1))]), "custom gates"),
]
WTNS_LIES: list[tuple[str, Mutation, str]] = [
    ("field", at(1, 4, u256(Q)), "over another field"),
    ("count", at(1, 36, u32(2**32 - 1)), "section 2 (values) has 160 bytes"),
    ("none", section(1, lambda c: patch(c, 36, u32(0))), "section 2 (values) has 160 bytes"),
    ("r", at(2, 64, u256(R)), "wire 2: the value is not below"),
    ("first", at(2, 0, u256(2)), "wire 0 must be 1"),
    ("surplus", lambda d: put_together(d[:8], [*take_apart(d)[1], (3, b"")]), "has a section 3"),
]
ZKEY_LIES: list[tuple[str, Mutation, str]] = [
    ("plonk", at(1, 0, u32(2)), "is not a Groth16 key"),
    ("q", at(2, 4, u256(R)), "over another curve"),
    ("n8", at(2, 0, u32(48)), "over another curve"),
    ("wires", at(2, 72, u32(2**32 - 1)), "bytes where the header asks for"),
    ("publics", at(2, 76, u32(5)), "too few for 5 public signals"),
    ("fewer publics", at(2, 76, u32(1)), "section 3 (IC) has 192 bytes"),
    ("domain 0", at(2, 80, u32(0)), "not a power of two"),
    ("domain 12", at(2, 80, u32(12)), "not a power of two"),
    ("domain 2^31", at(2, 80, u32(2**31)), "not a power of two up to 2^28"),
    ("domain doubled", at(2, 80, u32(16)), "section 9 (H) has 512 bytes"),
    ("terms", at(4, 0, u32(2**32 - 1)), "not 4294967295 terms"),
    ("no terms", section(4, lambda c: b""), "not 0 terms"),
    ("matrix", at(4, 4, u32(2)), "term 0: matrix is not below 2"),
    ("row", at(4, 52, u32(8)), "term 1: row is not below 8"),
    ("wire", at(4, 56, u32(5)), "term 1: wire is not below 5"),
    ("value", at(4, 16, u256(R)), "term 0: value is not below r"),
    ("A short", section(5, lambda c: c[:-64]), "section 5 (A) has 256 bytes"),
    ("H long", section(9, lambda c: c + bytes(64)), "section 9 (H) has 576 bytes"),
    ("contributions", at(10, 64, u32(1)), "contribution 0 is cut off"),
    ("2^32 - 1", at(10, 64, u32(2**32 - 1)), "contribution 0 is cut off"),
    ("cut", section(10, lambda c: c[:67]), "section 10 (contributions) is cut off"),
    ("long", section(10, lambda c: c + b"\0"), "section 10 has 1 bytes too many"),
    ("surplus", lambda d: put_together(d[:8], [*take_apart(d)[1], (11, b"")]), "has a section 11"),
]
LIES = [
    pytest.param(kind, mutation, message, id=f"{kind}-{name}")
    for kind, table in (("r1cs", R1CS_LIES), ("wtns", WTNS_LIES), ("zkey", ZKEY_LIES))
    for name, mutation, message in table
]


@pytest.mark.parametrize(("kind", "mutation", "message"), LIES)
def test_lies(kind: str, mutation: Mutation, message: str) -> None:
    with pytest.raises(ArtifactError) as refused:
        READERS[kind](mutation(samples()[kind]))
    assert message in str(refused.value)


def test_no_message_names_a_witness_value() -> None:
    secret = 0x1234567890ABCDEF << 192
    data = edit(samples()["wtns"], 2, lambda c: patch(c, 64, u256(secret | R)))
    with pytest.raises(ArtifactError) as refused:
        read_wtns(data)
    assert str(secret | R) not in str(refused.value)
    assert f"{secret | R:x}" not in str(refused.value)


#: Header points, in order, with their places in section 2; then one point of each other section.
POINTS = [
    *(("alpha1", 2, 84), ("beta1", 2, 148), ("beta2", 2, 212), ("gamma2", 2, 340)),
    *(("delta1", 2, 468), ("delta2", 2, 532), ("IC[1]", 3, 64), ("A[2]", 5, 128)),
    *(("B1[3]", 6, 192), ("B2[3]", 7, 384), ("C[1]", 8, 64), ("H[7]", 9, 448)),
]


@pytest.mark.parametrize(("name", "number", "place"), POINTS, ids=[p[0] for p in POINTS])
def test_points(name: str, number: int, place: int) -> None:
    """Structure alone lets a bad point pass; the full check names it."""
    good = samples()["zkey"]
    check_zkey_points(read_zkey(good))
    size = 128 if name in ("beta2", "gamma2", "delta2", "B2[3]") else 64
    off_curve = at(number, place, u256(5))(good)
    too_large = at(number, place, u256(Q + 1))(good)
    for data in (off_curve, too_large):
        with pytest.raises(BadPoint) as refused:
            check_zkey_points(read_zkey(data))
        assert str(refused.value) == f"zkey: {name} is not a point of its group"
    if number == 2:
        with pytest.raises(BadPoint, match=f"{name} is the point at infinity"):
            check_zkey_points(read_zkey(at(number, place, bytes(size))(good)))


@pytest.mark.parametrize(("what", "one", "other"), [("beta", 148, 84), ("delta", 468, 148)])
def test_copies_of_beta_and_delta_agree(what: str, one: int, other: int) -> None:
    """A good point in the wrong place: only the pairing sees it."""
    data = edit(samples()["zkey"], 2, lambda c: patch(c, one, c[other : other + 64]))
    with pytest.raises(BadPoint, match=f"{what}1 and {what}2 are not the same {what}"):
        check_zkey_points(read_zkey(data))


def contribution(kind: int, parameters: bytes) -> bytes:
    """Section 10 with one record."""
    return bytes(64) + u32(1) + bytes(320 + 64) + u32(kind) + u32(len(parameters)) + parameters


def test_contributions() -> None:
    _, (record,) = read_contributions(contribution(1, b"\1\2me\2\12\3\2\xab\xcd"))
    assert (record.name, record.iterations_log, record.beacon) == ("me", 10, b"\xab\xcd")
    lies = {
        "of unknown kind 2": contribution(2, b""),
        "parameter 0 is unknown": contribution(0, b"\0"),
        "parameter 1 is unknown or out of order": contribution(0, b"\2\12\1\0"),
        "parameter 4 is unknown": contribution(0, b"\4\0"),
        "not UTF-8": contribution(0, b"\1\1\xff"),
        "cut off in its parameters": contribution(0, b"\1"),
        "is cut off in": contribution(0, b"\3\5abcd"),
        "0 is cut off": contribution(0, b"\1\2me")[:-1],
    }
    for message, data in lies.items():
        with pytest.raises(ArtifactError, match=message):
            read_contributions(data)


def test_first_not_below() -> None:
    values = [0, 1, R - 1, R, R + 1, 2**256 - 1, R - 2**64, R + 2**64, R - 2**192, R + 2**192]
    for value in values:
        limbs = np.frombuffer(u256(value), "<u8").reshape(1, 4)
        assert first_not_below(limbs, R) == (None if value < R else 0)
    many = np.zeros((100_000, 4), np.uint64)
    assert first_not_below(many, R) is None
    many[70_001] = np.frombuffer(u256(R), "<u8")
    assert first_not_below(many, R) == 70_001


def test_distinct_coefficients_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zk.formats.r1cs.MAX_COEFFICIENTS", 3)
    with pytest.raises(ArtifactError, match="has more than 3 distinct coefficients"):
        read_r1cs(samples()["r1cs"])


def test_coefficients_that_collide(monkeypatch: pytest.MonkeyPatch) -> None:
    """The table is right even when its hash is not: here every hash is 0."""
    table = read_r1cs(samples()["r1cs"]).table
    monkeypatch.setattr("numpy.random.default_rng", lambda: ZeroHash())
    assert np.array_equal(read_r1cs(samples()["r1cs"]).table, table)


class ZeroHash:
    """A generator whose hash multipliers vanish once `| 1` has been applied: they wrap to 2^64."""

    def integers(self, *_: object, **__: object) -> ZeroHash:
        return self

    def __or__(self, _: object) -> np.ndarray:
        return np.zeros((2, 4), np.uint64)


def test_witness_files_are_private(tmp_path: Path) -> None:
    path = tmp_path / "w.wtns"
    path.write_bytes(b"old")
    path.chmod(0o644)
    old = os.umask(0)
    try:
        save_wtns(path, witness(3, 5))
    finally:
        os.umask(old)
    assert path.stat().st_mode & 0o777 == 0o600
    assert np.array_equal(load_wtns(path), witness(3, 5))
    assert [p.name for p in tmp_path.iterdir()] == ["w.wtns"]


def test_zkey_in_any_order_of_sections() -> None:
    head, sections = take_apart(samples()["zkey"])
    for seed in range(5):
        random.Random(seed).shuffle(sections)
        data = put_together(head, sections)
        pk = read_zkey(data)
        assert pk.sections == tuple(section for section, _ in sections)
        assert write_zkey(pk) == data


def test_keys_are_mapped_not_copied(tmp_path: Path) -> None:
    """The long arrays are read-only views of the file; one key may be replaced under another."""
    path = tmp_path / "key.zkey"
    path.write_bytes(samples()["zkey"])
    pk = load_zkey(path)
    for array in (pk.coefficients, pk.a, pk.b1, pk.b2, pk.c, pk.h):
        assert not array.flags.owndata
        assert not array.flags.writeable
    save_zkey(path, pk)  # reads the old file while it writes the new one
    assert path.read_bytes() == samples()["zkey"]


def test_many_sections_are_refused() -> None:
    head, sections = take_apart(samples()["r1cs"])
    many = [*sections, *((100 + i, b"") for i in range(MAX_SECTIONS))]
    with pytest.raises(ArtifactError, match="at most 64 are read"):
        read_r1cs(put_together(head, many))
    assert len(read_r1cs(put_together(head, many[:MAX_SECTIONS])).extra) == MAX_SECTIONS - 3


def test_things_that_are_not_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").touch()
    for load in (load_r1cs, load_wtns, load_zkey):
        with pytest.raises(ArtifactError, match="cannot be read: No such file"):
            load(tmp_path / "absent")
        for place in (tmp_path, tmp_path / "pipe", Path("/dev/zero")):
            with pytest.raises(ArtifactError, match="is not a regular file"):
                load(place)
        with pytest.raises(ArtifactError, match="empty: is too short"):
            load(tmp_path / "empty")


def sparse(path: Path, data: bytes, size: int) -> None:
    """A file of `size` bytes that starts with `data` and takes no room on the disk."""
    with path.open("wb") as file:
        file.write(data)
        file.truncate(size)


BIG = 4 << 30
BAD_HEADERS = {
    # magic, version, sections, then one section that fills the file but is not what it should be
    "a.r1cs": b"r1cs" + u32(1) + u32(3) + u32(2) + u64(BIG - 24),
    "b.r1cs": b"r1cs" + u32(1) + u32(1) + u32(1) + u64(BIG - 24),
    "c.wtns": b"wtns" + u32(2) + u32(1) + u32(1) + u64(BIG - 24),
    "d.zkey": b"zkey" + u32(1) + u32(1) + u32(2) + u64(BIG - 24),
    "e.zkey": b"zkey" + u32(7),
}


@pytest.mark.parametrize("name", BAD_HEADERS)
def test_bad_headers_cost_nothing(name: str, tmp_path: Path) -> None:
    """A file of 4 GB with a bad header is refused for less than 2 s of work, without reading it."""
    path = tmp_path / name
    sparse(path, BAD_HEADERS[name], BIG)
    load = {"r1cs": load_r1cs, "wtns": load_wtns, "zkey": load_zkey}[name[2:]]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with at_most(2), pytest.raises(ArtifactError, match=f"^{path}: "):
        load(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10


_MEASURE = """
import resource, sys
from zk.formats.r1cs import load_r1cs
from zk.formats.wtns import load_wtns
from zk.formats.zkey import load_zkey
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
path = sys.argv[1]
loaded = {"r1cs": load_r1cs, "wtns": load_wtns, "zkey": load_zkey}[path[-4:]](path)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def big_r1cs(distinct: bool) -> bytes:
    """200,000 constraints of three terms each; `distinct`: no coefficient occurs twice."""
    rows, wires = 200_000, 1000
    terms = np.zeros((rows, 30), "<u4")
    for i in range(3):  # a count and one term each
        terms[:, 10 * i] = 1
        terms[:, 10 * i + 1] = np.arange(rows)[::-1] % wires
        terms[:, 10 * i + 2] = np.arange(rows) * 3 + i + 1 if distinct else 1
    header = u32(32) + u256(R) + u32(wires) + u32(0) * 3 + u64(wires) + u32(rows)
    labels = np.arange(wires, dtype="<u8").tobytes()
    return put_together(b"r1cs" + u32(1), [(2, terms.tobytes()), (1, header), (3, labels)])


def big_wtns() -> bytes:
    values = np.zeros((1_000_000, 4), "<u8")
    values[:, 0] = 1
    header = u32(32) + u256(R) + u32(len(values))
    return put_together(b"wtns" + u32(2), [(1, header), (2, values.tobytes())])


def big_zkey() -> bytes:
    """The sample with 100,000 more terms in section 4 and its points repeated."""
    head, sections = take_apart(samples()["zkey"])
    parts = dict(sections)
    terms = np.zeros(1_000_000, COEFFICIENT)
    parts[4] = u32(len(terms)) + terms.tobytes()
    return put_together(head, list(parts.items()))


@pytest.mark.parametrize(
    "make",
    [lambda: big_r1cs(False), lambda: big_r1cs(True), big_wtns, big_zkey],
    ids=["a.r1cs", "distinct.r1cs", "b.wtns", "c.zkey"],
)
def test_memory(make: Callable[[], bytes], tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Loading takes less than twice the file and 256 MB, the mapped file included."""
    path = tmp_path / request.node.callspec.id
    data = make()
    path.write_bytes(data)
    with at_most(20):
        done = subprocess.run(
            [sys.executable, "-c", _MEASURE, str(path)], capture_output=True, text=True, check=True
        )
    assert int(done.stdout) << 10 < 2 * len(data) + (256 << 20)


def test_speed_of_r1cs(tmp_path: Path) -> None:
    """200,000 constraints are read in a second; generous, for a machine that is slow."""
    path = tmp_path / "big.r1cs"
    path.write_bytes(big_r1cs(False))
    r1cs = load_r1cs(path)
    assert write_r1cs(r1cs) == path.read_bytes()
    assert processor_seconds(lambda: load_r1cs(path), runs=2) < 2
    assert processor_seconds(lambda: write_r1cs(r1cs), runs=2) < 2


def test_empty_parts_are_read() -> None:
    """No constraints, no terms, no private wires: small, not wrong."""
    empty = replace(SYSTEM, a=matrix([]), b=matrix([]), c=matrix([]), table=SYSTEM.table[:0])
    blank = replace(SYSTEM, a=matrix([{}]), b=matrix([{}]), c=matrix([{}]), table=SYSTEM.table[:0])
    for system in (empty, blank):
        loaded = read_r1cs(write_r1cs(system))
        assert (loaded.n_constraints, len(loaded.table)) == (system.n_constraints, 0)
        assert write_r1cs(loaded) == write_r1cs(system)
    bare = replace(empty, n_wires=3, n_outputs=1, n_public=1, labels=SYSTEM.labels[:3])
    pk = engine.keygen(bare, 5, 7)
    assert len(pk.c) == 0
    data = write_zkey(pk)
    assert write_zkey(read_zkey(data)) == data
    check_zkey_points(read_zkey(data))
