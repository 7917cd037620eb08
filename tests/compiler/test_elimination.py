"""Linear elimination: the satisfying set is the one before, and only linear rows go.

The set is compared by algebra: over random assignments that satisfy the linear constraints, every
row must have the same residue before and after; and whether the linear constraints can be
satisfied at all must be what the rows that stay say.
"""

from __future__ import annotations

import copy
import random
from contextlib import suppress

import pytest

from tests.checks import Attack, gadget_circuit
from zk import Circuit, Field, compile, private, public
from zk.compiler.frontend import ConstraintSystem, Rows
from zk.compiler.passes import eliminate_linear
from zk.compiler.types import LinearCombination, Uint
from zk.errors import CompileError, UnsatisfiedConstraint
from zk.field import R, from_limbs


def evaluate(lc: LinearCombination, w: dict[int, int]) -> int:
    return sum(k * w[wire] for wire, k in lc.items()) % R


def residues(cs: ConstraintSystem, w: dict[int, int]) -> list[int]:
    """A.w B.w - C.w of every row."""

    def dot(rows: Rows, i: int) -> int:
        terms = range(rows.offsets[i], rows.offsets[i + 1])
        return sum(cs.table[rows.coeffs[k]] * w[rows.wires[k]] for k in terms) % R

    return [(dot(cs.a, i) * dot(cs.b, i) - dot(cs.c, i)) % R for i in range(len(cs.a.offsets) - 1)]


def solve(
    linear: list[LinearCombination], unknown: set[int], w: dict[int, int]
) -> dict[int, int] | None:
    """The unknown wires from the others by Gaussian elimination, or None if they cannot be."""
    rows = []
    for lc in linear:
        known = sum(k * w[wire] for wire, k in lc.items() if wire not in unknown)
        rows.append(({x: k for x, k in lc.items() if x in unknown}, -known % R))
    solved: list[tuple[int, dict[int, int], int]] = []
    for coefficients, value in rows:
        for pivot, others, right in solved:
            if factor := coefficients.pop(pivot, 0):
                for x, k in others.items():
                    coefficients[x] = (coefficients.get(x, 0) + factor * k) % R
                value = (value + factor * right) % R
        coefficients = {x: k for x, k in coefficients.items() if k}
        if not coefficients:
            if value:
                return None
            continue
        pivot = min(coefficients)
        scale = pow(coefficients.pop(pivot), -1, R)
        # pivot = sum of the others - right
        others = {x: -k * scale % R for x, k in coefficients.items()}
        solved.append((pivot, others, -value * scale % R))
    result = dict(w)
    for pivot, others, right in reversed(solved):
        missing = [x for x in others if x not in result]
        assert not missing, "elimination left a wire that nothing determines"
        result[pivot] = (sum(k * result[x] for x, k in others.items()) - right) % R
    return result


def random_system(rng: random.Random) -> ConstraintSystem:
    """Inputs, products, hints wide and narrow, and linear constraints among all of them."""
    cs = ConstraintSystem("random")
    cs.n_inputs = 3
    first = cs.wires(3)
    signals = [Field(cs, {first + i: 1}) for i in range(3)]
    for _ in range(rng.randrange(4, 12)):
        x, y = rng.choice(signals), rng.choice(signals)
        kind = rng.randrange(5)
        if kind == 0:
            signals.append(x * y)
        elif kind == 1:
            signals.append(cs.hint_inverse(x))
        elif kind == 2:
            signals += cs.hint_bits(x, 2)
        elif kind == 3:
            signals += cs.hint_divide(x, y)
        else:
            signals.append(x * rng.choice((1, 2, R - 1, 5)) + y + rng.randrange(3))
    for _ in range(rng.randrange(1, 5)):
        terms = [
            rng.choice(signals) * rng.choice((1, 1, 3, R - 1)) for _ in range(rng.randrange(1, 4))
        ]
        total = terms[0]
        for term in terms[1:]:
            total = total + term
        with suppress(CompileError):  # two constants that differ
            cs.assert_equal(total, rng.choice((0, 0, 1, 7)))
    for _ in range(2):
        cs.assert_product(rng.choice(signals), rng.choice(signals), rng.choice(signals))
    return cs


