"""No circuit of ours without one row is called safe where two witnesses differ; nor certified.

Small gadgets lose every row, large ones and the statements of the smallest shape a few, drawn; the
slow test and `python -m tests.analyse.weakened` take more.
"""

from __future__ import annotations

import dataclasses

import pytest

from circuits.margin.linear import STATEMENTS
from tests.analyse import weakened
from tests.analyse.weakened import SMALL, Subject, of_gadget, of_statement, subjects, weaken
from tests.gadgets import costs

_LARGE = 700  # constraints
_NAMED = {entry.name: entry for entry in (*SMALL, *costs.ENTRIES)}
_COUNTS = costs.golden()["gadgets"]


@pytest.mark.parametrize("entry", SMALL, ids=lambda entry: entry.name)
def test_every_row_of_a_small_gadget(entry: costs.Entry) -> None:
    tally = weaken(of_gadget(entry), None)
    assert tally.second >= tally.rows / 2


@pytest.mark.parametrize("name", [n for n, count in _COUNTS.items() if count < _LARGE])
def test_some_rows_of_a_gadget(name: str) -> None:
    subject = of_gadget(_NAMED[name])
    if subject.r1cs.n_constraints < 20:
        tally = weaken(subject, None)
        assert tally.second
    else:
        weaken(subject, 2)


@pytest.mark.parametrize("kind", STATEMENTS)
def test_some_rows_of_a_statement(kind: str) -> None:
    assert weaken(of_statement(kind), 2).verdicts["safe"] == 0


def test_a_wrong_safe_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    real = weakened._verdict
    monkeypatch.setattr(
        weakened, "_verdict", lambda r1cs: dataclasses.replace(real(r1cs), outputs="safe")
    )
    with pytest.raises(AssertionError, match="is_less"):
        weaken(of_gadget(_NAMED["is_less"]), None)


@pytest.mark.slow
@pytest.mark.parametrize("name", subjects())
def test_more_rows(name: str) -> None:
    subject: Subject = subjects()[name]()
    assert weaken(subject, 60 if subject.r1cs.n_constraints < 5000 else 3, solve=1).rows
