"""The limits of `zkmargin analyse` hold: a verdict and its reason in time, and below the memory.

Each command runs in a process of its own, which prints its peak memory at the end.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from tests.analyse.systems import Row, r1cs_of, to_bits
from tests.clock import stopwatch
from tests.zkmargin.files import run
from zk.analyse.analysis import analyse
from zk.analyse.limits import capped_memory, held
from zk.field import R, to_limbs
from zk.formats.r1cs import save_r1cs
from zk.r1cs import R1CS, Matrix

_LEAST = 256 << 20  # the smallest memory that the command takes
_START = 3.0  # seconds of processor time to start Python, on a slow machine
_PATIENCE = 600  # seconds for a command, on a machine that has other work

# VmHWM, and not the peak that a parent is told of its children: that one starts at the parent's.
_PROGRAM = """
import atexit, runpy, sys
@atexit.register
def report():
    lines = open("/proc/self/status").read().splitlines()
    print(next(line for line in lines if line.startswith("VmHWM")), file=sys.stderr)
runpy.run_module("zkmargin", run_name="__main__", alter_sys=True)
"""


class Done(NamedTuple):
    code: int
    fields: dict[str, Any]
    peak: int
    seconds: float  # of processor time


def measured(*arguments: object) -> Done:
    command = [sys.executable, "-c", _PROGRAM, "analyse", *map(str, arguments), "--json"]
    with stopwatch() as clock:
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, timeout=_PATIENCE
        )
    peak = int(done.stderr.split("VmHWM:")[1].split()[0])
    return Done(done.returncode, json.loads(done.stdout), 1024 * peak, clock.seconds)


def squares(n: int) -> R1CS:
    """Input 2 squared n times is output 1; arrays, as lists of this many rows are slow to make."""
    wires = np.r_[np.arange(2, n + 2), 1].astype(np.uint32)

    def column(chosen: np.ndarray) -> Matrix:
        return Matrix(np.arange(n + 1, dtype=np.uint32), chosen, np.zeros(n, dtype=np.uint32))

    return R1CS(
        n_wires=n + 2,
        n_outputs=1,
        n_public=1,
        n_private=0,
        a=column(wires[:-1]),
        b=column(wires[:-1]),
        c=column(wires[1:]),
        table=to_limbs([1]),
        labels=np.arange(n + 2, dtype=np.uint64),
        n_labels=n + 2,
    )


def dense(n: int) -> R1CS:
    """n - 1 sums of n wires: the elimination takes much longer than the reading."""
    rng = random.Random(n)
    rows: list[Row] = [
        ({w: rng.randrange(1, R) for w in range(1, n + 1)}, {0: 1}, {}) for _ in range(n - 1)
    ]
    return r1cs_of(rows, n + 1, 1, 0)


linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self/status")


@linux
def test_memory_holds(tmp_path: Path) -> None:
    path = tmp_path / "squares.r1cs"
    save_r1cs(path, squares(400_000))
    done = measured(path, "--memory", "0.25", "--seconds", str(_PATIENCE))
    assert (done.code, done.fields["verdict"], done.fields["stopped"]) == (3, "unknown", "memory")
    assert done.peak < _LEAST
    # It is the size that decides: a shorter chain is proved within the same memory.
    save_r1cs(path, squares(4_000))
    done = measured(path, "--memory", "0.25", "--seconds", str(_PATIENCE))
    assert (done.code, done.fields["verdict"], done.fields["stopped"]) == (0, "safe", None)


@linux
@pytest.mark.parametrize("system", [dense(390), squares(400_000)], ids=["elimination", "reading"])
def test_time_holds(tmp_path: Path, system: R1CS) -> None:
    path = tmp_path / "system.r1cs"
    save_r1cs(path, system)
    done = measured(path, "--seconds", "1.5")
    assert (done.code, done.fields["verdict"], done.fields["stopped"]) == (3, "unknown", "time")
    assert done.seconds < 1.5 + 1 + _START


def test_a_file_that_the_memory_does_not_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "main.r1cs"
    save_r1cs(path, r1cs_of(*to_bits(8)))

    def full(_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("zk.formats.r1cs.load_r1cs", full)
    done = run("analyse", path, "--json")
    assert (done.code, done.fields["verdict"], done.fields["stopped"]) == (3, "unknown", "memory")


@linux
def test_memory_that_the_process_had_before_does_not_count_twice() -> None:
    """The limit is on what is held now, not on a peak that is past."""
    block = bytearray(300 << 20)
    peak = held()
    del block
    assert held() < peak - (200 << 20)
    found = analyse(r1cs_of(*to_bits(8)), memory=peak)
    assert (found.outputs, found.stopped) == ("safe", "")


@linux
def test_the_system_refuses_more(tmp_path: Path) -> None:
    with pytest.raises(MemoryError), capped_memory(held() + (64 << 20)):
        bytearray(200 << 20)
    bytearray(200 << 20)
