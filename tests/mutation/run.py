"""Run a target's tests with a mutant in place, in a process of its own.

A process is forked from one that has imported everything and compiled nothing, so a mutant costs
its tests and no start; as many run side by side as are asked for. A first run, without a mutant,
finds the sites, and which tests reach them. A mutant meets the tests that noticed others of its
kind and line first, then those that reach its line, then those that use a circuit which another
test compiled; quickest first, and those that take long last of all. The first that fails ends it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests import checks
from tests.mutation import sites
from tests.mutation.children import BROKEN, Result, Work, results
from tests.mutation.mutants import Mutant
from tests.mutation.targets import Target
from zk.compiler.frontend import ConstraintSystem

#: Verdicts. A mutant that stops the run is not one that a test noticed.
NOTICED, SURVIVED, TIMED_OUT = "noticed", "survived", "timed out"
#: Seconds of work above which a test waits for all the others.
LONG = 2.0


@dataclass
class Baseline:
    """What the tests do without a mutant."""

    counts: dict[str, int] = field(default_factory=dict)  # site -> most occurrences in a system
    reached: dict[str, list[str]] = field(default_factory=dict)  # site -> tests
    seconds: dict[str, float] = field(default_factory=dict)  # test -> its work
    failed: list[str] = field(default_factory=list)

    def order(self, site: str, first: Sequence[str], last: Sequence[str]) -> list[str]:
        """The tests, in the order in which a mutant of a site meets them.

        `first` are tests, `last` the beginnings of some.
        """
        reach = set(self.reached[site])

        def place(test: str) -> tuple[bool, bool, bool, bool, float]:
            took = self.seconds[test]
            late = test.startswith(tuple(last))
            return late, test not in first, took > LONG, test not in reach, took

        return sorted(self.seconds, key=place)


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant, by which test, in how many seconds."""

    verdict: str
    test: str
    seconds: float


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
        self.test, self.start = "", 0.0
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
        self.test, self.start = nodeid, time.process_time()

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self.found.seconds[nodeid] = time.process_time() - self.start

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self.found.failed.append(report.nodeid)


class _Witness:
    """A plugin: says which test failed."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self.tell = tell

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self.tell(report.nodeid)


def baselines(
    targets: Sequence[Target], seconds: float, jobs: int, quick: bool = False
) -> list[Baseline]:
    """The sites of each target, and the tests that reach them; of its quick tests alone, or all."""

    def work(target: Target, out: Path) -> Work:
        def run(_: Callable[[str], None]) -> int:
            recorder = _Recorder(target)
            only = (quick and target.quick) or target.only
            code = _pytest(target.tests, [recorder], ["-k", only])
            out.write_text(json.dumps(vars(recorder.found)))
            return code

        return run

    with TemporaryDirectory() as place:
        outs = [Path(place) / f"{target.name}.json" for target in targets]
        works = [work(target, out) for target, out in zip(targets, outs, strict=True)]
        found = {}
        for index, result in results(works, seconds, jobs):
            name = targets[index].name
            if result.code is None:
                raise SystemExit(f"{name}: its tests take longer than {seconds:.0f} s")
            found[index] = known = Baseline(**json.loads(outs[index].read_text()))
            if known.failed:
                raise SystemExit(f"{name}: fails without a mutant: {known.failed[0]}")
    return [found[index] for index in range(len(targets))]


def verdicts(
    target: Target,
    mutants: Sequence[Mutant],
    known: Baseline,
    seconds: float,
    jobs: int,
    until: float,
    quick: bool = False,
) -> Iterator[tuple[int, Verdict]]:
    """Each mutant's number and verdict, as they come, until the time is up.

    With `quick`, `known` is of the quick tests; a mutant that they let pass meets the others too.
    """
    noticed: dict[tuple[str, str], list[str]] = {}

    def judging(mutant: Mutant) -> Work:
        def work(tell: Callable[[str], None]) -> int:
            # In the child: with what the others have shown by now.
            first = noticed.get(_alike(mutant), [])
            order = known.order(mutant.site, first, target.last)
            _mutate(mutant)
            code = _pytest(order, [_Witness(tell)], ["-x"])
            if code or not (quick and target.quick):
                return code
            return _pytest(target.tests, [_Witness(tell)], ["-x", "-k", target.only])

        return work

    works = [judging(mutant) for mutant in mutants]
    for index, result in results(works, seconds, jobs, until):
        mutant = mutants[index]
        verdict = _verdict(mutant, result)
        if verdict.test and verdict.verdict == NOTICED:
            noticed.setdefault(_alike(mutant), []).append(verdict.test)
        yield index, verdict


def _alike(mutant: Mutant) -> tuple[str, str]:
    return mutant.site, mutant.kind


def _mutate(mutant: Mutant) -> None:
    """Every system that is compiled from now on has the mutant."""
    os.environ["ZKMARGIN_CHECK_IR"] = ""  # the tests are asked, not the specification
    sites.on_finished(lambda cs: _applied(mutant, cs))
    cost = checks.Gadget.__init__

    def any_cost(self: Any, circuit: Any, count: int, integers: Any) -> None:
        cost(self, circuit, AnyCount(count), integers)

    checks.Gadget.__init__ = any_cost  # type: ignore[method-assign, assignment]


def _verdict(mutant: Mutant, result: Result) -> Verdict:
    if result.code not in (None, 0, 1, 2):  # 1: a test failed; 2: tests could not be collected
        raise AssertionError(f"the harness failed, {result.code}: {mutant}")
    verdict = TIMED_OUT if result.code is None else NOTICED if result.code else SURVIVED
    return Verdict(verdict, result.message, result.seconds)


def _applied(mutant: Mutant, cs: ConstraintSystem) -> None:
    """A mutant that cannot be made is the harness's fault, and no test's merit."""
    try:
        mutant.apply(cs)
    except BaseException:
        os._exit(BROKEN)


def _pytest(tests: Sequence[str], plugins: list[Any], options: list[str]) -> int:
    # Everything was imported beforehand, assertions as they are written.
    rewritten = ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
    options = [*options, *rewritten, "-q", "-p", "no:xdist", "-p", "no:cacheprovider"]
    return int(pytest.main([*options, *tests], plugins=plugins))
