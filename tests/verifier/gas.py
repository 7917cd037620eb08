"""Gas of a generated contract beside snarkjs's, for the same key, settings, proof and chain.

`python -m tests.verifier.gas` prints the table; with `--write` it pins it in tests/golden/gas.json.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.evm import Chain, compile_all
from tests.forge import publics as random_publics
from tests.forge import trapdoor
from tests.verifier import snarkjs
from tests.verifier.bad_inputs import raw_calldata, words_of
from verifier.calldata import ENTRY_POINTS
from verifier.contract import LEAST_GAS_CAP, contract
from zk.keccak import selector

GOLDEN = Path(__file__).parents[1] / "golden" / "gas.json"

#: Solc's pipeline and optimizer runs; the design's budget is for the first.
SETTINGS = [("ir", 1_000_000), ("ir", 200), ("legacy", 1_000_000), ("legacy", 200)]
SIZES = [1, 4, 6, 8]

Gas = dict[str, int]  # the contract's entry points, and "snarkjs's contract"
PEER = "snarkjs's contract"


def measure(n: int, pipeline: str, runs: int) -> Gas:
    """Whole-transaction gas of one valid call of each entry point, and of snarkjs's contract."""
    key, values = trapdoor(n), random_publics(n)
    made = contract(key.vk, setup_not_verified=True)
    sources = {"ours.sol": made.source, "theirs.sol": snarkjs.contract_source(key.vk)}
    compiled = compile_all(sources, pipeline=pipeline, runs=runs)
    chain = Chain()
    ours = chain.deploy(compiled[made.name].code, LEAST_GAS_CAP)
    theirs = chain.deploy(compiled["Groth16Verifier"].code)
    words = raw_calldata(words_of(key.proof(values), values))
    calls = {e: (ours, selector(s.format(n=n))) for e, s in ENTRY_POINTS.items()}
    calls[PEER] = (theirs, calls["snarkjs"][1])
    gas = {}
    for name, (address, function) in calls.items():
        result = chain.call(address, function + words)
        assert result.ok, name
        assert result.data[-1] == 1, name
        gas[name] = result.gas
    return gas


def measure_all() -> dict[str, Gas]:
    """Every setting and size, by a name such as "ir, runs 200, n=4"."""
    return {
        f"{pipeline}, runs {runs}, n={n}": measure(n, pipeline, runs)
        for pipeline, runs in SETTINGS
        for n in SIZES
    }


def main(arguments: list[str]) -> None:
    table = measure_all()
    print("| settings | " + " | ".join([*ENTRY_POINTS, PEER]) + " |")
    print("|---|" + "---|" * (len(ENTRY_POINTS) + 1))
    for name, gas in table.items():
        print(f"| {name} | " + " | ".join(f"{value:,}" for value in gas.values()) + " |")
    if "--write" in arguments:
        GOLDEN.write_text(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
