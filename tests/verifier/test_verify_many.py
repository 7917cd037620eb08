"""verify_many: every false proof is found and named, wherever it stands, however many there are."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest

from tests.forge import publics as random_publics
from tests.forge import trapdoor
from verifier.verify import verify_many
from zk import engine as native
from zk import reference
from zk.errors import BadPoint, EngineError, ForgeableKey, InputError, InvalidProof
from zk.field import R, to_limbs
from zk.groth16 import Proof

KEY = trapdoor(3)
VK = KEY.vk
Item = tuple[Proof, list[int]]


def valid(count: int) -> list[Item]:
    values = [[(x + i) % R for x in random_publics(3)] for i in range(count)]
    return [(KEY.proof(x, seed=i), x) for i, x in enumerate(values)]


ITEMS = valid(70)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 16, 17, 70])
def test_valid_proofs_are_accepted(count: int) -> None:
    assert verify_many(VK, ITEMS[:count]) is None  # type: ignore[func-returns-value]


@pytest.mark.parametrize("count", [1, 3, 4, 21, 70])
def test_the_first_false_one_is_named(count: int) -> None:
    for at in {0, 1, count // 2, count - 1} & set(range(count)):
        items = list(ITEMS[:count])
        for wrong in {at, count - 1}:
            proof, x = items[wrong]
            items[wrong] = (proof, [x[0], (x[1] + 1) % R, x[2]])
        with pytest.raises(InvalidProof, match=f"^proof {at} "):
            verify_many(VK, items)


def test_errors_that_cancel_without_factors_are_found() -> None:
    """Two proofs whose equations are off by opposite amounts: their plain product holds."""
    (p, x), (q, y) = ITEMS[:2]
    moved = native.msm_g1(np.stack([p.c, VK.ic[0]]), to_limbs([1, 1]))
    back = native.msm_g1(np.stack([q.c, VK.ic[0]]), to_limbs([1, R - 1]))
    items = [(replace(p, c=moved), x), (replace(q, c=back), y), *ITEMS[2:9]]
    with pytest.raises(InvalidProof, match=r"^proof 0 "):
        verify_many(VK, items)


def test_proofs_that_changed_places_are_refused() -> None:
    (p, x), (q, y), *rest = ITEMS[:8]
    with pytest.raises(InvalidProof, match=r"^proof 0 "):
        verify_many(VK, [(q, x), (p, y), *rest])


def test_what_is_malformed_is_named() -> None:
    proof, x = ITEMS[5]
    items = list(ITEMS[:9])
    for bad in (
        replace(proof, a=np.zeros(8, np.uint64)),
        replace(proof, c=proof.c ^ np.uint64(1)),
        replace(proof, b=proof.b ^ np.uint64(1)),
        replace(proof, b=proof.b[:8]),
    ):
        items[5] = (bad, x)
        with pytest.raises(BadPoint, match="proof 5"):
            verify_many(VK, items)
    for values in (x[:2], [*x, 1], [x[0], x[1], R], [x[0], x[1], True]):
        items[5] = (proof, values)
        with pytest.raises(InputError, match=r"\[5\]"):
            verify_many(VK, items)


def test_a_forgeable_key_is_refused_first() -> None:
    with pytest.raises(ForgeableKey):
        verify_many(replace(VK, delta2=VK.gamma2), ITEMS[:2])


@pytest.mark.parametrize("engine", [native, reference], ids=["native", "reference"])
def test_the_engines_agree(engine: ModuleType) -> None:
    proofs = [proof for proof, _ in ITEMS[:4]]
    x = np.stack([to_limbs(values) for _, values in ITEMS[:4]])
    assert engine.verify_many(VK, x, proofs) is None
    x[2, 0, 0] ^= np.uint64(1)
    assert engine.verify_many(VK, x, proofs) == 2
    with pytest.raises(EngineError):
        engine.verify_many(VK, x[:3], proofs)


def test_a_key_that_was_seen_is_told_from_one_that_differs() -> None:
    """Keys are kept by all of their bytes: a changed one is another, and is checked anew."""
    proof, x = ITEMS[0]
    limbs = to_limbs(x)
    assert native.verify(VK, limbs, proof)
    others = [trapdoor(3, seed=seed) for seed in range(1, 12)]
    for other in others:
        assert native.verify(other.vk, limbs, other.proof(x))
        assert not native.verify(other.vk, limbs, proof)
    assert native.verify(VK, limbs, proof)
    with pytest.raises(BadPoint):
        native.verify(replace(VK, ic=VK.ic ^ np.uint64(1)), limbs, proof)
    assert not native.verify(replace(VK, ic=VK.ic[[1, 0, 2, 3]]), limbs, proof)
