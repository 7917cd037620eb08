"""What every gadget and statement costs, measured; writes the golden file and the page's table.

    python -m tests.gadgets.costs            print the counts
    python -m tests.gadgets.costs --write    renew tests/golden/constraints.json and the table in
                                             docs/language.md

Golden counts change only in the commit that says why. `limit` is the number of rows that the
project's design page on circuit costs names for the same work, or what circomlib 2.0.5 compiles to
with circom 2.2.3 at -O2: no entry may be above it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import prod
from pathlib import Path
from typing import Any

from circuits.gadgets.arith import (
    absolute,
    assert_in_range,
    divide,
    maximum,
    minimum,
    square_root,
)
from circuits.gadgets.babyjubjub import (
    EdwardsPoint,
    PrimeOrderPoint,
    add,
    clear_cofactor,
    double,
    multiply,
    multiply_fixed,
)
from circuits.gadgets.bits import bits_between, low_bits
from circuits.gadgets.compare import (
    assert_le,
    assert_less,
    assert_nonzero,
    is_equal,
    is_le,
    is_less,
    is_zero,
)
from circuits.gadgets.eddsa import EdDSASignature, assert_signed
from circuits.gadgets.hash import poseidon, poseidon_sponge
from circuits.gadgets.lanes import pack_lanes, unpack
from circuits.gadgets.logic import all_of, choose, majority, parity
from circuits.gadgets.lookup import assert_all_members
from circuits.gadgets.merkle import assert_in_tree, assert_under_cap, cap_root
from circuits.gadgets.mux import lookup, one_hot
from circuits.gadgets.order import ordered_slots
from circuits.gadgets.pack import pack, with_sign
from circuits.gadgets.select import assert_member, select
from circuits.gadgets.sha256 import Word, compress, sha256
from circuits.gadgets.tiers import TierSignals, tier_line
from circuits.margin.constants import BOUNDARY_BITS, BOUNDARY_SCALE, RATE_BITS, RATE_ONE
from circuits.margin.linear import STATEMENTS
from circuits.margin.shape import TINY, Shape
from circuits.networks import switches
from tests.checks import Inputs, gadget_circuit
from zk.babyjubjub import BASE
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.lower import compile
from zk.compiler.types import Bool, Field, Int, Uint
from zk.field import R

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "constraints.json"
PAGE = ROOT / "docs" / "language.md"
MARKS = ("<!-- costs: python -m tests.gadgets.costs --write -->", "<!-- end of costs -->")

SHAPES = (TINY, Shape(4, 4), Shape(16, 8), Shape(64, 16))


@dataclass(frozen=True)
class Entry:
    """A gadget at one size."""

    name: str
    inputs: Inputs
    body: Callable[..., Any]
    limit: int | None = None

    def count(self) -> int:
        return gadget_circuit(self.inputs, self.body).cost


def fields(count: int) -> Inputs:
    return {f"x{i}": (Field, None) for i in range(count)}


def uints(bits: int, *names: str) -> Inputs:
    return dict.fromkeys(names, (Uint, bits))


def ints(bits: int, *names: str) -> Inputs:
    return dict.fromkeys(names, (Int, bits))


def bools(count: int) -> Inputs:
    return {f"b{i}": (Bool, None) for i in range(count)}


def tier_inputs(tiers: int) -> Inputs:
    """A private table, then a value of 127 bits, as a position's notional has."""
    table: dict[str, tuple[type[Field], int | None]] = {"rate": (Uint, RATE_BITS)}
    for i in range(1, tiers):
        table |= {f"increment{i}": (Uint, BOUNDARY_BITS), f"step{i}": (Uint, RATE_BITS)}
    return table | {"value": (Uint, 127)}


def tier_body(rising: bool, exact: bool) -> Callable[..., Int]:
    """tier_line on the inputs of `tier_inputs`."""

    def body(cs: ConstraintSystem, rate: Uint, *rest: Uint) -> Int:
        *table, value = rest
        signals = TierSignals(rate, table[::2], table[1::2], rising)
        return tier_line(cs, signals, value, unit=BOUNDARY_SCALE, one=RATE_ONE, exact=exact)

    return body


