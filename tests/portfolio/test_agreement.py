"""The portfolio circuits and the integer model say the same of random books.

python -m tests.portfolio.agreement --count 1000      as many of every class, a quarter at the line
"""

from __future__ import annotations

import pytest

from circuits.margin.portfolio.shape import SIZE_CLASSES
from tests.portfolio.agreement import compare, shape_of


@pytest.mark.parametrize("options", SIZE_CLASSES)
def test_circuit_and_model_agree(options: int) -> None:
    for tally in compare(shape_of(options), 50, seed=options):
        assert not tally.wrong, "\n".join(tally.wrong)
        assert tally.satisfied >= 20
        assert tally.refused >= 12
        assert tally.full >= 17


def test_several_underlyings_agree() -> None:
    for tally in compare(shape_of(16, underlyings=2), 12, seed=3):
        assert not tally.wrong, "\n".join(tally.wrong)
        assert tally.satisfied >= 3
        assert tally.refused >= 3
