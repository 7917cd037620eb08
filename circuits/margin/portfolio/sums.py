"""Sums of signals: of integers with their interval, of field elements without."""

from __future__ import annotations

from collections.abc import Sequence

from zk.compiler.frontend import ConstraintSystem
from zk.compiler.types import Field, Int


def total(cs: ConstraintSystem, terms: Sequence[Int]) -> Int:
    """The sum, 0 of nothing."""
    found: Int = cs.constant(0)
    for term in terms:
        found = found + term
    return found


def field_total(cs: ConstraintSystem, terms: Sequence[Field]) -> Field:
    """The same of elements; an integer among them counts as one."""
    found = Field(cs, {})
    for term in terms:
        found = found + Field(cs, term.lc)
    return found