def constant_tiers(exact: bool) -> Callable[..., Int]:
    """Six tiers that are constants, on a value of 64 bits."""

    def body(cs: ConstraintSystem, value: Uint) -> Int:
        rates, widths = (0, 10, 25, 40, 60, 100), (1000, 2000, 4000, 8000, 16000)
        steps = [cs.proven(cs.constant(b - a), 0, b - a) for a, b in pairwise(rates)]
        increments = [cs.proven(cs.constant(width), 0, width) for width in widths]
        signals = TierSignals(cs.proven(cs.constant(0), 0, 0), increments, steps, True)
        return tier_line(cs, signals, value, unit=1, one=100, exact=exact)

    return body


def under_cap(children: int, nodes: int, when: bool) -> Callable[..., None]:
    def body(cs: ConstraintSystem, bit: Bool, leaf: Field, *rest: Field) -> None:
        assert_under_cap(cs, leaf, rest[:children], rest[children:], bit if when else None)

    return body


def in_tree(arities: tuple[int, ...], nodes: int, limit: int, when: bool = False) -> Entry:
    """An opening in a tree of these arities."""

    def body(cs: ConstraintSystem, bit: Bool, leaf: Field, *rest: Field) -> None:
        ends = list(accumulate(arities, initial=0))
        path = [rest[start:end] for start, end in pairwise(ends)]
        assert_in_tree(cs, leaf, path, rest[ends[-1] :], bit if when else None)

    of = f"arity {arities[0]}" if len(set(arities)) == 1 else f"arities {arities}"
    under = f"under {nodes} nodes" if nodes > 1 else "to the root"
    name = f"assert_in_tree, {nodes * prod(arities):,} leaves, {of}, {under}"
    inputs = _BIT | fields(1 + sum(arities) + nodes)
    return Entry(name + ", when a bit is 1" * when, inputs, body, limit)


def fixed_multiple(cs: ConstraintSystem, *bits: Bool) -> list[Field]:
    point = multiply_fixed(cs, bits, BASE)
    return [point.x, point.y]


def private_multiple(cs: ConstraintSystem, k: Field, u: Field, v: Field) -> list[Field]:
    point = multiply(cs, k, PrimeOrderPoint(u, v))
    return [point.x, point.y]


def cleared(cs: ConstraintSystem, x: Field, y: Field) -> list[Field]:
    point = clear_cofactor(cs, (x, y))
    return [point.u, point.v]


def signed(cs: ConstraintSystem, *xs: Field, when: Bool | None = None) -> None:
    ax, ay, rx, ry, s, m = xs
    signature = EdDSASignature()
    signature.rx, signature.ry, signature.s = rx, ry, s
    assert_signed(cs, (ax, ay), m, signature, when)


def compression(cs: ConstraintSystem, *bits: Bool) -> list[Bool]:
    words = [Word.of_bits(cs, bits[i : i + 32]) for i in range(0, len(bits), 32)]
    return [b for word in compress(cs, words[:8], words[8:]) for b in word.bits()]


_POSEIDON = {1: 213, 2: 240, 4: 297, 8: 402, 11: 465, 12: 504, 16: 609}
_BIT: Inputs = {"bit": (Bool, None)}

