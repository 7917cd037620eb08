"""Profiles add up, whatever they are taken by, and a difference says what changed."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from tests.explain.circuits import Vault
from tests.interop.product import PRODUCT
from zk import Circuit, Field, compile, private, public
from zk.compiler.compiled import CompiledCircuit, Debug
from zk.compiler.explain.names import collapse
from zk.compiler.explain.profile import (
    VIEWS,
    Cost,
    changes,
    flame,
    profile,
    profiles,
    table,
    totals,
)


def nonzeros(circuit: CompiledCircuit) -> int:
    r = circuit.r1cs
    return len(r.a.wires) + len(r.b.wires) + len(r.c.wires)


@pytest.mark.parametrize("each", [False, True])
@pytest.mark.parametrize("view", VIEWS)
def test_own_costs_add_up_to_the_circuit(vault: CompiledCircuit, view: str, each: bool) -> None:
    whole = Cost(vault.r1cs.n_constraints, nonzeros(vault))
    for found in (profile(vault, view, each=each), flame(vault, view, each=each)):
        assert found.total == whole
        assert sum((line.own for line in table(found)), Cost()) == whole


def test_a_profile_by_obligation_is_a_tree(vault: CompiledCircuit) -> None:
    lines = {(line.label, line.depth): line for line in table(profile(vault))}
    slots, within = lines["slot[*]", 0], lines["is within the limit", 1]
    assert slots.own == Cost()
    assert slots.total == within.total == within.own
    assert within.own.constraints == 3 * 20
    assert lines["slot[*] is an unsigned integer of 20 bits", 0].own.constraints == 60
    apart = [line for line in table(profile(vault, each=True)) if line.depth == 1]
    assert [line.total.constraints for line in apart] == [20, 20, 20]
    order = [line.total.constraints for line in table(profile(vault)) if line.depth == 0]
    assert order == sorted(order, reverse=True)


def test_a_profile_by_gadget_counts_a_function_once_however_reached(
    vault: CompiledCircuit,
) -> None:
    lines = {line.label: line for line in table(profile(vault, "gadget"))}
    assert lines["poseidon"].total.constraints == 213
    assert lines["_fifth_power"].own.constraints == 0
    assert lines["_fifth_power"].total.constraints == 3
    assert lines["assert_le"].total.constraints == 60
    assert lines["assert_non_negative"].own.constraints == 60
    assert sum(line.own.constraints for line in lines.values()) == vault.r1cs.n_constraints


def test_a_profile_by_line_counts_rows(vault: CompiledCircuit) -> None:
    counted = Counter(vault.origin(row)[1] for row in range(vault.r1cs.n_constraints))
    lines = table(profile(vault, "line"))
    assert {line.label: line.own.constraints for line in lines} == counted
    assert all(line.label.startswith("tests/explain/circuits.py:") for line in lines)


def test_nonzeros_are_counted_by_row(vault: CompiledCircuit) -> None:
    r = vault.r1cs
    for line in table(profile(vault, "line")):
        rows = [i for i in range(r.n_constraints) if vault.origin(i)[1] == line.label]
        terms = sum(int(m.offsets[i + 1] - m.offsets[i]) for m in (r.a, r.b, r.c) for i in rows)
        assert line.own.nonzeros == terms


@pytest.mark.parametrize("view", VIEWS)
def test_a_circuit_differs_from_itself_in_nothing(vault: CompiledCircuit, view: str) -> None:
    one, two = profiles([vault, compile(Vault())], view)
    assert changes(one, two) == []


@pytest.mark.parametrize("each", [False, True])
@pytest.mark.parametrize("view", VIEWS)
def test_changes_add_up_to_the_difference(vault: CompiledCircuit, view: str, each: bool) -> None:
    one, two = profiles([vault, compile(Vault(checked=1))], view, each=each)
    found = changes(one, two)
    assert sum((change.delta for change in found), Cost()) == two.total - one.total
    assert two.total.constraints - one.total.constraints == -40


def test_a_change_names_the_obligation_although_one_slot_is_left(vault: CompiledCircuit) -> None:
    one, two = profiles([vault, compile(Vault(checked=1))], "obligation")
    (change,) = changes(one, two)
    assert change.label == "slot[*] / is within the limit"
    assert (change.before.constraints, change.after.constraints) == (60, 20)
    one, two = profiles([vault, compile(Vault(checked=1))], "obligation", each=True)
    assert {change.label for change in changes(one, two)} == {
        "slot[1] / is within the limit",
        "slot[2] / is within the limit",
    }


def test_collapse_keeps_the_numbers_that_all_share() -> None:
    assert collapse(["a[0].b of 61 bits", "a[7].b of 61 bits"]) == {
        "a[0].b of 61 bits": "a[*].b of 61 bits",
        "a[7].b of 61 bits": "a[*].b of 61 bits",
    }
    assert collapse(["rates lie between 0 and 1"]) == dict.fromkeys(
        ["rates lie between 0 and 1"], "rates lie between 0 and 1"
    )
    assert collapse(["x1", "x2", "y"]) == {"x1": "x*", "x2": "x*", "y": "y"}
    assert collapse([]) == {}


def test_unnamed_rows_and_files_without_gadgets(vault: CompiledCircuit) -> None:
    class Bare(Circuit):
        z: Field = public()
        x: Field = private()

        def define(self, cs) -> None:
            cs.assert_equal(self.x * self.x, self.z)

    circuit = compile(Bare())
    assert [line.label for line in table(profile(circuit))] == ["(unnamed)"]
    old = CompiledCircuit(
        circuit.name,
        {},
        circuit.slots,
        circuit.r1cs,
        circuit.program,
        Debug(circuit.debug.origins, circuit.debug.row_origin),
    )
    assert [line.label for line in table(profile(old, "gadget"))] == ["(no gadget)"]


def test_deep_nesting_is_cut_off(vault: CompiledCircuit) -> None:
    """A circuit file can hold any text as an obligation."""
    deep = " / ".join("x" * 5000)
    debug = Debug(((deep, "x.py:1"),), np.zeros_like(vault.debug.row_origin))
    parts = (vault.name, {}, vault.slots, vault.r1cs, vault.program, debug)
    lines = table(profile(CompiledCircuit(*parts)))
    assert len(lines) < 100
    assert lines[-1].own.constraints == vault.r1cs.n_constraints


def test_totals_of_any_system(vault: CompiledCircuit) -> None:
    found = totals(PRODUCT)
    assert (found.constraints, found.linear, found.nonzeros) == (1, 0, (1, 1, 1))
    found = totals(vault.r1cs)
    assert sum(found.nonzeros) == nonzeros(vault)
    assert found.domain_size == vault.r1cs.domain_size
    linear = sum(
        all(not set(m.wires[m.offsets[i] : m.offsets[i + 1]]) - {0} for m in (matrix,))
        for matrix in (vault.r1cs.b,)
        for i in range(vault.r1cs.n_constraints)
    )
    assert found.linear == linear
