"""Fixtures for a protocol's own test-suite: prove and refuse claims, with keys made once.

Loaded by pytest wherever zkmargin is installed, so nothing is imported before a fixture is used.

    def test_desk_meets_margin(assert_proves, assert_refuses):
        assert_proves(claim, account)
        assert_refuses(stricter, account)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from zk.errors import UnsatisfiedConstraint
    from zk.groth16 import Proof
    from zkmargin.testing import Prover


@pytest.fixture(scope="session")
def zkmargin_prover() -> Prover:
    """Circuits and development keys, compiled and set up once per session, cached on disk."""
    from zkmargin.testing import Prover

    return Prover()


@pytest.fixture(scope="session")
def assert_proves(zkmargin_prover: Prover) -> Callable[..., Proof]:
    """assert_proves(claim, account): the claim proves and its proof verifies; returns the proof."""
    return zkmargin_prover.assert_proves


@pytest.fixture(scope="session")
def assert_refuses(zkmargin_prover: Prover) -> Callable[..., UnsatisfiedConstraint]:
    """assert_refuses(claim, account, obligation=""): the claim cannot be proven."""
    return zkmargin_prover.assert_refuses
