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
from zk.errors import CompileError


def assert_all_members(
    cs: ConstraintSystem,
    values: Sequence[Field],
    members: Sequence[Field],
    crossed: Sequence[Field],
) -> None:
    """Each of `values` equals one of `members`; `crossed` are the network's switches.

    Of each switch it has the bit that says whether it crosses, a Bool, or the value that leaves it
    above, any other Field: one row where a bit takes two, that of its range with it. Both are the
    prover's to choose: `circuits.networks.sorting(values + members)`, and `above` of that.

    Requires: members that are pairwise distinct, which no constraint here says: among k equal ones
    k - 1 foreign values would pass.   Cost: a constraint for each of `switches(N)` besides the
    range of its bit, if it is one, and 2 (N - 1).
    """
    together = [Field(cs, x.lc) for x in (*values, *members)]
    if len(crossed) != switches(len(together)):
        raise CompileError(
            f"the network takes {switches(len(together))} switches, not {len(crossed)}",
            cs.source_line(),
        )
    settings = iter(crossed)

    def switch(a: Field, b: Field) -> tuple[Field, Field]:
        setting = next(settings)
        if isinstance(setting, Bool):
            upper = a + Field(cs, setting.lc) * (b - a)
        else:
            # Fr has no zero divisors: what is above is a or b, and the other one is below.
            upper = Field(cs, setting.lc)
            cs.assert_product(upper - a, upper - b, 0)
        return upper, a + b - upper

    z = permuted(together, switch)
    # z holds the D distinct members, so it has at least D runs of equal neighbours, and D alone
    # only if equal values stand together and none is foreign. N is far below R: no sum wraps.
    starts = cs.constant(1)
    for before, after in pairwise(z):
        starts = starts + ~is_equal(cs, after, before)
    cs.assert_equal(starts, len(members))
