"""Random proofs, each verified, on each path: `python -m bench.selfcheck [--count 10000]`.

Circuits are synthetic, of 1 to 2,000 rows and any share of bits; every one gets a key of its own
and some proofs, each of which must verify, and must not verify for another public signal. The paths
are the vector code and, in processes with ZKMARGIN_NO_IFMA=1 and with ZKMARGIN_NO_ADX=1 too, the
scalar code with each of its multipliers; each from the `.zkey`'s form and from the prepared key in
turn. Exit code 1, and the seed of what failed, if one fails.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench.systems import ROOT
from zk import engine
from zk.errors import BadPoint
from zk.field import Limbs
from zk.groth16 import Proof, ProvingKey, development_scalar
from zk.r1cs import R1CS
from zkmargin.bench.race import NO_IFMA
from zkmargin.bench.running import ToolFailed, machine, processors, run
from zkmargin.bench.synthetic import system

NO_ADX = {**NO_IFMA, "ZKMARGIN_NO_ADX": "1"}
PATHS = {"vector": {}, "scalar": NO_IFMA, "portable": NO_ADX}
PROOFS = 20  # of one key
ROWS = 2000


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=10_000, help="proofs on each path")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=float, default=3600, help="seconds for a path")
    parser.add_argument("--path", action="store_true", help=argparse.SUPPRESS)  # as a child
    options = parser.parse_args()
    if options.path:
        return path(options.count, options.seed)
    for switch in NO_ADX:
        os.environ.pop(switch, None)
    print(machine())
    code = 0
    for name, more in PATHS.items():
        command = [sys.executable, "-m", "bench.selfcheck", "--path"]
        command += ["--count", str(options.count), "--seed", str(options.seed)]
        try:
            done = run(
                command,
                threads=len(processors(1024)),
                cwd=Path.cwd(),
                limit=options.limit,
                more={"PYTHONPATH": str(ROOT), **more},
            )
            # Progress may stand beside the one line that is the answer.
            answer = next(line for line in done.text.splitlines() if line.startswith("{"))
            found = json.loads(answer)
            what = f"{found['proofs']:,} proofs of {found['keys']:,} keys"
            print(f"{name}: {what}, each verified, in {done.seconds:.0f} s")
        except ToolFailed as error:
            print(f"{name}: {error}")
            code = 1
    return code


def path(count: int, seed: int) -> int:
    """As a child: make and verify the proofs with whatever code this process uses."""
    made = keys = 0
    start = time.monotonic()
    while made < count:
        place = f"seed {seed}, key {keys}"
        rng = random.Random(place)
        rows, bits = rng.randint(1, rng.choice((8, 200, ROWS))), rng.choice((0, 0.5, 0.9, 1))
        r1cs, witness = system(rows, bits, rng.getrandbits(32))
        pk = engine.keygen(r1cs, development_scalar("alpha"), development_scalar("beta"))
        keys += 1
        for proof in proofs(pk, r1cs, witness, min(PROOFS, count - made)):
            made += 1
            publics = witness[1 : r1cs.n_publics + 1].copy()
            if not verifies(pk, publics, proof):
                raise SystemExit(f"a proof does not verify: {place}, {rows} rows, bits {bits}")
            publics[rng.randrange(len(publics)), 0] ^= 1
            if verifies(pk, publics, proof):
                raise SystemExit(f"a false statement verifies: {place}, {rows} rows, bits {bits}")
        if keys % 50 == 0:
            print(f"{made:,} of {count:,}, {time.monotonic() - start:.0f} s", file=sys.stderr)
    print(json.dumps({"proofs": made, "keys": keys}))
    return 0


def proofs(pk: ProvingKey, r1cs: R1CS, witness: Limbs, count: int) -> Iterator[Proof]:
    """So many of one witness, in turn from the key as it is and from the prepared key."""
    prepared = engine.open_prepared(engine.prepare(pk, r1cs))
    for i in range(count):
        yield engine.prove_prepared(prepared, witness) if i % 2 else engine.prove(pk, witness)


def verifies(pk: ProvingKey, publics: Limbs, proof: Proof) -> bool:
    try:
        return engine.verify(pk.vk, publics, proof)
    except BadPoint:
        return False


if __name__ == "__main__":
    sys.exit(main())
