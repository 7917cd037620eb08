"""Witness execution by each path, and the check of the rows: `python -m bench.witness`.

    python -m bench.witness [--classes 64+16 32 128] [--accounts 32] [--runs 5] [--threads 1]

For each size class, in ms: the program as it is written, in the field; preparing it; a prepared run
of one account, and for each of many accounts side by side; the same two without the vector code;
and the check of every row. Least processor time of the runs, which is what one thread takes when
the machine is shared; with several threads it is their sum.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bench.inputs import write_inputs
from bench.portfolio_inputs import write_portfolio
from circuits.margin.commitment import new_secret
from circuits.margin.statement import Domain
from zk import engine
from zk.compiler.compiled import CompiledCircuit
from zk.field import Limbs
from zkmargin import models, proving

HEADER = (
    "| class | rows | field | prepare | one | each of many | one, no IFMA | many, no IFMA "
    "| check |\n"
    "|---|---|---|---|---|---|---|---|---|"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--classes", nargs="*", default=["64+16", "32", "128"])
    parser.add_argument("--accounts", type=int, default=32)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--plain", metavar="CLASS", help=argparse.SUPPRESS)
    options = parser.parse_args()
    engine.set_threads(options.threads)
    if options.plain:
        print(*prepared_times(*case(options.plain), options))
        return
    print(HEADER)
    for name in options.classes:
        print(row(name, options), flush=True)


def row(name: str, options: argparse.Namespace) -> str:
    """One line of the table."""
    circuit, inputs = case(name)
    system, program = circuit.r1cs, circuit.program
    field = least(lambda: engine.run_witness(system, program, inputs), options.runs)
    prepare = least(lambda: engine.prepare_witness(system, program), options.runs)
    one, many = prepared_times(circuit, inputs, options)
    witness = circuit_witness(circuit, inputs)
    if not np.array_equal(witness, engine.run_witness(system, program, inputs)):
        raise SystemExit(f"{name}: the paths differ")
    if engine.first_unsatisfied(system, witness) is not None:
        raise SystemExit(f"{name}: the witness breaks a row")
    check = least(lambda: engine.first_unsatisfied(system, witness), options.runs)
    again = [sys.executable, "-m", "bench.witness", "--plain", name]
    again += ["--accounts", str(options.accounts), "--runs", str(options.runs)]
    again += ["--threads", str(options.threads)]
    without = os.environ | {"ZKMARGIN_NO_IFMA": "1"}
    plain = subprocess.run(again, check=True, capture_output=True, text=True, env=without)
    figures = [field, prepare, one, many, *map(float, plain.stdout.split()), check]
    cells = [name, f"{system.n_constraints:,}", *(f"{ms:.1f}" for ms in figures)]
    return f"| {' | '.join(cells)} |"


def prepared_times(
    circuit: CompiledCircuit, inputs: Limbs, options: argparse.Namespace
) -> tuple[float, float]:
    """Milliseconds of a prepared run of one account, and for each of many."""
    handle = engine.prepare_witness(circuit.r1cs, circuit.program)
    several = np.stack([inputs] * options.accounts)
    one = least(lambda: engine.run_prepared(handle, inputs[np.newaxis]), options.runs)
    many = least(lambda: engine.run_prepared(handle, several), options.runs)
    return one, many / options.accounts


def circuit_witness(circuit: CompiledCircuit, inputs: Limbs) -> Limbs:
    """The witness by the prepared path."""
    handle = engine.prepare_witness(circuit.r1cs, circuit.program)
    found: Limbs = engine.run_prepared(handle, inputs[np.newaxis])[0]
    return found


def case(name: str) -> tuple[CompiledCircuit, Limbs]:
    """A size class's circuit, and the inputs of an account that fills it."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        if "+" in name:
            write_inputs(folder, name)
        else:
            write_portfolio(folder, int(name))
        new_secret(folder / "account.secret")
        params = models.load_params(folder / "params.json")
        market = models.load_market(folder / "market.json", params)
        secret = folder / "account.secret"
        account = models.load_account(folder / "account.json", params, secret)
    claim: Any = models.make_claim(Domain(), params, market)
    shape: Any = models.shape_for(params, name)
    book: Any = account.book(params)
    circuit = proving.compile(proving.statement_circuit(claim.statement, shape))
    values = claim.inputs(shape, book, account.salt(), circuit.digest)
    return circuit, circuit.assign(values)


def least(work: Callable[[], Any], runs: int) -> float:
    """Milliseconds of processor time, the least of some runs."""
    times = []
    for _ in range(runs):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return 1e3 * min(times)


if __name__ == "__main__":
    main()