ENTRIES = [
    Entry("range, 64 bits", fields(1), lambda cs, x: cs.assert_range(x, 64), 64),
    Entry("signed range, 64 bits", fields(1), lambda cs, x: cs.assert_signed_range(x, 64), 64),
    Entry(
        "assert_in_range, of 10 bits", fields(1), lambda cs, x: assert_in_range(cs, x, 5, 1000), 20
    ),
    Entry("is_zero", fields(1), is_zero),
    Entry("is_equal", fields(2), is_equal),
    Entry("assert_nonzero", fields(1), assert_nonzero),
    Entry("is_less, 64 bits", uints(64, "x", "y"), is_less, 65),
    Entry("is_le, 64 bits", uints(64, "x", "y"), is_le, 66),
    Entry("assert_le, 64 bits", uints(64, "x", "y"), assert_le),
    Entry("assert_less, 64 bits", uints(64, "x", "y"), assert_less),
    Entry("select", _BIT | fields(2), select),
    Entry("assert_member, of 16", fields(17), lambda cs, x, *xs: assert_member(cs, x, xs), 15),
    Entry(
        "assert_member, of 16, when a bit is 1",
        _BIT | fields(17),
        lambda cs, bit, x, *xs: assert_member(cs, x, xs, bit),
    ),
    Entry(
        "assert_all_members, 148 of 245",
        fields(393) | bools(switches(393)),
        lambda cs, *xs: assert_all_members(cs, xs[:148], xs[148:393], xs[393:]),
    ),
    Entry(
        "assert_all_members, 148 of 245, by values",
        fields(393 + switches(393)),
        lambda cs, *xs: assert_all_members(cs, xs[:148], xs[148:393], xs[393:]),
    ),
    Entry(
        "ordered_slots, 4 keys of 117 bits",
        fields(4),
        lambda cs, *keys: ordered_slots(cs, keys, 117)[1],
        484,
    ),
    Entry("pack", uints(64, "x", "y"), lambda cs, x, y: pack(cs, [(x, 64), (y, 64)])),
    Entry("with_sign", _BIT | uints(64, "x"), lambda cs, bit, x: with_sign(cs, x, bit)),
    Entry(
        "tier_line, 6 constant tiers, 64 bits, one line", uints(64, "x"), constant_tiers(False), 7
    ),
    Entry("tier_line, 6 constant tiers, 64 bits, exact", uints(64, "x"), constant_tiers(True), 135),
    Entry("tier_line, 6 private tiers, rising, exact", tier_inputs(6), tier_body(True, True)),
    Entry("tier_line, 6 private tiers, rising, one line", tier_inputs(6), tier_body(True, False)),
    Entry("tier_line, 12 private tiers, falling, exact", tier_inputs(12), tier_body(False, True)),
    Entry(
        "tier_line, 12 private tiers, falling, one line", tier_inputs(12), tier_body(False, False)
    ),
    Entry("absolute, 64 bits", ints(64, "x"), absolute, 66),
    Entry("minimum, 64 bits", ints(64, "x", "y"), minimum, 66),
    Entry("maximum, 64 bits", ints(64, "x", "y"), maximum, 66),
    Entry("divide, 64 by 32 bits", uints(64, "x") | uints(32, "y"), divide, 129),
    Entry(
        "divide, product of 64 and 64 signed bits by 2^32",
        ints(64, "x", "y"),
        lambda cs, x, y: divide(cs, x * y, 1 << 32)[0],
        129,
    ),
    Entry(
        "divide, product of 48 and 32 signed bits by 2^24",
        ints(48, "x") | ints(32, "y"),
        lambda cs, x, y: divide(cs, x * y, 1 << 24)[0],
        81,
    ),
    Entry("square_root, 64 bits", uints(64, "x"), square_root, 99),
    Entry("one_hot, of 16", bools(4), lambda cs, *bits: one_hot(cs, bits), 15),
    Entry("lookup, of 16", uints(8, "i") | fields(16), lambda cs, i, *xs: lookup(cs, i, xs), 19),
    Entry(
        "unpack, 3 lanes of 64 bits",
        ints(60, "x", "y", "z"),
        lambda cs, *xs: unpack(cs, pack_lanes(cs, xs, 64)),
    ),
    *(
        Entry(f"poseidon of {n}", fields(n), lambda cs, *xs: poseidon(cs, xs), _POSEIDON.get(n))
        for n in (1, 2, 4, 8, 9, 11, 12, 16)
    ),
    Entry(
        "poseidon of 7, one of them constant",
        fields(6),
        lambda cs, *xs: poseidon(cs, [cs.constant(1), *xs]),
    ),
    Entry("poseidon_sponge of 128", fields(128), lambda cs, *xs: poseidon_sponge(cs, xs), 4893),
    Entry(
        "assert_under_cap, 8 children, 128 nodes", _BIT | fields(137), under_cap(8, 128, True), 546
    ),
    Entry(
        "assert_under_cap, 9 children, 114 nodes", _BIT | fields(124), under_cap(9, 114, True), 546
    ),
    in_tree((2,) * 10, 1, 2420),
    in_tree((4,) * 5, 1, 1510),
    in_tree((9, 11, 11), 1, 1428),
    in_tree((2,) * 12, 1, 2904),
    in_tree((4,) * 6, 1, 1812),
    in_tree((9, 9, 9, 6), 1, 1648),
    in_tree((8, 4), 128, 848, when=True),
    Entry("cap_root of 128", fields(128), lambda cs, *xs: cap_root(cs, xs), 4893),
    Entry("parity of 3 bits", bools(3), parity, 2),
    Entry("majority of 3 bits", bools(3), majority),
    Entry("choose", bools(3), choose),
    Entry("all_of, 8 bits", bools(8), lambda cs, *bits: all_of(cs, bits)),
    Entry("low_bits, 32 of 35", uints(35, "x"), lambda cs, x: low_bits(cs, x + 0, 32)),
    Entry("bits_between 0 and r - 1", fields(1), lambda cs, x: bits_between(cs, x, 0, R - 1), 515),
    Entry(
        "Baby Jubjub: add",
        fields(4),
        lambda cs, *xs: add(cs, EdwardsPoint(*xs[:2]), EdwardsPoint(*xs[2:])).x,
        6,
    ),
    Entry("Baby Jubjub: double", fields(2), lambda cs, *xs: double(cs, EdwardsPoint(*xs)).x, 6),
    Entry("Baby Jubjub: clear_cofactor", fields(2), cleared),
    Entry("Baby Jubjub: multiply_fixed, 251 bits", bools(251), fixed_multiple, 523),
    Entry("Baby Jubjub: multiply", fields(3), private_multiple, 2310 + 515),
    Entry("EdDSA with Poseidon: assert_signed", fields(6), signed, 4217),
    Entry(
        "EdDSA with Poseidon: assert_signed, when a bit is 1",
        _BIT | fields(6),
        lambda cs, bit, *xs: signed(cs, *xs, when=bit),
        4217,
    ),
    Entry("SHA-256 of 256 bits", bools(256), lambda cs, *bits: sha256(cs, bits), 29_380),
    Entry("SHA-256 of 512 bits", bools(512), lambda cs, *bits: sha256(cs, bits), 59_281),
    Entry("SHA-256: compress", bools(768), compression, 30_328),
]


