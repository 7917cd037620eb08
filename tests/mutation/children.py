"""Work in processes forked from this one, a few side by side, with what each has to say.

A child inherits all that was imported and costs no start. It is silent, may write one message, and
ends with a number. Its limit is of processor time, so that a busy machine stops none; one that
waits for four times as long is stopped too.
"""

from __future__ import annotations

import contextlib
import math
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

BROKEN = 70  # a child's exit code: its work raised
PATIENCE = 4  # seconds of waiting for one of work
#: What a child does: it is given the place for its message, and gives its exit code.
Work = Callable[[Callable[[str], None]], int]


@dataclass(frozen=True)
class Result:
    """How a child ended: code is None if it was stopped."""

    code: int | None
    message: str
    seconds: float


def forked(work: Work, seconds: float) -> Result:
    """One child's result."""
    return next(results([work], seconds, 1))[1]


def results(
    works: Sequence[Work], seconds: float, jobs: int, until: float = float("inf")
) -> Iterator[tuple[int, Result]]:
    """Each work's number and result as they end; none is begun after `until`."""
    waiting = list(enumerate(works))
    running: list[tuple[int, _Child]] = []
    try:
        while True:
            while waiting and len(running) < jobs and time.monotonic() < until:
                index, work = waiting.pop(0)
                running.append((index, _Child(work, seconds)))
            if not running:
                return
            ended = [(index, child) for index, child in running if child.poll()]
            running = [pair for pair in running if pair not in ended]
            for index, child in ended:
                yield index, child.result
            if not ended:
                time.sleep(0.02)
    finally:
        for _, child in running:
            child.stop()


class _Child:
    def __init__(self, work: Work, seconds: float) -> None:
        self.start = time.monotonic()
        self.limit = seconds
        self.pipe, told = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.pipe)
            most = math.ceil(seconds)
            resource.setrlimit(resource.RLIMIT_CPU, (most, most + 1))
            _work(work, told)
        os.close(told)

    def poll(self) -> bool:
        """Whether it has ended, by itself or because its time is up."""
        done, status = os.waitpid(self.pid, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            self._end(None if code in (-signal.SIGXCPU, -signal.SIGKILL) else code)
        elif time.monotonic() - self.start > PATIENCE * self.limit:
            self.stop()
            self._end(None)
        else:
            return False
        return True

    def stop(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)

    def _end(self, code: int | None) -> None:
        # What a pipe holds is enough for a message; a grandchild may keep it open.
        os.set_blocking(self.pipe, False)
        message = b""
        with contextlib.suppress(BlockingIOError):
            message = os.read(self.pipe, 1 << 16)
        os.close(self.pipe)
        self.result = Result(code, message.decode(), time.monotonic() - self.start)


def _work(work: Work, told: int) -> None:
    code, heard = BROKEN, os.dup(2)
    try:
        silence = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(silence, stream)
        with open(os.devnull, "w") as null:
            sys.stdout = sys.stderr = null
            code = work(lambda message: _write(told, message))
    except BaseException:
        os.write(heard, traceback.format_exc().encode())
    finally:
        os._exit(code)


def _write(pipe: int, message: str) -> None:
    os.write(pipe, message.encode()[: 1 << 12])
