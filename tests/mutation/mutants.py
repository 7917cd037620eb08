"""A mutant: a site, a kind of change, and which of the site's occurrences is changed.

    drop         the constraint is not there; a product's wire is then a value that nothing binds
    coefficient  one coefficient is one more
    swap         one wire is another one

A changed product still computes what its row says, and reads wires that are defined before it, so
that the witness program is one that the compiler could have written.
"""

from __future__ import annotations

import random
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from tests.mutation.names import name_of, rank
from tests.mutation.sites import Occurrence, sites_of
from zk.compiler.frontend import ConstraintSystem, Rows
from zk.compiler.passes.rows import combination, instructions, pool_rows
from zk.compiler.types import LinearCombination
from zk.compiler.witness import Op
from zk.field import R

KINDS = ("drop", "coefficient", "swap")
POSITIONS = ("first", "last", "drawn")


@dataclass(frozen=True, order=True)
class Mutant:
    """`position` is among POSITIONS; a site that occurs once has "first" alone.

    Another `draw` changes other terms and wires, and occurrences between first and last.
    """

    site: str
    kind: str
    position: str
    draw: int = 0

    def __str__(self) -> str:
        return f"{self.site}: {self.kind}, {self.position}"

    @property
    def name(self) -> str:
        """What the page calls it, and what is drawn for it goes by: it keeps it when lines move."""
        draw = f", draw {self.draw}" if self.draw else ""
        return f"{name_of(self.site)}: {self.kind}, {self.position}{draw}"

    def apply(self, cs: ConstraintSystem) -> bool:
        """Change a system that is written and not compiled; whether the site occurs in it."""
        occurrences = sites_of(cs).get(self.site)
        if not occurrences:
            return False
        rng = random.Random(f"{self.name} {len(occurrences)}")
        if self.position == "drawn":
            chosen = rng.choice(occurrences[1:-1] or occurrences)
        else:
            chosen = occurrences[0 if self.position == "first" else -1]
        _change(cs, chosen, self.kind, rng)
        return True


def mutants(counts: dict[str, int], draw: int = 0) -> list[Mutant]:
    """All of some sites, given how often each occurs in one system at most."""
    return [
        Mutant(site, kind, position, draw)
        for site, count in sorted(counts.items())
        for kind in KINDS
        for position in POSITIONS[: min(count, 3)]
    ]


def drawn(every: Sequence[Mutant], part: float, seed: str) -> list[Mutant]:
    """A part of some mutants, at least one; all of them in their own order."""
    if part >= 1:
        return list(every)
    ranked = sorted(range(len(every)), key=lambda i: rank(seed, every[i].name))
    return [every[i] for i in sorted(ranked[: max(1, round(part * len(every)))])]


def _change(cs: ConstraintSystem, occurrence: Occurrence, kind: str, rng: random.Random) -> None:
    what, index = occurrence
    if what == "linear":
        lc, origin = cs.linear[index]
        # A constraint that says nothing keeps the others' numbers.
        cs.linear[index] = ({} if kind == "drop" else _changed(kind, lc, cs.n_wires, rng)), origin
        return
    wire = _defined(cs, index)
    if kind == "drop":
        if wire is not None:
            _unbind(cs, index, wire)
        for rows in (cs.a, cs.b, cs.c):
            _replace(cs, rows, index, {})
        return
    # The C of a product is its wire: what changes is what is multiplied.
    matrices = [cs.a, cs.b] if wire is not None else [cs.a, cs.b, cs.c]
    lcs = [combination(cs, rows, index) for rows in matrices]
    # b (b - 1) and 2 b (b - 1) are 0 alike: a factor of one term is left alone where C is 0.
    scaled = not combination(cs, cs.c, index)
    able = [i for i, lc in enumerate(lcs) if (any(lc) if kind == "swap" else len(lc) > scaled)]
    if able:
        i = rng.choice(able)
        others = sorted({w for lc in lcs for w in lc} - set(lcs[i]))
        below = cs.n_wires if wire is None else wire
        _replace(cs, matrices[i], index, _changed(kind, lcs[i], below, rng, others))


def _changed(
    kind: str,
    lc: LinearCombination,
    below: int,
    rng: random.Random,
    others: Sequence[int] = (),
) -> LinearCombination:
    lc = dict(lc)
    if kind == "coefficient":
        wire = rng.choice(sorted(lc))
        lc[wire] = (lc[wire] + 1) % R or 1
        return lc
    wire = rng.choice(sorted(w for w in lc if w))
    near = [w for w in (*range(wire - 1, 0, -1), *range(wire + 1, below)) if w not in lc][:1]
    candidates = [w for w in others if w] + near or [0]
    chosen = rng.choice(candidates)
    coefficient = lc.pop(wire)
    # The constant is the last resort; it may be there already.
    lc[chosen] = (lc.get(chosen, 0) + coefficient) % R
    return {w: k for w, k in lc.items() if k}


def _defined(cs: ConstraintSystem, row: int) -> int | None:
    """The wire that a row defines."""
    for at in range(0, len(cs.code), 5):
        if cs.code[at] == Op.ROW and cs.code[at + 3] == row:
            return cs.code[at + 1]
    return None


def _unbind(cs: ConstraintSystem, row: int, wire: int) -> None:
    """The wire becomes a hint with the product's value."""
    # After the last that an instruction reads: those at the end are what a test returned.
    at = max(pool_rows(instructions(cs)).tolist(), default=-1) + 1
    cs.pool[at:at] = [combination(cs, rows, row) for rows in (cs.a, cs.b)]
    operands = at, at + 1
    at = next(
        at for at in range(0, len(cs.code), 5) if cs.code[at] == Op.ROW and cs.code[at + 3] == row
    )
    cs.code[at : at + 5] = array("I", (Op.MUL, wire, 1, *operands))
    cs.hint_origins[wire] = cs.row_origin[row]


def _replace(cs: ConstraintSystem, rows: Rows, index: int, lc: LinearCombination) -> None:
    start, end = rows.offsets[index], rows.offsets[index + 1]
    wires = sorted(lc)
    rows.wires[start:end] = array("I", wires)
    rows.coeffs[start:end] = array("I", [cs.coefficient(lc[wire]) for wire in wires])
    shift = len(wires) - (end - start)
    if shift:
        for i in range(index + 1, len(rows.offsets)):
            rows.offsets[i] += shift