def gadget_counts() -> dict[str, int]:
    return {entry.name: entry.count() for entry in ENTRIES}


def statement_counts() -> dict[str, int]:
    circuits = [compile(kind(shape)) for kind in STATEMENTS.values() for shape in SHAPES]
    return {circuit.name: circuit.r1cs.n_constraints for circuit in circuits}


def golden() -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = json.loads(GOLDEN.read_text())
    return found


def table(counts: dict[str, dict[str, int]]) -> str:
    """The page's table, from the golden counts."""
    lines = ["| gadget or statement | constraints |", "|---|---:|"]
    for group in ("gadgets", "statements"):
        lines += [f"| {name} | {count:,} |" for name, count in counts[group].items()]
    return "\n".join(lines)


def with_table(page: str, counts: dict[str, dict[str, int]]) -> str:
    """The page with its table renewed."""
    start, end = (page.index(mark) for mark in MARKS)
    return f"{page[:start]}{MARKS[0]}\n\n{table(counts)}\n\n{page[end:]}"


def main() -> None:
    counts = {"gadgets": gadget_counts(), "statements": statement_counts()}
    print(table(counts))
    if "--write" in sys.argv[1:]:
        GOLDEN.write_text(json.dumps(counts, indent=2) + "\n")
        PAGE.write_text(with_table(PAGE.read_text(), counts))


if __name__ == "__main__":
    main()
