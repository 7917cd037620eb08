"""The circuits that are measured beside peers: each a folder with system, witness and key.

Six kinds in circom, of our own writing on circomlib's templates (bench/circuits), compiled by
circom2 at --O2, and the two largest classes of this project's margin statements. Every step is made
once in a work folder and kept: a folder is complete when its `done` file is there. Rows of the
larger ones lie just below a power of two, so that nobody pays for a domain that is half empty.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.inputs import write_inputs
from bench.portfolio_inputs import write_portfolio
from zk.field import R
from zk.formats.circuit import load_circuit
from zk.formats.r1cs import load_r1cs, save_r1cs
from zkmargin.bench.race import Files

ROOT = Path(__file__).parent.parent
MODULES = ROOT / "tests/js/node_modules"
SNARKJS = MODULES / "snarkjs/build/cli.cjs"
SOURCES = Path(__file__).parent / "circuits"
LIMIT = 900  # seconds for a step


@dataclass(frozen=True)
class Case:
    """A circuit to prove: what it is called, and what makes its system and witness in a folder."""

    name: str
    words: str
    make: Callable[[Path], None]
    predicted: int | None = None  # ms, two threads: what prototypes of the kernels promised

    def files(self, work: Path) -> Files:
        """The case's files, made now unless an earlier run did."""
        folder = work / self.name
        done = folder / "done"
        if not done.is_file():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            self.make(folder)
            Files(folder).make_key(load_r1cs(Files(folder).r1cs))
            done.touch()
        return Files(folder)


def circom(
    template: str, *arguments: int, inputs: Callable[[random.Random], Any]
) -> Callable[[Path], None]:
    """Compile a template of bench/circuits with these arguments, and make a witness."""

    def make(folder: Path) -> None:
        call = f"{template.capitalize()}({', '.join(map(str, arguments))})"
        lines = (
            "pragma circom 2.0.0;",
            f'include "{template}.circom";',
            f"component main = {call};",
        )
        (folder / "circuit.circom").write_text("\n".join(lines) + "\n")
        # circom2 sees only the folder in which it is started.
        shutil.copy(SOURCES / f"{template}.circom", folder)
        shutil.copytree(MODULES / "circomlib/circuits", folder / "circomlib/circuits")
        compiler = MODULES / ".bin/circom2"
        _run(folder, "node", compiler, "circuit.circom", "--r1cs", "--wasm", "--O2")
        (folder / "input.json").write_text(json.dumps(inputs(random.Random(template))))
        wasm = "circuit_js/circuit.wasm"
        _run(folder, "node", SNARKJS, "wtns", "calculate", wasm, "input.json", "witness.wtns")

    return make


def margin(size_class: str) -> Callable[[Path], None]:
    """The `meets` statement of a size class, with a full account."""

    def make(folder: Path) -> None:
        us = [sys.executable, "-m", "zkmargin"]
        if "+" in size_class:
            write_inputs(folder, size_class)
            sized = []
        else:
            write_portfolio(folder, int(size_class))
            sized = ["--class", size_class]
        claim = ["--params", "params.json", "--market", "market.json"]
        owner = ["--account", "account.json", "--secret", "account.secret"]
        _run(folder, *us, "key", "new", "account.secret")
        _run(folder, *us, "compile", "meets", *claim[:2], *sized, "--out", "meets.zkc")
        _run(folder, *us, "setup", "--circuit", "meets.zkc", "--out", "keys", "--development")
        _run(folder, *us, "check", "--keys", "keys", *claim, *owner, "--witness", "witness.wtns")
        save_r1cs(folder / "circuit.r1cs", load_circuit(folder / "meets.zkc").r1cs)

    return make


def _chain(rng: random.Random) -> Any:
    return {"start": str(rng.randrange(R)), "key": str(rng.randrange(R))}


def _values(count: int) -> Callable[[random.Random], Any]:
    return lambda rng: {"value": [str(rng.getrandbits(64)) for _ in range(count)]}


def _mixed(depth: int, count: int) -> Callable[[random.Random], Any]:
    def draw(rng: random.Random) -> Any:
        return {
            "leaf": str(rng.randrange(R)),
            "sibling": [str(rng.randrange(R)) for _ in range(depth)],
            "right": [str(rng.getrandbits(1)) for _ in range(depth)],
            **_values(count)(rng),
        }

    return draw


CASES = (
    Case(
        "mixed-9k",
        "mixed: Poseidon Merkle path and range checks",
        circom("mixed", 20, 63, inputs=_mixed(20, 63)),
        26,
    ),
    Case("chain-16k", "Poseidon chain", circom("chain", 68, inputs=_chain), 43),
    Case("chain-65k", "Poseidon chain", circom("chain", 273, inputs=_chain), 135),
    Case("chain-262k", "Poseidon chain", circom("chain", 1092, inputs=_chain), 480),
    Case("ranges-65k", "range checks", circom("ranges", 1023, inputs=_values(1023)), 40),
    Case("ranges-262k", "range checks", circom("ranges", 4095, inputs=_values(4095)), 145),
    Case("linear-64+16", "linear margin, 64 positions and 16 collaterals", margin("64+16")),
    Case("portfolio-128", "portfolio margin, 128 options", margin("128")),
)


def _run(folder: Path, *command: str | Path) -> None:
    done = subprocess.run(
        list(map(str, command)),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        stdin=subprocess.DEVNULL,
        env=_environment(),
        check=False,
    )
    if done.returncode != 0:
        words = (done.stderr or done.stdout).strip()[-500:]
        raise SystemExit(f"{folder.name}: {Path(command[1]).name}: {words}")


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}
