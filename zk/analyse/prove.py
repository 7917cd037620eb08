"""Proves that wires are determined by the inputs, and writes the certificate.

Rules are applied until none applies; then elimination, then case splits, and again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from zk.analyse.alias import find_aliases
from zk.analyse.cases import split_cases
from zk.analyse.checker import FORMAT, system_digest
from zk.analyse.limits import Budget, OutOfBudget
from zk.analyse.linear import Echelon
from zk.analyse.propagate import Propagator
from zk.analyse.system import System


@dataclass
class Proof:
    """What was proved: wires below n that are determined, and the steps."""

    propagator: Propagator
    inputs: list[int]
    stopped: str = ""  # the limit that was reached
    unknown: list[int] = field(default_factory=list)

    @property
    def unsatisfiable(self) -> bool:
        return self.propagator.facts.false

    def certificate(self) -> dict[str, Any]:
        system = self.propagator.system
        return {
            "format": FORMAT,
            "system": system_digest(system.r1cs),
            "inputs": self.inputs,
            "definitions": [[list(d.wires), list(d.coeffs)] for d in system.definitions],
            "steps": self.propagator.steps,
        }


def prove(
    system: System,
    inputs: list[int],
    budget: Budget,
    wires: bool = True,
    outputs: list[int] | None = None,
) -> Proof:
    """Every rule, until all wires are determined (only the outputs, unless `wires`), nothing more
    follows, or the budget is used.
    """
    goal = range(system.n) if wires or outputs is None else outputs
    p = Propagator(system, budget)
    proof = Proof(p, inputs)
    try:
        p.start(inputs)
        p.run()
        echelon: Echelon | None = None
        while not _done(p, goal):
            if p.retry():
                continue
            if p.products.solve() or find_aliases(p):
                continue
            if echelon is None:
                echelon = Echelon(p)
            if echelon.learn():
                p.run()
            elif not split_cases(p) and (system.wires > _SMALL or not split_cases(p, depth=2)):
                break
    except OutOfBudget as reached:
        proof.stopped = str(reached)
    if not p.facts.false:
        proof.unknown = [w for w in range(system.n) if not p.facts.known[w]]
    return proof


_SMALL = 60  # wires of a system in which cases inside cases are tried


def _done(p: Propagator, goal: Iterable[int]) -> bool:
    return p.facts.false or all(p.facts.known[w] for w in goal)
