"""The circuit file: what is written is read, and a hostile file is an ArtifactError.

Mutated files carry a checksum that fits, so that what is tested is what stands behind it.
"""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from circuits.margin.linear import MeetsMargin
from circuits.margin.shape import TINY
from tests.clock import at_most
from zk import Bool, Circuit, Field, Uint, compile, private, public
from zk.compiler.compiled import CompiledCircuit
from zk.compiler.witness import Op
from zk.errors import ArtifactError, EngineError, InputError, UnsatisfiedConstraint
from zk.field import R, to_limbs
from zk.formats.circuit import MAGIC, MOST_WITHOUT_TERMS, load_circuit, save_circuit


class Sample(Circuit):
    """A little of everything: bits, a division, a product, a linear row, context."""

    z: Field = public()
    domain: Field = public(context=True)
    x: Uint = private(bits=12)
    y: Uint = private(bits=5)
    flag: Bool = private()

    def define(self, cs: Any) -> None:
        quotient, remainder = cs.hint_divide(self.x, self.y)
        quotient = cs.assert_range(quotient, 12)
        remainder = cs.assert_range(remainder, 5)
        cs.assert_non_negative(self.y - remainder - 1)
        cs.assert_product(quotient, self.y, self.x - remainder)
        cs.assert_equal(quotient * self.flag, self.z)


VALUES = {"x": 1000, "y": 7, "flag": 1, "z": 142, "domain": 5}


@pytest.fixture(scope="module")
def sample() -> CompiledCircuit:
    return compile(Sample())


@pytest.fixture
def path(sample: CompiledCircuit, tmp_path: Path) -> Path:
    save_circuit(tmp_path / "sample.circuit", sample)
    return tmp_path / "sample.circuit"


def sections_of(data: bytes) -> dict[str, bytes]:
    found, position = {}, 12
    while position < len(data) - 32:
        (length,) = struct.unpack_from("<Q", data, position + 8)
        name = data[position : position + 8].rstrip(b"\0").decode()
        found[name] = data[position + 16 : position + 16 + length]
        position += 16 + length
    return found


def file_of(sections: dict[str, bytes], prefix: bytes = MAGIC + struct.pack("<I", 2)) -> bytes:
    body = prefix + b"".join(
        name.encode().ljust(8, b"\0") + struct.pack("<Q", len(content)) + content
        for name, content in sections.items()
    )
    return body + sha256(body).digest()


