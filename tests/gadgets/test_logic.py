"""Parity, majority, choice and conjunction of bits, constants among them."""

from __future__ import annotations

from itertools import product

import pytest

from circuits.gadgets.logic import all_of, choose, majority, parity
from tests.checks import Gadget, Inputs, gadget_circuit
from zk.compiler.types import Bool, Field, Uint
from zk.errors import CompileError

NAMES = "abcdef"
ORACLES = {
    parity: lambda a, b, c: a ^ b ^ c,
    majority: lambda a, b, c: int(a + b + c >= 2),
    choose: lambda a, b, c: b if a else c,
}


def bits(count: int) -> Inputs:
    return dict.fromkeys(NAMES[:count], (Bool, None))


def built(function, constants: tuple[int | None, ...]) -> Gadget:
    """The function of three bits, some of them constant."""

    def body(cs, *signals):
        given = iter(signals)
        args = [
            next(given) if value is None else Bool(cs, {0: 1} if value else {})
            for value in constants
        ]
        return function(cs, *args)

    return gadget_circuit(bits(constants.count(None)), body)


@pytest.mark.parametrize("function", ORACLES)
@pytest.mark.parametrize("constants", list(product((None, 0, 1), repeat=3))[:-8])
def test_functions_of_three_bits(function, constants: tuple[int | None, ...]) -> None:
    gadget = built(function, constants)
    free = constants.count(None)
    assert gadget.cost == {parity: int(free >= 2), majority: int(free >= 2)}.get(
        function, int(constants[0] is None and None in constants[1:])
    )
    for values in product((0, 1), repeat=free):
        given = iter(values)
        args = [next(given) if value is None else value for value in constants]
        inputs = dict(zip(NAMES, values, strict=False))
        assert gadget.honest(inputs) == [ORACLES[function](*args)]
        if gadget.cost:
            gadget.assert_forgeries_rejected(inputs, pairs=10)


@pytest.mark.parametrize("function", ORACLES)
def test_negations_and_repetitions(function) -> None:
    gadget = gadget_circuit(
        bits(2),
        lambda cs, a, b: [function(cs, ~a, b, ~b), function(cs, a, a, b), function(cs, b, ~a, a)],
    )
    for a, b in product((0, 1), repeat=2):
        f = ORACLES[function]
        expected = [f(1 - a, b, 1 - b), f(a, a, b), f(b, 1 - a, a)]
        assert gadget.honest({"a": a, "b": b}) == expected


@pytest.mark.parametrize("count", range(7))
def test_all_of(count: int) -> None:
    gadget = gadget_circuit(bits(6), lambda cs, *xs: all_of(cs, xs[:count]))
    assert gadget.cost == (0, 0, 1, 2, 2, 2, 2)[count]
    for zeros in range(1 << count):
        values = [0 if i < count and zeros >> i & 1 else 1 for i in range(6)]
        inputs = dict(zip(NAMES, values, strict=True))
        assert gadget.honest(inputs) == [int(zeros == 0)]
        if zeros in (0, 1, 3) and count > 1:
            gadget.assert_forgeries_rejected(inputs)


@pytest.mark.parametrize("kind", [(Field, None), (Uint, 1)])
@pytest.mark.parametrize(
    "body",
    [
        lambda cs, a, x: parity(cs, a, x, a),
        lambda cs, a, x: majority(cs, x, a, a),
        lambda cs, a, x: choose(cs, x, a, a),
        lambda cs, a, x: choose(cs, a, a, x),
        lambda cs, a, x: all_of(cs, [a, x]),
        lambda cs, a, x: all_of(cs, [a, a, x]),
    ],
)
def test_what_is_no_bit_by_its_type_is_refused(body, kind) -> None:
    with pytest.raises(CompileError, match="takes a Bool"):
        gadget_circuit({"a": (Bool, None), "x": kind}, body)
