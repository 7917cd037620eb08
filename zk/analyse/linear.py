"""Gaussian elimination over Fr on the unknown wires of the equations.

The differences of two assignments satisfy every equation without its constant and its known
wires. A combination of equations in which one unknown wire is left, or whose unknown wires all
have ranges, proves as one equation would; the certificate has the combination's multipliers.

The rows are kept in reduced echelon form from one round to the next: a wire that becomes known
leaves every row, and a row that loses its pivot so gets another.
"""

from __future__ import annotations

from zk.analyse.facts import Range
from zk.analyse.propagate import Propagator, radix
from zk.field import R, inverse

_MOST_EQUATIONS = 6000
_MOST_TERMS = 400  # in one row, after fill-in

LC = dict[int, int]


class Echelon:
    """Equations with two unknown wires or more, reduced. `terms[i]` is over wires, `from_[i]` the
    multipliers of the equations' sources; `pivot[i]` occurs in no other row.
    """

    def __init__(self, p: Propagator) -> None:
        self._p = p
        self.terms: list[LC] = []
        self.from_: list[LC] = []
        self.pivot: list[int] = []
        self._row_of: dict[int, int] = {}  # pivot -> row
        self._where: dict[int, set[int]] = {}  # wire -> rows that hold it
        rows = [i for i in range(len(p.system.equations)) if p.unknown_in(i) >= 2]
        if len(rows) > _MOST_EQUATIONS:
            return
        for i in sorted(rows, key=p.unknown_in):
            equation = p.system.equations[i]
            terms = {
                w: c
                for w, c in zip(equation.wires, equation.coeffs, strict=True)
                if not p.facts.known[w]
            }
            if len(terms) <= _MOST_TERMS:
                self._add(terms, {equation.source: 1})

    def learn(self) -> bool:
        """Drop what is known now, and prove what the rows prove; whether there was anything."""
        p, facts = self._p, self._p.facts
        for wire in [w for w in self._where if facts.known[w]]:
            for i in self._where.pop(wire):
                del self.terms[i][wire]
            row = self._row_of.pop(wire, None)
            if row is not None:
                self._choose(row)
        learnt = False
        for i, terms in enumerate(self.terms):
            if not terms or len(self.from_[i]) < 2:
                continue
            unknown = [w for w in terms if not facts.known[w]]
            if len(unknown) == 1:
                multiplier, zero = 1, unknown
            elif unknown and all(facts.range[w] is not None for w in unknown):
                found = radix([(w, terms[w], _span(facts.range[w])) for w in unknown])
                if found is None:
                    continue
                multiplier, zero = found
            else:
                continue
            combination = [[source, m] for source, m in self.from_[i].items()]
            p.steps.append(["sum", combination, multiplier, zero])
            for wire in zero:
                facts.set_known(wire)
            learnt = True
        return learnt

    def _add(self, terms: LC, multipliers: LC) -> None:
        for wire in [w for w in terms if w in self._row_of]:
            self._p.budget.spend()
            row = self._row_of[wire]
            factor = terms.get(wire)
            if factor:
                _subtract(terms, self.terms[row], factor)
                _subtract(multipliers, self.from_[row], factor)
        if not terms or len(terms) > _MOST_TERMS:
            return
        row = len(self.terms)
        self.terms.append(terms)
        self.from_.append(multipliers)
        self.pivot.append(0)
        for wire in terms:
            self._where.setdefault(wire, set()).add(row)
        self._choose(row)

    def _choose(self, row: int) -> None:
        """Give a row a pivot, and take it out of the other rows."""
        terms, where = self.terms[row], self._where
        if not terms:
            return
        ranges = self._p.facts.range
        pivot = min(terms, key=lambda w: (ranges[w] is not None, len(where[w]), w))
        over = inverse(terms[pivot])
        if over != 1:
            self.terms[row] = terms = {w: c * over % R for w, c in terms.items()}
            self.from_[row] = {s: m * over % R for s, m in self.from_[row].items()}
        self.pivot[row] = pivot
        self._row_of[pivot] = row
        for other in list(where[pivot]):
            if other == row:
                continue
            self._p.budget.spend()
            theirs = self.terms[other]
            factor = theirs[pivot]
            for wire in terms:
                where[wire].add(other)
            _subtract(theirs, terms, factor)
            _subtract(self.from_[other], self.from_[row], factor)
            for wire in terms:
                if wire not in theirs:
                    where[wire].discard(other)


def _span(bounds: Range | None) -> int:
    assert bounds is not None
    return bounds[1] - bounds[0]


def _subtract(target: LC, row: LC, factor: int) -> None:
    """target -= factor * row."""
    get = target.get
    for key, value in row.items():
        new = (get(key, 0) - factor * value) % R
        if new:
            target[key] = new
        else:
            target.pop(key, None)
