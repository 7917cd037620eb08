"""Looks for two assignments with equal inputs and different outputs (or other wires).

A known factor of a stuck product is made zero, which leaves the other factor free; inputs are
drawn around it; then, with these inputs, a wire that was not proved to be determined is given
another value. A pair counts once both assignments satisfy every row of the R1CS.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from zk.analyse.concrete import Completion, Conflict
from zk.analyse.limits import Budget, OutOfBudget
from zk.analyse.products import nonzero
from zk.analyse.prove import Proof
from zk.analyse.quotients import Quotients
from zk.analyse.roots import quadratic_roots
from zk.analyse.system import System, rows_of
from zk.field import R
from zk.r1cs import R1CS

_TRIES = 12  # of a second assignment for one pair of inputs and wire
_DRAWS = 120  # of inputs for a quotient 0 / 0, before anything slow is tried
_ATTEMPT = 12.0  # seconds for one assignment


@dataclass(frozen=True)
class Pair:
    """Two assignments, equal on the inputs, different on `wire`; both satisfy every row."""

    first: list[int]
    second: list[int]
    wire: int


def find_pair(
    system: System,
    proof: Proof,
    targets: list[int],
    budget: Budget,
    witness: list[int] | None = None,
    seed: int = 1,
) -> Pair | None:
    """A pair that differs on one of the targets; None once the budget is used.

    With a witness, it is the first of the pair.
    """
    search = _Search(system, proof, targets, budget, random.Random(seed))
    try:
        return search.run() if witness is None else search.beside(witness)
    except OutOfBudget:
        return None


class _Search:
    def __init__(
        self, system: System, proof: Proof, targets: list[int], budget: Budget, rng: random.Random
    ) -> None:
        self.system = system
        self.inputs = proof.inputs
        self.targets = targets
        self.budget = budget
        self.rng = rng
        self.facts = proof.propagator.facts
        self.computed: dict[int, int] = {}  # a wire -> when it is computed from the inputs
        self.unknown = [w for w in range(system.n) if not self.facts.known[w]]

    def run(self) -> Pair | None:
        quotients = Quotients(self.system, self.inputs, self.facts.known, self.budget)
        self.computed = quotients.order
        for turn in range(400):
            # In the first turn only what a start leaves free is changed: that is quick.
            for start in self._starts(quick=turn == 0):
                self.budget.look()
                pair = self._from(start, quick=turn == 0)
                if pair is not None:
                    return pair
            enough = self.budget.left() / 2
            for _ in range(_DRAWS if turn == 0 else 2):
                if self.budget.left() < enough:
                    break
                for given, zero, free in quotients.draw(self.rng):
                    first = self._complete({**given, free: self.rng.randrange(R)}, [])
                    pair = None if first is None else self._second(first, zero, quick=True)
                    if pair is not None:
                        return pair
            if self.budget.left() <= 0:
                break
        return None

    def beside(self, witness: list[int]) -> Pair | None:
        """A pair of which this is the first."""
        system = self.system
        for wire, value in free_wires(system.r1cs, self.targets, witness).items():
            second = [*witness[:wire], value, *witness[wire + 1 :]]
            pair = Pair(witness, second, wire)
            if is_pair(system.r1cs, self.inputs, pair):
                return pair
        first = list(witness)
        for d in system.definitions:
            first.append(sum(c * witness[w] for w, c in zip(d.wires, d.coeffs, strict=True)) % R)
        for _ in range(400):
            found = self._second(first, {})
            if found is not None or self.budget.left() <= 0:
                return found
        return None

    def _starts(self, quick: bool) -> Iterator[dict[int, int]]:
        """Values to begin with: none, and each wire whose zero leaves another factor free; if
        `quick`, only divisors of what the inputs determine.
        """
        if not quick:
            yield {}
        facts = self.facts
        zeros: dict[tuple[int, int], tuple[bool, bool]] = {}
        for product in self.system.products:
            for f, g in ((product.f, product.g), (product.g, product.f)):
                if f.scale and not facts.known[g.wire] and not nonzero(facts, f):
                    rank = (not facts.known[product.h.wire], not facts.known[f.wire])
                    key = (f.wire, f.root())
                    zeros[key] = min(rank, zeros.get(key, rank))
        # First divisors that the inputs determine, of dividends that they do: theirs are the holes.
        for wire, value in sorted(zeros, key=zeros.__getitem__)[:60]:
            if not quick or not zeros[wire, value][0]:
                yield {wire: value}

    def _from(self, start: dict[int, int], quick: bool) -> Pair | None:
        first = self._complete(start, self._shuffled_inputs())
        return None if first is None else self._second(first, start, quick)

    def _second(self, first: list[int], start: dict[int, int], quick: bool = False) -> Pair | None:
        """Another assignment with these inputs; what the start leaves free is changed first."""
        given = {wire: first[wire] for wire in self.inputs}
        wires = self.targets if len(self.targets) <= 8 else self.rng.sample(self.targets, 8)
        meant = dict.fromkeys(self._freed(first, start))
        free = [w for w in self._freed(first, None) if w not in self.targets and w not in meant]
        every = [(w, self._others(w, first[w])) for w in [*meant, *free[:8], *wires]]
        tries = [(w, values[-1]) for w, values in every if values and w in meant]
        if quick and start:
            every = []
        tries += [(w, value) for w, values in every for value in values[: _TRIES // 2]]
        for wire, value in tries:
            second = self._complete({**given, wire: value}, [])
            if second is None:
                continue
            for target in self.targets:
                if first[target] != second[target]:
                    pair = Pair(first[: self.system.n], second[: self.system.n], target)
                    if is_pair(self.system.r1cs, self.inputs, pair):
                        return pair
        return None

    def _freed(self, first: list[int], start: dict[int, int] | None) -> list[int]:
        """Wires whose factor's other side is zero in this assignment: a side that the start made
        zero, or any.
        """
        freed = []
        if start is None:
            products = self.system.products
        else:
            at = sorted({i for wire in start for i in self.system.in_products[wire]})
            products = [self.system.products[i] for i in at]
        for product in products:
            for f, g in ((product.f, product.g), (product.g, product.f)):
                if (
                    f.scale
                    and (start is None or f.wire in start)
                    and not self.facts.known[g.wire]
                    and (f.scale * first[f.wire] + f.constant) % R == 0
                ):
                    freed.append(g.wire)
        return freed

    def _others(self, wire: int, value: int) -> list[int]:
        bounds = self.facts.range[wire]
        if bounds is not None and bounds[1] - bounds[0] < 4:
            return [x % R for x in range(bounds[0], bounds[1] + 1) if x % R != value]
        drawn = [0, 1, -value % R, self.rng.randrange(R)]
        return [x for x in dict.fromkeys(drawn) if x != value]

    def _shuffled_inputs(self) -> list[int]:
        order = list(self.inputs)
        if self.rng.random() < 0.5:
            self.rng.shuffle(order)
        return order

    def _complete(self, start: dict[int, int], first: list[int]) -> list[int] | None:
        order = [*self.unknown, *range(self.system.n, self.system.wires)]
        budget = self.budget.until(_ATTEMPT)
        attempt = Completion(
            self.system, self.facts.range, budget, self.rng, first, order, self.computed
        )
        try:
            for wire, value in start.items():
                attempt.give(wire, value)
            return attempt.complete()
        except Conflict:
            return None
        except OutOfBudget:
            self.budget.look()
            return None


def free_wires(r1cs: R1CS, wires: list[int], witness: list[int]) -> dict[int, int]:
    """Those of the wires that may have another value while no other wire changes, with one."""
    rows: dict[int, list[tuple[int, int, int, int, int, int]]] = {w: [] for w in wires}
    for lcs in rows_of(r1cs):
        touched = {w for lc in lcs for w in lc if w in rows}
        if touched:
            values = [sum(x * witness[w] for w, x in lc.items()) for lc in lcs]
            for w in touched:
                at_0 = [v - lc.get(w, 0) * witness[w] for v, lc in zip(values, lcs, strict=True)]
                slopes = [lc.get(w, 0) for lc in lcs]
                rows[w].append((at_0[0], slopes[0], at_0[1], slopes[1], at_0[2], slopes[2]))
    free = {}
    for w, found in rows.items():
        values = [(witness[w] + 1) % R, 0]
        for a, p, b, q, c, s in found:
            # (a + p x) (b + q x) = c + s x
            poly = (p * q, a * q + b * p - s, a * b - c)
            if poly[0] % R or poly[1] % R:
                values = quadratic_roots(*poly)
                break
        for x in values:
            if x != witness[w] and all(
                ((a + p * x) * (b + q * x) - c - s * x) % R == 0 for a, p, b, q, c, s in found
            ):
                free[w] = x
                break
    return free


def is_pair(r1cs: R1CS, inputs: list[int], pair: Pair) -> bool:
    """Whether both satisfy the rows, agree on the inputs, and differ on the wire."""
    return (
        pair.first[0] == pair.second[0] == 1
        and all(pair.first[w] == pair.second[w] for w in inputs)
        and pair.first[pair.wire] != pair.second[pair.wire]
        and satisfies(r1cs, pair.first)
        and satisfies(r1cs, pair.second)
    )


def satisfies(r1cs: R1CS, values: list[int]) -> bool:
    for row in rows_of(r1cs):
        a, b, c = (sum(x * values[w] for w, x in lc.items()) for lc in row)
        if (a * b - c) % R:
            return False
    return len(values) == r1cs.n_wires and all(0 <= x < R for x in values)
