"""Random well-typed programs, as many as asked for.

    python -m tests.compiler.programs --count 100000 [--seed 0] [--minutes 60]

A program is drawn from a seed: inputs of random types, then operations on what there is so far.
Each operation is applied to signals when the circuit is compiled and to integers when it is run.
Of each program it checks that

    it compiles, and its witness is what Python's integers give;
    an honest witness satisfies the system at every moment between the passes, and a witness with a
    wire changed satisfies it at all of them or at none: wires that are gone take the values that
    the system before the passes forces on them;
    two processes whose hashes have different seeds compile it to the same digest.

Exits with 1 at the first batch of which one fails, naming its seed.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import time
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from circuits.gadgets.arith import divide
from circuits.gadgets.compare import is_equal, is_le, is_less, is_zero
from circuits.gadgets.pack import with_sign
from circuits.gadgets.select import select
from tests.checks import gadget_circuit
from tests.compiler.test_passes import Wires, extended, holds
from zk.compiler import spec
from zk.compiler.frontend import ConstraintSystem, Rows
from zk.compiler.types import Bool, Field, Int, LinearCombination, Uint
from zk.errors import CompileError
from zk.field import R, from_limbs

BATCH = 250  # programs a process

Operation = tuple[Callable[..., Any], Callable[..., int], tuple[type[Field], ...]]

#: (on signals, on integers, types of the operands)
OPERATIONS: dict[str, Operation] = {
    "add": (lambda cs, x, y: x + y, lambda x, y: x + y, (Int, Int)),
    "subtract": (lambda cs, x, y: x - y, lambda x, y: x - y, (Int, Int)),
    "multiply": (lambda cs, x, y: x * y, lambda x, y: x * y, (Int, Int)),
    "negate": (lambda cs, x: -x, lambda x: -x, (Int,)),
    "scale": (lambda cs, x: 3 * x - 11, lambda x: 3 * x - 11, (Int,)),
    "square": (lambda cs, x: x * x, lambda x: x * x, (Int,)),
    "less": (is_less, lambda x, y: int(x < y), (Int, Int)),
    "le": (is_le, lambda x, y: int(x <= y), (Int, Int)),
    "equal": (is_equal, lambda x, y: int(x == y), (Int, Int)),
    "zero": (is_zero, lambda x: int(x == 0), (Int,)),
    "not": (lambda cs, x: ~x, lambda x: 1 - x, (Bool,)),
    "and": (lambda cs, x, y: x & y, lambda x, y: x & y, (Bool, Bool)),
    "or": (lambda cs, x, y: x | y, lambda x, y: x | y, (Bool, Bool)),
    "xor": (lambda cs, x, y: x ^ y, lambda x, y: x ^ y, (Bool, Bool)),
    "select": (select, lambda b, x, y: x if b else y, (Bool, Int, Int)),
    "sign": (lambda cs, b, x: with_sign(cs, x, b), lambda b, x: -x if b else x, (Bool, Uint)),
    "low bit": (lambda cs, x: cs.bits(x, max(1, x.bits))[0], lambda x: x & 1, (Uint,)),
    "top bit": (
        lambda cs, x: cs.bits(x, 40)[39],
        lambda x: x >> 39 & 1,
        (Uint,),
    ),
    "divide": (
        lambda cs, x, y: divide(cs, x, y + 1)[0],
        lambda x, y: x // (y + 1),
        (Uint, Uint),
    ),
    "pin": (lambda cs, x, y: pin(cs, x, y), lambda x, y: x * y + x, (Int, Int)),
}


def pin(cs: Any, x: Int, y: Int) -> Int:
    """x y + x by way of a hint and a linear constraint, which elimination takes away."""
    product = x * y
    hint = cs.hint_product(x, y)
    cs.assert_equal(hint, product)
    return cs.number((Field(cs, hint.lc) + x).lc, *interval(product + x))


def interval(x: Int) -> tuple[int, int]:
    return x.lo, x.hi


@dataclass(frozen=True)
class Step:
    operation: str
    operands: tuple[int, ...]


class Program:
    """Drawn by compiling: an operation that could leave the field is left out."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(f"program {seed}")
        self.inputs: dict[str, tuple[type[Field], int | None]] = {}
        for i in range(self.rng.randrange(2, 5)):
            kind = self.rng.choice((Uint, Int, Uint, Bool))
            bits = None if kind is Bool else self.rng.choice((1, 2, 5, 16, 40))
            self.inputs[f"x{i}"] = (kind, bits)
        self.steps: list[Step] = []
        self.gadget = gadget_circuit(self.inputs, self.draw)

    def draw(self, cs: Any, *inputs: Field) -> list[Field]:
        signals = list(inputs)
        for _ in range(self.rng.randrange(3, 9)):
            name = self.rng.choice(list(OPERATIONS))
            apply, _, types = OPERATIONS[name]
            choices = [[i for i, s in enumerate(signals) if isinstance(s, t)] for t in types]
            if not all(choices):
                continue
            operands = tuple(self.rng.choice(choice) for choice in choices)
            chosen = [signals[i] for i in operands]
            wide = any(isinstance(x, Int) and x.bits > 80 for x in chosen)
            if (name == "top bit" and chosen[0].bits > 40) or (wide and name != "subtract"):
                continue
            if name == "divide" and chosen[1].bits > 40:
                continue
            try:
                signals.append(apply(cs, *chosen))
            except CompileError:
                continue  # could leave the field: nothing was emitted
            self.steps.append(Step(name, operands))
        return signals[len(inputs) :]

    def evaluate(self, values: dict[str, int]) -> list[int]:
        """The program on Python's integers."""
        results = [values[name] for name in self.inputs]
        for step in self.steps:
            _, plain, _ = OPERATIONS[step.operation]
            results.append(plain(*(results[i] for i in step.operands)))
        return results[len(self.inputs) :]

    def values(self) -> dict[str, int]:
        """Inputs anywhere in their types, the ends more often."""
        drawn = {}
        for name, (kind, bits) in self.inputs.items():
            lo, hi = 0, (1 << (bits or 1)) - 1
            if kind is Int:
                lo, hi = -(1 << ((bits or 1) - 1)), (1 << ((bits or 1) - 1)) - 1
            drawn[name] = self.rng.choice(
                (lo, hi, self.rng.randint(lo, hi), self.rng.randint(lo, hi))
            )
        return drawn


