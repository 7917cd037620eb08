"""Our gadgets with one constraint dropped, and a second witness that then passes.

A prover who lies in a hint (tests/checks.py) makes witnesses; one that satisfies every row that is
left, and differs from the honest one, is a second witness, and 'safe' would be wrong.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from circuits.gadgets.compare import is_equal, is_less, is_zero
from circuits.gadgets.select import select
from tests.analyse.test_known import checked
from tests.checks import Attack, Inputs, forged_values, gadget_circuit
from zk.analyse.search import satisfies
from zk.compiler.types import Bool, Field, Uint
from zk.field import R, from_limbs
from zk.r1cs import R1CS, Matrix

GADGETS: dict[str, tuple[Inputs, Callable[..., Any], dict[str, int]]] = {
    "range": ({"x": (Field, None)}, lambda cs, x: cs.assert_range(x, 9), {"x": 300}),
    "is_less": (
        {"a": (Uint, 6), "b": (Uint, 6)},
        lambda cs, a, b: is_less(cs, a, b),
        {"a": 3, "b": 40},
    ),
    "is_zero": ({"x": (Field, None)}, lambda cs, x: is_zero(cs, x), {"x": 0}),
    "is_equal": (
        {"x": (Field, None), "y": (Field, None)},
        lambda cs, x, y: is_equal(cs, x, y),
        {"x": 5, "y": 5},
    ),
    "select": (
        {"s": (Bool, None), "x": (Field, None), "y": (Field, None)},
        lambda cs, s, x, y: select(cs, s, x, y),
        {"s": 1, "x": 5, "y": 9},
    ),
}


def drop(r1cs: R1CS, row: int) -> R1CS:
    """The system without one row."""

    def less(matrix: Matrix) -> Matrix:
        lo, hi = (int(x) for x in matrix.offsets[row : row + 2])
        offsets = np.delete(matrix.offsets, row + 1).astype(np.int64)
        offsets[row + 1 :] -= hi - lo
        kept = np.r_[0:lo, hi : len(matrix.wires)]
        return Matrix(offsets.astype(np.uint32), matrix.wires[kept], matrix.coeffs[kept])

    parts = {name: less(getattr(r1cs, name)) for name in "abc"}
    return dataclasses.replace(r1cs, **parts)


@pytest.mark.parametrize("name", GADGETS)
def test_a_gadget_without_one_row_is_never_safe_when_a_lie_passes(name: str) -> None:
    inputs, body, values = GADGETS[name]
    circuit = gadget_circuit(inputs, body).circuit
    rng = random.Random(name)
    attack = Attack(circuit)
    honest = attack.start(from_limbs(circuit.assign(values)))
    lies = [{wire: value} for wire in attack.hints for value in forged_values(rng, honest[wire])]
    forged = []
    for told in lies:
        index = attack._writer[min(told)]
        start = honest[: attack._code[index][1]]
        forged.append(attack._continue(start, index, told))
    # And witnesses with one wire changed, which the dropped row alone would notice.
    for wire in range(circuit.program.n_inputs + 1, circuit.r1cs.n_wires):
        for value in forged_values(rng, honest[wire]):
            forged.append([*honest[:wire], value, *honest[wire + 1 :]])
    noticed = 0
    for row in range(circuit.r1cs.n_constraints):
        system = drop(circuit.r1cs, row)
        second = any(w != honest and satisfies(system, [x % R for x in w]) for w in forged)
        if second:
            noticed += 1
            assert checked(system, seconds=2).wires != "safe", row
    assert noticed or name == "select"


@pytest.mark.parametrize("name", GADGETS)
def test_our_gadgets_are_safe_or_have_harmless_hints(name: str) -> None:
    inputs, body, _ = GADGETS[name]
    found = checked(gadget_circuit(inputs, body).circuit.r1cs)
    # The inverse of zero is free: the one hint of these gadgets that is.
    assert found.wires == ("unsafe" if name in ("is_zero", "is_equal") else "safe")
