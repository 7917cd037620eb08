"""assert_all_members and the permutation network beneath it."""

from __future__ import annotations

import random
from itertools import permutations, product

import pytest

from circuits.gadgets.lookup import assert_all_members
from circuits.networks import above, permuted, route, sorting, switches
from tests.checks import Gadget, gadget_circuit
from zk.compiler.types import Bool, Field
from zk.errors import CompileError
from zk.field import R


def through(values: list[int], bits: list[int]) -> list[int]:
    """What comes out of a network with these bits; every one is used."""
    left = iter(bits)
    out = permuted(values, lambda a, b: (b, a) if next(left) else (a, b))
    assert next(left, None) is None
    return out


@pytest.mark.parametrize("n", range(1, 7))
def test_a_network_reaches_every_order(n: int) -> None:
    for order in permutations(range(n)):
        bits = route(order)
        assert len(bits) == switches(n)
        assert through(list(range(n)), bits) == list(order)


@pytest.mark.parametrize("n", [63, 64, 65, 393])
def test_a_large_network(n: int) -> None:
    order = random.Random(n).sample(range(n), n)
    assert through(list(range(n)), route(order)) == order


def lookup(values: int, members: int, kind: type[Field] = Bool) -> Gadget:
    inputs = {f"v{i}": (Field, None) for i in range(values)}
    inputs |= {f"m{i}": (Field, None) for i in range(members)}
    inputs |= {f"s{i}": (kind, None) for i in range(switches(values + members))}

    def body(cs, *signals):
        rest = signals[values:]
        assert_all_members(cs, signals[:values], rest[:members], rest[members:])

    return gadget_circuit(inputs, body)


def assigned(values: list[int], members: list[int], bits: list[int]) -> dict[str, int]:
    return (
        {f"v{i}": x for i, x in enumerate(values)}
        | {f"m{i}": x for i, x in enumerate(members)}
        | {f"s{i}": x for i, x in enumerate(bits)}
    )


@pytest.mark.parametrize(("values", "members"), [(1, 1), (3, 2), (2, 5), (20, 13)])
def test_members_are_accepted(values: int, members: int) -> None:
    gadget = lookup(values, members)
    n = values + members
    # Of one member the only run is known: its two rows become one.
    assert gadget.cost == (switches(n) + 2 * (n - 1) if members > 1 else 1)
    rng = random.Random(n)
    listed = [0, R - 1, *(rng.randrange(R) for _ in range(members))][:members]
    chosen = [rng.choice(listed) for _ in range(values)]
    honest = assigned(chosen, listed, sorting([*chosen, *listed]))
    assert gadget.honest(honest) == []
    gadget.assert_forgeries_rejected(honest)
    with pytest.raises(AssertionError, match="were accepted"):
        gadget.refusal(honest)


@pytest.mark.parametrize(
    ("values", "members"), [([5], [4]), ([5, 5], [4]), ([4, 5], [4, 6]), ([7], [4, 5, 6])]
)
def test_a_foreign_value_is_refused_by_every_setting(values: list[int], members: list[int]) -> None:
    gadget = lookup(len(values), len(members))
    for bits in product((0, 1), repeat=switches(len(values) + len(members))):
        gadget.refusal(assigned(values, members, list(bits)))
    for bit in (2, R - 1):
        settings = [bit] * switches(len(values) + len(members))
        gadget.refusal(assigned(values, members, settings))
    sorted_bits = sorting([*values, *members])
    gadget.assert_refused(assigned(values, members, sorted_bits))


@pytest.mark.parametrize("n", range(1, 10))
def test_what_leaves_a_switch_above(n: int) -> None:
    values = random.Random(n).sample(range(100), n)
    bits, seen = sorting(values), []

    def switch(a: int, b: int) -> tuple[int, int]:
        seen.append((a, b)[bits[len(seen)]])
        return seen[-1], a + b - seen[-1]

    assert permuted(values, switch) == sorted(values)
    assert above(values, bits) == seen


@pytest.mark.parametrize(("values", "members"), [(1, 1), (3, 2), (2, 5), (20, 13)])
def test_switches_by_what_leaves_them(values: int, members: int) -> None:
    gadget = lookup(values, members, Field)
    n = values + members
    assert gadget.cost == switches(n) + 2 * (n - 1)
    rng = random.Random(n)
    listed = [0, R - 1, *(rng.randrange(R) for _ in range(members))][:members]
    chosen = [rng.choice(listed) for _ in range(values)]
    together = [*chosen, *listed]
    honest = assigned(chosen, listed, above(together, sorting(together)))
    assert gadget.honest(honest) == []
    gadget.assert_forgeries_rejected(honest)
    for _ in range(12):  # either may leave a switch
        rng.shuffle(listed)
        together = [*(rng.choice(listed) for _ in range(values)), *listed]
        leaving = above(together, sorting(together))
        assert gadget.honest(assigned(together[:values], listed, leaving)) == []
    for i in range(switches(n)):  # nothing else may leave a switch
        for value in (0, 1, R - 1, rng.randrange(R), (honest[f"s{i}"] + 1) % R):
            if value not in listed:
                gadget.refusal(honest | {f"s{i}": value})


@pytest.mark.parametrize(
    ("values", "members"), [([5], [4]), ([5, 5], [4]), ([4, 5], [4, 6]), ([5], [4, 6])]
)
def test_a_foreign_value_is_refused_whatever_leaves_the_switches(
    values: list[int], members: list[int]
) -> None:
    gadget = lookup(len(values), len(members), Field)
    together = [*values, *members]
    for leaving in product({*together, 0, 1}, repeat=switches(len(together))):
        gadget.refusal(assigned(values, members, list(leaving)))
    gadget.assert_refused(assigned(values, members, above(together, sorting(together))))


def test_equal_members_let_a_foreign_value_pass() -> None:
    """Why the members must be distinct: two equal ones are one run."""
    bits = sorting([5, 4, 4])
    assert lookup(1, 2).honest(assigned([5], [4, 4], bits)) == []


def test_the_network_takes_its_own_number_of_bits() -> None:
    with pytest.raises(CompileError, match="takes 3 switches, not 2"):
        gadget_circuit(
            {"v": (Field, None), "m": (Field, None), "n": (Field, None), "a": (Bool, None)},
            lambda cs, v, m, n, a: assert_all_members(cs, [v], [m, n], [a, a]),
        )
