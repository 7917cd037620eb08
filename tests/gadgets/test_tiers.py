"""tier_line against the integer model's tables, and a prover that names another tier."""

from __future__ import annotations

import random

import pytest

from circuits.gadgets.tiers import TierSignals, tier_line
from circuits.margin.constants import BOUNDARY_SCALE, RATE_ONE
from circuits.margin.tiers import TierTable
from tests import strategies
from tests.checks import Gadget, gadget_circuit
from tests.gadgets.costs import constant_tiers, tier_body, tier_inputs
from zk.compiler.types import Field, Int, Uint
from zk.compiler.witness import Op
from zk.errors import CompileError
from zk.field import R, signed

TOP = (1 << 127) - 1
_built: dict[tuple[int, bool, bool], Gadget] = {}


def tiers_circuit(tiers: int, rising: bool, exact: bool) -> Gadget:
    key = (tiers, rising, exact)
    if key not in _built:
        _built[key] = gadget_circuit(tier_inputs(tiers), tier_body(rising, exact))
    return _built[key]


def given(table: TierTable, tiers: int, value: int) -> dict[str, int]:
    values = {"rate": table.rates[0], "value": value}
    for i, (increment, step) in enumerate(table.increments(tiers), start=1):
        values |= {f"increment{i}": increment, f"step{i}": step}
    return values


