"""The choice of a tree: its formula against compiled circuits, its optimum against all of them."""

from __future__ import annotations

from itertools import combinations_with_replacement
from math import prod

import pytest

from circuits.gadgets.merkle import assert_in_tree, cap_root
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

    def body(cs, *signals):
        cap, rest = signals[: plan.cap], signals[plan.cap :]
        for slot in range(plan.openings):
            bit, leaf, *children = rest[slot * (per_opening + 1) :][: per_opening + 1]
            path = []
            for arity in plan.arities:
                path.append(children[:arity])
                children = children[arity:]
            assert_in_tree(cs, leaf, path, cap, bit if plan.optional else None)
        return cap_root(cs, cap, 3 if plan.tagged else None)

    return gadget_circuit(inputs, body).cost


@pytest.mark.parametrize("optional", [False, True])
@pytest.mark.parametrize("tagged", [False, True])
@pytest.mark.parametrize(
    ("leaves", "arities"),
    [(2, ()), (20, ()), (30, (2,)), (16, (16,)), (100, (9, 11)), (64, (4, 4, 4)), (97, (5, 3))],
)
def test_the_formula_is_what_is_compiled(
    leaves: int, arities: tuple[int, ...], optional: bool, tagged: bool
) -> None:
    for openings in (1, 3):
        plan = TreePlan(leaves, openings, arities, optional, tagged)
        assert counted(plan) == plan.constraints


@pytest.mark.parametrize(("leaves", "openings"), [(1024, 16), (4096, 2)])
def test_a_plan_is_what_is_compiled(leaves: int, openings: int) -> None:
    plan = cheapest_tree(leaves, openings, tagged=True)
    assert counted(plan) == plan.constraints


@pytest.mark.parametrize("leaves", [1, 2, 17, 96, 300, 1024])
@pytest.mark.parametrize("openings", [1, 16, 144, 5000])
def test_no_tree_is_cheaper(leaves: int, openings: int) -> None:
    """All lists of up to four arities; a path of more levels costs more than it saves here."""
    found = cheapest_tree(leaves, openings)
    assert Tree((1,) * leaves, found.arities).cap[found.cap - 1 :]  # its cap has so many nodes
    for levels in range(5):
        for arities in combinations_with_replacement(range(2, 17), levels):
            if prod(arities) < 16 * leaves:
                assert found.constraints <= TreePlan(leaves, openings, arities).constraints


def test_no_plan_is_above_the_design() -> None:
    """The project's page on circuit costs, for paths to the root and under a cap of 128 nodes."""
    for leaves, best in ((1024, 1428), (4096, 1648)):
        assert cheapest_tree(leaves, 1, optional=False).constraints <= best
    assert TreePlan(1024, 1, (8,)).opening <= 546
    assert TreePlan(4096, 1, (8, 4)).opening <= 848
    assert cap_constraints(128) == 4893
    for leaves in (1024, 2048, 4096):
        for openings in range(16, 145, 16):
            plan = cheapest_tree(leaves, openings)
            design = (8,) if leaves == 1024 else (8, 2) if leaves == 2048 else (8, 4)
            assert plan.constraints <= TreePlan(leaves, openings, design).constraints


def test_nothing_to_open_is_refused() -> None:
    for leaves, openings in ((0, 1), (1, 0), (-5, 2)):
        with pytest.raises(InputError):
            cheapest_tree(leaves, openings)
