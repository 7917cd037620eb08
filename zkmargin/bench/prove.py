"""Prove from files, once or as a server: `python -m zkmargin.bench.prove KEY WITNESS [--once P S]`.

KEY is a `.zkey` or a prepared key, WITNESS a `.wtns`. Each proof is verified before it counts, and
that is part of its time: no proof leaves a prover of ours unverified. `--once PROOF PUBLIC` writes
the two files and ends; else this is a server in the sense of zkmargin/bench/running.py.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable

from zk import engine
from zk.errors import InvalidProof, ZkError
from zk.field import Limbs
from zk.formats.binfile import map_file
from zk.formats.wtns import load_wtns
from zk.formats.zkey import load_zkey
from zk.groth16 import Proof, VerifyingKey


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("key")
    parser.add_argument("witness")
    parser.add_argument("--once", nargs=2, metavar=("PROOF", "PUBLIC"))
    options = parser.parse_args()
    # As many threads as whoever started this has allowed.
    engine.set_threads(int(os.environ.get("RAYON_NUM_THREADS", "0")))
    prove = prover(options.key)
    witness = load_wtns(options.witness)
    if options.once:
        from zk.formats.json import save_proof, save_public

        proof, publics = prove(witness)
        save_proof(options.once[0], proof)
        save_public(options.once[1], publics)
        return
    prove(witness)  # tables of the domain's size are made once
    print(json.dumps({"ready": True, "engine": engine.name()}), flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        prove(witness)
        print(json.dumps({"seconds": time.perf_counter() - start}), flush=True)


def prover(path: str) -> Callable[[Limbs], tuple[Proof, Limbs]]:
    """From a witness, a verified proof and its public signals."""
    with open(path, "rb") as file:
        is_zkey = file.read(4) == b"zkey"
    return _from_zkey(path) if is_zkey else _from_prepared(path)


def _from_prepared(path: str) -> Callable[[Limbs], tuple[Proof, Limbs]]:
    _, data = map_file(path)
    key = engine.open_prepared(data)
    vk = key.vk

    def prove(witness: Limbs) -> tuple[Proof, Limbs]:
        return _verified(vk, witness, engine.prove_prepared(key, witness))

    return prove


def _from_zkey(path: str) -> Callable[[Limbs], tuple[Proof, Limbs]]:
    pk = load_zkey(path)

    def prove(witness: Limbs) -> tuple[Proof, Limbs]:
        return _verified(pk.vk, witness, engine.prove(pk, witness))

    return prove


def _verified(vk: VerifyingKey, witness: Limbs, proof: Proof) -> tuple[Proof, Limbs]:
    publics = witness[1 : vk.n_public + 1]
    if not engine.verify(vk, publics, proof):
        raise InvalidProof("the finished proof does not verify: key or witness is wrong")
    return proof, publics


if __name__ == "__main__":
    try:
        main()
    except ZkError as error:
        raise SystemExit(str(error)) from None
