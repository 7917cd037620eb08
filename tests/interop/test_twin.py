"""The whole main job on the reference twin, its proof accepted by the engine and by snarkjs."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

from tests import snarkjs
from tests.zkmargin.files import ACCOUNT, ACCOUNT_ID, MARKET, PARAMS, write
from zk.formats.circuit import load_circuit

SECONDS = 120  # of processor time, for everything that runs on the twin


def zkmargin(folder: Path, engine: str, *arguments: str) -> str:
    """Run the command line on one of the two engines; returns its stdout."""
    done = subprocess.run(
        [sys.executable, "-m", "zkmargin", *arguments],
        cwd=folder,
        env=os.environ | {"ZKMARGIN_ENGINE": engine},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def processor_time() -> float:
    """Seconds that the processes started here have used; other work on the machine adds none."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_the_twin_does_the_main_job(tmp_path: Path) -> None:
    snarkjs.require()
    for name, document in (("params", PARAMS), ("market", MARKET), ("account", ACCOUNT)):
        write(tmp_path / f"{name}.json", document)
    venue = ["--params", "params.json", "--market", "market.json"]
    owner = ["--account", "account.json", "--secret", "secret"]

    start = processor_time()
    zkmargin(tmp_path, "reference", "key", "new", "secret")
    zkmargin(
        tmp_path, "reference", "compile", "meets", "--params", "params.json", "--out", "meets.zkc"
    )
    zkmargin(
        tmp_path, "reference", "setup", "--circuit", "meets.zkc", "--out", "keys", "--development"
    )
    commitment = zkmargin(tmp_path, "reference", "commit", *owner, "--params", "params.json")
    zkmargin(tmp_path, "reference", "prove", "--keys", "keys", *venue, *owner)
    verify = [
        "verify", "--statement", "keys/statement.json", *venue, "--account-id", ACCOUNT_ID,
        "--commitment", commitment, "--proof", "proof.json", "--allow-development-key",
    ]  # fmt: skip
    zkmargin(tmp_path, "reference", *verify)
    seconds = processor_time() - start

    assert load_circuit(tmp_path / "meets.zkc").r1cs.n_constraints <= 1 << 12
    zkmargin(tmp_path, "native", *verify)
    snarkjs.snarkjs(
        "groth16", "verify", "keys/verification_key.json", "public.json", "proof.json", cwd=tmp_path
    )
    assert seconds < SECONDS
