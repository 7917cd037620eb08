"""What gadgets and statements cost: the golden counts, the limits of the design, and the page.

Renew with `python -m tests.gadgets.costs --write`, in a commit that says why they changed.
"""

from __future__ import annotations

import pytest

from circuits.margin.linear import STATEMENTS
from circuits.margin.shape import Shape
from tests.gadgets import costs
from zk.compiler.lower import compile


@pytest.mark.parametrize("entry", costs.ENTRIES, ids=lambda entry: entry.name)
def test_a_gadget_costs_the_golden_count(entry: costs.Entry) -> None:
    count = entry.count()
    assert count == costs.golden()["gadgets"][entry.name]
    assert entry.limit is None or count <= entry.limit


@pytest.mark.parametrize("shape", costs.SHAPES, ids=lambda shape: shape.size_class)
@pytest.mark.parametrize("kind", STATEMENTS)
def test_a_statement_costs_the_golden_count(kind: str, shape: Shape) -> None:
    circuit = compile(STATEMENTS[kind](shape))
    assert circuit.r1cs.n_constraints == costs.golden()["statements"][circuit.name]


def test_the_golden_file_names_what_is_measured() -> None:
    assert list(costs.golden()["gadgets"]) == [entry.name for entry in costs.ENTRIES]
    assert len(costs.golden()["statements"]) == len(STATEMENTS) * len(costs.SHAPES)


def test_the_page_shows_the_golden_counts() -> None:
    page = costs.PAGE.read_text()
    assert costs.with_table(page, costs.golden()) == page
