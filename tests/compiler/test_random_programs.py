"""Random well-typed programs: the witness is what Python computes, and no lie passes.

`tests.compiler.programs` draws them, and checks as many as asked for.
"""

from __future__ import annotations

import random

import pytest

from tests.compiler import programs
from tests.compiler.programs import OPERATIONS, Program, check_program
from zk.field import R

PROGRAMS = 500
LIES = 300
BATCHES = 20


@pytest.mark.parametrize("batch", range(BATCHES))
def test_random_programs(batch: int) -> None:
    for seed in range(batch, LIES, BATCHES):
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


@pytest.mark.parametrize("batch", range(BATCHES))
def test_the_satisfying_set_is_the_same_through_every_pass(batch: int) -> None:
    check_all(range(batch, PROGRAMS, BATCHES))


def check_all(seeds: range) -> None:
    for seed in seeds:
        check_program(seed)


def test_a_pass_that_loses_a_row_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison is no tautology."""
    from zk.compiler import passes
    from zk.compiler.passes.rows import defining_rows, drop_rows

    def careless(cs):
        loose = [row for row in range(len(cs.row_origin)) if row not in defining_rows(cs)]
        drop_rows(cs, loose[-1:])
        return set()

    monkeypatch.setattr(passes, "drop_dead", careless)
    with pytest.raises(AssertionError, match="wire"):
        check_all(range(40))


def test_one_digest_under_different_hash_seeds() -> None:
    programs.run(0, 25)