# Through the passes -------------------------------------------------------------------------------


class Moment:
    """A system between two passes, as far as its satisfying set goes."""

    def __init__(self, cs: ConstraintSystem, gone: set[int]) -> None:
        self.n_wires, self.table = cs.n_wires, cs.table
        self.row_origin = cs.row_origin[:]
        self.linear: list[tuple[LinearCombination, int]] = list(cs.linear)
        self.a, self.b, self.c = (_copied(rows) for rows in (cs.a, cs.b, cs.c))
        self.gone = set(gone)


def _copied(rows: Rows) -> Rows:
    copy = Rows()
    copy.offsets, copy.wires, copy.coeffs = (
        array("I", part) for part in (rows.offsets, rows.wires, rows.coeffs)
    )
    return copy


@contextmanager
def moments() -> Iterator[list[list[Moment]]]:
    """Of each system compiled, every moment at which the specification is asked."""
    found: list[list[Moment]] = []
    check = spec.check

    def kept(cs: ConstraintSystem, gone: set[int], when: str, **rest: Any) -> None:
        check(cs, gone, when, **rest)
        if when == "as written":
            found.append([])
        found[-1].append(Moment(cs, gone))

    spec.check = kept
    try:
        yield found
    finally:
        spec.check = check


def check_moments(found: list[Moment], w: Wires, rng: random.Random, lies: int = 4) -> None:
    """w is a witness at all moments; with a wire changed it is one at all of them or at none."""

    def verdicts(w: Wires) -> set[bool]:
        whole = extended(found[0], w, rng)  # type: ignore[arg-type]
        return {
            holds(moment, {x: v for x, v in whole.items() if x not in moment.gone})  # type: ignore[arg-type]
            for moment in found
        }

    assert verdicts(w) == {True}, "an honest witness"
    for wire in rng.sample(sorted(w)[1:], min(lies, len(w) - 1)):
        other = rng.choice((0, 1, w[wire] + 1, rng.randrange(R))) % R
        assert len(verdicts(w | {wire: other})) == 1, f"wire {wire}"


def check_program(seed: int, runs: int = 2) -> int:
    """All that holds of a program, for its digest."""
    with moments() as systems:
        program = Program(seed)
    found = systems[0]  # the second is that of the inputs alone
    circuit = program.gadget.circuit
    rng = random.Random(f"moments {seed}")
    stays = [wire for wire in range(found[0].n_wires) if wire not in found[-1].gone]
    for _ in range(runs):
        values = program.values()
        assert program.gadget.honest(values) == program.evaluate(values), "Python's integers"
    w = dict(zip(stays, from_limbs(circuit.witness(values)), strict=True))
    check_moments(found, w, rng)
    return circuit.digest


# The command --------------------------------------------------------------------------------------


def batch(first: int, count: int) -> str:
    """Check programs of consecutive seeds; a hash of their digests."""
    digests = sha256()
    for seed in range(first, first + count):
        try:
            digests.update(check_program(seed).to_bytes(32, "big"))
        except Exception as error:
            raise SystemExit(f"program {seed}: {type(error).__name__}: {error}") from error
    return digests.hexdigest()


def digests(first: int, count: int) -> str:
    """The same hash, without the checks."""
    found = sha256()
    for seed in range(first, first + count):
        found.update(Program(seed).gadget.circuit.digest.to_bytes(32, "big"))
    return found.hexdigest()


def _process(mode: str, first: int, count: int, hash_seed: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", __spec__.name, mode, str(first), "--count", str(count)],
        env=os.environ | {"PYTHONHASHSEED": str(hash_seed)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(first: int, count: int) -> None:
    """One batch, in two processes. Raises SystemExit with what is wrong."""
    both = [
        _process("--batch", first, count, 1),
        _process("--digests", first, count, 2 + first),
    ]
    said = [process.communicate()[0].strip().splitlines()[-1:] for process in both]
    if any(process.returncode for process in both):
        raise SystemExit(f"programs {first} to {first + count - 1}: {said}")
    if said[0] != said[1]:
        raise SystemExit(f"programs {first} to {first + count - 1}: digests differ by hash seed")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.compiler.programs")
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0, help="the first program's")
    parser.add_argument("--minutes", type=float, default=0, help="stop after this time")
    parser.add_argument("--batch", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--digests", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args(arguments)
    for mode in ("batch", "digests"):
        first = getattr(args, mode)
        if first is not None:
            print(globals()[mode](first, args.count))
            return 0
    start, done = time.monotonic(), 0
    while done < args.count:
        size = min(BATCH, args.count - done)
        run(args.seed + done, size)
        done += size
        seconds = time.monotonic() - start
        print(f"{done:,} programs, {seconds:,.0f} s", flush=True)
        if args.minutes and seconds > 60 * args.minutes:
            break
    return 0


if __name__ == "__main__":
    sys.exit(main())
