"""Writing in one step: the old file or the new one, the mode, nothing left behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from zk.errors import ArtifactError
from zk.formats.atomic import write_atomic


@pytest.fixture(params=["nameless", "named"])
def folder(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A folder, with and without O_TMPFILE; the umask is 022."""
    if request.param == "named":
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    old = os.umask(0o022)
    yield tmp_path
    os.umask(old)


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_new_and_old(folder: Path) -> None:
    write_atomic(folder / "a", b"one")
    write_atomic(folder / "a", [b"two ", memoryview(b"parts"), bytearray(b"!")])
    write_atomic(folder / "b", "text: \u03b1")
    write_atomic(folder / "c", [])
    assert files(folder) == {"a": b"two parts!", "b": "text: \u03b1".encode(), "c": b""}
    assert (folder / "a").stat().st_mode & 0o777 == 0o644


def test_secret(folder: Path) -> None:
    (folder / "a").write_bytes(b"old, readable by all")
    write_atomic(folder / "a", b"secret", secret=True)
    write_atomic(folder / "b", b"secret", secret=True)
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_never_overwritten(folder: Path) -> None:
    write_atomic(folder / "key", b"first", secret=True, overwrite=False)
    with pytest.raises(ArtifactError, match="key: exists already and is not overwritten"):
        write_atomic(folder / "key", b"second", secret=True, overwrite=False)
    (folder / "dangling").symlink_to(folder / "nowhere")
    with pytest.raises(ArtifactError, match="exists already"):
        write_atomic(folder / "dangling", b"second", overwrite=False)
    (folder / "dangling").unlink()
    assert files(folder) == {"key": b"first"}


def test_lost_race_is_not_overwritten(folder: Path) -> None:
    """A file that appears while ours is written stays."""

    def pieces() -> Iterator[bytes]:
        yield b"ours"
        (folder / "key").write_bytes(b"theirs")

    with pytest.raises(ArtifactError, match="exists already"):
        write_atomic(folder / "key", pieces(), overwrite=False)
    assert files(folder) == {"key": b"theirs"}


def test_failure_leaves_the_old_file(folder: Path) -> None:
    write_atomic(folder / "a", b"old")

    def pieces() -> Iterator[bytes]:
        yield b"half"
        raise KeyError("in the middle")

    with pytest.raises(KeyError):
        write_atomic(folder / "a", pieces())
    with pytest.raises(ArtifactError, match="absent/a: cannot be written: No such file"):
        write_atomic(folder / "absent" / "a", b"")
    (folder / "sub").mkdir()
    with pytest.raises(ArtifactError, match="sub: cannot be written"):
        write_atomic(folder / "sub", b"")
    (folder / "sub").rmdir()
    assert files(folder) == {"a": b"old"}


def test_link_is_replaced_not_followed(folder: Path) -> None:
    (folder / "target").write_bytes(b"target")
    (folder / "link").symlink_to(folder / "target")
    write_atomic(folder / "link", b"new")
    assert files(folder) == {"target": b"target", "link": b"new"}
    assert not (folder / "link").is_symlink()


def test_temporary_name_is_in_the_folder_and_short(folder: Path) -> None:
    """Long names leave room for the temporary one's suffix."""
    name = "n" * 255
    write_atomic(folder / name, b"x")
    assert files(folder) == {name: b"x"}


_WRITER = """
import sys
from zk.formats.atomic import write_atomic
def pieces(letter):
    for _ in range(64):
        yield letter * (1 << 16)
print("ready", flush=True)
while True:
    for letter in (b"a", b"b"):
        write_atomic(sys.argv[1], pieces(letter))
"""


@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="needs files without a name (Linux)")
def test_killed_run_leaves_a_whole_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomic(path, b"a" * (64 << 16))
    for i in range(10):
        writer = subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(path)], stdout=subprocess.PIPE
        )
        with writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"ready\n"
            time.sleep(0.001 + 0.013 * i)
            writer.kill()
        data = path.read_bytes()
        assert len(data) == 64 << 16
        assert data in (b"a" * len(data), b"b" * len(data))
    # A kill between the last two system calls can leave the whole new file under another name.
    assert len(list(tmp_path.iterdir())) <= 2
