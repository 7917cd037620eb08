"""Where a circuit's constraints go: counts by obligation, gadget or source line, and their change.

Every row has one stack, a tuple of labels from the outside in: nested obligations, or the functions
of its gadget path, or its source line. A cost is counted twice over: `own`, of the rows with
exactly this stack, and `total`, of the rows below it as well. Own costs add up to the circuit.

A nonzero is a term of A, B or C; the prover's time and a key's size follow both counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from zk.compiler.compiled import CompiledCircuit
from zk.compiler.explain.names import collapse, row_of_terms, terms_of_rows
from zk.r1cs import R1CS, Matrix

Stack = tuple[str, ...]

#: What a profile can be taken by.
VIEWS = ("obligation", "gadget", "line")
UNNAMED, NO_GADGET = "(unnamed)", "(no gadget)"
_DEEPEST = 60  # labels of a stack: what lies deeper counts for the one above


@dataclass(frozen=True)
class Cost:
    """Rows, and the terms they hold."""

    constraints: int = 0
    nonzeros: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.constraints + other.constraints, self.nonzeros + other.nonzeros)

    def __sub__(self, other: Cost) -> Cost:
        return Cost(self.constraints - other.constraints, self.nonzeros - other.nonzeros)


@dataclass(frozen=True)
class Profile:
    """A circuit's costs by stack; `view` says what the labels are."""

    circuit: str
    view: str
    stacks: dict[Stack, Cost]

    @property
    def total(self) -> Cost:
        return sum(self.stacks.values(), Cost())


@dataclass(frozen=True)
class Line:
    """A line of a table: a label, how deep it stands, its own cost and with all below it."""

    label: str
    depth: int
    own: Cost
    total: Cost


@dataclass(frozen=True)
class Change:
    """What one stack's own cost was and is."""

    label: str
    before: Cost
    after: Cost

    @property
    def delta(self) -> Cost:
        return self.after - self.before


def profile(circuit: CompiledCircuit, view: str = "obligation", *, each: bool = False) -> Profile:
    """The costs by `view`, one of VIEWS.

    Obligations that differ in an index alone count as one, `position[*]`, unless `each`.
    """
    return profiles([circuit], view, each=each)[0]


def profiles(
    circuits: Iterable[CompiledCircuit], view: str, *, each: bool = False
) -> list[Profile]:
    """Profiles that can be compared: an index left out in one is left out in all."""
    taken = [(circuit, _stacks(circuit, view)) for circuit in circuits]
    if not each and view == "obligation":
        names = collapse(label for _, found in taken for stack in found for label in stack)
        taken = [
            (circuit, [tuple(names[label] for label in stack) for stack in found])
            for circuit, found in taken
        ]
    return [Profile(circuit.name, view, _sum(circuit, found)) for circuit, found in taken]


def flame(circuit: CompiledCircuit, view: str, *, each: bool = False) -> Profile:
    """The stacks of a flame graph: those of `view`, and below each the gadget path."""
    outer = _stacks(circuit, view)
    names = {label: label for stack in outer for label in stack}
    if not each and view == "obligation":
        names = collapse(names)
    stacks = [tuple(names[label] for label in stack) for stack in outer]
    if view != "gadget":
        stacks = [
            stack + gadgets
            for stack, gadgets in zip(stacks, _stacks(circuit, "gadget"), strict=True)
        ]
    return Profile(circuit.name, view, _sum(circuit, stacks))


def table(found: Profile) -> list[Line]:
    """The profile as lines, dearest first.

    Obligations are a tree, each before those nested in it. A gadget has one line however it was
    reached; its total has the rows emitted while it was on the stack.
    """
    if found.view == "gadget":
        return _by_function(found)
    lines: list[Line] = []
    totals: dict[Stack, Cost] = {}
    for stack, cost in found.stacks.items():
        for depth in range(1, len(stack) + 1):
            head = stack[:depth]
            totals[head] = totals.get(head, Cost()) + cost
    children: dict[Stack, list[Stack]] = {}
    for stack in totals:
        children.setdefault(stack[:-1], []).append(stack)

    def walk(parent: Stack) -> None:
        for stack in sorted(children.get(parent, []), key=lambda s: _dearest(totals[s], s[-1])):
            own = found.stacks.get(stack, Cost())
            lines.append(Line(stack[-1], len(stack) - 1, own, totals[stack]))
            walk(stack)

    walk(())
    return lines


