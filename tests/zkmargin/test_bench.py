"""`zkmargin bench`: what it measures is what ran; a prover that cheats or hangs is found out."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from tests.zkmargin.files import run as verb
from zk import engine
from zk.formats.json import save_proof, save_public
from zkmargin.bench import kernels, plot, race
from zkmargin.bench.running import Server, ToolFailed, run
from zkmargin.bench.synthetic import scalars, system

PYTHON = [sys.executable, "-I", "-S", "-c"]
LONG = 300  # seconds, for what ends by itself at once: a busy machine may take some to start it


def test_a_small_machine_is_measured(tmp_path: Path) -> None:
    drawn = tmp_path / "times.svg"
    done = verb("bench", "--log", 6, "--runs", 1, "--plot", drawn, "--json")
    assert done.code == 0, done.stderr
    found = done.fields
    assert [k["name"] for k in found["kernels"]][:3] == ["MSM in G1", "MSM in G2", "NTT"]
    assert all(k["ns"] > 0 for k in found["kernels"])
    stages = ["setup", "check", "prepare", "open", "prove", "prove, from zkey", "verify"]
    assert list(found["stages"]) == ["log", "threads", *stages]
    assert [entry["constraints"] for entry in found["proofs"]] == [12, 60]
    for entry in found["proofs"]:
        names = [(one["prover"], one["how"]) for one in entry["results"]]
        both = ("key loaded", "whole process")
        assert names[:2] == [("zkmargin", how) for how in both]
        assert names[2:4] == [("zkmargin from zkey", how) for how in both]
        assert all(one["median_ms"] > 0 and one["peak_mb"] > 5 for one in entry["results"])
    assert ElementTree.parse(drawn).getroot().tag.endswith("svg")


def test_a_synthetic_circuit_is_what_it_says() -> None:
    for rows in (1, 2, 5, 1020):
        r1cs, witness = system(rows)
        assert r1cs.n_constraints == rows
        assert engine.first_unsatisfied(r1cs, witness) is None
    bits = (witness[:, 1:] == 0).all(axis=1)
    assert abs(bits.mean() - 0.5) < 0.05
    witness = witness.copy()
    witness[-1, 0] ^= np.uint64(2)
    assert engine.first_unsatisfied(r1cs, witness) is not None
    assert scalars(1000).max(axis=0)[3] < 2**53


def test_additions_are_those_of_the_best_window() -> None:
    # 20 windows of 13 bits, as the measurements of the design have it for this size.
    assert kernels.additions(2**16) == 20 * (2**16 + 2**13)
    assert kernels.additions(1) == 128 * 5


def test_a_run_has_its_own_peak_and_not_its_parents() -> None:
    ballast = np.ones(20_000_000)  # 160 MB of this process
    here = Path.cwd()
    small = run([*PYTHON, "pass"], threads=1, cwd=here)
    large = run([*PYTHON, "x = b'x' * 100_000_000"], threads=1, cwd=here)
    assert small.peak < 60
    assert 90 < large.peak - small.peak < 110
    assert ballast.sum() > 0


def test_a_run_is_held_to_its_processors() -> None:
    code = "import os; print(len(os.sched_getaffinity(0)), os.environ['GOMAXPROCS'])"
    assert run([*PYTHON, code], threads=1, cwd=Path.cwd()).text.split() == ["1", "1"]


@pytest.mark.parametrize(
    ("code", "limit", "words"),
    [
        ("import sys; sys.exit('no such key')", LONG, "exit 1: no such key"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", LONG, "exit -11"),
        (f"import time; time.sleep({LONG})", 1, "not done after 1 s"),
    ],
)
def test_a_run_that_fails_says_how(code: str, limit: float, words: str) -> None:
    start = time.perf_counter()
    with pytest.raises(ToolFailed, match=words):
        run([*PYTHON, code], threads=1, cwd=Path.cwd(), limit=limit)
    assert time.perf_counter() - start < LONG


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(ToolFailed, match="no such program"):
        run(["/nowhere/prover"], threads=1, cwd=Path.cwd())


@pytest.mark.parametrize(
    ("code", "limit", "words"),
    [
        ("print('hello', flush=True)", LONG, "does not answer"),
        ("import sys; sys.exit('no key')", LONG, "exit 1: no key"),
        (f"import time; time.sleep({LONG})", 1, "no answer for 1 s"),
        (
            "print('{\"ready\": true}', flush=True); input(); raise SystemExit('later')",
            LONG,
            "later",
        ),
    ],
)
def test_a_server_that_fails_says_how(code: str, limit: float, words: str) -> None:
    start = time.perf_counter()
    with pytest.raises(ToolFailed, match=words):
        Server([*PYTHON, code], threads=1, cwd=Path.cwd(), limit=limit).work()
    assert time.perf_counter() - start < LONG


def test_provers_race_in_turn_and_a_false_proof_is_found_out(tmp_path: Path) -> None:
    r1cs, witness = system(60)
    files = race.Files.make(tmp_path / "circuit", r1cs, witness)
    entered = race.ours(files, 2, scalar=True)
    results = race.race(files, entered, 1)
    assert [len(one.seconds) for one in results] == [2] * 5
    proof, public = files.proof("zkmargin")
    # Another prover that hands in what ours wrote, once as it is, once with another public signal.
    copy = f"import shutil; shutil.copy({str(proof)!r}, 'p'); shutil.copy('lie', 's')"
    out = (files.folder / "p", files.folder / "s")
    other = race.Contender("other", race.WHOLE, [*PYTHON, copy], 1, {}, out)
    (files.folder / "lie").write_bytes(public.read_bytes())
    race.race(files, [other], 1)
    publics = witness[1 : r1cs.n_publics + 1].copy()
    publics[0, 0] ^= np.uint64(1)
    save_public(files.folder / "lie", publics)
    with pytest.raises(ToolFailed, match="other: its proof does not verify"):
        race.race(files, [other], 1)


def test_ours_refuses_a_witness_that_does_not_satisfy(tmp_path: Path) -> None:
    r1cs, witness = system(60)
    witness = witness.copy()
    witness[-1, 0] ^= np.uint64(2)
    files = race.Files.make(tmp_path / "circuit", r1cs, witness)
    prepared, _, zkey, _ = race.ours(files, 1)
    with pytest.raises(ToolFailed, match=r"exit 1: .*constraint 59$"):
        race.race(files, [prepared], 1)
    with pytest.raises(ToolFailed, match=r"exit 1: .*does not verify"):
        race.race(files, [zkey], 1)


def test_the_slope_of_a_plot() -> None:
    points = [(2.0**k, 3.0 * 4.0**k) for k in range(5)]
    assert plot.exponent(points) == pytest.approx(2)
    with pytest.raises(ValueError, match="above zero"):
        plot.svg("t", "x", "y", {"none": [(0.0, 1.0)]})
    text = plot.svg("a < b", "x", "y", {"one & two": points, "nothing": []})
    words = [e.text for e in ElementTree.fromstring(text).iter() if e.tag.endswith("text")]
    assert {"a < b", "one & two", "2^0", "2^4", "1000"} <= set(words)
    assert "nothing" not in words


def test_a_proof_written_by_us_is_checked_as_any(tmp_path: Path) -> None:
    r1cs, witness = system(12)
    files = race.Files.make(tmp_path / "circuit", r1cs, witness)
    from zk.formats.zkey import load_zkey

    pk = load_zkey(files.zkey)
    proof = engine.prove(pk, witness)
    out = files.proof("x")
    save_proof(out[0], proof)
    save_public(out[1], witness[1 : r1cs.n_publics + 1])
    done = race.Contender("x", race.WHOLE, [*PYTHON, "pass"], 1, {}, out)
    assert race.race(files, [done], 1)[0].median > 0
