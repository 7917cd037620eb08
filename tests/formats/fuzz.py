"""Structured mutations of every file kind: `python -m tests.formats.fuzz --count 2000`.

Each case changes a good file in one to three ways and reads it. Allowed is a refusal (a ZkError of
one line that starts with the file's name), or acceptance of a file that means what it says: written
again it has the same sections, or the same JSON value. And where the meaning did change, it must
show: a changed proof, public signal or key does not verify, a changed witness breaks a constraint.
A case that takes over 5 s, raises anything else, or is accepted with another meaning is reported
with what makes it again (kind, seed, number), and the exit code is 1.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.formats.samples import SYSTEM, put_together, samples, take_apart
from zk import engine
from zk.errors import ZkError
from zk.field import Q, R
from zk.formats.json import (
    read_proof,
    read_public,
    read_verifying_key,
    write_proof,
    write_public,
    write_verifying_key,
)
from zk.formats.r1cs import read_r1cs, write_r1cs
from zk.formats.wtns import read_wtns, write_wtns
from zk.formats.zkey import check_zkey_points, read_zkey, write_zkey

SECONDS = 5.0
NAME = "some/file"

Random = random.Random
Mutate = Callable[[Random, bytes], bytes]

_WORDS = (0, 1, 2, 3, 4, 5, 8, 31, 33, 64, 1 << 16, (1 << 31) - 1, 1 << 31, (1 << 32) - 1)
_LONGS = (*_WORDS, 1 << 32, (1 << 63) - 1, 1 << 63, (1 << 64) - 12, (1 << 64) - 1)
_ELEMENTS = (0, 1, 2, R - 1, R, R + 1, Q - 1, Q, Q + 1, 2 * R, 1 << 255, (1 << 256) - 1)


@dataclass(frozen=True)
class Kind:
    """A file kind: how to read, write and change it; `judge` objects to an accepted one."""

    sample: str
    read: Callable[[bytes, str], Any]
    write: Callable[[Any], bytes]
    mutate: Mutate
    meaning: Callable[[bytes], object]
    judge: Callable[[Any, bool], str] = lambda value, changed: ""


@dataclass
class Report:
    """What became of the cases: verdict -> how many, and the failures."""

    refused: int = 0
    unchanged: int = 0
    accepted: int = 0
    failures: list[str] = field(default_factory=list)


def run(kind: str, seed: int, count: int, first: int = 0) -> Report:
    """`count` cases of one kind, from number `first` on."""
    report = Report()
    for number in range(first, first + count):
        try:
            problem = _case(KINDS[kind], Random(f"{kind}/{seed}/{number}"), report)
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
        if problem:
            report.failures.append(f"{kind}, seed {seed}, number {number}: {problem}")
    return report


def _case(kind: Kind, rng: Random, report: Report) -> str:
    """One case; what is wrong with its outcome, or nothing."""
    original = data = samples()[kind.sample]
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        data = kind.mutate(rng, data)
    start = time.monotonic()
    try:
        value = kind.read(data, NAME)
        changed = kind.meaning(data) != kind.meaning(original)
        written = kind.write(value)
        problem = kind.judge(value, changed)
    except ZkError as error:
        report.refused += 1
        text = str(error)
        if not text.startswith(NAME) or "\n" in text or len(text) > 300:
            return f"the message is not one line on the file: {text[:300]!r}"
        problem = ""
    else:
        report.accepted += changed
        report.unchanged += not changed
        if written != data and kind.meaning(written) != kind.meaning(data):
            problem = "accepted, and written with another meaning"
    if (seconds := time.monotonic() - start) > SECONDS:
        return f"took {seconds:.1f} s"
    return problem


# ---- containers


def _mutate_container(rng: Random, data: bytes) -> bytes:
    return rng.choice((_set_number, _set_number, _cut, _edit_sections, _edit_sections))(rng, data)


def _set_number(rng: Random, data: bytes) -> bytes:
    """Overwrite a bit, a word, a long or a field element, mostly where one can start."""
    if not data:
        return b"\0"
    width = rng.choice((1, 4, 4, 8, 32, 32))
    position = rng.randrange(len(data))
    if rng.random() < 0.8:
        position &= ~3
    old = int.from_bytes(data[position : position + width], "little")
    choices = {1: range(256), 4: _WORDS, 8: _LONGS, 32: _ELEMENTS}[width]
    near = (old + 1, old - 1, old ^ 1 << rng.randrange(8 * width), old + Q, old + R)
    new = rng.choice(near) if rng.random() < 0.5 else rng.choice(choices)
    replaced = (new % (1 << 8 * width)).to_bytes(width, "little")
    return (data[:position] + replaced + data[position + width :])[: len(data)]


def _cut(rng: Random, data: bytes) -> bytes:
    """Drop, repeat, move or append a run of bytes."""
    lo, hi = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    piece = data[lo:hi]
    return rng.choice(
        (
            data[:lo],
            data[:-1],
            data[:lo] + data[hi:],
            data[:hi] + piece + data[hi:],
            data[:lo] + data[hi:] + piece,
            data + rng.randbytes(rng.choice((1, 4, 12, 64))),
            data + bytes(rng.choice((1, 4, 12, 64))),
        )
    )


def _edit_sections(rng: Random, data: bytes) -> bytes:
    """Reorder, drop, repeat, rename, resize, exchange sections of a well-formed container."""
    try:
        head, sections = take_apart(data)
        section, content = rng.choice(sections)
    except (IndexError, MemoryError):
        return data
    i = sections.index((section, content))
    match rng.randrange(8):
        case 0:
            rng.shuffle(sections)
        case 1:
            del sections[i]
        case 2:
            sections.insert(rng.randrange(len(sections) + 1), sections[i])
        case 3:
            sections[i] = (rng.choice((*range(12), 1 << 31, (1 << 32) - 1)), content)
        case 4:
            sections[i] = (section, _cut(rng, content))
        case 5:
            sections[i] = (section, b"")
        case 6:
            sections[i] = (section, _set_number(rng, content))
        case 7:
            sections[i] = (section, rng.choice(sections)[1])
    return put_together(head, sections)


def _container_meaning(data: bytes) -> object:
    """Magic, version and sections: the order of the sections means nothing."""
    head, sections = take_apart(data)
    return head, sorted(sections)


# ---- JSON


def _mutate_json(rng: Random, data: bytes) -> bytes:
    """Change the text, or one value in it."""
    try:
        root = json.loads(data)
    except (ValueError, RecursionError):
        root = None
    if root is None or rng.random() < 0.3:
        return _mutate_text(rng, data)
    places = list(_places(root))
    container, key = rng.choice(places) if places else ([root], 0)
    match rng.randrange(6):
        case 0:
            del container[key]
        case 1 if isinstance(container, dict):
            container[rng.choice(("x", "pi_d", "vk_alphabeta_12", "IC", "__proto__", "é"))] = "1"
        case 1:
            container.insert(key, container[key])
        case 2 if isinstance(container, list):
            other = rng.randrange(len(container))
            container[key], container[other] = container[other], container[key]
        case 2:
            container[rng.choice(list(container))] = container[key]
        case _:
            container[key] = _other_value(rng, container[key])
    return json.dumps(root, indent=rng.choice((None, 1, 1, 1)), ensure_ascii=False).encode()


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) below `node`."""
    for key in list(node) if isinstance(node, dict) else range(len(node)):
        yield node, key
        if isinstance(node[key], dict | list):
            yield from _places(node[key])