def refused(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    with at_most(5), pytest.raises(ArtifactError) as caught:
        load_circuit(path)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(str(path))
    return str(caught.value)


# Round trip -------------------------------------------------------------------------------------


def equal(one: CompiledCircuit, two: CompiledCircuit) -> bool:
    arrays = [
        [c.r1cs.a, c.r1cs.b, c.r1cs.c, c.program.pool] for c in (one, two)
    ]  # fmt: skip
    same = all(
        np.array_equal(getattr(m, part), getattr(n, part))
        for m, n in zip(*arrays, strict=True)
        for part in ("offsets", "wires", "coeffs")
    )
    return (
        same
        and np.array_equal(one.program.code, two.program.code)
        and np.array_equal(one.r1cs.table, two.r1cs.table)
        and (one.name, one.slots, one.metadata) == (two.name, two.slots, two.metadata)
        and one.debug.origins == two.debug.origins
        and np.array_equal(one.debug.row_origin, two.debug.row_origin)
        and np.array_equal(one.debug.hint_origin, two.debug.hint_origin)
        and (one.r1cs.n_wires, one.r1cs.n_public) == (two.r1cs.n_wires, two.r1cs.n_public)
        and intervals_of(one) == intervals_of(two)
    )


def intervals_of(circuit: CompiledCircuit) -> list[tuple[int, int] | None]:
    known = circuit.intervals
    return [known and known.interval(wire) for wire in range(circuit.r1cs.n_wires)]


class Bare(Circuit):
    """No hint, no pool, no private value but one."""

    z: Field = public()
    x: Field = private()

    def define(self, cs: Any) -> None:
        cs.assert_equal(self.x * self.x, self.z)


@pytest.mark.parametrize("circuit", [Sample(), Bare(), MeetsMargin(TINY)], ids=lambda c: c.name)
def test_what_is_saved_is_loaded(circuit: Circuit, tmp_path: Path) -> None:
    compiled = compile(circuit)
    save_circuit(tmp_path / "c", compiled)
    loaded = load_circuit(tmp_path / "c")
    assert equal(compiled, loaded)
    assert loaded.digest == compiled.digest
    assert loaded.summary() == compiled.summary()
    save_circuit(tmp_path / "d", loaded)
    assert (tmp_path / "c").read_bytes() == (tmp_path / "d").read_bytes()


def test_the_digest_is_of_the_encoding_and_not_of_the_bytes(
    path: Path, sample: CompiledCircuit
) -> None:
    """It is taken while the file is read only where the bytes are the encoding's."""
    assert load_circuit(path).__dict__["digest"] == sample.digest
    good = sections_of(path.read_bytes())
    spaced = good | {"head": json.dumps(json.loads(good["head"]), indent=1).encode()}
    for sections in (dict(reversed(good.items())), {"rows": good["rows"], **good}, spaced):
        path.write_bytes(file_of(sections))
        loaded = load_circuit(path)
        assert "digest" not in loaded.__dict__
        assert loaded.digest == sample.digest


def test_a_loaded_circuit_runs(path: Path) -> None:
    loaded = load_circuit(path)
    loaded.check(loaded.witness(VALUES))
    with pytest.raises(UnsatisfiedConstraint):
        loaded.check(loaded.witness(VALUES | {"z": 141}))


OLD = MAGIC + struct.pack("<I", 1)


def test_a_file_without_intervals_is_read_as_it_was(path: Path, sample: CompiledCircuit) -> None:
    """Version 1: nothing is known of any wire, and the digest is the one it always had."""
    sections = sections_of(path.read_bytes())
    without = {name: sections[name] for name in sections if not name.startswith("i.")}
    data = file_of(without, OLD)
    path.write_bytes(data)
    loaded = load_circuit(path)
    assert loaded.intervals is None
    assert "digest" in loaded.__dict__
    assert loaded.digest == replace(sample, intervals=None).digest
    assert loaded.digest != sample.digest
    loaded.check(loaded.witness(VALUES))
    save_circuit(path, loaded)
    assert path.read_bytes() == data
    # Neither version may have the other's sections.
    assert "section" in refused(path, file_of(sections, OLD))
    assert "section" in refused(path, file_of(without))


def test_the_helper_writes_what_save_writes(path: Path) -> None:
    data = path.read_bytes()
    assert file_of(sections_of(data)) == data


# Hostile files ----------------------------------------------------------------------------------


def test_another_kind_of_file(path: Path) -> None:
    good = path.read_bytes()
    assert "not a compiled circuit" in refused(path, b"zkey" + good[4:])
    assert "not a compiled circuit" in refused(path, b"x")
    refused(path, b"")
    for version in (0, 3, 2**32 - 1):
        other = file_of(sections_of(good), MAGIC + struct.pack("<I", version))
        assert "compile again" in refused(path, other)


def test_every_truncation_is_refused(path: Path) -> None:
    good = path.read_bytes()
    for length in [*range(60), *range(60, len(good), len(good) // 60)]:
        refused(path, good[:length])


def test_every_altered_byte_is_refused(path: Path) -> None:
    good = path.read_bytes()
    for position in range(0, len(good), max(1, len(good) // 150)):
        refused(path, good[:position] + bytes([good[position] ^ 4]) + good[position + 1 :])
    refused(path, good + b"\0")


def edited_head(change: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, bytes]], None]:
    def edit(sections: dict[str, bytes]) -> None:
        head = json.loads(sections["head"])
        change(head)
        sections["head"] = json.dumps(head).encode()

    return edit


def set_u32(name: str, index: int, value: int) -> Callable[[dict[str, bytes]], None]:
    def edit(sections: dict[str, bytes]) -> None:
        values = np.frombuffer(sections[name], "<u4").copy()
        values[index] = value
        sections[name] = values.tobytes()

    return edit


def set_section(name: str, content: bytes | None) -> Callable[[dict[str, bytes]], None]:
    def edit(sections: dict[str, bytes]) -> None:
        if content is None:
            del sections[name]
        else:
            sections[name] = content

    return edit


def set_table(value: int) -> Callable[[dict[str, bytes]], None]:
    def edit(sections: dict[str, bytes]) -> None:
        sections["table"] = value.to_bytes(32, "little") + sections["table"][32:]

    return edit


def set_interval(low: int, high: int) -> Callable[[dict[str, bytes]], None]:
    ends = b"".join((end % 2**256).to_bytes(32, "little") for end in (low, high))

    def edit(sections: dict[str, bytes]) -> None:
        sections["i.ends"] = ends + sections["i.ends"][64:]

    return edit


BIG = 2**32 - 1
HOSTILE = {
    "no section": lambda sections: sections.clear(),
    "no table": set_section("table", None),
    "no rows": set_section("rows", None),
    "surplus section": set_section("notes", b"hello"),
    "odd table": set_section("table", b"123"),
    "odd code": set_section("code", b"\0" * 24),
    "no code": set_section("code", b""),
    "odd wires": set_section("a.wire", b"\0" * 5),
    "head is no JSON": set_section("head", b"{"),
    "head is a list": set_section("head", b"[]"),
    "head is deep": set_section("head", b"[" * 100_000 + b"]" * 100_000),
    "head is no text": set_section("head", b"\xff\xfe"),
    "head holds a number of 10,000 digits": set_section(
        "head", b'{"wires":' + b"9" * 10_000 + b"}"
    ),
    "debug is no JSON": set_section("debug", b"nothing"),
    "debug has no origins": set_section("debug", b'{"origins":[]}'),
    "debug of another shape": set_section("debug", b'{"origins":[["a"]]}'),
    "billions of wires": edited_head(lambda head: head.update(wires=2**40)),
    "endless wires": edited_head(lambda head: head.update(wires=10**30)),
    "negative wires": edited_head(lambda head: head.update(wires=-1)),
    "wires as text": edited_head(lambda head: head.update(wires="30")),
    "wires as a float": edited_head(lambda head: head.update(wires=float("inf"))),
    "one wire more": edited_head(lambda head: head.update(wires=head["wires"] + 1)),
    "negative publics": edited_head(
        lambda head: head.update(public=-1, private=len(head["inputs"]) + 1)
    ),
    "publics and privates shifted": edited_head(
        lambda head: head.update(public=head["public"] + 1, private=head["private"] - 1)
    ),
    "public as a boolean": edited_head(lambda head: head.update(public=True)),
    "an input less": edited_head(lambda head: head["inputs"].pop()),
    "an input twice": edited_head(lambda head: head["inputs"].__setitem__(3, head["inputs"][2])),
    "a private input first": edited_head(lambda head: head["inputs"].reverse()),
    "an input of an unknown type": edited_head(
        lambda head: head["inputs"][0].__setitem__(1, "Code")
    ),
    "an input without a width": edited_head(lambda head: head["inputs"][0].__setitem__(2, None)),
    "an input that is a number": edited_head(lambda head: head["inputs"].__setitem__(0, 7)),
    "an input with too many parts": edited_head(lambda head: head["inputs"][0].append(1)),
    "a name that is none": edited_head(lambda head: head.update(name=None)),
    "metadata that is none": edited_head(lambda head: head.update(metadata=[1])),
    "a surplus key": edited_head(lambda head: head.update(code="import os")),
    "a coefficient of 0": set_table(0),
    "a coefficient of r": set_table(R),
    "a coefficient of 2^256 - 1": set_table(2**256 - 1),
    "an unknown operation": set_u32("code", -5, max(Op) + 1),
    "an endless operation": set_u32("code", 2, BIG),
    "a wire out of range": set_u32("a.wire", 0, BIG),
    "a wire out of range by one": set_u32("b.wire", 0, 60),
    "a coefficient out of range": set_u32("c.coef", 0, BIG),
    "an offset out of range": set_u32("a.off", 1, BIG),
    "offsets that fall": set_u32("a.off", 1, 0x7FFF),
    "a first offset": set_u32("b.off", 0, 1),
    "no offset": set_section("c.off", b""),
    "a pool out of range": set_u32("p.wire", 0, BIG),
    "an origin out of range": set_u32("rows", 0, BIG),
    "a row less": lambda sections: sections.update(rows=sections["rows"][4:]),
    "no intervals": set_section("i.ends", None),
    "an interval with one end": lambda sections: sections.update(
        {"i.ends": sections["i.ends"][:-32]}
    ),
    "an interval less": lambda sections: sections.update({"i.ends": sections["i.ends"][:-64]}),
    "an interval that ends before it begins": set_interval(1, 0),
    "an interval that ends below 0": set_interval(0, R - 1),
    "an interval around the field's edge": set_interval(R // 2, R // 2 + 1),
    "an end of r": set_interval(0, R),
    "an end of -1": set_interval(-1, 0),
    "no runs": lambda sections: sections.update({"i.wire": b"", "i.place": b""}),
    "a place more than runs": lambda sections: sections.update(
        {"i.place": sections["i.place"] + bytes(4)}
    ),
    "a first run that is not the first": set_u32("i.wire", 0, 1),
    "runs that fall": set_u32("i.wire", 1, 0),
    "a run past the last wire": set_u32("i.wire", -1, BIG),
    "a place out of range": set_u32("i.place", 0, BIG),
    "two runs of one interval": lambda sections: sections.update(
        {"i.wire": sections["i.wire"] + bytes(4), "i.place": sections["i.place"][-4:] * 2}
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_with_a_fixed_checksum(path: Path, name: str) -> None:
    sections = sections_of(path.read_bytes())
    HOSTILE[name](sections)
    refused(path, file_of(sections))


def test_a_short_program_of_very_many_wires(path: Path) -> None:
    """A decomposition writes 256 wires in 20 bytes: what is allocated has another bound."""
    sections = sections_of(path.read_bytes())
    count = MOST_WITHOUT_TERMS // 256
    edited_head(lambda head: head.update(wires=head["wires"] + 256 * count))(sections)
    sections["code"] += np.array([[Op.BITS, 0, 256, 0, 0]] * count, "<u4").tobytes()
    debug = json.loads(sections["debug"])
    debug["hints"] = []
    sections["debug"] = json.dumps(debug).encode()
    assert "more wires than" in refused(path, file_of(sections))


def test_a_row_with_a_wire_twice_is_refused(path: Path) -> None:
    sections = sections_of(path.read_bytes())
    offsets = np.frombuffer(sections["a.off"], "<u4")
    row = int(np.flatnonzero(np.diff(offsets) > 1)[0])
    wires = np.frombuffer(sections["a.wire"], "<u4")
    set_u32("a.wire", int(offsets[row]) + 1, int(wires[offsets[row]]))(sections)
    assert "matrix a" in refused(path, file_of(sections))


@pytest.mark.parametrize("length", [2**63, 2**64 - 1, 2**32])
def test_a_section_longer_than_the_file(path: Path, length: int) -> None:
    body = MAGIC + struct.pack("<I", 1) + b"head".ljust(8, b"\0") + struct.pack("<Q", length)
    refused(path, body + sha256(body).digest())


def test_a_section_twice(path: Path) -> None:
    data = path.read_bytes()
    head = data[12 : 28 + len(sections_of(data)["head"])]
    body = data[:-32] + head
    assert "twice" in refused(path, body + sha256(body).digest())


def test_random_alterations_are_refused_or_change_the_digest(
    path: Path, sample: CompiledCircuit
) -> None:
    """What loads is another circuit, and its program runs or is refused by the engine."""
    rng = random.Random("alterations")
    good = sections_of(path.read_bytes())
    loaded_count = 0
    for _ in range(400):
        sections = dict(good)
        for _ in range(rng.choice((1, 1, 3))):
            name = rng.choice([name for name in sections if sections[name]])
            content = bytearray(sections[name])
            position = rng.randrange(len(content))
            content[position] = rng.choice((0, 1, 255, content[position] ^ 1 << rng.randrange(8)))
            sections[name] = bytes(content)
        path.write_bytes(file_of(sections))
        try:
            loaded = load_circuit(path)
        except ArtifactError:
            continue
        loaded_count += 1
        if any(sections[name] != good[name] for name in good if name not in ("debug", "rows")):
            assert loaded.digest != sample.digest
        try:
            loaded.check(loaded.witness(VALUES))
        except (EngineError, UnsatisfiedConstraint, InputError):
            continue  # InputError: an input has changed its name
    assert 0 < loaded_count < 400


def test_a_witness_of_another_circuit_is_refused(sample: CompiledCircuit) -> None:
    with pytest.raises(EngineError):
        sample.check(to_limbs([1, 2, 3]))
