"""The consoles of docs/debugging.md and docs/porting.md are what the commands say.

    python -m tests.explain.pages         compare
    python -m tests.explain.pages --write renew the output of every command

A block ```console has commands after `$ ` and below each what it prints, unless that goes to a file
with `> FILE`. All commands of a page run
one after the other in one folder, which has `examples/` in it. Places that any edit moves (lines of
a source, numbers of constraints and wires) are not compared.
"""

from __future__ import annotations

import contextlib
import difflib
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.zkmargin.files import run

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "docs" / "debugging.md", ROOT / "docs" / "porting.md")

_BLOCK = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.S | re.M)
_MOVES = re.compile(r"(?<=\.py:)\d+|(?<=constraint )\d+|(?<=wire )\d+|^  \d+(?= \([ABC]+\))", re.M)
_TIMING = re.compile(r".* \.\.\.|.*: \d+\.\d s")


def renewed(page: Path) -> str:
    """The page with the output of every command as it is now."""
    with tempfile.TemporaryDirectory() as folder, _inside(Path(folder)):
        return _BLOCK.sub(lambda block: "".join(_run(block.group())), page.read_text())


def difference(page: Path) -> str:
    """What is not as it says, as a diff; empty where nothing is."""
    said, found = (_MOVES.sub("N", text).splitlines() for text in (page.read_text(), renewed(page)))
    return "\n".join(difflib.unified_diff(said, found, page.name, "now", lineterm=""))


@contextlib.contextmanager
def _inside(folder: Path) -> Iterator[None]:
    (folder / "examples").symlink_to(ROOT / "examples")
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _run(block: str) -> Iterator[str]:
    """Each command of a block with its output; a line that ends in a backslash goes on."""
    for command in re.findall(r"^\$ (?:.*\\\n)*.*$", block, re.M):
        yield f"{command}\n"
        program, *arguments = shlex.split(command[2:].replace("\\\n", " "))
        quiet = ">" in arguments
        arguments = arguments[: arguments.index(">")] if quiet else arguments
        if program == "zkmargin":
            done = run(*arguments)
            lines = [*done.stdout.splitlines(), *done.stderr.splitlines()]
        else:
            assert program == "python"
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            lines = subprocess.run(
                [sys.executable, *arguments],
                capture_output=True,
                text=True,
                check=True,
                timeout=600,
                env=environment,
            ).stdout.splitlines()
        if not quiet:
            yield "".join(f"{line.rstrip()}\n" for line in lines if not _TIMING.fullmatch(line))


def main() -> None:
    for page in PAGES:
        if "--write" in sys.argv[1:]:
            page.write_text(renewed(page))
        else:
            print(difference(page) or f"{page.name}: as it says")


if __name__ == "__main__":
    main()
