"""A few hundred cases of the fuzzer in each run; `python -m tests.formats.fuzz` for more."""

from __future__ import annotations

import pytest

from tests.formats.fuzz import KINDS, run


@pytest.mark.parametrize("kind", KINDS)
def test_structured_mutations(kind: str) -> None:
    report = run(kind, seed=2026, count=300)
    assert report.failures == []
    # Both outcomes occur: a reader that refuses all, or mutations without effect, test nothing.
    assert report.refused > 100
    assert report.accepted + report.unchanged > 3
