"""Membership of many values in one list: sort both together and count the runs.

Source: the sorting argument of reductions from RAMs (Ben-Sasson et al., "Fast Reductions
from RAMs to Delegatable Succinct Constraint Satisfaction Problems", ITCS 2013, section 2.3), with
the order proven by a permutation network (`circuits.networks`) and not by a challenge. Notation: N
values and members together, D members, z the same in the network's order.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from circuits.gadgets.compare import is_equal
from circuits.networks import permuted, switches
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.types import Bool, Field
from zk.compiler.types import bit as need_bit
from zk.errors import CompileError


def assert_all_members(
    cs: ConstraintSystem,
    values: Sequence[Field],
    members: Sequence[Field],
    crossed: Sequence[Bool],
) -> None:
    """Each of `values` equals one of `members`; `crossed` are the network's switches.

    The switches are the prover's to choose: `circuits.networks.sorting(values + members)`.

    Requires: members that are pairwise distinct, which no constraint here says: among k equal ones
    k - 1 foreign values would pass.   Cost: a constraint for each of `switches(N)` besides the
    range of its bit, and 2 (N - 1).
    """
    together = [Field(cs, x.lc) for x in (*values, *members)]
    if len(crossed) != switches(len(together)):
        raise CompileError(
            f"the network takes {switches(len(together))} bits, not {len(crossed)}",
            cs.source_line(),
        )
    bits = iter(crossed)

    def switch(a: Field, b: Field) -> tuple[Field, Field]:
        upper = a + Field(cs, need_bit(cs, next(bits), "a switch").lc) * (b - a)
        return upper, a + b - upper

    z = permuted(together, switch)
    # z holds the D distinct members, so it has at least D runs of equal neighbours, and D alone
    # only if equal values stand together and none is foreign. N is far below R: no sum wraps.
    starts = cs.constant(1)
    for before, after in pairwise(z):
        starts = starts + ~is_equal(cs, after, before)
    cs.assert_equal(starts, len(members))
