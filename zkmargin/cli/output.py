"""What the verbs print: results on stdout, words and progress on stderr, failures as one line."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from typing import Any, Final

import click

WRONG: Final = 2
FALSE: Final = 1
DEFECT: Final = 70
INTERRUPTED: Final = 130
NO_READER: Final = 141

_JSON: Final = "zkmargin.json"
_REVEALED: Final = "zkmargin.revealed"
_PATIENCE: Final = 0.7  # seconds before a step shows that it goes on


def set_json(ctx: click.Context, _option: click.Parameter, value: bool) -> None:
    """Callback of `--json`."""
    ctx.meta[_JSON] = value


def is_json() -> bool:
    return bool(click.get_current_context().meta.get(_JSON))


def result(words: str, **fields: Any) -> None:
    """The verb's result: `words` for people, or the fields as one JSON object."""
    if is_json():
        _json({"ok": True, **fields})
    else:
        click.echo(printable(words, newlines=True))


def extra(words: str, **fields: Any) -> None:
    """A part of the result that stands even if the verb fails afterwards."""
    ctx = click.get_current_context()
    if is_json():
        ctx.meta.setdefault(_REVEALED, {}).update(fields)
    else:
        click.echo(printable(words, newlines=True))


def extras() -> dict[str, Any]:
    """What `extra` has collected for the JSON object."""
    found: dict[str, Any] = click.get_current_context().meta.get(_REVEALED, {})
    return found


def note(words: str) -> None:
    """A line for the person at the terminal."""
    click.echo(printable(words), err=True)


def check_targets(*paths: str | None) -> None:
    """Refuse, before any work, a file that could not be written or must not be replaced.

    So that of two files not one is written and the other not; and no device is renamed over.
    """
    from zk.errors import InputError

    for path in paths:
        if path is None:
            continue
        folder = os.path.dirname(path) or "."
        if not os.path.isdir(folder):
            raise InputError("cannot be written: its folder is not there", file=path)
        if not os.access(folder, os.W_OK):
            raise InputError("cannot be written: its folder is read-only", file=path)
        if os.path.lexists(path) and not os.path.isfile(path):
            raise InputError("cannot be written: what stands there is no regular file", file=path)


def warn_development() -> None:
    note("warning: a development key: anyone can forge its proofs; for tests and demos only")


def printable(text: str, *, newlines: bool = False) -> str:
    """The text with control characters and bad encodings written out; file names may hold any."""
    kept = "\n" if newlines else ""
    return "".join(
        c if c.isprintable() or c in kept else c.encode("unicode_escape", "replace").decode()
        for c in text
    )


@contextlib.contextmanager
def step(words: str) -> Iterator[None]:
    """Show that something goes on, once it takes longer than a moment; then how long it took."""
    started = time.perf_counter()
    shown: list[Any] = []
    ended = threading.Lock()

    def show() -> None:
        with ended:
            if shown:
                return
            if sys.stderr.isatty():
                shown.append(_spinner(words))
            else:
                note(f"{words} ...")
                shown.append(None)

    timer = threading.Timer(_PATIENCE, show)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        with ended:
            if not shown:
                shown.append(None)  # too late to start now
            elif shown[0] is not None:
                shown[0].stop()
    seconds = time.perf_counter() - started
    if seconds >= _PATIENCE:
        note(f"{words}: {seconds:.1f} s")


def _spinner(words: str) -> Any:
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    progress = Progress(*columns, console=Console(stderr=True), transient=True)
    progress.add_task(printable(words).replace("[", "\\["))
    progress.start()
    return progress


def fail(ctx: click.Context, error: BaseException) -> int:
    """Print why the verb failed, and give the exit code."""
    from zk.errors import InvalidProof, UnsatisfiedConstraint, ZkError

    code, kind, words = DEFECT, type(error).__name__, ""
    if isinstance(error, BrokenPipeError):
        return _reader_gone()
    if isinstance(error, ZkError):
        false = isinstance(error, InvalidProof | UnsatisfiedConstraint)
        code, words = (FALSE if false else WRONG), str(error)
    elif isinstance(error, click.ClickException):
        code, words = WRONG, error.format_message()
        where = getattr(error, "ctx", None)
        if where is not None:
            words += f" (try '{where.command_path} --help')"
    elif isinstance(error, OSError) and error.strerror:
        names = [os.fsdecode(error.filename)] if isinstance(error.filename, str | bytes) else []
        code, words = WRONG, ": ".join([*names, error.strerror])
    elif isinstance(error, MemoryError):
        code, words = WRONG, "not enough memory for inputs of this size"
    else:
        # No message of an unforeseen error: it may hold a value. Its place tells enough.
        frames = traceback.extract_tb(error.__traceback__)
        place = f"{os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else "?"
        words = f"a defect of zkmargin ({kind} at {place}): please report it"
    if ctx.meta.get(_JSON):
        revealed = ctx.meta.get(_REVEALED, {})
        with contextlib.suppress(OSError):
            found = _place(error)
            _json({"ok": False, "error": kind, "message": printable(words), **found, **revealed})
    with contextlib.suppress(OSError):
        click.echo(f"zkmargin: {printable(words)}", err=True)
    return code


def _place(error: BaseException) -> dict[str, Any]:
    """Where it failed, for programs: the file and the path in it, or the obligation."""
    from zk.errors import InputError, UnsatisfiedConstraint

    if isinstance(error, InputError):
        return {"file": printable(error.file), "path": printable(error.path)}
    if isinstance(error, UnsatisfiedConstraint):
        names = ("circuit", "obligation", "where", "gadgets", "row", "hints")
        return {name: getattr(error, name) for name in names}
    return {}


def _json(fields: dict[str, Any]) -> None:
    click.echo(json.dumps(fields, indent=2))


def _reader_gone() -> int:
    """Nobody reads stdout: let what is left in its buffer go nowhere, quietly."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return NO_READER
