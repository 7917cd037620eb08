"""What a piece of work costs, told so that a busy machine changes little: its processor time.

A clock on the wall counts what other processes do too. Processor time is this process's and that of
the children it has waited for; the least of some runs is the one that caches and a shared core
disturbed least.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Clock:
    """The seconds that a body used, once it has ended."""

    seconds: float = 0.0


@contextmanager
def stopwatch() -> Iterator[Clock]:
    clock, before = Clock(), _used()
    yield clock
    clock.seconds = _used() - before


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """The body takes less, or the test fails."""
    with stopwatch() as clock:
        yield
    assert clock.seconds < seconds, f"{clock.seconds:.2f} s"


def processor_seconds(work: Callable[[], object], runs: int) -> float:
    """The least of so many runs."""
    found = []
    for _ in range(runs):
        with stopwatch() as clock:
            work()
        found.append(clock.seconds)
    return min(found)


def _used() -> float:
    user, system, children_user, children_system, _ = os.times()
    return user + system + children_user + children_system
