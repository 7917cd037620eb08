"""Points of Baby Jubjub in the circuit, against the integers of zk.babyjubjub."""

from __future__ import annotations

import random
from itertools import product

import pytest

from circuits.gadgets import babyjubjub as gadgets
from circuits.gadgets.babyjubjub import (
    EdwardsPoint,
    MontgomeryPoint,
    PrimeOrderPoint,
    add,
    assert_sum,
    clear_cofactor,
    double,
    multiply,
    multiply_fixed,
    to_edwards,
)
from tests.checks import Gadget, Inputs, gadget_circuit
from tests.zk import vectors
from zk import babyjubjub as native
from zk.babyjubjub import BASE, IDENTITY, ORDER, Point
from zk.compiler.types import Bool, Field
from zk.compiler.witness import Op
from zk.errors import CompileError
from zk.field import R

#: Constraints of circomlib 2.0.5 at circom 2.2.3's -O2. Its EscalarMulAny(254) takes bits.
CIRCOMLIB = {"BabyAdd": 6, "BabyDbl": 6, "EscalarMulFix(253)": 523, "EscalarMulAny(254)": 2310}

#: A point of order 8, the highest that a low order can be.
TORSION = (
    4342719913949491028786768530115087822524712248835451589697801404893164183326,
    4826523245007015323400664741523384119579596407052839571721035538011798951543,
)


def fields(names: str) -> Inputs:
    return dict.fromkeys(names.split(), (Field, None))


def pair(point: Point, suffix: str = "") -> dict[str, int]:
    return {f"x{suffix}": point[0], f"y{suffix}": point[1]}


def montgomery(point: Point) -> Point:
    return gadgets._montgomery(point)


def both(point: EdwardsPoint) -> list[Field]:
    return [point.x, point.y]


def assert_every_wire_bound(gadget: Gadget, inputs: dict[str, int]) -> None:
    """No wire, hinted or computed, can be another with all that follows from it."""
    gadget.assert_forgeries_rejected(inputs)
    honest, rng = gadget.attack._honest, random.Random(len(inputs))
    for wire in range(gadget.circuit.program.n_inputs + 1, len(honest)):
        for value in {0, 1, (honest[wire] + 1) % R, rng.randrange(R)} - {honest[wire]}:
            assert gadget.attack.judge({wire: value})


def some_points(seed: int, count: int) -> list[Point]:
    rng = random.Random(seed)
    return [native.multiply(BASE, rng.randrange(1, ORDER)) for _ in range(count)]


# Edwards form


@pytest.fixture(scope="module")
def addition() -> Gadget:
    def body(cs, x1, y1, x2, y2):
        return both(add(cs, EdwardsPoint(x1, y1), EdwardsPoint(x2, y2)))

    return gadget_circuit(fields("x1 y1 x2 y2"), body)


def test_addition_is_complete(addition: Gadget) -> None:
    assert addition.cost == CIRCOMLIB["BabyAdd"]
    p, q = some_points(1, 2)
    points = [p, q, IDENTITY, (0, R - 1), TORSION, native.negate(p), native.add(p, TORSION)]
    for one, other in product(points, repeat=2):
        found = addition.honest(pair(one, "1") | pair(other, "2"))
        assert tuple(found) == native.add(one, other)


def test_sums_of_the_vectors(addition: Gadget) -> None:
    for case in vectors.load("babyjub.json")[:-1]:
        a, b, total = ([int(x) for x in case[name]] for name in ("aB", "bB", "sum"))
        assert addition.honest(pair((a[0], a[1]), "1") | pair((b[0], b[1]), "2")) == total


def test_addition_cannot_be_forged(addition: Gadget) -> None:
    p, q = some_points(2, 2)
    for one, other in ((p, q), (p, p), (p, IDENTITY), (p, native.negate(p)), (TORSION, TORSION)):
        assert_every_wire_bound(addition, pair(one, "1") | pair(other, "2"))


def test_a_sum_that_is_given() -> None:
    def body(cs, x1, y1, x2, y2, x3, y3):
        assert_sum(cs, EdwardsPoint(x1, y1), EdwardsPoint(x2, y2), (x3, y3))

    gadget = gadget_circuit(fields("x1 y1 x2 y2 x3 y3"), body)
    assert gadget.cost == 6
    p, q = some_points(3, 2)
    total = native.add(p, q)
    gadget.honest(pair(p, "1") | pair(q, "2") | pair(total, "3"))
    x, y = total
    for wrong in (p, native.negate(total), (y, x), (x + 1, y), (x, y + 1), (x, -y)):
        gadget.refusal(pair(p, "1") | pair(q, "2") | pair(wrong, "3"))


def test_doubling() -> None:
    gadget = gadget_circuit(fields("x y"), lambda cs, x, y: both(double(cs, EdwardsPoint(x, y))))
    assert gadget.cost <= CIRCOMLIB["BabyDbl"]
    for p in (*some_points(4, 2), IDENTITY, (0, R - 1), TORSION):
        assert tuple(gadget.honest(pair(p))) == native.add(p, p)
        assert_every_wire_bound(gadget, pair(p))


