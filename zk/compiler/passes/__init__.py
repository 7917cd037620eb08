"""Passes: what makes a constraint system smaller and leaves its satisfying set as it is.

    linear  wires that a linear constraint determines are substituted away
    fold    rows in which a factor is constant become linear constraints
    cse     the same product twice becomes one, but for a constant too; the same row twice as well
    dead    products that nothing reads, and what computed their operands alone

The set is the same on the wires that remain, inputs among them; wires that are gone are functions
of those (linear, cse) or free of any constraint (dead). No pass adds a row. Between two passes the
system obeys `zk.compiler.spec`.
"""

from __future__ import annotations

from collections.abc import Callable

from zk.compiler import spec
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.passes.cse import share_products
from zk.compiler.passes.dead import drop_dead
from zk.compiler.passes.fold import fold_constants
from zk.compiler.passes.linear import eliminate_linear

__all__ = ["drop_dead", "eliminate_linear", "fold_constants", "share_products", "simplify"]

#: What may make work for linear elimination, each with its name.
_FINDERS: tuple[tuple[str, Callable[[ConstraintSystem], bool]], ...] = (
    ("fold", fold_constants),
    ("cse", share_products),
)


def simplify(cs: ConstraintSystem, gone: set[int]) -> set[int]:
    """Run the passes after the first elimination, whose wires are `gone`, until none finds more.

    Returns all wires that are gone. Raises: CompileError where rows contradict each other.
    """
    gone = set(gone)
    found = True
    while found:
        found = False
        for name, find in _FINDERS:
            if find(cs):
                # Only now: a product that was moved to cs.linear had lost its instruction.
                gone |= eliminate_linear(cs)
                spec.check(cs, gone, f"after {name} and linear")
                found = True
    gone |= drop_dead(cs)
    spec.check(cs, gone, "after dead")
    return gone
