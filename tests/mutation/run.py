"""Run a target's tests with a mutant in place, in a process of its own.

A process is forked from one that has imported everything and compiled nothing, so a mutant costs
its tests and no start. A first run, without a mutant, finds the sites, and which tests reach them;
a mutant meets those tests first, quickest first, and all the others only if they let it pass: some
use a circuit that another test compiled. The first that fails ends it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests import checks
from tests.mutation import sites
from tests.mutation.mutants import Mutant
from tests.mutation.targets import Target
from zk.compiler.frontend import ConstraintSystem

#: Verdicts. A mutant that stops the run is not one that a test noticed.
NOTICED, SURVIVED, TIMED_OUT = "noticed", "survived", "timed out"
BROKEN = 70  # a child's exit code: not the tests failed, but the harness


@dataclass
class Baseline:
    """What the tests do without a mutant."""

    counts: dict[str, int] = field(default_factory=dict)  # site -> most occurrences in a system
    reached: dict[str, list[str]] = field(default_factory=dict)  # site -> tests
    seconds: dict[str, float] = field(default_factory=dict)  # test -> its time
    failed: list[str] = field(default_factory=list)

    def order(self, site: str) -> tuple[list[str], list[str]]:
        """The tests that reach a site, quickest first, and the others."""
        reach = sorted(self.reached[site], key=lambda test: self.seconds[test])
        return reach, [test for test in self.seconds if test not in set(reach)]


class AnyCount(int):
    """The cost of a mutated gadget: equal to whatever is expected, neither above nor below."""

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    def __lt__(self, other: object) -> bool:
        return True

    __gt__ = __ge__ = __le__ = __lt__
    __hash__ = int.__hash__


class _Recorder:
    """A plugin: the sites of every system that a test compiles."""

    def __init__(self, target: Target) -> None:
        self.target, self.found = target, Baseline()
        self.test = ""
        sites.on_finished(self.record)

    def record(self, cs: ConstraintSystem) -> None:
        for site, occurrences in sites.sites_of(cs).items():
            if site.startswith(self.target.sources):
                known = self.found.counts.get(site, 0)
                self.found.counts[site] = max(known, len(occurrences))
                tests = self.found.reached.setdefault(site, [])
                if self.test not in tests:
                    tests.append(self.test)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.test = nodeid

    def pytest_runtest_logreport(self, report: Any) -> None:
        known = self.found.seconds.get(report.nodeid, 0.0)
        self.found.seconds[report.nodeid] = known + report.duration
        if report.failed:
            self.found.failed.append(report.nodeid)


def baseline(target: Target, seconds: float) -> Baseline:
    """The sites of a target, and the tests that reach them."""

    def work(out: Path) -> int:
        recorder = _Recorder(target)
        code = _pytest(list(target.tests), [recorder], [])
        out.write_text(json.dumps(vars(recorder.found)))
        return code

    with TemporaryDirectory() as place:
        out = Path(place) / "baseline.json"
        code = forked(lambda: work(out), seconds)
        if code is None:
            raise SystemExit(f"{target.name}: its tests take longer than {seconds:.0f} s")
        found = Baseline(**json.loads(out.read_text()))
    if found.failed:
        raise SystemExit(f"{target.name}: fails without a mutant: {found.failed[0]}")
    return found


def judge(mutant: Mutant, known: Baseline, seconds: float) -> str:
    """Whether the tests notice a mutant."""

    def work() -> int:
        os.environ["ZKMARGIN_CHECK_IR"] = ""  # the tests are asked, not the specification
        sites.on_finished(lambda cs: _applied(mutant, cs))
        cost = checks.Gadget.__init__

        def any_cost(self: Any, circuit: Any, count: int, integers: Any) -> None:
            cost(self, circuit, AnyCount(count), integers)

        checks.Gadget.__init__ = any_cost  # type: ignore[method-assign]
        first, others = known.order(mutant.site)
        code = _pytest(first, [], ["-x"])
        return code if code or not others else _pytest(others, [], ["-x"])

    code = forked(work, seconds)
    if code not in (None, 0, 1, 2):  # 1: a test failed; 2: tests could not be collected
        raise AssertionError(f"the harness failed, {code}: {mutant}")
    return TIMED_OUT if code is None else NOTICED if code else SURVIVED


def _applied(mutant: Mutant, cs: ConstraintSystem) -> None:
    """A mutant that cannot be made is the harness's fault, and no test's merit."""
    try:
        mutant.apply(cs)
    except BaseException:
        os._exit(BROKEN)


def _pytest(tests: list[str], plugins: list[Any], options: list[str]) -> int:
    # Everything was imported beforehand, assertions as they are written.
    rewritten = ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
    options = [*options, *rewritten, "-q", "-p", "no:xdist", "-p", "no:cacheprovider"]
    return int(pytest.main([*options, *tests], plugins=plugins))


def forked(work: Callable[[], int], seconds: float) -> int | None:
    """work()'s result in a child process, silent; None if it had to be stopped."""
    child = os.fork()
    if child == 0:
        code, heard = BROKEN, os.dup(2)
        try:
            silence = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(silence, stream)
            with open(os.devnull, "w") as null:
                sys.stdout = sys.stderr = null
                code = work()
        except BaseException:
            os.write(heard, traceback.format_exc().encode())
        finally:
            os._exit(code)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def verdicts(
    mutants: list[Mutant], known: Baseline, seconds: float, until: float
) -> Iterator[tuple[Mutant, str]]:
    """Each mutant with its verdict, until the time is up."""
    for mutant in mutants:
        if time.monotonic() > until:
            return
        yield mutant, judge(mutant, known, seconds)
