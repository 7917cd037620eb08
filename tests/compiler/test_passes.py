"""Passes and the specification between them: the satisfying set is the same before and after.

A system drawn at random has products twice over, constants that elimination brings to light, and
what nobody reads. Its set is compared by algebra, as in test_elimination: a witness of the wires
that remain satisfies the rows that remain exactly if it extends to one of the whole system; what
is gone is computed (linear, cse) or free (dead). Then the circuits by hand, and, clause by clause,
a representation that breaks the specification.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from contextlib import suppress

import pytest

from circuits.gadgets.compare import is_less
from circuits.gadgets.select import select
from tests.checks import gadget_circuit
from tests.compiler.test_elimination import evaluate, residues
from zk.compiler import spec
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.passes import eliminate_linear, simplify
from zk.compiler.passes.rows import combination, instructions
from zk.compiler.types import Bool, Field, Int, LinearCombination, Uint, add_lc, scale_lc
from zk.compiler.witness import Op
from zk.errors import CompileError
from zk.field import R

Wires = dict[int, int]

# At random ----------------------------------------------------------------------------------------


def busy_system(rng: random.Random) -> ConstraintSystem:
    """What the passes look for, most of it satisfiable."""
    cs = ConstraintSystem("busy")
    cs.n_inputs = 3
    first = cs.wires(3)
    signals = [Field(cs, {first + i: 1}) for i in range(3)]
    for _ in range(rng.randrange(3, 9)):
        x, y = rng.choice(signals), rng.choice(signals)
        kind = rng.randrange(9)
        if kind == 0:
            k = rng.choice((1, 1, 2, R - 1, R - 3))
            signals += [x * y, (y * k) * (x * rng.choice((1, 3)))]  # twice, but for a constant
        elif kind == 1:
            pinned = cs.hint_inverse(x)
            cs.assert_equal(pinned, rng.choice((0, 1, 2)))  # a constant that no type tells
            signals += [pinned, pinned * y, pinned * pinned]
        elif kind == 2:
            same = cs.hint_product(x, y)
            cs.assert_product(x, y, same)
            signals += [same, y * x]
        elif kind == 3:
            cs.assert_bool(x)
            cs.assert_bool(x)
        elif kind == 4:
            product = x * y
            signals.append(cs.hint_product(product, x))
            cs.assert_equal(signals[-1], product * x)
        elif kind == 5:
            unread = x * y
            unread * unread
        elif kind == 6:
            signals += cs.hint_divide(x, y)
            cs.assert_product(signals[-1], signals[-2], signals[-1] * signals[-2])
        elif kind == 7:
            signals.append(x * rng.choice((1, 2, R - 1)) + y + rng.randrange(3))
        else:
            zero = cs.hint_product(x, cs.constant(0))
            with suppress(CompileError):
                cs.assert_equal(zero, 0)
            cs.assert_product(zero, cs.hint_inverse(y), 0)
            cs.assert_product(x * zero, y, cs.hint_product(x, y) * zero)
    return cs


def holds(cs: ConstraintSystem, w: Wires) -> bool:
    return not any(residues(cs, w)) and all(evaluate(lc, w) == 0 for lc, _ in cs.linear)


def witness(cs: ConstraintSystem, rng: random.Random) -> Wires:
    """A run of the program; a third of the hints lie."""
    small = (0, 0, 1, 1, 2, R - 1)
    w = {0: 1} | {wire: rng.choice(small) for wire in range(1, cs.n_inputs + 1)}
    for op, dst, count, a, b in instructions(cs).tolist():
        if op == Op.ROW:
            value = evaluate(combination(cs, cs.a, a), w) * evaluate(combination(cs, cs.b, a), w)
        else:
            x = evaluate(cs.pool[a], w)
            value = x * evaluate(cs.pool[b], w) if op == Op.MUL else pow(x, R - 2, R)
            if op == Op.DIV or not rng.randrange(3):
                value = rng.choice(small)
        w |= dict.fromkeys(range(dst, dst + count), value % R)
    return w


def extended(cs: ConstraintSystem, w: Wires, rng: random.Random) -> Wires:
    """w on all wires: what rows and equalities force, and anything for what nothing forces."""
    w = dict(w)
    equations = [lc for lc, _ in cs.linear]
    rows = [[combination(cs, m, i) for m in (cs.a, cs.b, cs.c)] for i in range(len(cs.row_origin))]
    while unknown := {wire for wire in range(cs.n_wires) if wire not in w}:
        linear = list(equations)
        for a, b, c in rows:
            for x, y in ((a, b), (b, a)):
                if not unknown & set(x):
                    linear.append(add_lc(scale_lc(y, evaluate(x, w)), c, -1))
        forced = determined(linear, unknown, w)
        if not forced:
            # The first: products follow from what they are made of.
            forced = {min(unknown): rng.randrange(3)}
        w |= forced
    return w


def determined(linear: list[LinearCombination], unknown: set[int], w: Wires) -> Wires:
    """The unknown wires of which linear equations leave one value, by Gauss and Jordan."""
    pivots: dict[int, LinearCombination] = {}
    for lc in linear:
        known = sum(k * w[x] for x, k in lc.items() if x not in unknown) % R
        row = {x: k for x, k in lc.items() if x in unknown} | ({0: known} if known else {})
        for pivot, other in pivots.items():
            if pivot in row:
                row = add_lc(row, other, -row[pivot])
        pivot = max(row, default=0)
        if pivot:
            row = scale_lc(row, pow(row[pivot], -1, R))
            for x, other in pivots.items():
                if pivot in other:
                    pivots[x] = add_lc(other, row, -other[pivot])
            pivots[pivot] = row
    return {x: -row.get(0, 0) % R for x, row in pivots.items() if set(row) <= {0, x}}


@pytest.mark.parametrize("batch", range(10))
def test_what_remains_is_satisfied_exactly_if_the_whole_is(batch: int) -> None:
    honest = forged = 0
    for seed in range(batch, 200, 10):
        rng = random.Random(f"passes {seed}")
        cs = busy_system(rng)
        before = copy.deepcopy(cs)
        try:
            gone = simplify(cs, eliminate_linear(cs))
        except CompileError:
            assert not any(holds(before, witness(before, rng)) for _ in range(100))
            continue
        assert len(cs.row_origin) <= len(before.row_origin) + len(before.linear)
        for _ in range(12):
            # A witness of the whole is one of what remains, and what remains has its own.
            w = witness(before, rng)
            if holds(before, w):
                assert holds(cs, {wire: x for wire, x in w.items() if wire not in gone})
            w = witness(cs, rng)
            assert holds(cs, w) == holds(before, extended(before, w, rng)), seed
            honest += holds(cs, w)
            # A lie is one in both.
            wire = rng.choice(list(w))
            lie = w | {wire: (w[wire] + rng.choice((1, R - 1, rng.randrange(1, R)))) % R}
            if wire:
                assert holds(cs, lie) == holds(before, extended(before, lie, rng)), seed
                forged += not holds(cs, lie)
    assert honest > 30 < forged


@pytest.mark.parametrize("seed", range(60))
def test_a_second_run_of_the_passes_finds_nothing(seed: int) -> None:
    cs = busy_system(random.Random(f"passes {seed}"))
    try:
        gone = simplify(cs, eliminate_linear(cs))
    except CompileError:
        return
    rows, code = len(cs.row_origin), cs.code
    assert simplify(cs, gone) == gone
    assert (len(cs.row_origin), cs.code) == (rows, code)


# By hand ------------------------------------------------------------------------------------------

FIELDS = {"x": (Field, None), "y": (Field, None)}


def test_a_product_asked_twice_is_one_row() -> None:
    gadget = gadget_circuit(FIELDS, lambda cs, x, y: [x * y, (y * x) * x, x * (x * y)])
    assert gadget.cost == 2
    assert gadget.honest({"x": 3, "y": 5}) == [15, 45, 45]
    gadget.assert_forgeries_rejected({"x": 3, "y": 5})


def test_products_that_differ_by_a_constant_are_one_row() -> None:
    def body(cs, x, y):
        differences = [(x - y) * (x - 3), (y - x) * (3 - x), (5 * y - 5 * x) * (x - 3)]
        return [2 * x * y, x * y, (-x) * (7 * y), x * x, (-x) * (-x), *differences]

    gadget = gadget_circuit(FIELDS, body)
    assert gadget.cost == 3
    for x, y in ((3, 5), (0, 1), (R - 1, 2)):
        d = (x - y) * (x - 3) % R
        returned = [2 * x * y, x * y, -7 * x * y, x * x, x * x, d, d, -5 * d]
        assert gadget.honest({"x": x, "y": y}) == [value % R for value in returned]
    gadget.assert_forgeries_rejected({"x": 3, "y": 5})


def test_assertions_that_differ_by_a_constant_are_one_row() -> None:
    def body(cs, x, y):
        cs.assert_product(x, y, 6)
        cs.assert_product(3 * y, 5 * x, 90)

    gadget = gadget_circuit(FIELDS, body)
    assert gadget.cost == 1
    gadget.honest({"x": 2, "y": 3})
    gadget.refusal({"x": 2, "y": 4})


def test_a_constant_that_differs_is_not_passed_over() -> None:
    """x y = 6 and 3 x y = 6 contradict each other; x (y + 1) is no multiple of x (y + 2)."""

    def never(cs, x, y):
        cs.assert_product(x, y, 6)
        cs.assert_product(3 * x, y, 6)

    with pytest.raises(CompileError, match="contradict"):
        gadget_circuit(FIELDS, never)
    gadget = gadget_circuit(FIELDS, lambda cs, x, y: [x * (y + 1), x * (y + 2), x * (2 * y + 2)])
    assert gadget.cost == 2
    assert gadget.honest({"x": 3, "y": 4}) == [15, 18, 30]


def test_two_assertions_on_one_product_keep_what_they_say() -> None:
    """x y = x and x y = y: one row for the product, one for x = y."""

    def body(cs, x, y):
        cs.assert_product(x, y, x)
        cs.assert_product(y, x, y)

    gadget = gadget_circuit(FIELDS, body)
    assert gadget.cost == 2
    for x in (0, 1):
        gadget.honest({"x": x, "y": x})
    for x, y in ((0, 1), (1, 0), (1, 7), (7, 1), (2, 2), (0, 5)):
        gadget.refusal({"x": x, "y": y})


def test_the_same_assertion_is_one_row() -> None:
    def body(cs, x, y):
        cs.assert_product(x, y, 6)
        cs.assert_product(y, x, 6)

    gadget = gadget_circuit(FIELDS, body)
    assert gadget.cost == 1
    gadget.honest({"x": 2, "y": 3})
    gadget.refusal({"x": 2, "y": 4})


def test_factors_that_differ_in_the_middle_are_not_one() -> None:
    """What finds candidates looks at the ends of a row; what decides, at all of it."""
    names = dict.fromkeys("abcd", (Field, None))

    def body(cs, a, b, c, d):
        return [(a + b + d) * d, (a + 2 * b + d) * d, (a + c + d) * d]

    gadget = gadget_circuit(names, body)
    assert gadget.cost == 3
    assert gadget.honest({"a": 1, "b": 2, "c": 3, "d": 5}) == [40, 50, 45]


def test_a_hint_and_the_product_that_it_is_are_one_wire() -> None:
    def body(cs, x, y):
        hint = cs.hint_product(x, y)
        cs.assert_product(x, y, hint)
        return [x * y + hint]

    gadget = gadget_circuit(FIELDS, body)
    assert gadget.cost == 1
    assert gadget.honest({"x": 3, "y": 5}) == [30]
    assert len(gadget.circuit.program.code) == 1


def test_a_row_that_elimination_makes_linear_is_eliminated_too() -> None:
    """one = 1 is found late; one * x = y' then says that y' is x, and y' * y' is x * x."""

    def body(cs, x, y):
        one = cs.hint_inverse(y)
        cs.assert_equal(one, 1)
        again = cs.hint_product(one, x)
        cs.assert_product(one, x, again)
        return [again * again, x * x, one * one * one]

    gadget = gadget_circuit(FIELDS, body)
    assert gadget.cost == 1
    assert gadget.honest({"x": 6, "y": 2}) == [36, 36, 1]


def test_a_row_of_constants_that_contradict_is_refused() -> None:
    def body(cs, x, y):
        two = cs.hint_product(x, y)
        cs.assert_equal(two, 2)
        cs.assert_bool(two)

    with pytest.raises(CompileError, match="contradict"):
        gadget_circuit(FIELDS, body)


def test_equalities_of_inputs_that_others_imply_are_no_rows() -> None:
    def body(cs, x, y, z):
        cs.assert_equal(x, y)
        cs.assert_equal(y, z)
        cs.assert_equal(2 * x, y + z)

    gadget = gadget_circuit(FIELDS | {"z": (Field, None)}, body)
    assert gadget.cost == 2
    gadget.honest({"x": 4, "y": 4, "z": 4})
    for values in ((4, 4, 5), (4, 5, 4), (5, 4, 4), (4, 3, 5)):
        gadget.refusal(dict(zip("xyz", values, strict=True)))


def test_what_nothing_reads_is_not_computed() -> None:
    def body(cs, x, y):
        unread = x * y
        unread * unread * x
        return x * x

    gadget = gadget_circuit(FIELDS, body)
    assert gadget.cost == 1
    assert len(gadget.circuit.program.code) == 1


def test_a_row_with_no_reader_that_says_something_stays() -> None:
    """x * inverse = 1 is an assertion: nobody reads its wires and it is all there is."""
    gadget = gadget_circuit(
        {"x": (Field, None)}, lambda cs, x: cs.assert_product(x, cs.hint_inverse(x), 1)
    )
    assert gadget.cost == 1
    gadget.refusal({"x": 0})


def test_a_hint_that_no_constraint_reads_is_refused_as_before() -> None:
    with pytest.raises(CompileError, match="a hint's result is read by no constraint"):
        gadget_circuit(FIELDS, lambda cs, x, y: [x * cs.hint_inverse(y), cs.hint_inverse(x)][0])


def test_typed_gadgets_share_and_are_still_sound() -> None:
    def body(cs, b, x, y):
        return [select(cs, b, x, y), select(cs, b, x, y), is_less(cs, x, y), is_less(cs, x, y)]

    gadget = gadget_circuit({"b": (Bool, None), "x": (Uint, 8), "y": (Int, 8)}, body)
    assert gadget.cost == 1 + 10
    for b, x, y in ((0, 255, -128), (1, 0, 0), (1, 7, 9)):
        less = int(x < y)
        chosen = x if b else y
        assert gadget.honest({"b": b, "x": x, "y": y}) == [chosen, chosen, less, less]
        gadget.assert_forgeries_rejected({"b": b, "x": x, "y": y})


# The specification --------------------------------------------------------------------------------


def sample() -> ConstraintSystem:
    cs = ConstraintSystem("sample")
    cs.n_inputs = 2
    first = cs.wires(2)
    x, y = (Field(cs, {first + i: 1}) for i in range(2))
    product = (x + 2 * y) * (y + 3)
    cs.bits(product, 4)
    quotient, remainder = cs.hint_divide(product, y)
    cs.assert_product(quotient, y, product - remainder)
    cs.assert_equal(remainder + quotient, 5 * x)
    return cs


def corrupt(change: Callable[[ConstraintSystem], object]) -> str:
    """The clause that a changed sample breaks."""
    cs = sample()
    spec.check(cs, set(), "before", thorough=True)
    change(cs)
    with pytest.raises(spec.SpecError, match="sample, later: ") as error:
        spec.check(cs, set(), "later", thorough=True)
    return str(error.value).split(": ")[1]


def put(values, at: int, value: int) -> None:
    values[at] = value


CORRUPTIONS: dict[str, tuple[str, Callable[[ConstraintSystem], object]]] = {
    "a row without an origin": ("R1", lambda cs: cs.row_origin.pop()),
    "a matrix is short of terms": ("R1", lambda cs: cs.a.wires.pop()),
    "an offset falls": ("R1", lambda cs: put(cs.a.offsets, 1, 9)),
    "a coefficient past the table": ("R2", lambda cs: put(cs.b.coeffs, 0, len(cs.table))),
    "a zero in the table": ("R2", lambda cs: cs.table.append(0)),
    "a coefficient of R": ("R2", lambda cs: cs.table.append(R)),
    "a coefficient twice": ("R2", lambda cs: cs.table.append(cs.table[0])),
    "a wire past the last": ("R3", lambda cs: put(cs.a.wires, 0, cs.n_wires)),
    "wires that fall": ("R3", lambda cs: put(cs.a.wires, 0, 7)),
    "a wire twice in a row": ("R3", lambda cs: put(cs.a.wires, 0, cs.a.wires[1])),
    "an origin that is not there": ("O1", lambda cs: put(cs.row_origin, 0, 99)),
    "an origin of a hint that is not there": ("O1", lambda cs: cs.hint_origins.update({3: 99})),
    "an origin without gadgets": ("O1", lambda cs: cs.gadgets.pop()),
    "half an instruction": ("P1", lambda cs: cs.code.append(0)),
    "an unknown operation": ("P1", lambda cs: put(cs.code, 5, 77)),
    "two results of one inverse": ("P1", lambda cs: put(cs.code, 5, Op.INV)),
    "an operand past the pool": ("P1", lambda cs: put(cs.code, 8, 99)),
    "bits past the last": ("P1", lambda cs: put(cs.code, 9, 253)),
    "a wire written twice": ("P2", lambda cs: put(cs.code, 6, cs.code[1])),
    "an input written": ("P2", lambda cs: put(cs.code, 1, 2)),
    "a wire past the last written": ("P2", lambda cs: put(cs.code, 6, cs.n_wires)),
    "a wire that nothing writes": ("P2", lambda cs: cs.wires(1)),
    "a hint reads what comes later": ("P3", lambda cs: cs.pool.__setitem__(0, {6: 1})),
    "a product reads what comes later": ("P3", lambda cs: put(cs.a.wires, 1, 6)),
    "a ROW of an assertion": ("P4", lambda cs: put(cs.code, 3, 1)),
    "a ROW that is not there": ("P4", lambda cs: put(cs.code, 3, 99)),
    "a zero in the pool": ("L1", lambda cs: cs.pool.append({1: 0})),
    "a wire past the last in the pool": ("L1", lambda cs: cs.pool.append({99: 1})),
    "a zero in an equality": ("L1", lambda cs: cs.linear.append(({1: R}, 0))),
    "an interval of a wire past the last": ("K1", lambda cs: cs.known.learn({99: 1}, 0, 1)),
    "an interval that is not there": ("K1", lambda cs: put(cs.known.of, 0, 99)),
    "an interval that ends before it begins": ("K1", lambda cs: put(cs.known.ends, 0, (1, 0))),
    "an interval that wraps": ("K1", lambda cs: put(cs.known.ends, 0, (0, R))),
}


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_representation_that_breaks_a_clause_is_named(name: str) -> None:
    clause, change = CORRUPTIONS[name]
    assert corrupt(change) == clause


def test_a_row_that_defines_two_wires_is_named() -> None:
    def twice(cs: ConstraintSystem) -> None:
        cs.code.extend((Op.ROW, cs.wires(1), 1, 0, 0))

    assert corrupt(twice) == "P4"


def test_a_wire_that_is_gone_may_not_be_read() -> None:
    cs = sample()
    for gone, clause in (({3}, "R3"), ({1}, "R3"), ({99}, "R3")):
        with pytest.raises(spec.SpecError, match=clause):
            spec.check(cs, gone, "later", thorough=True)


def test_every_clause_has_a_corruption() -> None:
    named = {clause for clause, _ in CORRUPTIONS.values()}
    assert spec.__doc__ is not None
    written = {line.split()[0] for line in spec.__doc__.splitlines() if line.startswith("    ")}
    assert named == {clause for clause in written if clause[-1].isdigit()}


def test_a_pass_that_breaks_the_representation_is_caught(monkeypatch) -> None:
    def careless(cs: ConstraintSystem) -> set[int]:
        cs.code = cs.code[:-5]
        return set()

    monkeypatch.setattr("zk.compiler.passes.drop_dead", careless)
    with pytest.raises(spec.SpecError, match="after dead: P2"):
        gadget_circuit(FIELDS, lambda cs, x, y: x * y)


def test_production_asks_for_what_is_cheap() -> None:
    cs = sample()
    put(cs.a.wires, 0, cs.n_wires)
    spec.check(cs, set(), "later", thorough=False)
    cs.row_origin.pop()
    with pytest.raises(spec.SpecError, match="R1"):
        spec.check(cs, set(), "later", thorough=False)