# Montgomery form


def test_the_curve_has_the_coefficients_of_its_map() -> None:
    for p in some_points(5, 3):
        u, v = montgomery(p)
        assert (v * v - u**3 - gadgets.M * u * u - u) % R == 0
    # M^2 - 4 and M - 2 are no squares: one point of order 2, and no u = -1.
    for n in (gadgets.M**2 - 4, gadgets.M - 2):
        assert pow(n, (R - 1) // 2, R) == R - 1


def test_montgomery_additions() -> None:
    def body(cs, x1, y1, x2, y2):
        p, q = MontgomeryPoint(x1, y1), MontgomeryPoint(x2, y2)
        sums = [gadgets._add(cs, p, q), gadgets._double(cs, p), gadgets._double_add(cs, p, q)]
        return [coordinate for s in sums for coordinate in (s.u, s.v)]

    gadget = gadget_circuit(fields("x1 y1 x2 y2"), body)
    assert gadget.cost == 3 + 4 + 5
    for p, q in (some_points(6, 2), some_points(7, 2)):
        inputs = pair(montgomery(p), "1") | pair(montgomery(q), "2")
        expected = [native.add(p, q), native.add(p, p), native.add(native.add(p, p), q)]
        assert gadget.honest(inputs) == [c for s in expected for c in montgomery(s)]
        assert_every_wire_bound(gadget, inputs)


def test_to_edwards() -> None:
    def body(cs, x, y):
        return both(to_edwards(cs, MontgomeryPoint(x, y)))

    gadget = gadget_circuit(fields("x y"), body)
    assert gadget.cost == 2
    for p in some_points(8, 2):
        assert tuple(gadget.honest(pair(montgomery(p)))) == p
        assert_every_wire_bound(gadget, pair(montgomery(p)))


@pytest.fixture(scope="module")
def clearing() -> Gadget:
    def body(cs, x, y):
        p = clear_cofactor(cs, (x, y))
        return [p.u, p.v]

    return gadget_circuit(fields("x y"), body)


def test_clearing_the_cofactor(clearing: Gadget) -> None:
    assert clearing.cost == 16
    (p,) = some_points(9, 1)
    for point in (p, BASE, native.add(p, TORSION), native.add(p, (0, R - 1))):
        eight = native.multiply(point, 8)
        assert tuple(clearing.honest(pair(point))) == montgomery(eight)
        assert_every_wire_bound(clearing, pair(point))
        # 1 / u is on the curve with the same x: only y tells them apart.
        u = clearing.attack.hints[0]
        inverse = pow(montgomery(point)[0], -1, R)
        assert clearing.attack.forge({u: inverse})[0] is not None


def test_points_of_low_order_are_unsatisfiable(clearing: Gadget) -> None:
    """Also for a prover who chooses every quotient: the map's and the slopes'."""
    rng = random.Random(10)
    attack = clearing.attack
    for i in range(8):
        point = native.multiply(TORSION, i)
        clearing.refusal(pair(point))
        attack.start(list(point))
        for _ in range(60):
            wires = rng.sample(attack.hints, rng.randint(1, 3))
            lies = {w: rng.choice((0, 1, 2, R - 1, rng.randrange(R))) for w in wires}
            assert attack.forge(lies)[0] is not None


def test_points_off_the_curve_are_unsatisfiable(clearing: Gadget) -> None:
    x, y = BASE
    for point in ((x, y + 1), (y, x), (0, 0), (x, R - 1), (5, R - 1), (x, 1), (0, 7), (1, 0)):
        assert not native.on_curve(point)
        clearing.refusal(pair(point))
        # u = 0 and v = 0 leave x free where y = -1: the slope must refuse it.
        attack = clearing.attack
        honest = attack.start([c % R for c in point])
        u, v, *_ = attack.hints
        if honest[u]:
            # A u^2 with which the curve's equation would hold.
            square = honest.index(honest[u] ** 2 % R, v + 1)
            fitting = honest[v] ** 2 * pow(honest[u], -1, R) - gadgets.M * honest[u] - 1
            assert attack.forge({square: fitting % R})[0] is not None
        for lies in product((0, 1, R - 1), repeat=2):
            forged = dict(zip(attack.hints[:2], lies, strict=True))
            assert attack.forge(forged)[0] is not None


# Multiples


def fixed(n: int, base: Point = BASE) -> Gadget:
    inputs: Inputs = {f"b{i}": (Bool, None) for i in range(n)}
    return gadget_circuit(inputs, lambda cs, *bits: both(multiply_fixed(cs, bits, base)))


def bits_of(k: int, n: int) -> dict[str, int]:
    return {f"b{i}": k >> i & 1 for i in range(n)}


@pytest.mark.parametrize("n", range(1, 9))
def test_small_multiples_of_the_base(n: int) -> None:
    gadget = fixed(n)
    for k in range(0, 1 << n, 1 if n < 6 else 7):
        assert tuple(gadget.honest(bits_of(k, n))) == native.multiply(BASE, k)
    for k in (0, (1 << n) - 1, (1 << n) // 3):
        assert_every_wire_bound(gadget, bits_of(k, n))


@pytest.mark.parametrize("n", [251, 252])
def test_multiples_of_the_base(n: int) -> None:
    gadget = fixed(n)
    assert gadget.cost <= CIRCOMLIB["EscalarMulFix(253)"]
    rng = random.Random(n)
    scalars = [0, 1, ORDER - 1, ORDER, ORDER + 1, (1 << n) - 1, (8**83 - 1) // 2, 8**83 - 1]
    for k in [*scalars, *(rng.randrange(1 << n) for _ in range(6))]:
        assert tuple(gadget.honest(bits_of(k, n))) == native.multiply(BASE, k)


def test_another_base() -> None:
    (p,) = some_points(11, 1)
    assert tuple(fixed(9, p).honest(bits_of(301, 9))) == native.multiply(p, 301)


@pytest.mark.parametrize(
    ("n", "base", "words"),
    [
        (0, BASE, "1 to 252"),
        (253, BASE, "1 to 252"),
        (8, IDENTITY, "prime-order"),
        (8, TORSION, "prime-order"),
        (8, native.add(BASE, TORSION), "prime-order"),
        (8, (1, 1), "prime-order"),
    ],
)
def test_bases_and_widths_that_are_refused(n: int, base: Point, words: str) -> None:
    with pytest.raises(CompileError, match=words):
        fixed(n, base)


def test_bits_are_bits() -> None:
    with pytest.raises(CompileError, match="takes a Bool"):
        gadget_circuit(fields("x"), lambda cs, x: both(multiply_fixed(cs, [x], BASE)))


@pytest.fixture(scope="module")
def multiplication() -> Gadget:
    def body(cs, k, u, v):
        return both(multiply(cs, k, PrimeOrderPoint(u, v)))

    return gadget_circuit(fields("k u v"), body)


def test_cost_of_a_multiple(multiplication: Gadget) -> None:
    """circomlib's takes bits; its Num2Bits_strict, 515, makes them of a field element."""
    assert multiplication.cost <= CIRCOMLIB["EscalarMulAny(254)"]


def hard_scalars() -> list[int]:
    """Scalars for which the last steps meet the identity, the point, or a doubling."""
    found = [0, 1, 2, 3, R - 1, R - 2]
    for multiple in range(1, 9):
        found += [multiple * ORDER + d for d in (-2, -1, 0, 1, 2)]
    for step in range(6):
        # k_i = 2 floor(H / 2^(i + 1)) + 1 is 0, 1 or -1 mod l, or half of that.
        for odd in range(1, 42):
            for target in (odd * ORDER, odd * ORDER + 2, (odd * ORDER + 1) // 2):
                if target % 2:
                    h = (target - 1) // 2 << step + 1
                    found += [21 * ORDER - h, 21 * ORDER - h - 1]
    return sorted({k for k in found if 0 <= k < R})


def test_multiples_of_a_point(multiplication: Gadget) -> None:
    p, q = some_points(12, 2)
    rng = random.Random(13)
    scalars = hard_scalars()
    assert len(scalars) > 50
    for point, several in ((p, scalars), (q, [rng.randrange(R) >> s for s in range(0, 254, 40)])):
        u, v = montgomery(point)
        for k in several:
            found = multiplication.honest({"k": k, "u": u, "v": v})
            assert tuple(found) == native.multiply(point, k), k


def test_multiples_of_the_vectors(multiplication: Gadget) -> None:
    u, v = montgomery(BASE)
    for case in vectors.load("babyjub.json")[:-1:4]:
        found = multiplication.honest({"k": int(case["b"]), "u": u, "v": v})
        assert found == [int(x) for x in case["bB"]]


def test_a_multiple_cannot_be_forged(multiplication: Gadget) -> None:
    """A sample of the hints: slopes and bits; the parts are attacked in full above."""
    (p,) = some_points(14, 1)
    rng = random.Random(15)
    attack = multiplication.attack
    honest = attack.start([rng.randrange(R), *montgomery(p)])
    attack.assert_bound()
    slopes = rng.sample(attack.written_by(Op.QUOT), 60)
    bits = rng.sample(attack.written_by(Op.BITS), 40) + attack.written_by(Op.LESS)
    for wire in slopes:
        for value in (0, honest[wire] + 1, -honest[wire] % R):
            assert attack.judge({wire: value % R})
    for wire in bits:
        assert attack.judge({wire: 1 - honest[wire]})
    wires = range(attack.circuit.program.n_inputs + 1, len(honest))
    for wire in rng.sample(wires, 300):
        assert attack.judge_mutation(wire, rng.randrange(R))
