"""The key lint refuses each trivial key by name, and passes an ordinary one."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.forge import Trapdoor, g1, g2, trapdoor
from verifier.foundry import OUTSIDE_SUBGROUP
from zk.errors import ArtifactError, BadPoint, ForgeableKey
from zk.field import Q, R, coordinates_to_limbs, from_limbs, to_limbs
from zk.groth16 import VerifyingKey, development_scalar
from zk.keylint import is_development, key_digest, lint_key

KEY = trapdoor(3)
DEVELOPMENT = trapdoor(3, development=True)


def with_(**changes: Any) -> Trapdoor:
    return replace(KEY, **changes)


def test_an_ordinary_key_passes() -> None:
    lint_key(KEY.vk)
    assert not is_development(KEY.vk)


def test_a_key_without_public_inputs_passes() -> None:
    lint_key(trapdoor(0).vk)


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (with_(alpha=1), "alpha is the generator"),
        (with_(alpha=-1), "alpha is the generator"),
        (with_(beta=1), "beta is the generator"),
        (with_(beta=-1), "beta is the generator"),
        (with_(beta=5, gamma=5), "beta equals gamma"),
        (with_(beta=5, gamma=-5), "beta equals gamma"),
        (with_(delta=1), "delta equals gamma"),
        (with_(delta=-1), "delta equals gamma"),
        (with_(delta=5, gamma=5), "delta equals gamma"),
        (with_(delta=5, gamma=-5), "delta equals gamma"),
        (with_(delta=1, gamma=5), "delta is the generator"),
        (with_(delta=-1, gamma=5), "delta is the generator"),
        (with_(ic=(7, 8, 9, 8)), "IC[1] and IC[3] are equal or opposite"),
        (with_(ic=(7, 8, 9, -8)), "IC[1] and IC[3] are equal or opposite"),
        (with_(ic=(7, 7, 8, 9)), "IC[0] and IC[1] are equal or opposite"),
    ],
)
def test_a_forgeable_key_is_refused_with_the_reason(key: Trapdoor, reason: str) -> None:
    with pytest.raises(ForgeableKey) as error:
        lint_key(key.vk)
    assert reason in str(error.value)


def test_two_equal_ic_points_do_let_a_statement_be_changed() -> None:
    """What the refusal is for: one proof, two statements."""
    from zk import engine

    key = with_(ic=(7, 8, 9, 8))
    proof = key.proof([10, 20, 30])
    assert engine.verify(key.vk, to_limbs([10, 20, 30]), proof)
    assert engine.verify(key.vk, to_limbs([11, 20, 29]), proof)


@pytest.mark.parametrize("alpha", ["alpha", "-alpha"])
def test_a_development_key_is_refused_unless_allowed(alpha: str) -> None:
    scalar = development_scalar("alpha")
    vk = replace(DEVELOPMENT, alpha=scalar if alpha == "alpha" else -scalar).vk
    assert is_development(vk)
    with pytest.raises(ForgeableKey, match="development key"):
        lint_key(vk)
    lint_key(vk, allow_development=True)


def test_allowing_a_development_key_allows_nothing_else() -> None:
    with pytest.raises(ForgeableKey, match="delta equals gamma"):
        lint_key(replace(DEVELOPMENT, delta=1).vk, allow_development=True)


FIELDS = ["alpha1", "beta2", "gamma2", "delta2", "ic"]


def damaged(field: str, damage: str) -> VerifyingKey:
    """The ordinary key with one point damaged (IC: the last)."""
    vk = KEY.vk
    points = np.array(getattr(vk, field))
    point = points[-1] if field == "ic" else points
    if damage == "infinity":
        point[:] = 0
    elif damage == "off the curve":
        point[4 if len(point) == 8 else 8] ^= np.uint64(1)
    elif damage == "not canonical":
        # Montgomery limbs + Q: the same residue, spelled a second time.
        point[:4] = to_limbs([from_limbs(point[:4])[0] + Q])[0]
    elif damage == "outside the subgroup":
        x1, x0, y1, y0 = OUTSIDE_SUBGROUP
        point[:] = coordinates_to_limbs([x0, x1, y0, y1]).reshape(16)
    return replace(vk, **{field: points})


@pytest.mark.parametrize("damage", ["infinity", "off the curve", "not canonical"])
@pytest.mark.parametrize("field", FIELDS)
def test_a_bad_point_is_refused(field: str, damage: str) -> None:
    with pytest.raises(BadPoint):
        lint_key(damaged(field, damage))


@pytest.mark.parametrize("field", ["beta2", "gamma2", "delta2"])
def test_a_point_outside_the_subgroup_is_refused(field: str) -> None:
    with pytest.raises(BadPoint, match="subgroup"):
        lint_key(damaged(field, "outside the subgroup"))


def test_impossible_shapes_are_refused() -> None:
    with pytest.raises(ArtifactError, match="shape"):
        lint_key(replace(KEY.vk, alpha1=np.zeros(7, np.uint64)))
    with pytest.raises(ArtifactError, match="IC is empty"):
        lint_key(replace(KEY.vk, ic=np.zeros((0, 8), np.uint64)))


def proving_key(**changes: Any) -> Any:
    """As much of a proving key as the lint reads."""
    parts = {"vk": KEY.vk, "beta1": g1(KEY.beta), "delta1": g1(KEY.delta), **changes}
    return SimpleNamespace(**parts)


def test_agreeing_copies_pass() -> None:
    lint_key(KEY.vk, pk=proving_key())


@pytest.mark.parametrize("name", ["beta", "delta"])
def test_copies_that_disagree_are_refused(name: str) -> None:
    with pytest.raises(ForgeableKey, match=f"copies of {name}"):
        lint_key(KEY.vk, pk=proving_key(**{f"{name}1": g1(getattr(KEY, name) + 1)}))
    with pytest.raises(BadPoint, match=f"{name} in G1"):
        lint_key(KEY.vk, pk=proving_key(**{f"{name}1": np.zeros(8, np.uint64)}))


def test_the_digest_is_of_the_key_and_of_all_of_it() -> None:
    base = key_digest(KEY.vk)
    assert base == key_digest(trapdoor(3).vk)
    others = [with_(alpha=2), with_(beta=2), with_(gamma=2), with_(delta=2), with_(ic=(1, 2, 3, 4))]
    digests = {key_digest(other.vk) for other in others}
    assert len(digests | {base}) == 6
    assert not np.array_equal(g2(2), g2(R - 2))  # negated points are other points
