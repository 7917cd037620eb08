"""Progress: nothing for a moment's work, a line for a pipe, a spinner for a terminal."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
from subprocess import PIPE, Popen

import pytest

from zkmargin.cli.output import printable

#: A step that goes on until nobody holds its stdin: what takes how long is not left to the machine.
STEP = """
import sys
from zkmargin.cli.output import step
with step("working"):
    sys.stdin.read()
"""
#: A step of no time at all; the clock stands still, as a busy machine may take a while for it.
MOMENT = """
from types import SimpleNamespace
from zkmargin.cli import output
output.time = SimpleNamespace(perf_counter=lambda: 0)
output._PATIENCE = 60
with output.step("working"):
    pass
"""
PATIENCE = 120  # seconds, after which a step that shows nothing is ended


def test_a_moment_is_not_mentioned() -> None:
    run = subprocess.run([sys.executable, "-c", MOMENT], capture_output=True)
    assert (run.returncode, run.stdout, run.stderr) == (0, b"", b"")


def test_a_pipe_gets_two_lines() -> None:
    with Popen([sys.executable, "-c", STEP], stdin=PIPE, stdout=PIPE, stderr=PIPE) as process:
        assert process.stderr is not None
        assert select.select([process.stderr], [], [], PATIENCE)[0]
        assert process.stderr.readline() == b"working ...\n"
        stdout, stderr = process.communicate(timeout=PATIENCE)
    assert re.fullmatch(rb"working: \d+\.\d s\n", stderr)
    assert float(stderr.split()[1]) >= 0.7
    assert (process.returncode, stdout) == (0, b"")


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="the system has no pseudo-terminals")
def test_a_terminal_gets_a_spinner() -> None:
    ours, theirs = os.openpty()
    environment = {**os.environ, "TERM": "xterm"}
    command = [sys.executable, "-c", STEP]
    with Popen(command, stdin=PIPE, stderr=theirs, env=environment) as process:
        os.close(theirs)
        assert process.stdin is not None
        seen = b""
        while select.select([ours], [], [], PATIENCE)[0]:
            try:
                seen += os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
            if seen.count(b"working") > 3 and re.search(rb"0:\d\d:\d[1-9]", seen):
                process.stdin.close()
    os.close(ours)
    assert process.returncode == 0
    assert seen.count(b"working") > 3
    assert re.search(rb"0:\d\d:\d[1-9]", seen)
    assert seen.rstrip().splitlines()[-1].split(b"\r")[-1].endswith(b" s")


def test_what_is_printed_is_printable() -> None:
    assert printable("a\nb\x1b[1m\udcff") == "a\\nb\\x1b[1m\\udcff"
    assert printable("two\nlines", newlines=True) == "two\nlines"
    assert printable("größer") == "größer"
