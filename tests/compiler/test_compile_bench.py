"""The circuit of bench/compile.py is the same work in both languages."""

from __future__ import annotations

import shutil
from pathlib import Path

from bench import compile as bench
from tests import snarkjs
from zk.formats.r1cs import load_r1cs

SIZE = 2_000


def test_ours_has_the_constraints_it_says(tmp_path: Path) -> None:
    hashes, checks, levels = bench.parts(SIZE)
    bench.ours(SIZE, tmp_path / "ours.r1cs")
    expected = hashes * bench.HASH + checks * bench.BITS + levels * bench.LEVEL
    # A result that is public stays a wire: its equality is a row or spares one.
    assert abs(load_r1cs(tmp_path / "ours.r1cs").n_constraints - expected) <= 10


def test_circoms_is_as_large(tmp_path: Path) -> None:
    snarkjs.require()
    shutil.copytree(bench.MODULES / "circomlib" / "circuits", tmp_path / "circuits")
    line = bench.commands(SIZE, tmp_path, None)["circom2"]
    run = bench.measure(line, tmp_path, tmp_path / "mix.r1cs", 300)
    bench.ours(SIZE, tmp_path / "ours.r1cs")
    assert run.ended == "ok"
    assert load_r1cs(tmp_path / "ours.r1cs").n_constraints <= run.constraints <= SIZE


def test_what_a_compiler_that_fails_leaves_is_said(tmp_path: Path) -> None:
    run = bench.measure(["false"], tmp_path, tmp_path / "none.r1cs", 60)
    assert run.ended == "failed (1)"
    slow = bench.measure(["sleep", "20"], tmp_path, tmp_path / "none.r1cs", 0.3)
    assert slow.ended == "timeout"
