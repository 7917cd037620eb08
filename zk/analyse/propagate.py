"""Rules applied until nothing changes; each application is one step of the certificate.

Notation: d(w) is the difference of a wire between two satisfying assignments with equal inputs,
zero where the wire is known; |d(w)| <= hi - lo where it has a range. An equation says
sum(c_i d(w_i)) = 0 in Fr.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from zk.analyse.facts import HALF, Facts, Range, times
from zk.analyse.limits import Budget
from zk.analyse.products import ProductRules
from zk.analyse.roots import cached_inverse
from zk.analyse.system import System
from zk.field import R

Step = list[Any]

_REFINEMENTS = 10  # of one wire's range: a chain of comparisons could go on for 2^64
_SMALL = 6  # wires in an equation whose ranges are refined in both directions


class Propagator:
    """The facts about one system, its queue of work, and the steps taken."""

    def __init__(self, system: System, budget: Budget) -> None:
        self.system = system
        self.budget = budget
        self.steps: list[Step] = []
        self.facts = Facts(system.wires, self._changed)
        self.products = ProductRules(self)
        self._refined = bytearray(system.wires)
        # Counters of each equation: wires not known, wires without range, wires with neither.
        self._unknown = [len(e.wires) for e in system.equations]
        self._rangeless = list(self._unknown)
        self._loose = list(self._unknown)
        self.tried: set[tuple[int, frozenset[int]]] = set()  # splits: a wire, its values
        self._fresh = bytearray([1]) * len(system.equations)  # a range changed since last time
        self._failed: dict[int, int] = {}  # equation whose sum can wrap -> its unknown wires
        self._moved = bytearray(len(system.equations))  # a range changed since it failed
        self._counted_known = bytearray(system.wires)
        self._counted_range = bytearray(system.wires)
        self._equations: deque[int] = deque()
        self._todo: deque[int] = deque()
        self._queued_equations = bytearray(len(system.equations))
        self._queued_products = bytearray(len(system.products))

    def start(self, inputs: list[int]) -> None:
        """The inputs are given; every rule is tried once."""
        for wire in inputs:
            self.facts.set_known(wire)
        for i in range(len(self.system.equations)):
            self._queue_equation(i)
        for i in range(len(self.system.products)):
            self._queue_product(i)

    def run(self, most: int | None = None) -> bool:
        """Apply rules until none applies, or `most` were tried; whether none applies."""
        done = 0
        while not self.facts.false and (self._equations or self._todo):
            self.budget.spend()
            if most is not None and done >= most:
                return False
            done += 1
            if self._equations:
                i = self._equations.popleft()
                self._queued_equations[i] = 0
                self._equation(i)
            else:
                i = self._todo.popleft()
                self._queued_products[i] = 0
                self.products.apply(i)
        return True

    def retry(self) -> bool:
        """Look again at the equations whose sums could wrap: others may be known by now."""
        failed = [
            i
            for i, unknown in self._failed.items()
            if self._unknown[i] and (self._unknown[i] != unknown or self._moved[i])
        ]
        before = self.facts.mark()
        for i in failed:
            del self._failed[i]
            if not self._queued_equations[i]:
                self._queue_equation(i)
        self.run()
        return self.facts.mark() > before

    def clear(self) -> None:
        """Forget the work that waits: what a case that was left had queued."""
        for i in self._equations:
            self._queued_equations[i] = 0
        for i in self._todo:
            self._queued_products[i] = 0
        self._equations.clear()
        self._todo.clear()

    def undo(self, mark: int) -> None:
        self.facts.undo(mark, self._forgotten)
        self.clear()

    def unknown_in(self, equation: int) -> int:
        return self._unknown[equation]

    # Facts, each with its step -----------------------------------------------------------------

    def known(self, wire: int, step: Step) -> None:
        if not self.facts.known[wire]:
            self.steps.append(step)
            self.facts.set_known(wire)

    def range(self, wire: int, found: Range, step: Step) -> None:
        """Keep a range if it says more than what is known."""
        if found[1] - found[0] >= R - 1:
            return
        old = self.facts.range[wire]
        if old is not None:
            if self._refined[wire] >= _REFINEMENTS and found[0] != found[1]:
                return
            if old[0] == old[1] and found[0] == found[1] and (old[0] - found[0]) % R == 0:
                return
        at = len(self.steps)
        self.steps.append(step)
        if self.facts.set_range(wire, found):
            self._refined[wire] = min(255, self._refined[wire] + 1)
        else:
            del self.steps[at:]

    def exclude(self, wire: int, value: int, step: Step) -> None:
        at = len(self.steps)
        self.steps.append(step)
        if not self.facts.exclude(wire, value):
            del self.steps[at:]

    def contradiction(self, step: Step) -> None:
        self.steps.append(step)
        self.facts.set_false()

    # Bookkeeping -------------------------------------------------------------------------------

    def _changed(self, wire: int, ranged: bool) -> None:
        system = self.system
        now_known = self.facts.known[wire] and not self._counted_known[wire]
        now_range = self.facts.range[wire] is not None and not self._counted_range[wire]
        if now_known or now_range:
            loose = not (self._counted_known[wire] or self._counted_range[wire])
            for i in system.in_equations[wire]:
                self._unknown[i] -= bool(now_known)
                self._rangeless[i] -= bool(now_range)
                self._loose[i] -= loose
            self._counted_known[wire] |= bool(now_known)
            self._counted_range[wire] |= bool(now_range)
        for i in system.in_equations[wire]:
            if ranged:
                self._fresh[i] = self._moved[i] = 1
            if not self._queued_equations[i] and (
                self._unknown[i] == 1
                or (ranged and self._rangeless[i] <= 1)
                or (self._loose[i] == 0 and self._unknown[i] > 1)
            ):
                self._queue_equation(i)
        for i in system.in_products[wire]:
            if not self._queued_products[i]:
                self._queue_product(i)

    def _forgotten(self, kind: str, wire: int, old: object) -> None:
        known = kind == "known"
        ranged = kind == "range" and old is None
        if not (known or ranged):
            return
        if known:
            self._counted_known[wire] = 0
        else:
            self._counted_range[wire] = 0
        loose = not (self._counted_known[wire] or self._counted_range[wire])
        for i in self.system.in_equations[wire]:
            self._unknown[i] += known
            self._rangeless[i] += ranged
            self._loose[i] += loose

    def _queue_equation(self, i: int) -> None:
        self._queued_equations[i] = 1
        self._equations.append(i)

    def _queue_product(self, i: int) -> None:
        self._queued_products[i] = 1
        self._todo.append(i)

    # Equations ---------------------------------------------------------------------------------

    def _equation(self, i: int) -> None:
        equation, facts = self.system.equations[i], self.facts
        source = equation.source
        fresh, self._fresh[i] = self._fresh[i], 0
        if fresh and self._rangeless[i] == 0:
            self._bound_all(i)
        elif fresh and self._rangeless[i] == 1:
            target = next(j for j, w in enumerate(equation.wires) if facts.range[w] is None)
            self._bound(i, target)
        if facts.false:
            return
        unknown = self._unknown[i]
        if unknown == 1:
            # One difference is left, and its coefficient is not zero.
            wire = next(w for w in equation.wires if not facts.known[w])
            self.known(wire, ["known", source, wire])
        elif unknown >= 2 and self._loose[i] == 0:
            self._radix(i)

    def _bound_all(self, i: int) -> None:
        """Every wire has a range: the sum must be able to vanish; small equations refine."""
        equation, facts = self.system.equations[i], self.facts
        lo = hi = equation.constant - R if equation.constant > HALF else equation.constant
        for wire, coefficient in zip(equation.wires, equation.coeffs, strict=True):
            bounds = facts.range[wire]
            assert bounds is not None
            part = times(coefficient, bounds)
            lo, hi = lo + part[0], hi + part[1]
        if hi - lo < R - 1 and -(-lo // R) * R > hi:
            self.contradiction(["empty", equation.source])
        elif len(equation.wires) <= _SMALL:
            for j in range(len(equation.wires)):
                if not facts.false:
                    self._bound(i, j)

    def _bound(self, i: int, target: int) -> None:
        """The range of one wire from those of the others."""
        equation, facts = self.system.equations[i], self.facts
        over = -cached_inverse(equation.coeffs[target]) % R
        constant = over * equation.constant % R
        lo = hi = constant - R if constant > HALF else constant
        for j, (wire, coefficient) in enumerate(zip(equation.wires, equation.coeffs, strict=True)):
            if j != target:
                bounds = facts.range[wire]
                assert bounds is not None
                part = times(over * coefficient % R, bounds)
                lo, hi = lo + part[0], hi + part[1]
                if hi - lo >= R - 1:
                    return
        wire = equation.wires[target]
        self.range(wire, (lo, hi), ["range", equation.source, wire, lo, hi])

    def _radix(self, i: int) -> None:
        """Differences too small to cancel: sum(c d) is an integer equation where it cannot wrap.

        A difference is zero if its coefficient exceeds all that the smaller ones can reach.
        """
        equation, facts = self.system.equations[i], self.facts
        terms = []
        for wire, coefficient in zip(equation.wires, equation.coeffs, strict=True):
            bounds = facts.range[wire]
            if not facts.known[wire] and bounds is not None:
                terms.append((wire, coefficient, bounds[1] - bounds[0]))
        failed_with = self._failed.get(i)
        if failed_with is not None and len(terms) > max(12, failed_with - 8):
            return  # `retry` comes back to it
        found = radix(terms)
        if found is None:
            self._failed[i] = len(terms)
            self._moved[i] = 0
        else:
            multiplier, wires = found
            new = [wire for wire in wires if not facts.known[wire]]
            self.steps.append(["radix", equation.source, multiplier, new])
            for wire in new:
                facts.set_known(wire)


def radix(terms: list[tuple[int, int, int]]) -> tuple[int, list[int]] | None:
    """(multiplier, wires whose difference is zero) of (wire, coefficient, span) terms."""
    tried: set[int] = set()
    for _, lead, _ in [(0, 1, 0), *terms]:
        if lead in tried or R - lead in tried:
            continue
        tried.add(lead)
        # Scaled so that this coefficient is 1: circuits have sums of 2^i b_i / 2^k.
        multiplier = cached_inverse(lead)
        integer = []
        reach = 0
        for wire, coefficient, span in terms:
            c = coefficient * multiplier % R
            c = c if c < HALF else R - c
            reach += c * span
            if reach >= R:
                break
            integer.append((c, span, wire))
        else:
            # From the largest down: it exceeds what all below it reach.
            integer.sort()
            zero: list[int] = []
            for c, span, wire in reversed(integer):
                reach -= c * span
                if c <= reach:
                    break
                zero.append(wire)
            if zero:
                return multiplier, zero
    return None
