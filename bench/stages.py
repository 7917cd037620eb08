"""Times inside one process, as JSON: `python -m bench.stages KEYS WITNESS.wtns`."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from zk import engine
from zk.formats.wtns import load_wtns
from zkmargin.keys import ProvingKey


def main(folder: str, wtns: str) -> None:
    pk, circuit = ProvingKey.load(folder)
    witness = load_wtns(wtns)
    inputs = witness[1 : circuit.program.n_inputs + 1]
    proof = engine.prove(pk.key, witness)
    publics = witness[1 : circuit.r1cs.n_publics + 1]
    print(
        json.dumps(
            {
                "constraints": circuit.r1cs.n_constraints,
                "witness": timed(lambda: engine.run_witness(circuit.r1cs, circuit.program, inputs)),
                "prove": timed(lambda: engine.prove(pk.key, witness)),
                "verify": timed(lambda: engine.verify(pk.key.vk, publics, proof), 20),
            }
        )
    )


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
