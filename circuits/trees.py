"""Which tree is cheapest to open: arities and cap for a number of leaves and of openings.

Notation: n leaves, m openings in a circuit, a_i the arities from the leaves up, c = ceil(n / prod
a_i) the nodes of the cap, P(k) the constraints of a Poseidon of k private inputs, S(k) the switches
of a permutation network. The circuit costs

    m * (sum_i (P(a_i) + a_i - 1) + [an opening may be unused]) + cap(m, c) + sponge(c)

where the sponge hashes the cap once and the nodes are shown to stand in it one by one or all
together, `assert_member` or `assert_all_members` by values:

    cap(m, c) = m (c - 1)   or   S(m + c) + 2 (m + c - 1)

Since ceil(ceil(n / a) / b) = ceil(n / (a b)), the cheapest path to a cap of c nodes goes through
the cheapest ones to the caps below it: a search over the about 2 sqrt(n) values that ceil(n / k)
takes is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from circuits.networks import switches
from zk.errors import InputError
from zk.poseidon import FULL_ROUNDS, PARTIAL_ROUNDS, RATE

_ARITIES = range(2, RATE + 1)


@dataclass(frozen=True)
class TreePlan:
    """A tree for `leaves` leaves, of which a circuit opens `openings`."""

    leaves: int
    openings: int
    arities: tuple[int, ...]  # from the leaves up
    optional: bool = True  # whether an opening may be unused: a bit says so
    tagged: bool = False  # whether a tag is hashed before the cap
    together: bool = False  # whether all nodes are looked up in the cap at once

    @property
    def cap(self) -> int:
        """The nodes that are hashed once."""
        return -(-self.leaves // prod(self.arities))

    @property
    def path(self) -> int:
        """The constraints of one opening as far as the cap."""
        return sum(map(_level, self.arities)) + self.optional

    @property
    def constraints(self) -> int:
        """The constraints of all openings and of the cap's hash."""
        values = self.openings + self.cap
        if self.together:
            looked_up = switches(values) + 2 * (values - 1)
        else:
            looked_up = self.openings * (self.cap - 1)
        return self.openings * self.path + looked_up + cap_constraints(self.cap, self.tagged)


def cheapest_tree(
    leaves: int,
    openings: int,
    *,
    optional: bool = True,
    tagged: bool = False,
    together: bool | None = None,
) -> TreePlan:
    """The cheapest tree; of equals, the one with the fewest levels. InputError for no leaf.

    `together` prescribes how nodes are looked up. All together they need a cap of nodes that are
    pairwise distinct: a tree that is filled up with zeros may repeat those above them.
    """
    if leaves < 1 or openings < 1:
        raise InputError("a tree is planned for at least one leaf and one opening")
    # Of each size of a level: what a path to it costs, and its arities.
    paths: dict[int, tuple[int, tuple[int, ...]]] = {leaves: (0, ())}
    waiting = {leaves}
    while waiting:
        # A level is smaller than those below it, so the largest has all of its paths.
        size = max(waiting)
        waiting.remove(size)
        cost, arities = paths[size]
        for arity in _ARITIES if size > 1 else ():
            above = -(-size // arity)
            longer = (cost + _level(arity), (arity, *arities))
            if above not in paths or _key(longer) < _key(paths[above]):
                paths[above] = longer
                waiting.add(above)
    plans = [
        TreePlan(leaves, openings, tuple(sorted(arities, reverse=True)), optional, tagged, way)
        for cap, (_, arities) in paths.items()
        for way in (False, True)
        if way is together or (together is None and (cap > 1 or not way))
    ]
    return min(plans, key=lambda plan: (plan.constraints, len(plan.arities), plan.cap))


def cap_constraints(nodes: int, tagged: bool = False) -> int:
    """What `circuits.gadgets.merkle.cap_root` costs: 16 lanes at a time."""
    if nodes == 1 and not tagged:
        return 0
    lanes = nodes + tagged
    chunks = [min(RATE, lanes - start) for start in range(0, lanes, RATE)]
    # Constant at entry: the first permutation's capacity, and the tag.
    return sum(map(_permutation, chunks)) - 3 - 3 * tagged


def _level(arity: int) -> int:
    """A node's hash, and that what is opened is one of its children."""
    return _permutation(arity) - 3 + arity - 1


def _permutation(inputs: int) -> int:
    """A permutation with no constant lane: three constraints for each S-box."""
    width = inputs + 1
    return 3 * (FULL_ROUNDS * width + PARTIAL_ROUNDS[width])


def _key(path: tuple[int, tuple[int, ...]]) -> tuple[int, int, tuple[int, ...]]:
    cost, arities = path
    return cost, len(arities), arities
