"""The checker's step `fold`: bits whose sum could be R or more, and a comparison that forbids it.

The bits x_i of an equation have weights a_i > 0; V = sum(a_i x_i). Some rows make parts, each a
function of a few of the bits; a second equation says that the parts and some bounded wires sum to
zero. If every choice of bits with V >= R gives the parts a sum that the bounded wires cannot make
up modulo M, then V < R, and a residue has one V. So circom's AliasCheck compares 254 bits with
R - 1: its parts are 0, 2^i or 2^128 - 2^i, and bit 127 of their sum is zero.

Notation: one group is the bits of one part; a table gives for each choice of a group's bits
(what it adds to V, what its part adds to the sum).
"""

from __future__ import annotations

from itertools import product

from zk.field import R

LC = dict[int, int]
Interval = tuple[int, int]
Table = list[tuple[int, int]]


def part_table(
    row: tuple[LC, LC, LC], part: int, alpha: int, bit_of: dict[int, int], weights: LC
) -> tuple[set[int], Table] | None:
    """The bits that a row's part depends on, and its table; None if the row is of another form."""
    a, b, c = row
    wires = (set(a) | set(b) | set(c)) - {0, part}
    if part in a or part in b or not c.get(part) or not wires <= set(bit_of) or len(wires) > 6:
        return None
    bits = sorted({bit_of[w] for w in wires})
    over = pow(c[part], -1, R)
    table = []
    for choice in product((0, 1), repeat=len(bits)):
        value = dict(zip(bits, choice, strict=True))
        at = {0: 1, part: 0} | {w: value[bit_of[w]] for w in wires}
        left, right, rest = (sum(x * at[w] for w, x in lc.items()) for lc in (a, b, c))
        t = (left * right - rest) * over * alpha % R
        t = t - R if t > R // 2 else t
        table.append((sum(weights[x] for x in bits if value[x]), t))
    return set(bits), table


def reduced(lc: LC, bits: dict[int, LC], bit_of: dict[int, int]) -> LC:
    """The combination with the bits that are defined by combinations put in for those.

    An optimiser solves the bits' sum for one bit and puts the sum in its place; `bits` has the
    definitions of such bits. What their definitions hold beside bits is what tells them apart.
    """
    lc = dict(lc)
    for wire, definition in bits.items():
        marks = [w for w in definition if w in lc and w not in bit_of]
        if marks:
            factor = lc[marks[0]] * pow(definition[marks[0]], -1, R) % R
            for w, c in definition.items():
                lc[w] = (lc.get(w, 0) - factor * c) % R
            lc[wire] = (lc.get(wire, 0) + factor) % R
    return {w: c for w, c in lc.items() if c}


def forbids(tables: list[Table], others: list[Interval], constant: int, modulus: int) -> bool:
    """Whether no choice with V >= R agrees with: parts + others + constant = 0 mod R.

    `others` are the ranges of the other terms of that equation, scaled.
    """
    reach = abs(constant) + sum(max(abs(lo), abs(hi)) for lo, hi in others)
    if modulus < 2 or reach + sum(max(abs(t) for _, t in table) for table in tables) >= R:
        return False
    # It holds over the integers, so modulo M, where the multiples of M among the others vanish;
    # `others` whose both ends are multiples of M are such: a bit times a multiple, or zero.
    low = constant + sum(lo for lo, hi in others if lo % modulus or hi % modulus)
    high = constant + sum(hi for lo, hi in others if lo % modulus or hi % modulus)
    tables = sorted(tables, key=lambda table: -max(v for v, _ in table))
    rest = sum(max(v for v, _ in table) for table in tables)
    # budget left before V exceeds R - 1 -> where the parts' sum so far lies
    open_: dict[int, Interval] = {R - 1: (0, 0)}
    above: Interval | None = None
    for table in tables:
        rest -= max(v for v, _ in table)
        states: dict[int, Interval] = {}
        exceeded = []
        for v, t in table:
            t = (t + modulus // 2) % modulus - modulus // 2
            if above is not None:
                exceeded.append((above[0] + t, above[1] + t))
            for budget, (lo, hi) in open_.items():
                left, moved = budget - v, (lo + t, hi + t)
                if left < 0:
                    exceeded.append(moved)
                elif left < rest:
                    states[left] = _hull([moved, states.get(left, moved)])
        if len(states) > 64:
            return False
        open_ = states
        above = _hull(exceeded) if exceeded else None
    if above is None:
        return True
    # parts = -(others + constant) mod M has no solution: no multiple of M in their sum's range.
    lo, hi = above[0] + low, above[1] + high
    return -(-lo // modulus) * modulus > hi


def _hull(ranges: list[Interval]) -> Interval:
    return min(lo for lo, _ in ranges), max(hi for _, hi in ranges)
