"""What portfolio statements cost: the golden counts, the limits of the design, and the page.

Renew with `python -m tests.portfolio.costs --write`, in a commit that says why they changed.
"""

from __future__ import annotations

import pytest

from tests.portfolio import costs


@pytest.mark.parametrize("size_class", costs.SHAPES)
@pytest.mark.parametrize("statement", costs.CIRCUITS)
def test_a_statement_costs_the_golden_count(statement: str, size_class: str) -> None:
    count = costs.circuit(statement, size_class).r1cs.n_constraints
    assert count == costs.golden()["constraints"][statement][size_class]
    limit = costs.LIMITS.get(costs.SHAPES[size_class].options)
    assert limit is None or count <= limit


def test_the_parts_add_up() -> None:
    counts = costs.golden()
    for name, parts in counts["parts"].items():
        assert sum(parts.values()) == counts["constraints"]["portfolio meets"][name]
    tiny = costs.TINY.size_class
    assert costs.parts(costs.circuit("portfolio meets", tiny)) == counts["parts"][tiny]


def test_the_page_shows_the_golden_counts() -> None:
    page = costs.PAGE.read_text()
    assert costs.with_table(page, costs.golden()) == page
