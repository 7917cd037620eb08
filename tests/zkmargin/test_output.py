"""Progress: nothing for a moment's work, a line for a pipe, a spinner for a terminal."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from zkmargin.cli.output import printable

SCRIPT = """
import time
from zkmargin.cli.output import step
with step("working"):
    time.sleep({seconds})
"""


def test_a_moment_is_not_mentioned() -> None:
    run = subprocess.run([sys.executable, "-c", SCRIPT.format(seconds=0)], capture_output=True)
    assert (run.returncode, run.stdout, run.stderr) == (0, b"", b"")


def test_a_pipe_gets_two_lines() -> None:
    run = subprocess.run([sys.executable, "-c", SCRIPT.format(seconds=1)], capture_output=True)
    begin, end = run.stderr.decode().splitlines()
    assert begin == "working ..."
    assert end.startswith("working: 1.")
    assert run.stdout == b""


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="the system has no pseudo-terminals")
def test_a_terminal_gets_a_spinner() -> None:
    ours, theirs = os.openpty()
    environment = {**os.environ, "TERM": "xterm"}
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT.format(seconds=2)], stderr=theirs, env=environment
    )
    os.close(theirs)
    seen = b""
    while True:
        try:
            seen += os.read(ours, 4096) or b""
        except OSError:  # the other end is closed
            break
    os.close(ours)
    assert process.wait() == 0
    assert seen.count(b"working") > 3
    assert b"0:00:01" in seen
    assert seen.rstrip().splitlines()[-1].split(b"\r")[-1].endswith(b" s")


def test_what_is_printed_is_printable() -> None:
    assert printable("a\nb\x1b[1m\udcff") == "a\\nb\\x1b[1m\\udcff"
    assert printable("two\nlines", newlines=True) == "two\nlines"
    assert printable("größer") == "größer"
