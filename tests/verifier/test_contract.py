"""The generated contract in an EVM: a proof, the bad-input table, gas that runs out, bad chains."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.evm import Chain, compile_one
from tests.forge import publics as random_publics
from tests.forge import trapdoor
from tests.verifier.bad_inputs import raw_calldata, table, words_of
from tests.verifier.deployment import (
    CIRCUIT_DIGEST,
    Deployed,
    deployed,
    false,
    infinity_solved,
    redeployed,
    true,
)
from verifier.calldata import ENTRY_POINTS, abi_calldata
from verifier.contract import LEAST_GAS_CAP, MOST_INPUTS, TABLE_FROM, contract
from zk.errors import ArtifactError, ForgeableKey, InputError
from zk.field import Q, R
from zk.keccak import selector

#: (number of inputs, solc's pipeline)
CASES = [(1, "ir"), (4, "ir"), (4, "legacy"), (6, "ir"), (8, "ir")]


@pytest.mark.parametrize(("n", "pipeline"), CASES)
def test_all_entry_points_accept_a_valid_proof(n: int, pipeline: str) -> None:
    it = deployed(n, pipeline)
    assert it.compiled.warnings == []
    for entry in ENTRY_POINTS:
        assert true(it.call(entry, it.words)), entry


@pytest.mark.parametrize(("n", "pipeline"), CASES)
def test_every_entry_point_refuses_every_row_of_the_bad_input_table(n: int, pipeline: str) -> None:
    it = deployed(n, pipeline)
    rows = list(table(it.words))
    assert len(rows) == 5 * n + 32
    for row in rows:
        refused = it.call("verifyProof", row.words)
        assert not refused.ok, row.what
        assert it.error(refused) == row.error, row.what
        assert false(it.call("isValid", row.words)), row.what
        assert false(it.call("snarkjs", row.words)), row.what
        # A pairing that fails burns its cap and no more; the rest pays for what ran.
        assert refused.gas < 500_000, row.what


def test_the_entry_points_are_called_as_calldata_says() -> None:
    it = deployed(4)
    values = random_publics(4)
    for entry, signature in ENTRY_POINTS.items():
        assert it.compiled.methods[signature.format(n=4)] == selector(signature.format(n=4)).hex()
        data = abi_calldata(it.key.proof(values), values, entry)
        assert true(it.chain.call(it.address, data))


def test_another_keys_proof_is_invalid() -> None:
    it = deployed(4)
    values = random_publics(4)
    other = words_of(trapdoor(4, seed=1).proof(values), values)
    assert it.error(it.call("verifyProof", other)) == "ProofInvalid"
    assert false(it.call("isValid", other))


@pytest.mark.parametrize("point", ["A", "B", "C"])
def test_infinity_is_refused_even_where_the_equation_holds(point: str) -> None:
    it = deployed(4)
    words = infinity_solved(it.key, random_publics(4), point)
    assert it.error(it.call("verifyProof", words)) == "PointAtInfinity"
    assert false(it.call("isValid", words))
    assert false(it.call("snarkjs", words))


def _aliased(it: Deployed) -> tuple[int, ...]:
    return (*it.words[:8], it.words[8] + R)


def _longer(it: Deployed) -> tuple[int, ...]:
    return (*it.words, 0)


def _solved(point: str) -> Callable[[Deployed], tuple[int, ...]]:
    return lambda it: infinity_solved(it.key, it.words[8:], point)


#: A check of the core -> a call that is accepted without it, made from a valid one.
NEEDED = {
    "fine := and(fine, lt(x, R))": _aliased,
    "fine := and(fine, gt(calldataload(0x04), 0))": _solved("A"),
    "fine := and(fine, gt(or(calldataload(0x44), calldataload(0x64)), 0))": _solved("B"),
    "fine := and(fine, gt(calldataload(0xc4), 0))": _solved("C"),
    "let fine := eq(calldatasize(), LENGTH)": _longer,
}


@pytest.mark.parametrize("line", NEEDED)
def test_each_check_is_needed(line: str) -> None:
    """One line stands between a bad call and `true`: without it the call is accepted."""
    it = deployed(1)
    words = NEEDED[line](it)
    assert it.source.source.count(line) == 1
    assert false(it.call("isValid", words))
    without = "let fine := 1" if line.startswith("let") else ""
    weak = redeployed(it, it.source.source.replace(line, without))
    assert true(weak.call("isValid", words))


def test_the_gas_check_is_needed() -> None:
    """Without it there is a gas limit at which a valid proof is called invalid."""
    it = deployed(1)
    weak = redeployed(it, it.source.source.replace("if lt(gas(), gasNeeded)", "if 0"))
    limits = range(100_000, 210_000, 10_000)
    assert any(false(weak.call("isValid", it.words, gas=gas)) for gas in limits)


def test_inputs_that_cancel_leave_vk_x_at_infinity_and_the_equation_decides() -> None:
    key = replace(trapdoor(1), ic=(6, 1))
    source = contract(key.vk, setup_not_verified=True)
    compiled = compile_one(source.source, source.name)
    chain = Chain()
    it = Deployed(key, source, compiled, chain, chain.deploy(compiled.code, LEAST_GAS_CAP), ())
    assert true(it.call("isValid", words_of(key.proof([R - 6]), [R - 6])))
    assert false(it.call("isValid", words_of(key.proof([R - 6]), [R - 7])))


@pytest.mark.parametrize("entry", ENTRY_POINTS)
def test_short_and_long_calldata_are_refused(entry: str) -> None:
    it = deployed(4)
    data = selector(ENTRY_POINTS[entry].format(n=4)) + raw_calldata(it.words)
    for length in (4, 5, 36, len(data) - 32, len(data) - 1):
        assert not it.chain.call(it.address, data[:length]).ok, length
    for extra in (b"\0", b"\1", bytes(32), raw_calldata(it.words)):
        result = it.chain.call(it.address, data + extra)
        if entry == "verifyProof":
            assert it.error(result) == "WrongCalldataLength"
        else:
            assert false(result)


def test_unknown_functions_and_value_are_refused() -> None:
    it = deployed(1)
    assert not it.chain.call(it.address, b"").ok
    assert not it.chain.call(it.address, b"\1\2\3\4" + raw_calldata(it.words)).ok


@pytest.mark.parametrize("pipeline", ["ir", "legacy"])
@pytest.mark.parametrize("entry", ENTRY_POINTS)
def test_lack_of_gas_is_never_a_verdict(entry: str, pipeline: str) -> None:
    """At no gas limit at all is a valid proof called invalid."""
    it = deployed(4, pipeline)
    names, accepted = set(), None
    enough = it.call(entry, it.words).gas
    for gas in [*range(28_000, 60_000, 1_977), *range(60_000, 460_000, 9_999)]:
        result = it.call(entry, it.words, gas=gas)
        if result.ok:
            assert true(result), gas
            accepted = accepted or gas
        elif result.data:
            names.add(it.error(result))
        assert result.ok or result.data or result.halted, gas
        assert accepted is None or result.ok, gas
    assert names == {"NotEnoughGas"}
    assert accepted is not None
    # 64/63 of the cap must be left for the pairing; the rest is what comes before it.
    before_the_pairing = enough - 181_000
    assert accepted < before_the_pairing + LEAST_GAS_CAP * 64 // 63 + 10_000
    # Just under what the cap needs, though the pairing itself would have had enough.
    assert it.error(it.call(entry, it.words, gas=LEAST_GAS_CAP)) == "NotEnoughGas"


def test_the_gas_cap_is_at_least_twice_the_price_and_is_kept() -> None:
    it = deployed(1)
    chain = Chain()
    with pytest.raises(RuntimeError, match="Revert"):
        chain.deploy(it.compiled.code, LEAST_GAS_CAP - 1)
    dear = chain.deploy(it.compiled.code, 1_000_000)
    data = selector("isValid(uint256[8],uint256[1])") + raw_calldata(it.words)
    assert true(chain.call(dear, data))
    assert not chain.call(dear, data, gas=900_000).ok
    off_the_curve = bytearray(data)
    off_the_curve[4 + 63] ^= 1
    assert 1_000_000 < chain.call(dear, bytes(off_the_curve)).gas < 1_050_000
    chain.deploy(it.compiled.code, 2**64 - 1)
    with pytest.raises(RuntimeError, match="Revert"):
        chain.deploy(it.compiled.code, 2**64)


# 0xe9 is no precompile: calls to it succeed and return nothing, as on a chain that lacks one.
@pytest.mark.parametrize("precompile", [6, 7, 8])
def test_a_chain_without_a_precompile_gives_no_verdict(precompile: int) -> None:
    it = deployed(4)
    call = re.compile(rf"staticcall\(gasCap, {precompile},")
    source, count = call.subn("staticcall(gasCap, 0xe9,", it.source.source)
    assert count == (1 if precompile == 8 else 4)
    lacking = redeployed(it, source)
    for entry in ENTRY_POINTS:
        result = lacking.call(entry, it.words)
        assert not result.ok
        assert lacking.error(result) == "PrecompileUnavailable", entry


@pytest.mark.parametrize(
    ("n", "pipeline"),
    [(TABLE_FROM - 1, "ir"), (TABLE_FROM, "ir"), (120, "ir"), (120, "legacy")],
)
def test_many_inputs_deploy_and_verify(n: int, pipeline: str) -> None:
    it = deployed(n, pipeline)
    assert len(it.compiled.runtime) <= 24_576
    for entry in ENTRY_POINTS:
        assert true(it.call(entry, it.words))
    for at in (8, 8 + n // 2, 7 + n):
        changed = list(it.words)
        changed[at] = (changed[at] + 1) % R
        assert it.error(it.call("verifyProof", tuple(changed))) == "ProofInvalid"
        changed[at] = it.words[at] + R
        assert it.error(it.call("verifyProof", tuple(changed))) == "PublicInputNotInField"


@pytest.mark.slow
@pytest.mark.parametrize("pipeline", ["ir", "legacy"])
def test_the_most_inputs_still_fit(pipeline: str) -> None:
    it = deployed(MOST_INPUTS, pipeline)
    assert len(it.compiled.runtime) <= 24_576
    assert true(it.call("verifyProof", it.words))


def manifest(it: Deployed) -> list[int]:
    data = it.chain.call(it.address, selector("manifest()")).data
    assert len(data) == 7 * 32
    return [int.from_bytes(data[i : i + 32], "big") for i in range(0, len(data), 32)]


def test_the_manifest_says_what_is_verified() -> None:
    it = deployed(4)
    assert manifest(it) == [
        int.from_bytes(it.source.key_digest, "big"),
        CIRCUIT_DIGEST,
        1,
        int.from_bytes(it.source.selector, "big") << 224,
        0,
        0,
        LEAST_GAS_CAP,
    ]
    assert "THE SETUP OF THIS KEY WAS NOT VERIFIED" in it.source.source


def test_a_development_contract_says_so_in_name_notice_and_manifest() -> None:
    vk = trapdoor(1, development=True).vk
    made = contract(vk, name="Margin", allow_development_key=True)
    assert made.name == "MarginDevelopment"
    assert "contract MarginDevelopment {" in made.source
    assert "FOR TESTS ONLY" in made.source
    compiled = compile_one(made.source, made.name)
    chain = Chain()
    address = chain.deploy(compiled.code, LEAST_GAS_CAP)
    assert manifest(replace(deployed(1), chain=chain, address=address))[4:6] == [1, 0]


def test_the_default_path_refuses_every_key_without_a_verified_setup() -> None:
    with pytest.raises(ForgeableKey, match="--setup-not-verified"):
        contract(trapdoor(1).vk)
    with pytest.raises(ForgeableKey, match="--setup-not-verified"):
        contract(trapdoor(1).vk, allow_development_key=True)
    with pytest.raises(ForgeableKey, match="development"):
        contract(trapdoor(1, development=True).vk)
    with pytest.raises(ForgeableKey, match="development"):
        contract(trapdoor(1, development=True).vk, setup_not_verified=True)
    with pytest.raises(ForgeableKey, match="delta equals gamma"):
        contract(replace(trapdoor(1), delta=1).vk, setup_not_verified=True)


@pytest.mark.parametrize(
    "name", ["", "margin", "9Lives", "A;B", "A B", "A\nB", "A" * 65, "Ünsafe", "A{", "A/*"]
)
def test_a_name_that_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(InputError):
        contract(trapdoor(1).vk, name=name, setup_not_verified=True)


def test_numbers_of_inputs_and_digests_out_of_range_are_refused() -> None:
    for n in (0, MOST_INPUTS + 1):
        with pytest.raises(ArtifactError, match="public inputs"):
            contract(trapdoor(n).vk, setup_not_verified=True)
    for digest in (-1, 2**256):
        with pytest.raises(InputError, match="digest"):
            contract(trapdoor(1).vk, setup_not_verified=True, circuit_digest=digest)


def test_the_source_is_the_same_for_the_same_key_and_differs_for_another(tmp_path: Path) -> None:
    first, again = (contract(trapdoor(2).vk, setup_not_verified=True) for _ in range(2))
    assert first == again
    other = contract(trapdoor(2, seed=1).vk, setup_not_verified=True)
    assert first.source != other.source
    assert first.selector != other.selector
    first.save(tmp_path / "MarginVerifier.sol")
    assert (tmp_path / "MarginVerifier.sol").read_text() == first.source
    assert [path.name for path in tmp_path.iterdir()] == ["MarginVerifier.sol"]


def test_every_selector_in_the_core_is_an_error_of_the_contract() -> None:
    it = deployed(1)
    found = re.findall(r"0x([0-9a-f]{8})0{56} /\* (\w+)\(\) \*/", it.source.source)
    assert len(found) == 2
    for hexadecimal, name in found:
        assert it.compiled.error_name(bytes.fromhex(hexadecimal)) == name
    constants = dict(
        re.findall(r"uint256 private constant ([RQ]) = (0x[0-9a-f]+);", it.source.source)
    )
    assert {name: int(value, 16) for name, value in constants.items()} == {"R": R, "Q": Q}
