"""Python, the EVM and snarkjs give one verdict; tests/verifier/differential.py draws more."""

from __future__ import annotations

import pytest

from tests.verifier.differential import KINDS, compare


def test_verdicts_agree() -> None:
    seen = compare(120, seed=1)
    verdicts = {verdict for _, verdict in seen}
    assert {"valid", "ProofInvalid", "MalformedPoint", "PublicInputNotInField"} <= verdicts


@pytest.mark.slow
def test_two_thousand_verdicts_agree() -> None:
    seen = compare(2000, seed=2)
    assert {kind for kind, _ in seen} == set(KINDS)