@pytest.mark.parametrize("seed", range(120))
def test_the_satisfying_set_is_the_same(seed: int) -> None:
    rng = random.Random(f"elimination {seed}")
    cs = random_system(rng)
    before = copy.deepcopy(cs)
    linear = [lc for lc, _ in before.linear]
    n_rows = len(before.row_origin)
    try:
        gone = eliminate_linear(cs)
    except CompileError:
        # Refused as contradictory: nothing satisfies the linear constraints.
        w = {0: 1}
        assert solve(linear, set(range(1, before.n_wires)), w) is None
        return
    assert not any(wire in gone for rows in (cs.a, cs.b, cs.c) for wire in rows.wires)
    assert not any(wire in gone for lc in cs.pool for wire in lc)
    assert all(wire > cs.n_inputs for wire in gone)
    extra = len(cs.row_origin) - n_rows
    assert extra + len(gone) <= len(linear)
    stays = [wire for wire in range(1, cs.n_wires) if wire not in gone]
    for attempt in range(8):
        draw = (lambda: rng.randrange(R)) if attempt % 2 else (lambda: rng.randrange(3))
        w = {0: 1} | {wire: draw() for wire in stays}
        kept_rows = residues(cs, w | dict.fromkeys(gone, 0))
        extended = solve(linear, gone, w)
        # The wires that are gone exist exactly if the rows that stayed for them hold.
        assert (extended is not None) == (not any(kept_rows[n_rows:]))
        if extended is not None:
            assert all(evaluate(lc, extended) == 0 for lc in linear)
            assert residues(before, extended) == kept_rows[:n_rows]


@pytest.mark.parametrize("seed", range(40))
def test_the_program_still_runs_in_order(seed: int) -> None:
    """Every operand is written before it is read: the twin refuses anything else."""
    rng = random.Random(f"order {seed}")

    class Random(Circuit):
        a: Field = private()
        b: Field = private()
        c: Field = private()

        def define(self, cs: ConstraintSystem) -> None:
            signals = [self.a, self.b, self.c]
            for i in range(10):
                x, y = rng.choice(signals), rng.choice(signals)
                product = x * y
                hint = cs.hint_product(x, y) if i % 2 else cs.hint_less(x, y)
                cs.assert_equal(hint, product if i % 2 else hint * hint)
                signals += [product + hint, hint]
            cs.assert_product(self.a, self.b, signals[5] * self.c)

    circuit = compile(Random())
    for values in ({"a": 0, "b": 0, "c": 0}, {"a": 1, "b": 2, "c": R - 1}):
        witness = from_limbs(circuit.witness(values))
        assert Attack(circuit).start(from_limbs(circuit.assign(values))) == witness


# By hand ----------------------------------------------------------------------------------------


def test_counts() -> None:
    """A product that equals a public input is one row; linear definitions are none."""

    class Chain(Circuit):
        z: Field = public()
        x: Field = private()
        y: Field = private()

        def define(self, cs: ConstraintSystem) -> None:
            product = self.x * self.y
            middle = cs.hint_product(self.x, self.y)
            cs.assert_equal(middle, product)
            cs.assert_equal(2 * middle - product, self.z)

    circuit = compile(Chain())
    assert circuit.r1cs.n_constraints == 1
    assert circuit.r1cs.n_wires == 4
    circuit.check(circuit.witness({"x": 6, "y": 7, "z": 42}))
    with pytest.raises(UnsatisfiedConstraint):
        circuit.check(circuit.witness({"x": 6, "y": 7, "z": 41}))


def test_an_equality_of_inputs_stays_a_row() -> None:
    class Same(Circuit):
        x: Field = public()
        y: Field = private()

        def define(self, cs: ConstraintSystem) -> None:
            cs.assert_equal(self.x, self.y)

    circuit = compile(Same())
    assert circuit.r1cs.n_constraints == 1
    circuit.check(circuit.witness({"x": 5, "y": 5}))
    with pytest.raises(UnsatisfiedConstraint):
        circuit.check(circuit.witness({"x": 5, "y": 6}))


def test_a_wire_solved_twice_keeps_both_equalities() -> None:
    """p = x and p = y: the first removes p, the second is x = y and must stay."""

    def body(cs, x, y):
        product = x * x
        cs.assert_equal(product, x)
        cs.assert_equal(product, y)

    gadget = gadget_circuit({"x": (Field, None), "y": (Field, None)}, body)
    gadget.honest({"x": 1, "y": 1})
    gadget.honest({"x": 0, "y": 0})
    gadget.refusal({"x": 1, "y": 0})
    gadget.refusal({"x": 0, "y": 1})
    gadget.refusal({"x": 2, "y": 4})


