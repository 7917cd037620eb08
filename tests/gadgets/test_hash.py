"""Poseidon and its sponge in the circuit, against zk.poseidon and the published vectors."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from circuits.gadgets.hash import poseidon, poseidon_sponge
from tests.checks import Gadget, gadget_circuit
from zk import engine
from zk.compiler.types import Field
from zk.errors import CompileError
from zk.field import R, from_limbs, to_limbs
from zk.poseidon import poseidon as hash_of
from zk.poseidon import poseidon_sponge as sponge_of

VECTORS = Path(__file__).parents[3] / "shared" / "vectors" / "poseidon.json"

_built: dict[int, Gadget] = {}


def hash_circuit(count: int) -> Gadget:
    if count not in _built:
        inputs = {f"x{i}": (Field, None) for i in range(count)}
        _built[count] = gadget_circuit(inputs, lambda cs, *xs: poseidon(cs, xs))
    return _built[count]


def named(values: list[int]) -> dict[str, int]:
    return {f"x{i}": value for i, value in enumerate(values)}


@pytest.mark.parametrize("count", range(1, 17))
def test_every_width_equals_python(count: int) -> None:
    gadget = hash_circuit(count)
    rng = random.Random(count)
    for values in ([0] * count, [R - 1] * count, [rng.randrange(R) for _ in range(count)]):
        assert gadget.honest(named(values)) == [hash_of(values)]


@pytest.mark.parametrize("count", [1, 2, 9])
def test_no_wire_of_a_hash_is_free(count: int) -> None:
    """There are no hints in a hash; its wires and its output are what a liar can change."""
    gadget = hash_circuit(count)
    assert gadget.attack.hints == []
    tried = gadget.assert_forgeries_rejected(named([5] * count))
    assert tried.harmless == 0


def test_published_vectors() -> None:
    if not VECTORS.exists():
        pytest.skip(f"no vectors at {VECTORS}")
    cases = json.loads(VECTORS.read_text())
    assert {len(case["inputs"]) for case in cases} == set(range(1, 17))
    for case in cases:
        gadget = hash_circuit(len(case["inputs"]))
        values = [int(value) for value in case["inputs"]]
        assert gadget.honest(named(values)) == [int(case["expected"])]


@pytest.mark.parametrize("fixed", [{0: 1}, {0: 2}, {1: 0}, {1: 5}, {0: R - 1, 2: 7}, {0: 3, 1: 4}])
def test_constant_lanes_cost_nothing_and_change_nothing(fixed: dict[int, int]) -> None:
    lanes = range(3)
    names = {f"x{i}": (Field, None) for i in lanes if i not in fixed}

    def body(cs, *xs):
        remaining = iter(xs)
        constants = {i: Field(cs, {0: value} if value else {}) for i, value in fixed.items()}
        return poseidon(cs, [constants[i] if i in fixed else next(remaining) for i in lanes])

    gadget = gadget_circuit(names, body)
    assert gadget.cost == hash_circuit(3).cost - 3 * len(fixed)
    values = [fixed.get(i, 11 + i) for i in lanes]
    given = {name: values[int(name[1:])] for name in names}
    assert gadget.honest(given) == [hash_of(values)]


def test_the_same_signal_in_two_lanes() -> None:
    gadget = gadget_circuit({"x": (Field, None)}, lambda cs, x: poseidon(cs, [x, x, x + 1]))
    assert gadget.honest({"x": 41}) == [hash_of([41, 41, 42])]


def test_two_hashes_of_one_width_share_no_wires() -> None:
    gadget = gadget_circuit(
        {"x": (Field, None), "y": (Field, None)},
        lambda cs, x, y: [poseidon(cs, [x, y]), poseidon(cs, [y, x])],
    )
    assert gadget.cost == 480
    assert gadget.honest({"x": 1, "y": 2}) == [hash_of([1, 2]), hash_of([2, 1])]


def test_initial_state() -> None:
    gadget = gadget_circuit(
        {"s": (Field, None), "x": (Field, None)}, lambda cs, s, x: poseidon(cs, [x], s)
    )
    expected = from_limbs(engine.poseidon(to_limbs([9])[None], to_limbs([4])))
    assert gadget.honest({"s": 4, "x": 9}) == expected
    assert gadget.honest({"s": 0, "x": 9}) == [hash_of([9])]


@pytest.mark.parametrize("count", [1, 16, 17, 35])
def test_sponge_equals_python(count: int) -> None:
    inputs = {f"x{i}": (Field, None) for i in range(count)}
    gadget = gadget_circuit(inputs, lambda cs, *xs: poseidon_sponge(cs, xs))
    rng = random.Random(count)
    values = [rng.randrange(R) for _ in range(count)]
    assert gadget.honest(named(values)) == [sponge_of(values)]
    values[-1] = (values[-1] + 1) % R
    assert gadget.honest(named(values)) == [sponge_of(values)]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (lambda cs, x: poseidon(cs, []), "1 to 16 inputs, not 0"),
        (lambda cs, x: poseidon(cs, [x] * 17), "1 to 16 inputs, not 17"),
        (lambda cs, x: poseidon(cs, [cs.constant(1)]), "hash of constants"),
        (lambda cs, x: poseidon_sponge(cs, []), "nothing to hash"),
    ],
)
def test_what_is_no_hash_is_refused(body, words: str) -> None:
    with pytest.raises(CompileError, match=words):
        gadget_circuit({"x": (Field, None)}, body)
