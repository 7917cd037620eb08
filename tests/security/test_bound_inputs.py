"""A margin proof is for its own public inputs alone: the domain and the liquidator as well.

No constraint reads the domain or the liquidator, so only the key binds them. Proofs here are of the
tiny class, made and verified as the command line does.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import pytest

from circuits.margin.shape import TINY
from circuits.margin.statement import PUBLIC_INPUTS
from prover.keygen import setup
from prover.prove import prove
from tests.margin import sample
from tests.margin.agreement import circuit
from tests.margin.raw import Forgery
from verifier.verify import verify
from zk.errors import InputError, InvalidProof, UnsatisfiedConstraint
from zk.field import R
from zk.groth16 import Proof, ProvingKey

LAST = {"meets": "claim", "liquidatable": "liquidator"}
STATEMENTS = pytest.mark.parametrize("statement", LAST)


@dataclass(frozen=True)
class Proven:
    key: ProvingKey
    proof: Proof
    publics: list[int]


def names(statement: str) -> tuple[str, ...]:
    return (*PUBLIC_INPUTS, LAST[statement])


def forgery(statement: str) -> Forgery:
    epoch = sample.epoch(TINY)
    book = sample.at(0 if statement == "meets" else -1, epoch, sample.book(TINY))
    return Forgery.honest(statement, TINY, book, epoch)


@cache
def proven(statement: str) -> Proven:
    compiled, forged = circuit(statement, TINY), forgery(statement)
    key = setup(compiled, development=True)
    proof = prove(key, compiled, compiled.witness(forged.values))
    return Proven(key, proof, [forged.values[name] for name in names(statement)])


def check(made: Proven, publics: list[int]) -> None:
    verify(made.key.vk, made.proof, publics, allow_development_key=True)


@STATEMENTS
def test_the_proof_is_valid_for_its_own_inputs(statement: str) -> None:
    made = proven(statement)
    check(made, made.publics)


@STATEMENTS
@pytest.mark.parametrize("index", range(6))
def test_any_other_value_of_one_input_is_refused(statement: str, index: int) -> None:
    """Another domain, account, commitment, root, params, claim or liquidator: one at a time."""
    made = proven(statement)
    right = made.publics[index]
    for wrong in {(right + 1) % R, (right - 1) % R, 0, R - right} - {right}:
        publics = [*made.publics]
        publics[index] = wrong % R
        with pytest.raises(InvalidProof):
            check(made, publics)


@STATEMENTS
@pytest.mark.parametrize("index", range(6))
def test_an_input_has_one_spelling(statement: str, index: int) -> None:
    """x + r is the same residue as x and is refused."""
    made = proven(statement)
    for alias in (made.publics[index] + R, made.publics[index] - R):
        publics = [*made.publics]
        publics[index] = alias
        with pytest.raises(InputError, match=rf"\[{index}\]"):
            check(made, publics)


@STATEMENTS
def test_inputs_cannot_trade_places(statement: str) -> None:
    made = proven(statement)
    for i in range(5):
        publics = [*made.publics]
        publics[i], publics[i + 1] = publics[i + 1], publics[i]
        with pytest.raises(InvalidProof):
            check(made, publics)


@STATEMENTS
def test_who_has_the_witness_may_prove_for_another_place(statement: str) -> None:
    """What no constraint reads is the prover's to choose, once for each proof."""
    made, forged = proven(statement), forgery(statement)
    compiled = circuit(statement, TINY)
    for name in [slot.path for slot in compiled.slots if slot.context]:
        forged.values[name] += 1
        proof = prove(made.key, compiled, compiled.witness(forged.values))
        publics = [forged.values[name] for name in names(statement)]
        check(Proven(made.key, proof, publics), publics)
        with pytest.raises(InvalidProof):
            check(Proven(made.key, proof, publics), made.publics)


def test_a_proof_of_one_statement_is_none_of_the_other() -> None:
    meets, liquidatable = proven("meets"), proven("liquidatable")
    with pytest.raises(InvalidProof):
        check(Proven(liquidatable.key, meets.proof, meets.publics), meets.publics)


@STATEMENTS
def test_a_false_claim_has_no_proof(statement: str) -> None:
    """The prover refuses the witness and says which obligation fails, and no value."""
    forged, compiled = forgery(statement), circuit(statement, TINY)
    forged.values["cash"] += -1 if statement == "meets" else 1
    forged.commit()
    with pytest.raises(UnsatisfiedConstraint) as refusal:
        prove(proven(statement).key, compiled, compiled.witness(forged.values))
    last = {"meets": "the margin covers the buffer", "liquidatable": "the margin is below zero"}
    assert refusal.value.obligation == last[statement]
    assert str(forged.values["cash"]) not in str(refusal.value)
