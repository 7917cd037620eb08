"""Structured mutations: a good file changed in one place, as an attacker or an accident would.

Containers are cut, their numbers overwritten with what readers trip over, their sections moved and
renamed; JSON values are exchanged for others, and texts are damaged. A mutation may leave a file as
it was.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

from tests.formats.samples import put_together, take_apart
from zk.field import Q, R

Random = random.Random
Mutate = Callable[[Random, bytes], bytes]

_WORDS = (0, 1, 2, 3, 4, 5, 8, 31, 33, 64, 1 << 16, (1 << 31) - 1, 1 << 31, (1 << 32) - 1)
_LONGS = (*_WORDS, 1 << 32, (1 << 63) - 1, 1 << 63, (1 << 64) - 12, (1 << 64) - 1)
_ELEMENTS = (0, 1, 2, R - 1, R, R + 1, Q - 1, Q, Q + 1, 2 * R, 1 << 255, (1 << 256) - 1)


def mutate_container(rng: Random, data: bytes) -> bytes:
    """Change an iden3 container: its bytes, or its sections."""
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


def mutate_json(rng: Random, data: bytes) -> bytes:
    """Change the text, or one value in it."""
    try:
        root = json.loads(data)
    except (ValueError, RecursionError):
        root = None
    if root is None or rng.random() < 0.3:
        return mutate_text(rng, data)
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


def mutate_text(rng: Random, data: bytes) -> bytes:
    """Insert, replace, drop or repeat characters."""
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


def mutate_circuit(rng: Random, data: bytes) -> bytes:
    """Change sections of a `.zkc`, mostly with a right checksum: that is no defence."""
    head, sections = data[:12], circuit_sections(data)
    if not sections or rng.random() < 0.1:
        return _cut(rng, data)
    i = rng.randrange(len(sections))
    name, content = sections[i]
    match rng.randrange(6):
        case 0:
            rng.shuffle(sections)
        case 1:
            del sections[i]
        case 2:
            sections[i] = (name, rng.choice(sections)[1])
        case 3:
            sections[i] = (name, _cut(rng, content))
        case 4 if content[:1] == b"{":
            sections[i] = (name, mutate_json(rng, content))
        case _:
            sections[i] = (name, _set_number(rng, content))
    body = head + b"".join(n + len(c).to_bytes(8, "little") + c for n, c in sections)
    return body + sha256(body).digest()


def circuit_sections(data: bytes) -> list[tuple[bytes, bytes]]:
    """Names and contents of a `.zkc`; trusts its input."""
    sections, position = [], 12
    while position < len(data) - 32:
        size = int.from_bytes(data[position + 8 : position + 16], "little")
        content = data[position + 16 : position + 16 + size]
        sections.append((data[position : position + 8], content))
        position += 16 + size
    return sections
