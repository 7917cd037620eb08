"""Whole proofs of one circuit by several provers, in turn: time of each run and peak memory.

A prover is measured as a whole process, from files to files, or with its key loaded, as a server
(zkmargin/bench/running.py). In each round every prover proves once, so that what disturbs the
machine for a while disturbs all of them. `--gnark` names a program around that library which reads
iden3's files: `P setup R1CS FOLDER`, `P prove R1CS FOLDER WTNS` as a server, and
`P verify VK PROOF PUBLIC`.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import statistics
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from zk import engine
from zk.errors import ZkError
from zk.field import Limbs
from zk.formats.atomic import write_atomic
from zk.formats.binfile import map_file
from zk.formats.json import load_public, read_proof, save_verifying_key
from zk.formats.r1cs import load_r1cs, save_r1cs
from zk.formats.wtns import load_wtns, save_wtns
from zk.formats.zkey import load_zkey, save_zkey
from zk.groth16 import development_scalar
from zk.r1cs import R1CS, Intervals
from zkmargin.bench.running import Server, ToolFailed, run

Command = Sequence[str | Path]

WHOLE: Final = "whole process"
LOADED: Final = "key loaded"
OURS: Final = "zkmargin"
OURS_ZKEY: Final = "zkmargin from zkey"
OURS_SCALAR: Final = "zkmargin without IFMA"
NO_IFMA: Final = {"ZKMARGIN_NO_IFMA": "1"}


@dataclass(frozen=True)
class Files:
    """One circuit's files in a folder; the provers' own are beside them."""

    folder: Path

    @property
    def r1cs(self) -> Path:
        return self.folder / "circuit.r1cs"

    @property
    def zkey(self) -> Path:
        return self.folder / "circuit.zkey"

    @property
    def prepared(self) -> Path:
        return self.folder / "circuit.prepared"

    @property
    def witness(self) -> Path:
        return self.folder / "witness.wtns"

    @property
    def vk(self) -> Path:
        return self.folder / "verification_key.json"

    @property
    def gnark(self) -> Path:
        return self.folder / "gnark"

    def proof(self, prover: str) -> tuple[Path, Path]:
        return self.folder / f"{prover}.proof.json", self.folder / f"{prover}.public.json"

    @classmethod
    def make(cls, folder: Path, r1cs: R1CS, witness: Limbs) -> Files:
        """Write system and witness into the folder, and a development key of ours."""
        files = cls(folder)
        folder.mkdir(parents=True, exist_ok=True)
        save_r1cs(files.r1cs, r1cs)
        save_wtns(files.witness, witness)
        files.make_key(r1cs)
        return files

    def make_key(self, r1cs: R1CS) -> None:
        """A development key for the system; the same file is every reader's."""
        pk = engine.keygen(r1cs, development_scalar("alpha"), development_scalar("beta"))
        save_zkey(self.zkey, pk)
        save_verifying_key(self.vk, pk.vk)

    def size(self) -> dict[str, Any]:
        """Rows, domain, and the share of the witness that is 0 or 1."""
        r1cs, witness = load_r1cs(self.r1cs), load_wtns(self.witness)
        bits = (witness[:, 1:] == 0).all(axis=1) & (witness[:, 0] < 2)
        return {
            "constraints": r1cs.n_constraints,
            "domain": r1cs.domain_size,
            "bits": round(float(bits.mean()), 4),
            "zkey_mb": round(self.zkey.stat().st_size / 2**20, 1),
        }


def prepare(zkey: Path, r1cs: R1CS, prepared: Path, intervals: Intervals | None = None) -> None:
    """Make the prepared key, unless one is there that this engine opens."""
    if prepared.is_file():
        with contextlib.suppress(ZkError):
            engine.open_prepared(map_file(prepared)[1])
            return
    write_atomic(prepared, [engine.prepare(load_zkey(zkey), r1cs, intervals).data])


@dataclass(frozen=True)
class Contender:
    """A prover, and how it is measured."""

    name: str
    how: str  # WHOLE or LOADED
    command: Command
    runs: int
    more: Mapping[str, str] = field(default_factory=dict)
    output: tuple[Path, Path] | None = None


@dataclass(frozen=True)
class Result:
    """What one prover took: seconds of each run, and its peak in MB."""

    name: str
    how: str
    seconds: tuple[float, ...]
    peak: float

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def json(self) -> dict[str, Any]:
        return {
            "prover": self.name,
            "how": self.how,
            "median_ms": round(self.median * 1e3, 2),
            "runs_ms": [round(s * 1e3, 2) for s in self.seconds],
            "peak_mb": round(self.peak, 1),
        }