def tables(tiers: int, rising: bool, count: int) -> list[TierTable]:
    rng = random.Random(f"tables {tiers} {rising}")
    found = [strategies.table(rng, tiers, rises=rising) for _ in range(count)]
    if tiers > 2:
        rates = (0, RATE_ONE // 2, RATE_ONE)
        # An empty tier, and boundaries at 0: several tiers hold the value, their lines meet.
        for boundaries in ((50, 50), (0, 0), (0, 7)):
            found.append(TierTable(rates if rising else rates[::-1], boundaries))
    return found


def points(table: TierTable) -> list[int]:
    """Values at the ends, at every boundary, beside it, and between."""
    rng = random.Random(str(table.rates))
    values = {0, 1, TOP, rng.randrange(TOP), rng.randrange(BOUNDARY_SCALE)}
    for boundary in table.boundaries[:6]:
        values |= {boundary * BOUNDARY_SCALE + i for i in (-1, 0, 1)}
    return sorted(value for value in values if 0 <= value <= TOP)


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("rising", [True, False])
@pytest.mark.parametrize("tiers", [1, 2, 3, 6])
def test_the_line_is_the_model(tiers: int, rising: bool, exact: bool) -> None:
    gadget = tiers_circuit(tiers, rising, exact)
    for table in tables(tiers, rising, 6):
        for value in points(table):
            assert gadget.honest(given(table, tiers, value)) == [table.exact(value)]


TABLE = {
    True: TierTable((10_000, 20_000, 50_000, 500_000), (1000, 5000, 70_000)),
    False: TierTable((950_000, 900_000, 400_000, 0), (1000, 5000, 70_000)),
}


def named(gadget: Gadget, tier: int) -> dict[int, int]:
    """The hints with which this tier is named."""
    # A hint is [value < start of tier i + 1].
    compared = gadget.attack.written_by(Op.LESS)
    return {wire: int(i >= tier) for i, wire in enumerate(compared)}


def choose(gadget: Gadget, tier: int) -> tuple[int | None, int]:
    """Name this tier: (broken row, result)."""
    broken, outputs = gadget.attack.forge(named(gadget, tier))
    return broken, outputs[0]


@pytest.mark.parametrize("rising", [True, False])
def test_another_tier_is_refused_when_exact(rising: bool) -> None:
    """Also where a product or a bit that nothing binds would mend what breaks."""
    gadget = tiers_circuit(4, rising, True)
    table, rng = TABLE[rising], random.Random(4)
    for value in points(table):
        witness = gadget.attack.start(
            [given(table, 4, value)[slot.path] for slot in gadget.circuit.slots]
        )
        assert gadget.attack.first_broken(witness) is None
        for tier in range(4):
            # At a boundary both lines are the function; else only one tier holds the value.
            for _, w in gadget.attack.mended(named(gadget, tier), rng, most=40):
                assert gadget.attack.outputs(w) == [table.exact(value) % R]


@pytest.mark.parametrize("rising", [True, False])
def test_another_tier_errs_to_one_side_when_not_exact(rising: bool) -> None:
    gadget = tiers_circuit(4, rising, False)
    table = TABLE[rising]
    for value in points(table):
        gadget.attack.start([given(table, 4, value)[slot.path] for slot in gadget.circuit.slots])
        for tier, (rate, deduction) in enumerate(table.lines()):
            broken, result = choose(gadget, tier)
            assert broken is None
            result = signed(result)
            assert result == rate * value - deduction * BOUNDARY_SCALE
            # A requirement may come out too small, a haircut value too large: towards the account.
            exact = table.exact(value)
            assert result <= exact if rising else result >= exact


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("tiers", [2, 3, 4, 6])
def test_no_choice_but_one_tier(tiers: int, exact: bool) -> None:
    """Every pattern of the bits but ones, then zeros, is refused."""
    gadget = tiers_circuit(tiers, True, exact)
    table = tables(tiers, True, 1)[0]
    gadget.attack.start([given(table, tiers, 5)[slot.path] for slot in gadget.circuit.slots])
    compared = gadget.attack.written_by(Op.LESS)
    assert len(compared) == tiers - 1
    for pattern in range(1 << len(compared)):
        bits = [pattern >> i & 1 for i in range(len(compared))]
        if bits != sorted(bits):
            broken, _ = gadget.attack.forge(dict(zip(compared, bits, strict=True)))
            assert broken is not None
    for wire in compared:
        for value in (2, R - 1, 1 << 100):
            assert gadget.attack.forge({wire: value})[0] is not None


@pytest.mark.parametrize("rising", [True, False])
def test_forged_hints_of_the_exact_line_are_refused(rising: bool) -> None:
    gadget = tiers_circuit(3, rising, True)
    table = TierTable((1000, 5000, 9000) if rising else (9000, 5000, 1000), (300, 800))
    gadget.assert_forgeries_rejected(given(table, 3, 500 * BOUNDARY_SCALE), pairs=20)


@pytest.mark.parametrize("exact", [True, False])
def test_rates_out_of_range_are_refused(exact: bool) -> None:
    values = given(TABLE[True], 4, 12345)
    rising, falling = (tiers_circuit(4, way, exact) for way in (True, False))
    for change in ({"rate": RATE_ONE + 1}, {"step3": RATE_ONE}, {"rate": (1 << 20) - 1}):
        error = rising.refusal(values | change)
        assert "rates lie between 0 and 1" in error.obligation
    steps = {f"step{i}": 300_000 for i in (1, 2, 3)}
    falling.honest(values | steps | {"rate": 900_000})
    for rate in (899_999, RATE_ONE + 1, 0):
        error = falling.refusal(values | steps | {"rate": rate})
        assert "rates lie between 0 and 1" in error.obligation


def test_a_value_or_a_table_out_of_its_type_is_refused() -> None:
    gadget = tiers_circuit(4, True, True)
    values = given(TABLE[True], 4, 12345)
    for change in ({"value": TOP + 1}, {"value": -1}, {"increment1": -1}, {"step2": -1}):
        gadget.refusal(values | change)


@pytest.mark.parametrize("exact", [True, False])
def test_constant_tables(exact: bool) -> None:
    gadget = gadget_circuit({"x": (Uint, 64)}, constant_tiers(exact))
    widths = (1000, 2000, 4000, 8000, 16000)
    boundaries = tuple(sum(widths[: i + 1]) for i in range(5))
    rates = (0, 10, 25, 40, 60, 100)
    for x in (0, 1, (1 << 64) - 1, *(b + i for b in boundaries for i in (-1, 0, 1))):
        expected = sum(
            (after - before) * max(0, x - start)
            for before, after, start in zip(rates, rates[1:], boundaries, strict=False)
        )
        assert gadget.honest({"x": x}) == [expected]
    gadget.refusal({"x": 1 << 64})
    if exact:
        gadget.assert_forgeries_rejected({"x": 9000}, pairs=20)


@pytest.mark.parametrize(("kind", "bits"), [(Field, None), (Int, 64)])
def test_a_value_without_its_range_is_refused(kind, bits) -> None:
    def body(cs, rate, value):
        signals = TierSignals(rate, [], [], True)
        return tier_line(cs, signals, value, unit=1, one=100, exact=True)

    with pytest.raises(CompileError, match="Uint"):
        gadget_circuit({"rate": (Uint, 8), "value": (kind, bits)}, body)
