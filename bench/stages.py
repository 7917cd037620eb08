"""Times inside one process, and gas, as JSON: `python -m bench.stages KEYS WITNESS.wtns`."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from verifier.calldata import abi_calldata
from verifier.contract import LEAST_GAS_CAP
from zk import engine
from zk.field import from_limbs
from zk.formats.prepared import load_prepared
from zk.formats.wtns import load_wtns
from zk.groth16 import Proof
from zkmargin import evm, verifying
from zkmargin.keys import PREPARED_KEY, VerifyingKey, load_pinned_circuit, load_set


def main(folder: str, wtns: str) -> None:
    file = load_set(folder)
    circuit, vk = load_pinned_circuit(file), VerifyingKey.load(file.path).key
    key = load_prepared(Path(folder) / PREPARED_KEY)
    witness = load_wtns(wtns)
    program = engine.prepare_witness(circuit.r1cs, circuit.program)
    inputs = witness[1 : circuit.program.n_inputs + 1][None]
    proof = engine.prove_prepared(key, witness)
    publics = witness[1 : circuit.r1cs.n_publics + 1]
    print(
        json.dumps(
            {
                "constraints": circuit.r1cs.n_constraints,
                "witness": timed(lambda: engine.run_prepared(program, inputs)),
                "prove": timed(lambda: engine.prove_prepared(key, witness)),
                "verify": timed(lambda: engine.verify(vk, publics, proof), 20),
                "gas": gas(folder, proof, from_limbs(publics)),
            }
        )
    )


def gas(folder: str, proof: Proof, publics: list[int]) -> int:
    """Of the whole transaction that verifies the proof on chain."""
    key = VerifyingKey.load(Path(folder) / "statement.json")
    contract = verifying.contract(key, allow_development_key=True)
    chain = evm.Chain()
    address = chain.deploy(
        evm.compile_contract(contract.source, contract.name, evm.find_solc()), LEAST_GAS_CAP
    )
    found = chain.call(address, abi_calldata(proof, publics, "verifyProof"))
    if not found.ok:
        raise SystemExit("the contract refuses the proof")
    return found.gas


def timed(work: Callable[[], Any], runs: int = 5) -> float:
    """Median seconds."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


if __name__ == "__main__":
    main(*sys.argv[1:])
