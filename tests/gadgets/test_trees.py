"""The choice of a tree: its formula against compiled circuits, its optimum against all of them."""

from __future__ import annotations

from itertools import combinations_with_replacement
from math import prod

import pytest

from circuits.gadgets.lookup import assert_all_members
from circuits.gadgets.merkle import assert_in_tree, cap_root, opened_node
from circuits.gadgets.select import select
from circuits.networks import switches
from circuits.trees import TreePlan, cap_constraints, cheapest_tree
from tests.checks import gadget_circuit
from zk.compiler.types import Bool, Field
from zk.errors import InputError
from zk.merkle import Tree


def counted(plan: TreePlan) -> int:
    """The constraints of a circuit that opens the plan's leaves and hashes its cap."""
    inputs = {f"n{i}": (Field, None) for i in range(plan.cap)}
    per_opening = 1 + sum(plan.arities)
    for slot in range(plan.openings):
        inputs |= {f"bit{slot}": (Bool, None)}
        inputs |= {f"x{slot}_{i}": (Field, None) for i in range(per_opening)}

    network = switches(plan.openings + plan.cap) if plan.together else 0
    inputs |= {f"s{i}": (Field, None) for i in range(network)}

    def body(cs, *signals):
        cap, rest = signals[: plan.cap], signals[plan.cap :]
        nodes = []
        for slot in range(plan.openings):
            bit, leaf, *children = rest[slot * (per_opening + 1) :][: per_opening + 1]
            path = []
            for arity in plan.arities:
                path.append(children[:arity])
                children = children[arity:]
            if plan.together:
                node = opened_node(cs, leaf, path)
                nodes.append(select(cs, bit, node, cap[0]) if plan.optional else node)
            else:
                assert_in_tree(cs, leaf, path, cap, bit if plan.optional else None)
        if plan.together:
            assert_all_members(cs, nodes, cap, rest[len(rest) - network :])
        return cap_root(cs, cap, 3 if plan.tagged else None)

    return gadget_circuit(inputs, body).cost


@pytest.mark.parametrize("optional", [False, True])
@pytest.mark.parametrize("tagged", [False, True])
@pytest.mark.parametrize(
    ("leaves", "arities"),
    [(2, ()), (20, ()), (9, (9,)), (70, (9, 4)), (16, (2, 2, 2)), (49, (5, 3))],
)
def test_the_formula_is_what_is_compiled(
    leaves: int, arities: tuple[int, ...], optional: bool, tagged: bool
) -> None:
    for openings, together in ((1, False), (2, False), (2, True)):
        plan = TreePlan(leaves, openings, arities, optional, tagged, together)
        if not together or plan.cap > 1:
            assert counted(plan) == plan.constraints


@pytest.mark.parametrize(("leaves", "openings"), [(1024, 16), (1024, 24), (4096, 2)])
def test_a_plan_is_what_is_compiled(leaves: int, openings: int) -> None:
    plan = cheapest_tree(leaves, openings, tagged=True)
    assert plan.together == (openings > 2)
    assert counted(plan) == plan.constraints


@pytest.mark.parametrize("leaves", [1, 2, 17, 96, 300, 1024])
@pytest.mark.parametrize("openings", [1, 16, 144])
def test_no_tree_is_cheaper(leaves: int, openings: int) -> None:
    """All lists of up to four arities; a path of more levels costs more than it saves here."""
    found = cheapest_tree(leaves, openings)
    assert Tree((1,) * leaves, found.arities).cap[found.cap - 1 :]  # its cap has so many nodes
    for levels in range(5):
        for arities in combinations_with_replacement(range(2, 17), levels):
            if prod(arities) < 4 * leaves:
                for together in (False, True):
                    plan = TreePlan(leaves, openings, arities, together=together)
                    assert found.constraints <= plan.constraints or plan.cap == 1


def test_no_plan_is_above_the_design() -> None:
    """The project's page on circuit costs, for paths to the root and under a cap of 128 nodes."""
    for leaves, best in ((1024, 1428), (4096, 1648)):
        assert cheapest_tree(leaves, 1, optional=False).constraints <= best
    assert TreePlan(1024, 1, (8,)).constraints - cap_constraints(128) <= 546
    assert TreePlan(4096, 1, (8, 4)).constraints - cap_constraints(128) <= 848
    assert cap_constraints(128) == 4893
    for leaves in (1024, 2048, 4096):
        for openings in range(16, 145, 16):
            plan = cheapest_tree(leaves, openings, together=False)
            assert cheapest_tree(leaves, openings).constraints <= plan.constraints
            design = (8,) if leaves == 1024 else (8, 2) if leaves == 2048 else (8, 4)
            assert plan.constraints <= TreePlan(leaves, openings, design).constraints


def test_nothing_to_open_is_refused() -> None:
    for leaves, openings in ((0, 1), (1, 0), (-5, 2)):
        with pytest.raises(InputError):
            cheapest_tree(leaves, openings)
