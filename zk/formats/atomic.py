"""Writing a file so that a reader, or a killed run, sees the old one or the new one, no mixture.

Source: rename(2), open(2) (`O_TMPFILE`), linkat(2). The bytes go to a file without a name in the
target's folder (where the system has no such files: one with a temporary name), are flushed to the
disk, and only then get the target's name in one step. A run killed half-way leaves nothing behind.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from zk.errors import ArtifactError

if TYPE_CHECKING:
    from typing_extensions import Buffer  # collections.abc has it from Python 3.12 on

_PIECE = 1 << 24  # bytes handed to write(2) at a time


def write_atomic(
    path: str | os.PathLike[str],
    chunks: bytes | str | Iterable[Buffer],
    *,
    secret: bool = False,
    overwrite: bool = True,
) -> None:
    """Write `chunks` to `path` in one step; `secret` gives mode 0600 from the first byte on.

    With `overwrite=False` an existing file is left as it is. Raises ArtifactError naming the file
    when the system refuses; what the iterable itself raises passes, and nothing is written.
    """
    target = Path(path)
    if isinstance(chunks, str):
        chunks = chunks.encode()
    if isinstance(chunks, bytes):
        chunks = (chunks,)
    try:
        _write(target, chunks, 0o600 if secret else 0o666, overwrite)
    except FileExistsError:
        raise ArtifactError(f"{target}: exists already and is not overwritten") from None
    except OSError as error:
        raise ArtifactError(f"{target}: cannot be written: {error.strerror}") from None


def _write(target: Path, chunks: Iterable[Buffer], mode: int, overwrite: bool) -> None:
    if not overwrite and os.path.lexists(target):  # fail before the work; the link below decides
        raise FileExistsError
    temporary = target.with_name(f".{target.name[:32]}.{secrets.token_hex(8)}.tmp")
    descriptor, named = _open(temporary, mode)
    try:
        try:
            for chunk in chunks:
                _write_all(descriptor, chunk)
            os.fsync(descriptor)
            if not named and not _linked(descriptor, target, overwrite):
                _link(descriptor, temporary)  # link(2) does not replace a file; rename(2) does
                named = True
        finally:
            os.close(descriptor)
        if named and overwrite:
            os.replace(temporary, target)
            named = False
        elif named:
            os.link(temporary, target)
        _sync_folder(target.parent)
    finally:
        if named:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def _open(temporary: Path, mode: int) -> tuple[int, bool]:
    """A new file in the target's folder, and whether it has a name yet."""
    nameless = getattr(os, "O_TMPFILE", 0)
    if nameless and os.path.exists("/proc/self/fd"):
        with contextlib.suppress(OSError):
            return os.open(temporary.parent, nameless | os.O_WRONLY | os.O_CLOEXEC, mode), False
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)
    return os.open(temporary, flags, mode), True


def _linked(descriptor: int, target: Path, overwrite: bool) -> bool:
    """Whether the file got its name at once; False where an existing file must be replaced."""
    try:
        _link(descriptor, target)
    except FileExistsError:
        if not overwrite:
            raise
        return False
    return True


def _link(descriptor: int, name: Path) -> None:
    # A folder's descriptor makes Python call linkat(2) with AT_SYMLINK_FOLLOW; for an absolute path
    # the system does not look at it.
    os.link(f"/proc/self/fd/{descriptor}", name, src_dir_fd=descriptor, follow_symlinks=True)


def _write_all(descriptor: int, chunk: Buffer) -> None:
    view = memoryview(chunk).cast("B")
    for start in range(0, len(view), _PIECE):
        piece = view[start : start + _PIECE]
        while piece:
            piece = piece[os.write(descriptor, piece) :]


def _sync_folder(folder: Path) -> None:
    """Make the new name itself survive a loss of power; not every file system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
