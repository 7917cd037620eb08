"""Poseidon over BN254 with circomlib's parameters.

Source: Grassi et al., "Poseidon: A New Hash Function for Zero-Knowledge Proof Systems" (USENIX
2021); constants from `zk.poseidon`. Notation: t lanes, lane 0 the capacity; RF = 8 full and RP
partial rounds.

Only the S-boxes cost: x^5 takes three constraints, and everything between them is linear. From the
second round on all lanes are combinations of S-box outputs, so the rounds are recorded once per
width and emitted with other wires (`Template`).
"""

from __future__ import annotations

from collections.abc import Sequence

from zk.compiler.frontend import ConstraintSystem
from zk.compiler.template import Template
from zk.compiler.types import Field, add_lc, constant_of
from zk.errors import CompileError
from zk.field import R
from zk.poseidon import FULL_ROUNDS, PARTIAL_ROUNDS, mds_matrix, round_constants

RATE = 16  # inputs of the widest permutation

_templates: dict[tuple[int, tuple[tuple[int, int], ...]], Template] = {}


def poseidon(cs: ConstraintSystem, inputs: Sequence[Field], state: Field | None = None) -> Field:
    """Return the Poseidon hash of 1 to 16 inputs; `state` is the initial capacity lane, else 0.

    Requires: nothing.   Cost: 3 (8 t + RP) less 3 for every lane that is constant at entry.
    """
    if not 1 <= len(inputs) <= RATE:
        raise CompileError(
            f"Poseidon takes 1 to {RATE} inputs, not {len(inputs)}; poseidon_sponge takes more",
            cs.source_line(),
        )
    lanes = [Field(cs, {}) if state is None else state, *inputs]
    t = len(lanes)
    constants = round_constants(t)
    externals: list[int] = []
    fixed: list[tuple[int, int]] = []
    for i, lane in enumerate(lanes):
        x = Field(cs, add_lc(lane.lc, {0: constants[i]}))
        value = constant_of(x.lc)
        if value is None:
            (wire,) = _fifth_power(x).lc
            externals.append(wire)
        else:
            fixed.append((i, pow(value, 5, R)))
    if not externals:
        raise CompileError("a hash of constants belongs in Python", cs.source_line())
    key = (t, tuple(fixed))
    if key not in _templates:
        _templates[key] = Template.record(
            ConstraintSystem("poseidon"), len(externals), lambda ys: [_rounds(t, dict(fixed), ys)]
        )
    return cs.instantiate(_templates[key], externals)[0]


def poseidon_sponge(cs: ConstraintSystem, values: Sequence[Field]) -> Field:
    """Return the hash of a list whose length the circuit fixes: 16 lanes at a time.

    Overwrite mode: each permutation takes the last capacity lane and up to 16 values.

    Requires: nothing.   Cost: about 612 for every 16 values.
    """
    state: Field | None = None
    for start in range(0, len(values), RATE):
        state = poseidon(cs, values[start : start + RATE], state)
    if state is None:
        raise CompileError("nothing to hash", cs.source_line())
    return state


def _rounds(t: int, fixed: dict[int, int], outputs: list[Field]) -> Field:
    """Lane 0 after all rounds, given the first round's S-box outputs."""
    cs = outputs[0].cs
    constants, mds, last = round_constants(t), mds_matrix(t), FULL_ROUNDS + PARTIAL_ROUNDS[t] - 1
    remaining = iter(outputs)
    lanes = [
        Field(cs, {0: fixed[i]} if fixed[i] else {}) if i in fixed else next(remaining)
        for i in range(t)
    ]
    for r in range(1, last + 1):
        lanes = [_mix(cs, row, lanes) for row in mds]
        lanes = [Field(cs, add_lc(x.lc, {0: constants[r * t + i]})) for i, x in enumerate(lanes)]
        full = r < FULL_ROUNDS // 2 or r > last - FULL_ROUNDS // 2
        lanes = [_fifth_power(x) if full or i == 0 else x for i, x in enumerate(lanes)]
    return _mix(cs, mds[0], lanes)


def _mix(cs: ConstraintSystem, row: Sequence[int], lanes: Sequence[Field]) -> Field:
    total: dict[int, int] = {}
    for factor, lane in zip(row, lanes, strict=True):
        for wire, coefficient in lane.lc.items():
            total[wire] = (total.get(wire, 0) + factor * coefficient) % R
    return Field(cs, {wire: value for wire, value in total.items() if value})


def _fifth_power(x: Field) -> Field:
    """x^5. Three constraints."""
    square = x * x
    return square * square * x