def _by_function(found: Profile) -> list[Line]:
    own: dict[str, Cost] = {}
    total: dict[str, Cost] = {}
    for stack, cost in found.stacks.items():
        own[stack[-1]] = own.get(stack[-1], Cost()) + cost
        for name in set(stack):
            total[name] = total.get(name, Cost()) + cost
    names = sorted(total, key=lambda name: _dearest(total[name], name))
    return [Line(name, 0, own.get(name, Cost()), total[name]) for name in names]


def changes(before: Profile, after: Profile) -> list[Change]:
    """What differs between two profiles, the largest difference first. Deltas add up to the
    difference of the totals.
    """
    one, two = _own(before), _own(after)
    found = [
        Change(label, one.get(label, Cost()), two.get(label, Cost()))
        for label in dict.fromkeys((*one, *two))
    ]
    return sorted(
        (change for change in found if change.before != change.after),
        key=lambda c: (-abs(c.delta.constraints), -abs(c.delta.nonzeros), c.label),
    )


def _own(found: Profile) -> dict[str, Cost]:
    """Own costs by the label that a reader sees: a gadget's function, or the whole stack."""
    costs: dict[str, Cost] = {}
    for stack, cost in found.stacks.items():
        label = stack[-1] if found.view == "gadget" else " / ".join(stack)
        costs[label] = costs.get(label, Cost()) + cost
    return costs


@dataclass(frozen=True)
class Totals:
    """What any `.r1cs` tells of itself."""

    constraints: int
    linear: int  # rows whose A or B is constant
    nonzeros: tuple[int, int, int]  # of A, B and C
    wires: int
    public_inputs: int
    private_inputs: int
    domain_size: int


def totals(system: R1CS) -> Totals:
    """The counts of a system."""
    linear = _constant_rows(system.a) | _constant_rows(system.b)
    return Totals(
        system.n_constraints,
        int(linear.sum()),
        (len(system.a.wires), len(system.b.wires), len(system.c.wires)),
        system.n_wires,
        system.n_publics,
        system.n_private,
        system.domain_size,
    )


def _constant_rows(matrix: Matrix) -> npt.NDArray[np.bool_]:
    """Which rows hold no wire but the constant one."""
    varying = np.zeros(matrix.rows, dtype=bool)
    varying[row_of_terms(matrix)[matrix.wires != 0]] = True
    return ~varying


def _stacks(circuit: CompiledCircuit, view: str) -> list[Stack]:
    """The stack of each origin."""
    debug = circuit.debug
    if view == "line":
        return [(where or UNNAMED,) for _, where in debug.origins]
    if view == "gadget":
        paths = debug.gadgets or ("",) * len(debug.origins)
        return [_split(path, " > ") or (NO_GADGET,) for path in paths]
    return [_split(words, " / ") or (UNNAMED,) for words, _ in debug.origins]


def _split(text: str, separator: str) -> Stack:
    return tuple(text.split(separator)[:_DEEPEST]) if text else ()


def _sum(circuit: CompiledCircuit, stacks: list[Stack]) -> dict[Stack, Cost]:
    """The cost of each stack, given the stack of each origin."""
    r, rows = circuit.r1cs, circuit.debug.row_origin
    terms = terms_of_rows(r.a) + terms_of_rows(r.b) + terms_of_rows(r.c)
    constraints = np.bincount(rows, minlength=len(stacks))
    nonzeros = np.bincount(rows, weights=terms, minlength=len(stacks))
    costs: dict[Stack, Cost] = {}
    for stack, n, nnz in zip(stacks, constraints, nonzeros, strict=True):
        if n:
            costs[stack] = costs.get(stack, Cost()) + Cost(int(n), int(nnz))
    return costs


def _dearest(cost: Cost, label: str) -> tuple[int, int, str]:
    return -cost.constraints, -cost.nonzeros, label
