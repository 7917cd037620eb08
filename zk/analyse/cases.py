"""Case splits: what holds whether a known factor is zero or not holds always.

A wire t that any two assignments agree on puts both into the same case t = v or t != v. The values
v tried are those at which a factor of a stuck product vanishes. A case that contradicts itself
does not occur.
"""

from __future__ import annotations

from zk.analyse.facts import HALF, Range
from zk.analyse.linear import Echelon
from zk.analyse.products import nonzero
from zk.analyse.propagate import Propagator, Step
from zk.analyse.squares import refute
from zk.field import R

_MOST_VALUES = 40  # cases of one wire
_MOST_RULES = 3000  # applied inside one case
_LARGE = 20_000  # wires of a system in which a case is left earlier, and tried once
_FEW_RULES = 500

Outcome = tuple[set[int], dict[int, Range], dict[int, set[int]]]


def split_cases(p: Propagator, depth: int = 1) -> bool:
    """Try every candidate; whether anything was learnt."""
    learnt = False
    tried = p.tried if p.system.wires > _LARGE else set()
    progress = True
    while progress and not p.facts.false:
        progress = False
        for wire, values in candidates(p):
            key = (wire, frozenset(values))
            if key in tried:
                continue
            tried.add(key)
            p.budget.look()
            if split(p, wire, sorted(values), depth):
                learnt = progress = True
                p.run()
                if p.facts.false:
                    break
    return learnt


def candidates(p: Propagator) -> list[tuple[int, set[int]]]:
    """(known wire, the values at which it makes a stuck product's factor vanish)."""
    facts = p.facts
    found: dict[int, set[int]] = {}
    for product in p.system.products:
        for f, g in ((product.f, product.g), (product.g, product.f)):
            if (
                f.scale
                and facts.known[f.wire]
                and not facts.known[g.wire]
                and facts.value(f.wire) is None
                and not nonzero(facts, f)
            ):
                found.setdefault(f.wire, set()).add(f.root())
    return [(wire, values) for wire, values in found.items() if len(values) <= _MOST_VALUES]


def split(p: Propagator, wire: int, values: list[int], depth: int) -> bool:
    """Prove facts in every case of one wire, and keep those that hold in all; whether any."""
    facts = p.facts
    outer = p.steps
    most = _FEW_RULES if p.system.wires > _LARGE else _MOST_RULES
    bounds = facts.range[wire]
    if bounds is not None and bounds[1] - bounds[0] < 3:
        values = sorted({x % R for x in range(bounds[0], bounds[1] + 1)})
    values = [value for value in values if not facts.differs(wire, value)]
    covered = bounds is not None and bounds[1] - bounds[0] + 1 <= len(values)
    branches: list[list[Step]] = []
    outcomes: list[Outcome | None] = []
    for value in [*values, *([] if covered else [None])]:
        mark = facts.mark()
        p.steps = []
        try:
            if value is None:
                for other in values:
                    facts.exclude(wire, other)
            else:
                x = value - R if value > HALF else value
                facts.set_range(wire, (x, x))
            p.run(most)
            if value is not None and not facts.false:
                refute(p, wire)
            if depth > 1 and not facts.false:
                split_cases(p, depth - 1)
            if not facts.false and depth > 1 and Echelon(p).learn():
                p.run(most)
            outcomes.append(None if facts.false else _outcome(p, mark))
        finally:
            branches.append(p.steps)
            p.steps = outer
            p.undo(mark)
    kept = _common(p, outcomes, wire)
    if kept is None:
        p.contradiction(["split", wire, values, branches, covered, [], [], []])
        return True
    known, ranges, excluded = kept
    if not (known or ranges or excluded):
        return False
    p.steps.append(
        [
            "split",
            wire,
            values,
            branches,
            covered,
            sorted(known),
            [[w, *bounds] for w, bounds in sorted(ranges.items())],
            [[w, value] for w, value in sorted(excluded)],
        ]
    )
    for w, found in ranges.items():
        facts.set_range(w, found)
    for w, value in excluded:
        facts.exclude(w, value)
    for w in known:
        facts.set_known(w)
    return True


def _outcome(p: Propagator, mark: int) -> Outcome:
    known, others = p.facts.since(mark)
    ranges = {w: r for w in others if (r := p.facts.range[w]) is not None}
    excluded = {w: set(x) for w in others if (x := p.facts.excluded.get(w))}
    return known, ranges, excluded


def _common(
    p: Propagator, outcomes: list[Outcome | None], wire: int
) -> tuple[set[int], dict[int, Range], set[tuple[int, int]]] | None:
    """What every case that can occur has proved; None if none can occur."""
    real = [outcome for outcome in outcomes if outcome is not None]
    if not real:
        return None
    facts = p.facts
    known = set.intersection(*(outcome[0] for outcome in real))
    ranges: dict[int, Range] = {}
    for w in set.intersection(*(set(outcome[1]) for outcome in real)):
        lo = min(outcome[1][w][0] for outcome in real)
        hi = max(outcome[1][w][1] for outcome in real)
        old = facts.range[w]
        if hi - lo < R - 1 and (old is None or hi - lo < old[1] - old[0]):
            ranges[w] = (lo, hi)
    excluded = set()
    for w in set.intersection(*(set(o[2]) | set(o[1]) for o in real)):
        for value in set().union(*(o[2].get(w, set()) for o in real)):
            if not facts.differs(w, value) and all(_differs(o, w, value) for o in real):
                excluded.add((w, value))
    known = {w for w in known if not facts.known[w]}
    return known, ranges, excluded


def _differs(outcome: Outcome, wire: int, value: int) -> bool:
    if value in outcome[2].get(wire, ()):
        return True
    bounds = outcome[1].get(wire)
    return bounds is not None and bounds[0] + (value - bounds[0]) % R > bounds[1]
