"""A key and a proof from the engine: the same verdicts, with snarkjs's exported contract beside."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.evm import Chain, compile_all
from tests.interop.product import PRODUCT, product_witness
from tests.snarkjs import snarkjs
from tests.verifier import snarkjs as peer
from verifier.calldata import ENTRY_POINTS, abi_calldata
from verifier.contract import LEAST_GAS_CAP, contract
from verifier.verify import verify
from zk import engine
from zk.errors import ForgeableKey, InvalidProof
from zk.formats.zkey import save_zkey
from zk.groth16 import development_scalar
from zk.keylint import lint_key


def test_development_key_from_keygen_to_chain(tmp_path: Path) -> None:
    pk = engine.keygen(PRODUCT, development_scalar("alpha"), development_scalar("beta"))
    lint_key(pk.vk, pk=pk, allow_development=True)
    proof = engine.prove(pk, product_witness(3, 5))
    verify(pk.vk, proof, [15], allow_development_key=True)
    with pytest.raises(InvalidProof):
        verify(pk.vk, proof, [16], allow_development_key=True)

    save_zkey(tmp_path / "key.zkey", pk)
    snarkjs("zkey", "export", "solidityverifier", "key.zkey", "theirs.sol", cwd=tmp_path)
    theirs_source = (tmp_path / "theirs.sol").read_text()
    # The comparisons elsewhere render snarkjs's template themselves: it is the same text.
    assert peer.contract_source(pk.vk) == theirs_source

    made = contract(pk.vk, allow_development_key=True)
    compiled = compile_all({"ours.sol": made.source, "theirs.sol": theirs_source})
    chain = Chain()
    ours = chain.deploy(compiled[made.name].code, LEAST_GAS_CAP)
    theirs = chain.deploy(compiled["Groth16Verifier"].code)
    results = {e: chain.call(ours, abi_calldata(proof, [15], e)) for e in ENTRY_POINTS}
    peers = chain.call(theirs, abi_calldata(proof, [15], "snarkjs"))
    assert all(r.ok and r.data[-1] for r in [*results.values(), peers])
    assert all(result.gas <= peers.gas for result in results.values())
    assert not chain.call(ours, abi_calldata(proof, [16])).ok


def test_copies_in_both_groups_are_compared() -> None:
    pk = engine.keygen(PRODUCT, 3, 5)
    other = engine.keygen(PRODUCT, 3, 7)
    lint_key(pk.vk, pk=pk)
    with pytest.raises(ForgeableKey, match="copies of beta"):
        lint_key(pk.vk, pk=other)
