"""Every private input is held to the public ones, but for what stands beside an unused leg.

`test_forged_hints.py` asks it of what a prover computes, inputs being given; here inputs may move
as well. The statement is compiled without its passes and with every hash a value of its own, whose
operands are bound once it is bound itself: what a collision would take is left out. Of a lookup, a
value that stands in it is bound. Of ranges only those count that an input declares: a sum that is
compared would seem to hold each of its terms. What is found to move is a list, and it must be the
one below: what is opened of a leg where the leg is not used, which multiplies zero, and the worst
of the scenarios, which a prover may overstate.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest

from circuits.gadgets import hash as hashes
from circuits.margin.portfolio import collaterals, committed, opening, options
from circuits.margin.portfolio.committed import CommittedPortfolio
from circuits.margin.portfolio.legs import UnderlyingLeg
from tests.binding import _steps
from tests.portfolio.agreement import CIRCUITS, GREEKS, MEETS
from tests.portfolio.exposures import WIDEST, greek_values
from tests.portfolio.raw import SHAPE, Forgery, market, rich_book
from zk.compiler import lower
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.passes.linear import _append_row
from zk.compiler.types import Field, LinearCombination, add_lc, scale_lc
from zk.field import R, from_limbs
from zk.reference.witness import system_rows

#: What is opened of a leg, and the key without which it is not used.
OPENED = {
    "underlying": (
        "asset",
        "spot price funding loss_initial loss_maintenance perpetual_maintenance perpetual_initial "
        "option_maintenance option_initial charge_initial charge_maintenance",
    ),
    "expiry": (
        "prefix",
        "discount_long discount_short basis_factor forward_variable forward confidence "
        "confidence_perpetual",
    ),
    "option": ("magnitude", "words greeks siblings"),
    "held": ("asset", "price maintenance initial siblings"),
}
#: What stands beside another value in one element and declares no range, and what gives it one.
PACKED = {
    "expiry.prefix": "it rises from one leg to the next, within 52 bits",
    "option.strike_right": "the gaps of an expiry, and what they add up to",
    "held.cancels": "it is 0 or the number of an underlying of the account",
}
Row = list[tuple[int, int]]


class Opaque:
    """A statement in which a hash is a new wire; what its operands are is kept beside it."""

    def __init__(self, circuit: CommittedPortfolio, patch: pytest.MonkeyPatch) -> None:
        self.operands: dict[int, list[LinearCombination]] = {}  # of the wire of each hash
        self.found: list[LinearCombination] = []  # values that stand in the cap
        for module in (hashes, collaterals, committed, opening, options):
            patch.setattr(module, "poseidon", self.hash)
        patch.setattr(opening, "assert_all_members", self.members)
        patch.setattr(lower, "eliminate_linear", self.keep)
        patch.setattr(lower, "simplify", lambda cs, gone: gone)
        patch.setattr(lower, "_refuse_unconstrained", lambda *given: None)
        self.compiled = lower.compile(circuit)

    def hash(
        self, cs: ConstraintSystem, inputs: Sequence[Field], state: Field | None = None
    ) -> Field:
        taken = [*inputs, *([] if state is None else [state])]
        # Any value does: rows are asked how they change, not whether they hold.
        total: LinearCombination = {0: 1}
        for i, x in enumerate(taken):
            total = add_lc(total, x.lc, 3 * i + 1)
        result = cs.hint_product(Field(cs, total), Field(cs, total))
        (wire,) = result.lc
        self.operands[wire] = [x.lc for x in taken]
        return result

    def members(
        self,
        cs: ConstraintSystem,
        values: Sequence[Field],
        cap: Sequence[Field],
        crossed: Sequence[Field],
    ) -> None:
        self.found = [x.lc for x in values]

    @staticmethod
    def keep(cs: ConstraintSystem) -> set[int]:
        """Every linear constraint as a row of its own."""
        for lc, origin in cs.linear:
            _append_row(cs, lc, origin)
        cs.linear = []
        return set()

    def free(self, values: dict[str, object]) -> set[str]:
        """The paths of the inputs that may move, but for a lookup's switches."""
        compiled = self.compiled
        w = from_limbs(compiled.witness(values))
        rows = zip(*(matrix.rows for matrix in system_rows(compiled.r1cs)), strict=True)
        kept = [row for i, row in enumerate(rows) if not self._compares(i, row)]
        a, b, c = zip(*kept, strict=True)
        first = 1 + sum(slot.public for slot in compiled.slots)
        private = range(first, compiled.r1cs.n_wires)
        steps = list(_steps((a, b, c), w, set(private))) + self.found
        bound, waiting = set(range(first)), dict(self.operands)
        while True:
            steps = _narrowed(steps, bound)
            opened = [wire for wire in waiting if wire in bound]
            bound |= {
                wire
                for wire, operands in waiting.items()
                if bound.issuperset(set().union(*operands)) and wire not in bound
            }
            if not opened and not bound.issuperset(_pinned(steps)):
                bound |= _pinned(steps)
            elif not opened:
                break
            for wire in opened:
                steps += waiting.pop(wire)
        paths = enumerate((slot.path for slot in compiled.slots), start=1)
        found = {path for wire, path in paths if wire not in bound}
        return {path for path in found if not path.startswith("crossed[")}

    def beside_others(self) -> set[str]:
        """Names of inputs without a range of their own that share an element with other wires."""
        compiled = self.compiled
        a, b, c = (matrix.rows for matrix in system_rows(compiled.r1cs))
        linear = (dict(x) for x, y, z in zip(a, b, c, strict=True) if y == [(0, 1)] and not z)
        packed = [lc for operands in self.operands.values() for lc in operands]
        # Public inputs are packed as well: a claim's word.
        publics = {wire for wire, slot in enumerate(compiled.slots, start=1) if slot.public}
        packed += [lc for lc in linear if publics & lc.keys()]
        fields = {
            wire: slot.path
            for wire, slot in enumerate(compiled.slots, start=1)
            if slot.kind == "Field" and not slot.public
        }
        found = set()
        for lc in packed:
            private = lc.keys() - publics - {0}
            if len(private) > 1:
                found |= {re.sub(r"\[\d+\]", "", fields[x]) for x in private if x in fields}
        return found

    def _compares(self, index: int, row: tuple[Row, Row, Row]) -> bool:
        """Whether a row says of a bit that it is one, and the bit is not of an input's range."""
        a, b, c = (dict(terms) for terms in row)
        words = self.compiled.origin(index)[0]
        declared = " is a bit" in words or " integer of " in words
        return not declared and not c and add_lc(a, b, -1) == {0: 1}


