"""Kill -9 at random moments of setup and prove: what stands afterwards is the old or the new.

    python -m tests.zkmargin.kills --count 100

Each round starts `zkmargin setup` or `zkmargin prove` over the files of an earlier run, kills the
process at a random moment, most often about that of writing, and looks: the keys load as one set
and are the old or the new ones; the proof and the public inputs are each whole, and verify; no file
is left that a next run trips over, which is shown by making it.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.zkmargin.files import World, make_world, run
from zkmargin.keys import ProvingKey, VerifyingKey

VERBS = ("setup", "setup over keys", "prove", "prove over proof")


@dataclass
class Round:
    """One killed process and what it left."""

    verb: str
    killed: bool  # False: it ended before the kill
    left: str


def command(world: World, verb: str, out: Path) -> list[str]:
    if verb.startswith("setup"):
        circuit = world.path("meets.zkc")
        arguments = ["setup", "--circuit", circuit, "--development", "--out", out / "keys"]
    else:
        outputs = ["--proof", out / "proof.json", "--public", out / "public.json"]
        arguments = ["prove", "--keys", world.path("keys"), *world.venue, *world.owner, *outputs]
    return [sys.executable, "-m", "zkmargin", *(str(argument) for argument in arguments)]


def killed_round(
    world: World, verb: str, out: Path, seconds: dict[str, float], rng: Random
) -> Round:
    """Run, kill, look."""
    if verb.endswith(("keys", "proof")):  # over the files of an earlier run
        assert run(*command(world, verb, out)[3:]).code == 0
    before = _state(out)
    process = subprocess.Popen(
        command(world, verb, out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    # A quarter of the kills anywhere; the others about the moment at which the files are written,
    # which is sought: later after a kill that was early, earlier after one that was late.
    anywhere = rng.random() < 0.25
    time.sleep(seconds[verb] * (rng.random() if anywhere else rng.uniform(0.9, 1.1)))
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGKILL)
    code = process.wait()
    left = _look(world, verb, out, before)
    if not anywhere:
        early = left != "new" and code != 0
        seconds[verb] *= 1.07 if early else 0.93 if code else 0.85
    again = run(*command(world, verb, out)[3:])
    assert again.code == 0, again.stderr
    expected = {"keys"} if verb.startswith("setup") else {"proof.json", "public.json"}
    assert set(os.listdir(out)) == expected, os.listdir(out)
    if verb.startswith("setup"):
        assert len(os.listdir(out / "keys")) == 5, os.listdir(out / "keys")
    return Round(verb, code == -signal.SIGKILL, left)


def _state(out: Path) -> dict[str, bytes]:
    return {str(p.relative_to(out)): p.read_bytes() for p in out.rglob("*") if p.is_file()}


def _look(world: World, verb: str, out: Path, before: dict[str, bytes]) -> str:
    """Which files stand; AssertionError if they are not whole."""
    if verb.startswith("setup"):
        statement = out / "keys" / "statement.json"
        if not statement.exists():
            assert not before, "the old keys are gone"
            return "none"
        pk, _ = ProvingKey.load(out / "keys")
        vk = VerifyingKey.load(statement)
        assert (pk.key.vk.delta2 == vk.key.delta2).all()
        return (
            "old"
            if _state(out).get("keys/statement.json") == before.get("keys/statement.json")
            else "new"
        )
    after = _state(out)
    assert not [name for name in after if name not in ("proof.json", "public.json")]
    assert set(before) <= set(after), "an old file is gone"
    if len(after) < 2:
        return "none"
    key = world.path("keys/verification_key.json")
    files = ["--public", out / "public.json", "--proof", out / "proof.json"]
    outcome = run("verify", "--vk", key, *files, "--allow-development-key")
    assert outcome.code == 0, outcome.stderr
    return "old" if after == before else "new"


def durations(world: World, folder: Path) -> dict[str, float]:
    """How long each verb takes undisturbed."""
    found = {}
    for verb in VERBS:
        out = folder / verb.replace(" ", "-")
        out.mkdir()
        started = time.perf_counter()
        subprocess.run(command(world, verb, out), check=True, capture_output=True)
        found[verb] = time.perf_counter() - started
    return found


def rounds(count: int, seed: int, folder: Path) -> list[Round]:
    """Rounds until `count` processes were killed before they ended, the verbs in turn."""
    rng = Random(seed)
    (folder / "world").mkdir()
    (folder / "timing").mkdir()
    world = make_world(folder / "world")
    seconds = durations(world, folder / "timing")
    found: list[Round] = []
    while sum(one.killed for one in found) < count:
        i = len(found)
        assert i < 10 * count, "processes end before they can be killed"
        out = folder / f"round-{i}"
        out.mkdir()
        found.append(killed_round(world, VERBS[i % len(VERBS)], out, seconds, rng))
        for path in sorted(out.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = rounds(options.count, options.seed, Path(folder))
    killed = sum(one.killed for one in found)
    print(f"{len(found)} rounds, {killed} killed in time, all whole afterwards")
    for (verb, left), times in sorted(Counter((r.verb, r.left) for r in found).items()):
        print(f"  {verb:<18} left {left:<5} {times}")


if __name__ == "__main__":
    main()
