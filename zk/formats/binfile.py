"""The container of iden3's binary formats: magic, version, sections; read with suspicion.

Source: iden3/r1csfile `doc/r1cs_bin_format.md`; @iden3/binfileutils. Integers are little-endian:

    magic[4]  version u32  n_sections u32  then n_sections times:  id u32  size u64  content[size]

Nothing is allocated by a size that a file declares: a file is mapped, every declared size is held
against what is there, and a section is a view. Sections may stand in any order; it is remembered.
"""

from __future__ import annotations

import mmap
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from zk.errors import ArtifactError
from zk.field import Limbs

MAX_SECTIONS = (
    64  # iden3's formats have at most 10 (Groth16) to 18; a bound on what a header costs to read
)

SectionToWrite = tuple[int, int, Iterable[bytes | memoryview]]  # id, size, pieces of the content

_PREFIX = 12  # magic, version, n_sections; and id, size before each section
_BLOCK = 1 << 16  # rows checked at a time, so that temporaries stay small


@dataclass(frozen=True, eq=False)
class BinFile:
    """A parsed container: `name` for messages, `sections` in file order, views into the bytes."""

    name: str
    sections: tuple[int, ...]
    _views: dict[int, memoryview]

    def __contains__(self, section: int) -> bool:
        return section in self._views

    def section(self, section: int, what: str) -> memoryview:
        """The bytes of a section that must be there; `what` names it in the message."""
        if section not in self._views:
            self.refuse(f"section {section} ({what}) is missing")
        return self._views[section]

    def sized(self, section: int, what: str, size: int) -> memoryview:
        """The bytes of a section whose size the header has settled."""
        view = self.section(section, what)
        if len(view) != size:
            self.refuse(
                f"section {section} ({what}) has {len(view)} bytes where the header asks for {size}"
            )
        return view

    def refuse(self, what: str) -> NoReturn:
        raise ArtifactError(f"{self.name}: {what}")


def map_file(path: str | os.PathLike[str]) -> tuple[str, memoryview]:
    """The file's name and its bytes, mapped read-only; refused unless it is a regular file."""
    name = os.fspath(path)
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NONBLOCK", 0))
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise ArtifactError(f"{name}: is not a regular file")
            if status.st_size == 0:
                return name, memoryview(b"")
            return name, memoryview(mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ))
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path, or just truncated
        reason = error.strerror if isinstance(error, OSError) else error
        raise ArtifactError(f"{name}: cannot be read: {reason}") from None


def let_go(data: memoryview | npt.NDArray[Any]) -> None:
    """Give back the memory that a mapped file's pages take; they are read again when they are used.

    `data` is the mapping or any view of it. Memory of another kind stays as it is.
    """
    base: Any = data
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, memoryview):
        base = base.obj
    if not isinstance(base, mmap.mmap) or not hasattr(mmap, "MADV_DONTNEED"):
        return
    if memoryview(base).readonly:  # what was written could be lost
        base.madvise(mmap.MADV_DONTNEED)


def read_file(path: str | os.PathLike[str], limit: int) -> tuple[str, bytes]:
    """The file's name and its bytes, copied; refused before reading when longer than `limit`."""
    name, view = map_file(path)
    if len(view) > limit:
        raise ArtifactError(f"{name}: has {len(view)} bytes, the limit for this kind is {limit}")
    return name, bytes(view)


def parse(data: bytes | memoryview, magic: bytes, version: int, name: str) -> BinFile:
    """Read the container's header and find the sections; ArtifactError if anything is amiss."""

    def refuse(what: str) -> NoReturn:
        raise ArtifactError(f"{name}: {what}")

    view = memoryview(data).toreadonly()
    if len(view) < _PREFIX:
        refuse(f"is too short for a .{magic.decode()} file: {len(view)} bytes")
    if bytes(view[:4]) != magic:
        refuse(f"is not a .{magic.decode()} file: it starts with {bytes(view[:4])!r}")
    if (found := _u32(view, 4)) != version:
        refuse(f"has version {found}; only version {version} is known")
    count = _u32(view, 8)
    if count > MAX_SECTIONS:
        refuse(f"declares {count} sections; at most {MAX_SECTIONS} are read")

    views: dict[int, memoryview] = {}
    position = _PREFIX
    for _ in range(count):
        if position + _PREFIX > len(view):
            refuse("is truncated: a section's header is cut off")
        section = _u32(view, position)
        size = int.from_bytes(view[position + 4 : position + 12], "little")
        position += _PREFIX
        if size > (left := len(view) - position):
            refuse(f"is truncated: section {section} declares {size} bytes, {left} follow")
        if section in views:
            refuse(f"has section {section} twice")
        views[section] = view[position : position + size]
        position += size
    if position != len(view):
        refuse(f"has {len(view) - position} bytes after its last section")
    return BinFile(name, tuple(views), views)


def compose(
    magic: bytes, version: int, sections: Sequence[SectionToWrite]
) -> Iterator[bytes | memoryview]:
    """The bytes of a container, piece by piece."""
    yield magic + version.to_bytes(4, "little") + len(sections).to_bytes(4, "little")
    for section, size, pieces in sections:
        yield section.to_bytes(4, "little") + size.to_bytes(8, "little")
        written = 0
        for piece in pieces:
            written += memoryview(piece).nbytes
            yield piece
        if written != size:
            raise ValueError(f"section {section}: {written} bytes written, {size} declared")


def raw(array: npt.NDArray[np.generic]) -> memoryview:
    """The bytes of an array in C order, without a copy where it lies that way already."""
    flat = np.ascontiguousarray(array)
    return flat.reshape(-1).view(np.uint8).data if flat.size else memoryview(b"")


def first_not_below(limbs: Limbs, bound: int) -> int | None:
    """The first row of `limbs` (uint64[n, 4], little-endian) that is >= bound, or None."""
    top = [np.uint64(bound >> (64 * i) & (1 << 64) - 1) for i in range(4)]
    for start in range(0, len(limbs), _BLOCK):
        block = limbs[start : start + _BLOCK]
        # From the top limb down: below where this limb is below and all higher ones are equal.
        below = block[:, 3] < top[3]
        equal = block[:, 3] == top[3]
        for i in (2, 1, 0):
            if not equal.any():
                break
            below |= equal & (block[:, i] < top[i])
            equal &= block[:, i] == top[i]
        if not below.all():
            return start + int(np.argmin(below))
    return None


def _u32(view: memoryview, position: int) -> int:
    return int.from_bytes(view[position : position + 4], "little")
