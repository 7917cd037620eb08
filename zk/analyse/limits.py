"""Time and memory that an analysis may take; both are asked for while it works."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator

try:
    import resource
except ImportError:  # Windows: no limit on memory there
    resource = None  # type: ignore[assignment]

_EVERY = 256  # questions between two looks at the clock
_MARGIN = 512 << 20  # bytes that the end of the work may need


class OutOfBudget(Exception):
    """Time or memory is used up: what has been proved so far stands, the rest is unknown."""


class Budget:
    """Counts work; raises OutOfBudget at the end of the seconds or of the memory.

    Memory is the process's peak, in bytes. `until` makes a shorter budget inside this one.
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
        if _peak() > self.memory:
            raise OutOfBudget("memory")

    def left(self) -> float:
        return self.end - time.monotonic()

    def until(self, seconds: float) -> Budget:
        """A budget of at most `seconds` of what is left."""
        return Budget(max(0.0, min(seconds, self.left())), self.memory)


def _peak() -> int:
    if resource is None:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


@contextlib.contextmanager
def capped_memory(memory: int) -> Iterator[None]:
    """The system refuses this process memory beyond `memory` and a margin, where it can."""
    if resource is None or not hasattr(resource, "RLIMIT_DATA"):
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = memory + _MARGIN
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
