"""Time and memory that an analysis may take; both are asked for while it works."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator

try:
    import resource
except ImportError:  # Windows: no limit on memory there
    resource = None  # type: ignore[assignment]

_EVERY = 256  # questions between two looks at the clock
_SHARE = 0.9  # of the memory at which the work ends: what is left is for the report


class OutOfBudget(Exception):
    """Time or memory is used up: what has been proved so far stands, the rest is unknown."""


class Budget:
    """Counts work; raises OutOfBudget at the end of the seconds or of the memory.

    Memory is what the process holds, in bytes. `until` makes a shorter budget inside this one.
    """

    def __init__(self, seconds: float, memory: int) -> None:
        self.end = time.monotonic() + seconds
        self.memory = memory
        self._asked = 0

    def spend(self) -> None:
        self._asked += 1
        if self._asked >= _EVERY:
            self.look()

    def look(self) -> None:
        self._asked = 0
        if time.monotonic() > self.end:
            raise OutOfBudget("time")
        if held() > _SHARE * self.memory:
            raise OutOfBudget("memory")

    def left(self) -> float:
        return self.end - time.monotonic()

    def until(self, seconds: float) -> Budget:
        """A budget of at most `seconds` of what is left."""
        return Budget(max(0.0, min(seconds, self.left())), self.memory)


def held() -> int:
    """Bytes in memory now; where the system does not say, the most so far."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        pass
    if resource is None:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def _reserved() -> int:
    """Bytes that count against RLIMIT_DATA now: more than are held, as threads reserve stacks."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[5]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return held()


@contextlib.contextmanager
def capped_memory(memory: int) -> Iterator[None]:
    """The system refuses this process memory beyond `memory`, where it can: a MemoryError."""
    if resource is None or not hasattr(resource, "RLIMIT_DATA"):
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = _reserved() + max(0, memory - held())
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
