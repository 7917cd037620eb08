"""Ctrl-C while the engine works: it stops at once, raises KeyboardInterrupt and leaves nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

#: The engine stops within 0.2 s; the rest is for a machine that does something else meanwhile.
LIMIT = 0.2 + 1.3

SCRIPT = """
import sys, time
import numpy as np
from zk import engine
from zk.field import R, to_limbs
from zk.r1cs import R1CS, Matrix

N = (1 << 17) + 1  # rows w (w - 1) = 0, a domain of 2^18
wires = np.arange(1, N + 1, dtype=np.uint32)
ends = np.arange(N + 1, dtype=np.uint32)
b = np.stack([np.zeros(N, np.uint32), wires], axis=1).reshape(-1)
none = np.zeros(0, np.uint32)
r1cs = R1CS(
    n_wires=N + 1, n_outputs=0, n_public=0, n_private=N,
    a=Matrix(ends, wires, np.zeros(N, np.uint32)),
    b=Matrix(2 * ends, b, np.tile(np.array([1, 0], np.uint32), N)),
    c=Matrix(np.zeros(N + 1, np.uint32), none, none),
    table=to_limbs([1, R - 1]), labels=np.arange(N + 1, dtype=np.uint64), n_labels=N + 1,
)
witness = np.zeros((N + 1, 4), np.uint64)
witness[:, 0] = 1
engine.set_threads(1)

def interrupted(what, work):
    print(what, flush=True)
    try:
        work()
    except KeyboardInterrupt:
        print("stopped", time.monotonic(), flush=True)
    else:
        print("finished", flush=True)

interrupted("keygen", lambda: engine.keygen(r1cs, 3, 4))
engine.set_threads(0)
pk = engine.keygen(r1cs, 3, 4)
data = engine.prepare(pk, r1cs)
engine.set_threads(1)
interrupted("prepare", lambda: engine.prepare(pk, r1cs))
key = engine.open_prepared(data)
interrupted("prove_prepared", lambda: engine.prove_prepared(key, witness))
interrupted("prove", lambda: engine.prove(pk, witness))
proof = engine.prove_prepared(key, witness)
print("afterwards", engine.verify(pk.vk, witness[1:1], proof), flush=True)
"""


def test_an_interrupt_stops_the_engine(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(root), "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        for what in ("keygen", "prepare", "prove_prepared", "prove"):
            assert child.stdout.readline().strip() == what
            time.sleep(0.1)
            sent = time.monotonic()
            child.send_signal(signal.SIGINT)
            verdict, _, at = child.stdout.readline().strip().partition(" ")
            assert verdict == "stopped", what
            assert float(at) - sent < LIMIT, what
        assert child.stdout.readline().strip() == "afterwards True"
    assert child.returncode == 0
    assert list(tmp_path.iterdir()) == []