def _narrowed(steps: list[LinearCombination], bound: set[int]) -> list[LinearCombination]:
    """The steps in wires that are not bound; those of one wire bind it, one after the other."""
    while True:
        steps = [{x: k for x, k in step.items() if x not in bound} for step in steps]
        alone = {x for step in steps if len(step) == 1 for x in step}
        steps = [step for step in steps if len(step) > 1]
        if not alone:
            return steps
        bound |= alone


def _pinned(steps: Sequence[LinearCombination]) -> set[int]:
    """Wires of which the steps together say that they do not move: Gauss and Jordan's way."""
    rows: dict[int, LinearCombination] = {}
    for given in steps:
        step = dict(given)
        for wire in [wire for wire in step if wire in rows]:
            step = add_lc(step, rows[wire], -step[wire])
        if step:
            wire = max(step)
            step = scale_lc(step, pow(step[wire], -1, R))
            for other, row in rows.items():
                if wire in row:
                    rows[other] = add_lc(row, step, -row[wire])
            rows[wire] = step
    return {wire for wire, row in rows.items() if len(row) == 1}


def expected(values: dict[str, object]) -> set[str]:
    """What is opened of the legs that are not used, and the worst of those that are."""
    found = set()
    for part, (key, names) in OPENED.items():
        legs = values.get(part, [])
        assert isinstance(legs, list)
        for i, leg in enumerate(legs):
            for name in names.split() if not leg[key] else ():
                path = f"{part}[{i}].{name}"
                many = leg[name] if isinstance(leg[name], list) else ()
                found |= {f"{path}[{j}]" for j in range(len(many))} if many else {path}
            if part == "underlying" and leg[key] and "worst" in values:
                found.add(f"worst[{i}]")
    return found


@pytest.mark.parametrize("underlyings", [1, 2])
@pytest.mark.parametrize("statement", list(CIRCUITS))
def test_only_what_is_opened_of_unused_legs_is_free(
    statement: str, underlyings: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    shape = replace(SHAPE, underlyings=underlyings)
    book = replace(rich_book(), shape=shape)
    if statement == GREEKS:
        values = greek_values(book, market(), WIDEST)
    else:
        values = Forgery.honest(statement, book).values
    wanted = expected(values)
    assert len(wanted) > 20
    free = Opaque(CIRCUITS[statement](shape), monkeypatch).free(values)
    assert free == wanted


@pytest.mark.parametrize("statement", list(CIRCUITS))
def test_what_is_packed_has_a_range(statement: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two values in one element, and one of them any: another pair would give the same element."""
    found = Opaque(CIRCUITS[statement](SHAPE), monkeypatch).beside_others()
    assert found == PACKED.keys() - ({"held.cancels"} if statement == GREEKS else set())


def test_what_a_record_leaves_out_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """A statement that forgets an element of the underlying's record is found."""
    record = UnderlyingLeg.record
    monkeypatch.setattr(UnderlyingLeg, "record", lambda leg, cs: record(leg, cs)[:-1])
    values = Forgery.honest(MEETS).values
    free = Opaque(CIRCUITS[MEETS](SHAPE), monkeypatch).free(values)
    assert free - expected(values) == {"underlying[0].charge_maintenance"}


def test_a_worst_that_nothing_holds_to_zero_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """A statement without the row that an unused leg has no worst is found."""
    shape = replace(SHAPE, underlyings=2)
    product = ConstraintSystem.assert_product

    def without(cs: ConstraintSystem, x: Field, y: Field, z: Field | int) -> None:
        if "an unused leg has no worst" not in cs._path:
            product(cs, x, y, z)

    monkeypatch.setattr(ConstraintSystem, "assert_product", without)
    values = Forgery.honest(MEETS, replace(rich_book(), shape=shape)).values
    free = Opaque(CIRCUITS[MEETS](shape), monkeypatch).free(values)
    assert free - expected(values) == {"worst[1]"}
