"""Run programs to be measured: once, or as a server that works when told; time and peak memory.

A server is a program that prints `{"ready": true}` when it has loaded everything, then reads lines
and does its work once for each, answering `{"seconds": s}`. The peak is the largest resident set of
the process over its life, loading included, as the kernel counts it (`ru_maxrss`).
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from zk.errors import ZkError

_WORDS: Final = 400  # of a failed program's last words


class ToolFailed(ZkError):
    """A program that is measured failed, took too long, or does not speak as it should."""


@dataclass(frozen=True)
class Finished:
    """A run to its end: seconds of wall time, peak memory in MB, and what it printed."""

    seconds: float
    peak: float
    text: str


def environment(threads: int, more: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with every way of telling a program its number of threads."""
    n = str(threads)
    told = {"GOMAXPROCS": n, "OMP_NUM_THREADS": n, "RAYON_NUM_THREADS": n}
    return {**os.environ, **told, "PYTHONWARNINGS": "ignore", **more}


def machine() -> str:
    """What figures are taken on, in one line."""
    model = platform.processor() or platform.machine()
    with contextlib.suppress(OSError, IndexError):
        info = Path("/proc/cpuinfo").read_text()
        vectors = "AVX-512 IFMA" if "avx512ifma" in info else "no AVX-512 IFMA"
        found = re.findall(r"^model name\s*:\s*(.*)$", info, re.MULTILINE)
        model = f"{found[0]}, {vectors}"
    count = len(processors(1024))
    return f"{count} processors ({model}), Python {platform.python_version()}"


def processors(threads: int) -> set[int]:
    """The first `threads` of the processors that this process may use."""
    if not hasattr(os, "sched_getaffinity"):  # not Linux: nobody can be held to some
        return set(range(min(threads, os.cpu_count() or 1)))
    return set(sorted(os.sched_getaffinity(0))[:threads])


#: A process between: the peak that the kernel counts for a new program begins with that of the
#: process which started it, so a small one does. Arguments: a descriptor for its report,
#: processors, the command.
_STARTER: Final = """
import os, sys, time
report, cpus, *command = sys.argv[1:]
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, map(int, cpus.split(",")))
os.set_inheritable(int(report), False)
start = time.perf_counter()
pid = os.posix_spawnp(command[0], command, os.environ)
os.close(0)
os.close(1)
_, status, usage = os.wait4(pid, 0)
seconds = time.perf_counter() - start
code = os.waitstatus_to_exitcode(status)
os.write(int(report), f"{seconds} {usage.ru_maxrss} {code}".encode())
"""


class Program:
    """A child process held to so many processors, and what it took once it has ended."""

    def __init__(
        self, command: Sequence[str | Path], threads: int, cwd: Path, more: Mapping[str, str]
    ) -> None:
        words = [str(part) for part in command]
        if shutil.which(words[0]) is None:
            raise ToolFailed(f"{words[0]}: there is no such program")
        self.name = " ".join(Path(word).name for word in words[:3])
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - kept
        self._report, report = os.pipe()
        cpus = ",".join(map(str, sorted(processors(threads))))
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _STARTER, str(report), cpus, *words],
                cwd=cwd,
                env=environment(threads, more),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                pass_fds=(report,),
                start_new_session=True,
            )
        finally:
            os.close(report)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self.input, self.output = self._process.stdin, self._process.stdout

    def wait(self, seconds: float) -> Finished:
        """What it took; ToolFailed if it failed, or still runs after so many seconds."""
        if not select.select([self._report], [], [], seconds)[0]:
            self.kill()
            raise ToolFailed(f"{self.name}: not done after {seconds:.0f} s")
        report = os.read(self._report, 200).decode().split()
        if len(report) != 3 or report[2] != "0":
            code = report[2] if len(report) == 3 else "unknown"
            raise ToolFailed(f"{self.name}: exit {code}: {self.errors()[-_WORDS:]}")
        text = self.output.read().decode(errors="replace")
        peak = int(report[1]) / (2**20 if sys.platform == "darwin" else 2**10)
        return Finished(float(report[0]), peak, text + self.errors())

    def kill(self) -> None:
        """End the process and what it started, and let go of its pipes; once is enough."""
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        if not self.output.closed:
            with contextlib.suppress(BrokenPipeError):
                self.input.close()
            self.output.close()
            self._errors.close()
            os.close(self._report)

    def errors(self) -> str:
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace").strip()


def run(
    command: Sequence[str | Path],
    *,
    threads: int,
    cwd: Path,
    limit: float = 600,
    more: Mapping[str, str] | None = None,
) -> Finished:
    """Run a program to its end; ToolFailed if it fails or takes longer than `limit` seconds."""
    program = Program(command, threads, cwd, more or {})
    try:
        program.input.close()
        # These programs print a few lines, which a pipe holds.
        return program.wait(limit)
    finally:
        program.kill()


class Server:
    """A program that has loaded its key and proves when told."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        threads: int,
        cwd: Path,
        limit: float = 600,
        more: Mapping[str, str] | None = None,
    ) -> None:
        self._limit = limit
        self._program = Program(command, threads, cwd, more or {})
        try:
            self.ready = self._answer("ready")
        except BaseException:
            self.kill()
            raise

    def work(self) -> float:
        """Seconds that one piece of work took, as the program measured it."""
        with contextlib.suppress(BrokenPipeError):  # its answer says why
            self._program.input.write(b"\n")
            self._program.input.flush()
        try:
            return float(self._answer("seconds")["seconds"])
        except BaseException:
            self.kill()
            raise

    def stop(self) -> float:
        """Let it end; its peak memory in MB."""
        self._program.input.close()
        try:
            return self._program.wait(self._limit).peak
        finally:
            self.kill()

    def kill(self) -> None:
        self._program.kill()

    def _answer(self, field: str) -> dict[str, Any]:
        if not select.select([self._program.output], [], [], self._limit)[0]:
            raise ToolFailed(f"{self._program.name}: no answer for {self._limit:.0f} s")
        line = self._program.output.readline()
        if not line:
            self._program.wait(self._limit)  # a failure says so itself
        with contextlib.suppress(ValueError):
            found = json.loads(line)
            if isinstance(found, dict) and field in found:
                return found
        raise ToolFailed(f"{self._program.name}: it does not answer as a server does")
