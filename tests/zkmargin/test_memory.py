"""Memory of proving: at most the key, 200 bytes a row of the domain, and 80 MB for the process."""

from __future__ import annotations

import mmap
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.zkmargin.files import World
from zk import engine
from zk.formats.binfile import let_go, map_file
from zk.formats.prepared import save_prepared
from zk.formats.wtns import save_wtns
from zk.groth16 import development_scalar
from zkmargin.bench.running import Server, run
from zkmargin.bench.synthetic import system
from zkmargin.keys import load_set
from zkmargin.prover import Prover

ROOT = Path(__file__).parents[2]
ROW = 200  # bytes
PROCESS = 80  # MB
MARGIN = 0.92  # of the limit, below which proofs keep; they take 0.79 of it at 2^18 rows
THREADS = 2  # each has lists of its own

PAGES = Path("/proc/self/smaps")
needs_pages = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells pages by file")


def limit(key: Path, rows: int) -> float:
    return key.stat().st_size / 2**20 + ROW * rows / 2**20 + PROCESS


def resident(path: Path) -> int:
    """Kilobytes of a mapped file that are in this process's memory."""
    found, inside = 0, False
    for line in PAGES.read_text().splitlines():
        if "-" in line.split(":")[0].split(" ")[0]:
            inside = line.endswith(f" {path}")
        elif inside and line.startswith("Rss:"):
            found += int(line.split()[1])
    return found


def test_many_proofs_take_no_more_than_the_limit(tmp_path: Path) -> None:
    log = 18
    r1cs, witness = system((1 << log) - 4)
    key, values = tmp_path / "key.zkp", tmp_path / "witness.wtns"
    pk = engine.keygen(r1cs, development_scalar("alpha"), development_scalar("beta"))
    save_prepared(key, pk, r1cs)
    save_wtns(values, witness)
    command = [sys.executable, "-m", "zkmargin.bench.prove", str(key), str(values)]
    server = Server(command, threads=THREADS, cwd=tmp_path, more={"PYTHONPATH": str(ROOT)})
    try:
        for _ in range(5):
            server.work()
        peak = server.stop()
    finally:
        server.kill()
    assert peak < MARGIN * limit(key, 1 << log)
    assert peak > key.stat().st_size / 2**20  # it is the prover's that is measured


def test_the_verb_takes_no_more_than_the_limit(world: World, tmp_path: Path) -> None:
    file = load_set(world.path("keys"))
    assert file.prepared is not None
    key = world.path("keys") / file.prepared.file
    rows = Prover.open(world.path("keys")).circuit.r1cs.domain_size
    outputs = ["--proof", tmp_path / "proof.json", "--public", tmp_path / "public.json"]
    words = ["prove", "--keys", world.path("keys"), *world.venue, *world.owner, *outputs]
    command = [sys.executable, "-m", "zkmargin", *map(str, words)]
    done = run(command, threads=THREADS, cwd=tmp_path, more={"PYTHONPATH": str(ROOT)})
    assert done.peak < MARGIN * limit(key, rows)


@needs_pages
def test_an_open_prover_holds_none_of_the_circuits_file(world: World) -> None:
    path = world.path("keys/circuit.zkc")
    prover = Prover.open(world.path("keys"))
    assert resident(path) == 0
    # It can still be read.
    assert prover.circuit.r1cs.table.any()
    assert 0 < resident(path) < path.stat().st_size // 1024


@needs_pages
def test_pages_that_were_let_go_are_read_again(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)) * (1 << 14))
    _, data = map_file(path)
    view = np.frombuffer(data[4096:], np.uint8)[100:]
    total = view.sum()
    assert resident(path) == 4096
    let_go(view)
    assert resident(path) == 0
    assert view.sum() == total
    let_go(data)
    assert resident(path) == 0


def test_memory_of_other_kinds_stays() -> None:
    written = mmap.mmap(-1, 1 << 16, flags=mmap.MAP_PRIVATE)
    written[:4] = b"abcd"
    for data in (memoryview(written), memoryview(b"bytes"), np.arange(4)):
        before = bytes(data)
        let_go(data)
        assert bytes(data) == before
