"""Rows after elimination beside circom's at -O2, on systems drawn at random and written twice.

Each has products, hints, bits and equalities among all of them, contradictions left out. Inputs are
public: circom solves linear constraints for private ones and drops those, which changes what the
circuit says of them.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests import snarkjs
from tests.checks import gadget_circuit
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.types import Field
from zk.errors import CompileError
from zk.field import R
from zk.formats.r1cs import load_r1cs

INPUTS = 3


@dataclass
class Twice:
    """A system under construction here and in circom's language."""

    cs: ConstraintSystem
    signals: list[tuple[Field, str]]
    lines: list[str] = field(default_factory=list)

    def new(self, value: Field, line: str) -> None:
        name = f"s{len(self.lines)}"
        self.lines.append(f"signal {name}; {name} {line};")
        self.signals.append((value, name))


def write(rng: random.Random, twice: Twice) -> None:
    cs = twice.cs

    def term() -> tuple[Field, str]:
        """A combination of two signals and a constant."""
        (x, x_name), (y, y_name) = rng.choice(twice.signals), rng.choice(twice.signals)
        a, b, c = rng.choice((1, 1, 3)), rng.choice((0, 0, 1, R - 1)), rng.choice((0, 0, 1))
        return x * a + y * b + c, f"({x_name}*{a} + {y_name}*{b} + {c})"

    for _ in range(rng.randrange(4, 10)):
        (x, x_text), (y, y_text) = term(), term()
        kind = rng.randrange(4)
        if kind == 0:
            twice.new(x * y, f"<== {x_text} * {y_text}")
        elif kind == 1:
            twice.new(cs.hint_product(x, y), f"<-- {x_text} * {y_text}")
        elif kind == 2:
            for i, bit in enumerate(cs.hint_bits(x, 3)):
                twice.new(bit, f"<-- ({x_text} >> {i}) & 1")
                cs.assert_bool(bit)
                name = twice.signals[-1][1]
                twice.lines.append(f"{name} * ({name} - 1) === 0;")
        else:
            twice.new(x, f"<== {x_text}")
    for _ in range(rng.randrange(1, 6)):
        (x, x_text), (y, y_text) = term(), term()
        cs.assert_equal(x, y)
        twice.lines.append(f"{x_text} === {y_text};")
    (x, x_text), (y, y_text) = term(), term()
    cs.assert_product(x, y, twice.signals[-1][0])
    twice.lines.append(f"{x_text} * {y_text} === {twice.signals[-1][1]};")
    # No hint may go unread.
    total, texts = Field(cs, {}), []
    for i, (signal, name) in enumerate(twice.signals):
        total = total + signal * (i + 2) ** 9
        texts.append(f"{name}*{(i + 2) ** 9}")
    cs.assert_product(total, twice.signals[0][0] + 5, 7)
    twice.lines.append(f"({' + '.join(texts)}) * ({twice.signals[0][1]} + 5) === 7;")


@pytest.mark.parametrize(
    "seed",
    [*range(8), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(8, 150))],
)
def test_no_more_rows_than_circom(seed: int, tmp_path: Path) -> None:
    snarkjs.require()
    names = [f"x{i}" for i in range(INPUTS)]
    attempt = 0
    while True:
        rng = random.Random(f"beside circom {seed} {attempt}")
        written: list[Twice] = []

        def body(cs, *inputs, rng=rng, written=written):
            written.append(Twice(cs, list(zip(inputs, names, strict=True))))
            write(rng, written[-1])

        try:
            ours = gadget_circuit(dict.fromkeys(names, (Field, None)), body).cost
            break
        except CompileError:  # equalities that contradict each other
            attempt += 1
    text = "\n    ".join([f"signal input {name};" for name in names] + written[0].lines)
    source = f"pragma circom 2.0.0;\ntemplate T() {{\n    {text}\n}}\n"
    source += f"component main {{public [{', '.join(names)}]}} = T();\n"
    (tmp_path / "beside.circom").write_text(source)
    snarkjs.run("circom2", "beside.circom", "--r1cs", "--O2", cwd=tmp_path)
    theirs = load_r1cs(tmp_path / "beside.r1cs").n_constraints
    assert ours <= theirs, source