def ours(files: Files, runs: int, *, scalar: bool = False) -> list[Contender]:
    """This project's prover from its prepared key and from the `.zkey`, as process and loaded."""
    prepare(files.zkey, load_r1cs(files.r1cs), files.prepared)
    prove: list[str | Path] = [sys.executable, "-m", "zkmargin.bench.prove"]
    found = []
    for name, key in ((OURS, files.prepared), (OURS_ZKEY, files.zkey)):
        command = [*prove, key, files.witness]
        out = files.proof(name.replace(" ", "-"))
        found.append(Contender(name, LOADED, command, runs, _checkout()))
        once = [*command, "--once", *out]
        found.append(Contender(name, WHOLE, once, runs, _checkout(), out))
    if scalar:
        command = [*prove, files.prepared, files.witness]
        found.append(Contender(OURS_SCALAR, LOADED, command, runs, {**_checkout(), **NO_IFMA}))
    return found


def snarkjs(files: Files, cli: Path, runs: int) -> Contender:
    out = files.proof("snarkjs")
    command: Command = ["node", cli, "groth16", "prove", files.zkey, files.witness, *out]
    return Contender("snarkjs", WHOLE, command, runs, {}, out)


def rapidsnark(files: Files, program: Path, runs: int) -> Contender:
    out = files.proof("rapidsnark")
    command: Command = [program, files.zkey, files.witness, *out]
    return Contender("rapidsnark", WHOLE, command, runs, {}, out)


def gnark(files: Files, program: Path, runs: int) -> Contender:
    command: Command = [program, "prove", files.r1cs, files.gnark, files.witness]
    return Contender("gnark", LOADED, command, runs)


def gnark_setup(files: Files, program: Path, threads: int) -> float | None:
    """Make gnark's key unless it is there; the seconds that its setup took, if it ran."""
    if (files.gnark / "vk.bin").is_file():
        return None
    files.gnark.mkdir(exist_ok=True)
    command: Command = [program, "setup", files.r1cs, files.gnark]
    done = run(command, threads=threads, cwd=files.folder, limit=1200)
    try:
        return float(json.loads(done.text)["seconds"])
    except (ValueError, KeyError, TypeError):
        raise ToolFailed(f"{program.name} setup: no seconds in its output") from None


def race(
    files: Files,
    contenders: Iterable[Contender],
    threads: int,
    say: Callable[[str], None] = lambda words: None,
) -> list[Result]:
    """Every contender's times, in turn, and their proofs verified where they write one."""
    entered = list(contenders)
    times: list[list[float]] = [[] for _ in entered]
    peaks: list[list[float]] = [[] for _ in entered]
    with ExitStack() as stack:
        servers = {}
        for i, one in enumerate(entered):
            if one.how == LOADED:
                say(f"{one.name} loads its key")
                servers[i] = Server(one.command, threads=threads, cwd=files.folder, more=one.more)
                stack.callback(servers[i].kill)
        for turn in range(max(one.runs for one in entered)):
            say(f"round {turn + 1}")
            for i, one in enumerate(entered):
                if turn >= one.runs:
                    continue
                if i in servers:
                    times[i].append(servers[i].work())
                    continue
                done = run(one.command, threads=threads, cwd=files.folder, more=one.more)
                times[i].append(done.seconds)
                peaks[i].append(done.peak)
                if turn == 0:
                    _check(files, one)
        for i, server in servers.items():
            peaks[i].append(server.stop())
    return [
        Result(one.name, one.how, tuple(times[i]), max(peaks[i])) for i, one in enumerate(entered)
    ]


def _check(files: Files, one: Contender) -> None:
    """ToolFailed unless the proof that the contender wrote verifies: a wrong one may be quick."""
    if one.output is None:
        return
    # rapidsnark leaves the curve's name out.
    text = json.dumps({"curve": "bn128", **json.loads(one.output[0].read_text())})
    proof, publics = read_proof(text, one.output[0].name), load_public(one.output[1])
    if not engine.verify(load_zkey(files.zkey).vk, publics, proof):
        raise ToolFailed(f"{one.name}: its proof does not verify")


def find_snarkjs() -> Path | None:
    """snarkjs's command line: $ZKMARGIN_SNARKJS, or the checkout's or the current node_modules."""
    if shutil.which("node") is None:
        return None
    chosen = os.environ.get("ZKMARGIN_SNARKJS")
    roots = [_root() / "tests" / "js", Path.cwd()]
    places = [Path(chosen)] if chosen else []
    places += [root / "node_modules" / "snarkjs" / "build" / "cli.cjs" for root in roots]
    return next((place.resolve() for place in places if place.is_file()), None)


def _root() -> Path:
    return Path(__file__).parents[2]


def _checkout() -> dict[str, str]:
    """So that a child finds this package wherever it runs."""
    known = os.environ.get("PYTHONPATH")
    return {"PYTHONPATH": os.pathsep.join(filter(None, [str(_root()), known]))}
