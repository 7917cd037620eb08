"""The Foundry project: it compiles without a warning, and every test in it passes in an EVM.

forge is not needed: a test is a function without arguments that reverts when it fails, in a
contract that its constructor sets up.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

from tests.evm import Chain, compile_all
from tests.forge import publics as random_publics
from tests.forge import trapdoor
from verifier.contract import contract
from zk.groth16 import Proof

KEY = trapdoor(2, development=True)
PUBLICS = random_publics(2)
PROOF = KEY.proof(PUBLICS)
TESTS = [
    "test_accepts_the_proof",
    "test_another_form_of_the_proof_is_valid_too",
    "test_gas",
    "test_lack_of_gas_is_no_verdict",
    "test_refuses_a_coordinate_spelled_twice",
    "test_refuses_a_point_outside_the_subgroup",
    "test_refuses_a_public_input_spelled_twice",
    "test_refuses_each_public_input_changed",
    "test_refuses_long_and_short_calldata",
    "test_refuses_points_at_infinity",
    "test_refuses_points_off_the_curve",
    "test_says_what_it_verifies",
]


def run(folder: Path, proof: Proof) -> dict[str, bool]:
    """Write the project, compile what was written, run every test: name -> whether it passed."""
    made = contract(KEY.vk, allow_development_key=True)
    made.save_foundry(folder, proof, PUBLICS)
    sources = {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*.sol")}
    assert sorted(sources) == [f"src/{made.name}.sol", f"test/{made.name}.t.sol"]
    test = compile_all(sources)[f"{made.name}Test"]
    assert test.warnings == []
    chain = Chain()
    address = chain.deploy(test.code)
    return {
        signature.removesuffix("()"): chain.call(address, bytes.fromhex(function)).ok
        for signature, function in test.methods.items()
    }


@cache
def outcomes(folder: Path) -> dict[str, bool]:
    return run(folder, PROOF)


@pytest.mark.parametrize("name", TESTS)
def test_each_test_passes(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert outcomes(tmp_path_factory.getbasetemp() / "foundry")[name]


def test_no_test_is_missed_and_the_settings_are_written(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.getbasetemp() / "foundry"
    assert sorted(outcomes(folder)) == TESTS
    assert "via_ir = true" in (folder / "foundry.toml").read_text()


def test_the_tests_can_fail(tmp_path: Path) -> None:
    """With another statement's proof, whatever needs a valid one fails."""
    results = run(tmp_path, KEY.proof([1, 2]))
    failed = sorted(name for name, passed in results.items() if not passed)
    assert failed == [
        "test_accepts_the_proof",
        "test_another_form_of_the_proof_is_valid_too",
        "test_gas",
    ]


def test_nothing_secret_or_machine_bound_is_written(tmp_path: Path) -> None:
    contract(KEY.vk, allow_development_key=True).save_foundry(tmp_path, PROOF, PUBLICS)
    text = json.dumps([path.read_text() for path in tmp_path.rglob("*") if path.is_file()])
    assert str(tmp_path) not in text
