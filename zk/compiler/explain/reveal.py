"""A constraint with the values of its signals: for the owner of a witness, on the owner's screen.

What is made here holds secrets. It is made only where somebody asked for it, `check --reveal` or
a call in Python, and its repr shows none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from zk.compiler.compiled import CompiledCircuit
from zk.compiler.explain.words import Words
from zk.field import Limbs, R, from_limbs, signed

_FEW = 12  # signals of a constraint: all are shown
_MOST = 40  # of a long one


@dataclass(frozen=True)
class RevealedRow:
    """A constraint and the values in it, read in (-R/2, R/2). Secret."""

    row: int
    formula: str
    signals: dict[str, int] = field(repr=False)
    sides: tuple[int, int, int] = field(repr=False)  # A, B and C
    rest: int | None = field(repr=False)  # A without the bits of a decomposition, if it has some

    def lines(self) -> list[str]:
        """In words; of a long constraint the signals that are 0 are only counted."""
        few = len(self.signals) <= _FEW
        shown = {name: value for name, value in self.signals.items() if few or value}
        first = list(shown.items())[:_MOST]
        width = max((len(name) for name, _ in first), default=0)
        a, b, c = self.sides
        lines = [f"constraint {self.row}: {self.formula}"]
        lines += [f"  {name:<{width}}  {value}" for name, value in first]
        if len(first) < len(shown):
            lines.append(f"  ... and {len(shown) - len(first)} more signals")
        if len(shown) < len(self.signals):
            lines.append(f"  ... and {len(self.signals) - len(shown)} signals that are 0")
        if self.rest is not None:
            lines.append(f"  A without its bits is {self.rest}")
        return [*lines, f"  A * B = ({a}) * ({b}), C = {c}"]

    def fields(self) -> dict[str, Any]:
        """As JSON, every signal and every number a text."""
        return {
            "row": self.row,
            "formula": self.formula,
            "signals": {name: str(value) for name, value in self.signals.items()},
            "without_bits": None if self.rest is None else str(self.rest),
            **{side: str(value) for side, value in zip("abc", self.sides, strict=True)},
        }


def reveal(circuit: CompiledCircuit, witness: Limbs, row: int) -> RevealedRow:
    """The constraint `row` with the values that `witness` has in it."""
    words = Words(circuit)
    sides = words.sides(row)
    wires = sorted({0}.union(*sides))
    values = dict(zip(wires, from_limbs(witness[wires]), strict=True))
    terms = [words.terms(lc) for lc in sides]
    # A range check is of the form value - bits: what it bounds is the rest.
    bounded = [term for term in terms[0] if not term.is_number]
    rest = signed(sum(term.coefficient * term.value(values) for term in bounded) % R)
    a, b, c = (signed(sum(k * values[wire] for wire, k in lc.items()) % R) for lc in sides)
    return RevealedRow(
        row,
        words.row(row),
        {t.label: t.value(values) for side in terms for t in side if not t.is_constant},
        (a, b, c),
        rest if len(bounded) < len(terms[0]) else None,
    )