def test_bits_are_cut_out_of_their_decomposition() -> None:
    """A bit that is said to be another, or a constant, costs nothing: its own row goes too."""

    def body(cs, x, y):
        bits = cs.bits(x + 0 * y, 9)
        with cs.obligation("bits 3 and 6 agree"):
            cs.assert_equal(bits[6], bits[3])
        with cs.obligation("bit 4 is 1"):
            cs.assert_equal(bits[4], 1)
        with cs.obligation("bit 8 is y"):
            cs.assert_equal(bits[8], y)
        return bits

    gadget = gadget_circuit({"x": (Field, None), "y": (Field, None)}, body)
    assert gadget.cost == 9 - 2  # bit 6 has bit 3's row, bit 4 none; y has the row of bit 8
    for x, y in ((0b000010000, 0), (0b101011000, 1), (0b111111111, 1), (0b010110001, 0)):
        assert gadget.honest({"x": x, "y": y}) == [x >> i & 1 for i in range(9)]
        tried = gadget.assert_forgeries_rejected({"x": x, "y": y})
        assert tried.harmless == 0
    for x, y, words in (
        (0b001010000, 0, "bits 3 and 6 agree"),
        (0b000000000, 0, "bit 4 is 1"),
        (0b000010000, 1, "bit 8 is y"),
        (0b100010000, 0, "bit 8 is y"),
        (0b000010000, 2, "bit 8 is y"),
    ):
        error = gadget.refusal({"x": x, "y": y})
        assert words in error.obligation
        assert "test_elimination.py" in error.where


@pytest.mark.parametrize("last", [0, 1, 8])
def test_the_ends_of_a_decomposition_are_cut_off(last: int) -> None:
    def body(cs, x):
        bits = cs.hint_bits(x, 9)
        for bit in bits[: last + 1]:
            cs.assert_equal(bit, 0)
        total = sum((bit * (1 << i) for i, bit in enumerate(bits)), start=cs.constant(0))
        for bit in bits:
            cs.assert_bool(bit)
        cs.assert_equal(total, x)
        return bits

    gadget = gadget_circuit({"x": (Field, None)}, body)
    # The sum of what is left is one row of bits, and x is an input: a row more.
    assert gadget.cost == 9 - last - 1 + 1 - (last < 8)
    x = 0 if last == 8 else 1 << last + 1
    assert gadget.honest({"x": x}) == [x >> i & 1 for i in range(9)]
    gadget.assert_forgeries_rejected({"x": x})
    gadget.refusal({"x": x + 1})


def test_a_remainder_is_cut_off_its_quotient() -> None:
    def body(cs, x, y):
        quotient, remainder = cs.hint_divide(x, y)
        cs.assert_range(quotient, 16)
        with cs.obligation("x leaves 3"):
            cs.assert_equal(remainder, 3)
        cs.assert_product(quotient, y, x - remainder)
        return quotient

    gadget = gadget_circuit({"x": (Uint, 16), "y": (Uint, 8)}, body)
    assert gadget.cost == 16 + 1
    assert gadget.honest({"x": 0b1100, "y": 9}) == [1]
    gadget.assert_forgeries_rejected({"x": 0b1100, "y": 9})
    assert "x leaves 3" in gadget.refusal({"x": 0b1100, "y": 8}).obligation


def test_a_quotient_beside_its_remainder_is_kept() -> None:
    """No operation computes a remainder alone: what ties the quotient down is a row."""

    def body(cs, x, y, z):
        quotient, remainder = cs.hint_divide(x, y)
        cs.assert_range(remainder, 3)
        cs.assert_equal(quotient, z)
        cs.assert_product(quotient, y, x - remainder)
        return remainder

    gadget = gadget_circuit({"x": (Uint, 16), "y": (Uint, 8), "z": (Uint, 16)}, body)
    assert gadget.cost == 3 + 1 + 1
    assert gadget.honest({"x": 30, "y": 9, "z": 3}) == [3]
    gadget.refusal({"x": 30, "y": 9, "z": 2})


def test_an_eliminated_hint_is_what_its_equality_says() -> None:
    """The program's own value of an eliminated hint no longer matters."""

    def body(cs, x):
        root = cs.hint_sqrt(x)  # not 7 for an honest run of x = 50
        cs.assert_equal(root, 7 * x)
        return root * root

    gadget = gadget_circuit({"x": (Field, None)}, body)
    assert gadget.honest({"x": 50}) == [350 * 350]


def test_an_equality_of_bits_that_a_template_reads() -> None:
    """Rows of a hash are rewritten where they read an eliminated wire."""
    from circuits.gadgets.hash import poseidon
    from zk.poseidon import poseidon as hash_of

    def body(cs, x, y):
        digest = poseidon(cs, [x * y, x])
        again = poseidon(cs, [digest, y])
        cs.assert_equal(digest, x + 0 * y + cs.hint_product(digest, cs.constant(1)) - x)
        return again

    gadget = gadget_circuit({"x": (Field, None), "y": (Field, None)}, body)
    assert gadget.honest({"x": 3, "y": 4}) == [hash_of([hash_of([12, 3]), 4])]
    pinned = gadget_circuit(
        {"x": (Field, None), "y": (Field, None)},
        lambda cs, x, y: cs.assert_equal(poseidon(cs, [x * y, x]), y),
    )
    pinned.refusal({"x": 3, "y": 4})
