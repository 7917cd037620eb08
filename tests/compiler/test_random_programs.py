"""Random well-typed programs: the witness is what Python computes, and no lie passes.

A program is drawn from a seed: inputs of random types, then operations on what there is so far.
Each operation is applied to signals when the circuit is compiled and to integers when it is run.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from circuits.gadgets.arith import divide
from circuits.gadgets.compare import is_equal, is_le, is_less, is_zero
from circuits.gadgets.pack import with_sign
from circuits.gadgets.select import select
from tests.checks import gadget_circuit
from zk.compiler.types import Bool, Field, Int, Uint
from zk.errors import CompileError
from zk.field import R

PROGRAMS = 300
BATCHES = 20

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


@pytest.mark.parametrize("batch", range(BATCHES))
def test_random_programs(batch: int) -> None:
    for seed in range(batch, PROGRAMS, BATCHES):
        program = Program(seed)
        for _ in range(3):
            values = program.values()
            assert program.gadget.honest(values) == program.evaluate(values), seed
        lies = program.gadget.attack
        witness = lies.start([values[name] % R for name in program.inputs])
        rng = random.Random(f"lies {seed}")
        wires = lies.hints + lies.output_wires()
        for wire in rng.sample(wires, min(25, len(wires))):
            for value in (0, 1, witness[wire] + 1, rng.randrange(R)):
                if value % R != witness[wire]:
                    lies.judge({wire: value % R})
        for name in program.inputs:  # past the Python checks
            program.gadget.refusal(values | {name: rng.choice((-(1 << 41), 1 << 41, R // 2))})


def test_programs_are_of_every_kind() -> None:
    """The generator reaches every operation, so that the test above says something of each."""
    seen = {step.operation for seed in range(60) for step in Program(seed).steps}
    assert seen == set(OPERATIONS)
