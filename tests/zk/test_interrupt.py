"""Ctrl-C while the engine works: it stops at once, raises KeyboardInterrupt and leaves nothing.

A child interrupts itself when a call has used a quarter of the processor time that the whole call
takes, and says how much it used in the end. Processor time, and a call as long as the machine is
fast, because a clock on the wall tells nothing on a machine that is busy: a signal sent after a
tenth of a second finds a short call done and a starved one not begun.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

#: A call that does not hear the signal raises too, but only when all its work is done.
STOPPED = 0.6

#: Seconds of processor time from the signal to the exception, whatever the size of the call.
SOON = 0.2

#: The same for key generation at 2^20, which has the largest buffers to erase and to give back.
SOON_ENOUGH = {"keygen": 0.4}

#: The child has this long, much more than it needs where it gets a fiftieth of a processor.
PATIENCE = 900

SCRIPT = """
import json, math, signal, sys, time
import numpy as np
from zk import engine
from zk.field import R, to_limbs
from zk.r1cs import R1CS, Matrix

AT = 1 / 4      # of the work done when the signal comes
LONG = 0.3      # seconds of a proof, at least: the engine looks for signals 20 times a second
TRIES = 10      # for a system that keeps the thread that looks waiting

def squares(n):
    \"\"\"Rows x * x = y, and a witness of large values.\"\"\"
    x = np.arange(1, n + 1, dtype=np.uint32)
    ends, one = np.arange(n + 1, dtype=np.uint32), np.zeros(n, np.uint32)
    r1cs = R1CS(
        n_wires=2 * n + 1, n_outputs=0, n_public=0, n_private=2 * n,
        a=Matrix(ends, x, one), b=Matrix(ends, x, one), c=Matrix(ends, x + np.uint32(n), one),
        table=to_limbs([1]), labels=np.arange(2 * n + 1, dtype=np.uint64), n_labels=2 * n + 1,
    )
    values = [pow(7, 1000 + i, R) for i in range(n)]
    return r1cs, to_limbs([1, *values, *(v * v % R for v in values)])

def used(work):
    start = time.process_time()
    work()
    return time.process_time() - start

def interrupted(work, at):
    \"\"\"What it used, or None if it was done before the signal.\"\"\"
    start = time.process_time()
    try:
        signal.setitimer(signal.ITIMER_PROF, at)
        work()
        signal.setitimer(signal.ITIMER_PROF, 0)
    except KeyboardInterrupt:
        return time.process_time() - start

def attempts(work):
    \"\"\"The part of the work that was done, seconds from signal to exception; best last.\"\"\"
    found, whole = [], used(work)
    while len(found) < TRIES and (not found or found[-1][0] > most):
        spent = interrupted(work, AT * whole)
        # The whole call again: a processor that was slow for a while must not pass for a stop.
        whole = min(whole, used(work))
        found.append([9, 9] if spent is None else [spent / whole, spent - AT * whole])
    return found

rows, most = int(sys.argv[1]), float(sys.argv[2])
signal.signal(signal.SIGPROF, signal.default_int_handler)  # what SIGINT does
engine.set_threads(1)
while True:
    r1cs, witness = squares(rows)
    pk = engine.keygen(r1cs, 3, 4)
    key = engine.open_prepared(engine.prepare(pk, r1cs))
    took = min(used(lambda: engine.prove_prepared(key, witness)) for _ in range(3))
    if took >= LONG:
        break
    rows <<= math.ceil(math.log2(LONG / took))
found = {
    "keygen": attempts(lambda: engine.keygen(r1cs, 3, 4)),
    "prepare": attempts(lambda: engine.prepare(pk, r1cs)),
    "prove_prepared": attempts(lambda: engine.prove_prepared(key, witness)),
    "prove": attempts(lambda: engine.prove(pk, witness)),
}
afterwards = engine.verify(pk.vk, witness[1:1], engine.prove_prepared(key, witness))
print(json.dumps([afterwards, found]))
"""


def attempts(folder: Path, rows: int) -> dict[str, list[list[float]]]:
    """What the child says of each call; that proofs hold afterwards and nothing is left."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(rows), str(STOPPED)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    verified, found = json.loads(done.stdout)
    assert verified is True
    assert list(found) == ["keygen", "prepare", "prove_prepared", "prove"]
    assert list(folder.iterdir()) == []
    return dict(found)


def test_an_interrupt_stops_the_engine(tmp_path: Path) -> None:
    for call, found in attempts(tmp_path, 1 << 13).items():
        assert min(part for part, _ in found) <= STOPPED, (call, found)


@pytest.mark.slow
def test_an_interrupt_stops_a_long_call_as_soon(tmp_path: Path) -> None:
    """A domain of 2^20: what is done between two looks does not grow with the circuit."""
    for call, found in attempts(tmp_path, 1 << 19).items():
        limit = SOON_ENOUGH.get(call, SOON)
        assert min(late for _, late in found) <= limit, (call, found)