def _other_value(rng: Random, old: Any) -> Any:
    number = int(old) if isinstance(old, str) and old.isdecimal() and len(old) < 100 else None
    if number is None or rng.random() < 0.3:
        return rng.choice(
            (None, True, False, 0, 1, -1, 1.5, "", "1", "x", [], {}, [old], {"0": old})
        )
    near = (number + 1, number ^ 1, number + Q, number + R, Q - number, R - number, number + 2**256)
    return rng.choice(
        (
            *(str(other) for other in (*near, *_ELEMENTS)),
            *(f"0{number}", f"+{number}", f"-{number}", f" {number}", f"{number} ", hex(number)),
            *(f"{number}.0", f"{number}e0", f"{number}n", number, float(number % 2**64)),
            *(str(number)[:-1], str(number) * 2, "9" * rng.choice((77, 78, 79, 5000))),
            str(number).translate({ord("0") + d: 0x0660 + d for d in range(10)}),
        )
    )


def _mutate_text(rng: Random, data: bytes) -> bytes:
    place = rng.randrange(len(data) + 1)
    pieces = (b'"', b",", b"[", b"]", b"{", b"}", b":", b"0", b"1", b" ", b"\n", b"\0", b"\\u0031")
    rare = (b"\xff", b"\xef\xbb\xbf", b"NaN", b"-0", b"1e999", b"//", b"[" * 5000, b'"a":"1",')
    lo, hi = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    return rng.choice(
        (
            data[:place] + rng.choice(pieces) + data[place:],
            data[:place] + rng.choice(pieces) + data[place + 1 :],
            data[:place] + rng.choice(rare) + data[place:],
            data[:lo] + data[hi:],
            data[:hi] + data[lo:],
            data.replace(b"\n", rng.choice((b"", b"\r\n", b"\t", b"\v"))),
            data.replace(b'": ', b'": "', 1),
            b"[" + data + b"]",
        )
    )


