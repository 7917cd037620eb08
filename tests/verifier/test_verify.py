"""verify: the bad-input table in Python, public inputs of wrong types, keys refused by the lint."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.forge import publics as random_publics
from tests.forge import trapdoor
from tests.verifier.bad_inputs import Row, python_verdict, table, words_of
from verifier.verify import verify
from zk.errors import BadPoint, ForgeableKey, InputError, InvalidProof
from zk.field import Q, R, from_limbs, to_limbs

KEY = trapdoor(4)
PUBLICS = random_publics(4)
PROOF = KEY.proof(PUBLICS)
ROWS = list(table(words_of(PROOF, PUBLICS)))

#: The contract's custom error -> what Python raises for the same words.
CLASSES = {
    "ProofInvalid": {"InvalidProof"},
    "PublicInputNotInField": {"ArtifactError"},
    "CoordinateNotInField": {"BadPoint"},
    "MalformedPoint": {"BadPoint"},
    "PointAtInfinity": {"BadPoint"},
}


def test_a_valid_proof_is_accepted_and_nothing_is_returned() -> None:
    assert verify(KEY.vk, PROOF, PUBLICS) is None  # type: ignore[func-returns-value]


@pytest.mark.parametrize("n", [0, 1, 2, 8, 120])
def test_any_number_of_public_inputs(n: int) -> None:
    key, values = trapdoor(n), random_publics(n)
    verify(key.vk, key.proof(values), values)


@pytest.mark.parametrize("values", [[0, 0, 0, 0], [R - 1] * 4, [1, 0, R - 1, 2**128]])
def test_public_inputs_at_the_ends_of_the_field(values: list[int]) -> None:
    verify(KEY.vk, KEY.proof(values), values)


def test_inputs_that_cancel_leave_vk_x_at_infinity_and_the_equation_decides() -> None:
    key = replace(KEY, ic=(6, 1, 2, 3, 4))
    values = [R - 6, 0, 0, 0]
    verify(key.vk, key.proof(values), values)
    with pytest.raises(InvalidProof):
        verify(key.vk, key.proof(values), [R - 7, 0, 0, 0])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what)
def test_the_bad_input_table(row: Row) -> None:
    assert python_verdict(KEY.vk, row.words) in CLASSES[row.error]


@pytest.mark.parametrize(
    "values",
    [
        PUBLICS[:3],
        [*PUBLICS, 0],
        [],
        [*PUBLICS[:3], PUBLICS[3] + R],
        [*PUBLICS[:3], -1],
        [*PUBLICS[:3], R],
        [*PUBLICS[:3], True],
        [*PUBLICS[:3], str(PUBLICS[3])],
        [*PUBLICS[:3], float(1)],
        [*PUBLICS[:3], None],
        [*PUBLICS[:3], np.uint64(1)],
    ],
)
def test_wrong_public_inputs_are_input_errors(values: Any) -> None:
    with pytest.raises(InputError):
        verify(KEY.vk, PROOF, values)


def test_another_keys_proof_is_invalid() -> None:
    with pytest.raises(InvalidProof):
        verify(KEY.vk, trapdoor(4, seed=1).proof(PUBLICS), PUBLICS)


@pytest.mark.parametrize("point", ["A", "B", "C"])
def test_infinity_is_refused_even_where_the_equation_holds(point: str) -> None:
    proof = KEY.proof(PUBLICS, at_infinity=point)
    assert not getattr(proof, point.lower()).any()
    with pytest.raises(BadPoint, match=f"{point} is the point at infinity"):
        verify(KEY.vk, proof, PUBLICS)


@pytest.mark.parametrize("point", ["a", "b", "c"])
def test_limbs_that_are_not_canonical_are_refused(point: str) -> None:
    limbs = np.array(getattr(PROOF, point))
    limbs[:4] = to_limbs([from_limbs(limbs[:4])[0] + Q])[0]
    with pytest.raises(BadPoint, match="not below"):
        verify(KEY.vk, replace(PROOF, **{point: limbs}), PUBLICS)


def test_a_point_of_the_wrong_shape_is_refused() -> None:
    with pytest.raises(BadPoint):
        verify(KEY.vk, replace(PROOF, a=PROOF.b), PUBLICS)


def test_the_lint_comes_first() -> None:
    forgeable = replace(KEY, delta=1)
    with pytest.raises(ForgeableKey):
        verify(forgeable.vk, forgeable.proof(PUBLICS), PUBLICS)
    development = trapdoor(4, development=True)
    proof = development.proof(PUBLICS)
    with pytest.raises(ForgeableKey, match="development"):
        verify(development.vk, proof, PUBLICS)
    verify(development.vk, proof, PUBLICS, allow_development_key=True)
