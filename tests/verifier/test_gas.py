"""Gas is pinned, within the design's budget, and no higher than snarkjs's contract's."""

from __future__ import annotations

import json
from functools import cache

import pytest

from tests.verifier.gas import GOLDEN, PEER, SETTINGS, SIZES, Gas, measure

#: n -> the goal, and 400 more for the ABI, the custom errors and the gas checks.
BUDGET = {1: 213_600 + 400, 4: 234_600 + 400, 6: 248_600 + 400, 8: 262_600 + 400}

CASES = [(pipeline, runs, n) for pipeline, runs in SETTINGS for n in SIZES]


@cache
def measured(pipeline: str, runs: int, n: int) -> Gas:
    return measure(n, pipeline, runs)


@pytest.mark.parametrize(("pipeline", "runs", "n"), CASES)
def test_no_entry_point_is_dearer_than_snarkjs_contract(pipeline: str, runs: int, n: int) -> None:
    gas = dict(measured(pipeline, runs, n))
    peer = gas.pop(PEER)
    assert all(ours <= peer for ours in gas.values()), (gas, peer)


@pytest.mark.parametrize(("pipeline", "runs", "n"), CASES)
def test_gas_is_what_is_pinned(pipeline: str, runs: int, n: int) -> None:
    """After a change that means it: `python -m tests.verifier.gas --write`, and say why."""
    golden = json.loads(GOLDEN.read_text())
    assert measured(pipeline, runs, n) == golden[f"{pipeline}, runs {runs}, n={n}"]


@pytest.mark.parametrize("n", SIZES)
def test_gas_is_within_the_budget(n: int) -> None:
    assert measured("ir", 1_000_000, n)["verifyProof"] <= BUDGET[n]


def test_the_golden_file_has_no_other_rows() -> None:
    names = {f"{pipeline}, runs {runs}, n={n}" for pipeline, runs, n in CASES}
    assert set(json.loads(GOLDEN.read_text())) == names


def test_the_published_table_is_the_golden_one() -> None:
    text = (GOLDEN.parents[2] / "docs" / "contracts.md").read_text()
    for name, gas in json.loads(GOLDEN.read_text()).items():
        row = f"| {name} | " + " | ".join(f"{value:,}" for value in gas.values()) + " |"
        assert (row in text) == ("runs 1000000" in name), row