def _json_meaning(data: bytes) -> object:
    return json.dumps(json.loads(data), sort_keys=True)


# ---- what a changed meaning must lead to


def _judge_witness(value: Any, changed: bool) -> str:
    right = len(value) == SYSTEM.n_wires and engine.first_unsatisfied(SYSTEM, value) is None
    return "a changed witness satisfies the circuit" if changed and right else ""


def _judge_key(value: Any, changed: bool) -> str:
    """The full check may refuse (a ZkError) or find every point good; nothing else."""
    check_zkey_points(value, NAME)
    return ""


def _judge_verdict(part: str) -> Callable[[Any, bool], str]:
    def judge(value: Any, changed: bool) -> str:
        parts = _true_parts() | {part: value}
        if len(parts["public"]) != parts["vk"].n_public:
            return ""
        right = engine.verify(parts["vk"], parts["public"], parts["proof"])
        return "" if right != changed else f"{'changed' if changed else 'same'} {part}: {right}"

    return judge


def _true_parts() -> dict[str, Any]:
    made = samples()
    return {
        "vk": read_verifying_key(made["vk"]),
        "proof": read_proof(made["proof"]),
        "public": read_public(made["public"]),
    }


KINDS = {
    "r1cs": Kind("r1cs", read_r1cs, write_r1cs, _mutate_container, _container_meaning),
    "r1cs-order": Kind(
        "r1cs in another order", read_r1cs, write_r1cs, _mutate_container, _container_meaning
    ),
    "wtns": Kind(
        "wtns", read_wtns, write_wtns, _mutate_container, _container_meaning, _judge_witness
    ),
    "zkey": Kind("zkey", read_zkey, write_zkey, _mutate_container, _container_meaning, _judge_key),
    "vk": Kind(
        "vk",
        read_verifying_key,
        lambda vk: write_verifying_key(vk).encode(),
        _mutate_json,
        _json_meaning,
        _judge_verdict("vk"),
    ),
    "proof": Kind(
        "proof",
        read_proof,
        lambda proof: write_proof(proof).encode(),
        _mutate_json,
        _json_meaning,
        _judge_verdict("proof"),
    ),
    "public": Kind(
        "public",
        read_public,
        lambda publics: write_public(publics).encode(),
        _mutate_json,
        _json_meaning,
        _judge_verdict("public"),
    ),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=2000, help="cases of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--kind", choices=KINDS, action="append", help="only this kind")
    options = parser.parse_args()
    failed = False
    for kind in options.kind or KINDS:
        faulthandler.dump_traceback_later(60 + options.count, exit=True)
        report = run(kind, options.seed, options.count, options.first)
        print(
            f"{kind}: {report.refused} refused, {report.unchanged} accepted with the same meaning, "
            f"{report.accepted} accepted as what they say, {len(report.failures)} failures"
        )
        for failure in report.failures[:20]:
            print(f"  {failure}", file=sys.stderr)
        failed |= bool(report.failures)
    faulthandler.cancel_dump_traceback_later()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
