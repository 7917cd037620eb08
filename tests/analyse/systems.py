"""Small constraint systems by hand: rows as ({wire: coefficient}, ...) triples, wire 0 being 1.

Each known system comes with what is true of it: whether the inputs determine the outputs.
"""

from __future__ import annotations

import numpy as np

from zk.field import R, inverse, to_limbs
from zk.r1cs import R1CS, Matrix

LC = dict[int, int]
Row = tuple[LC, LC, LC]


def r1cs_of(rows: list[Row], n_wires: int, n_outputs: int, n_inputs: int) -> R1CS:
    """Wires 1 .. are the outputs, then the inputs, all of them public."""
    table: dict[int, int] = {}
    matrices = []
    for side in range(3):
        offsets, wires, coeffs = [0], [], []
        for row in rows:
            for wire, value in sorted(row[side].items()):
                if value % R:
                    wires.append(wire)
                    coeffs.append(table.setdefault(value % R, len(table)))
            offsets.append(len(wires))
        arrays = (np.array(x, dtype=np.uint32) for x in (offsets, wires, coeffs))
        matrices.append(Matrix(*arrays))
    a, b, c = matrices
    return R1CS(
        n_wires=n_wires,
        n_outputs=n_outputs,
        n_public=n_inputs,
        n_private=0,
        a=a,
        b=b,
        c=c,
        table=to_limbs(table) if table else np.zeros((0, 4), dtype=np.uint64),
        labels=np.arange(n_wires, dtype=np.uint64),
        n_labels=n_wires,
    )


def without(r1cs_rows: list[Row], dropped: int) -> list[Row]:
    return [row for i, row in enumerate(r1cs_rows) if i != dropped]


def bit(wire: int) -> Row:
    return ({wire: 1}, {wire: 1, 0: -1}, {})


def equal(one: LC, other: LC) -> Row:
    return (one, {0: 1}, other)


def to_bits(n: int) -> tuple[list[Row], int, int, int]:
    """Outputs 1 .. n are the bits of input n + 1."""
    rows = [bit(w) for w in range(1, n + 1)]
    rows.append(equal({w: 1 << (w - 1) for w in range(1, n + 1)}, {n + 1: 1}))
    return rows, n + 2, n, 1


def is_zero() -> tuple[list[Row], int, int, int]:
    """Output 1 is [input 2 = 0]; wire 3 is the hint, the inverse."""
    return [({2: 1}, {3: 1}, {0: 1, 1: -1}), ({2: 1}, {1: 1}, {})], 4, 1, 1


def one_hot(n: int, complete: bool) -> tuple[list[Row], int, int, int]:
    """Outputs 1 .. n: which of 0 .. n - 1 input n + 1 is; complete: their sum is 1."""
    rows: list[Row] = [({w: 1}, {n + 1: 1, 0: 1 - w}, {}) for w in range(1, n + 1)]
    if complete:
        rows.append(equal(dict.fromkeys(range(1, n + 1), 1), {0: 1}))
    return rows, n + 2, n, 1


def quotient(nonzero: bool) -> tuple[list[Row], int, int, int]:
    """Output 1 times input 2 is input 3; nonzero: wire 4 is the divisor's inverse."""
    rows: list[Row] = [({1: 1}, {2: 1}, {3: 1})]
    if nonzero:
        rows.append(({2: 1}, {4: 1}, {0: 1}))
    return rows, 4 + nonzero, 1, 2


def root(bits: int) -> tuple[list[Row], int, int, int]:
    """Output 1 squared is input 2; with bits, the root has that many."""
    rows: list[Row] = [({1: 1}, {1: 1}, {2: 1})]
    rows += [bit(3 + i) for i in range(bits)]
    if bits:
        rows.append(equal({3 + i: 1 << i for i in range(bits)}, {1: 1}))
    return rows, 3 + bits, 1, 1


def selected() -> tuple[list[Row], int, int, int]:
    """Output 1 is input 3 or 4 by input 2, which is 0 or 1."""
    return [bit(2), ({2: 1}, {3: 1, 4: -1}, {1: 1, 4: -1})], 5, 1, 3


def edwards_add(a: int = 168700, d: int = 168696) -> tuple[list[Row], int, int, int]:
    """Outputs 1, 2: the sum of points (3, 4) and (5, 6) that need not be on Baby Jubjub.

    It is complete where a is a square and d is none: 168700 is one, 168696 and 5 are not.
    """
    beta, gamma, delta, tau = 7, 8, 9, 10
    rows: list[Row] = [
        ({3: 1}, {6: 1}, {beta: 1}),
        ({4: 1}, {5: 1}, {gamma: 1}),
        ({3: -a, 4: 1}, {5: 1, 6: 1}, {delta: 1}),
        ({beta: 1}, {gamma: 1}, {tau: 1}),
        ({0: 1, tau: d}, {1: 1}, {beta: 1, gamma: 1}),
        ({0: 1, tau: -d}, {2: 1}, {delta: 1, beta: a, gamma: -1}),
    ]
    return rows, 11, 2, 4


def montgomery_double() -> tuple[list[Row], int, int, int]:
    """Outputs 1, 2: twice the point (3, 4); wire 5 the slope, 6 the square of x."""
    a, b = 168698, 1
    rows: list[Row] = [
        ({3: 1}, {3: 1}, {6: 1}),
        ({5: 1}, {4: 2 * b}, {6: 3, 3: 2 * a, 0: 1}),
        ({5: b}, {5: 1}, {0: a, 3: 2, 1: 1}),
        ({5: 1}, {3: 1, 1: -1}, {2: 1, 4: 1}),
    ]
    return rows, 7, 2, 2


def scaled_bits(n: int) -> tuple[list[Row], int, int, int]:
    """As circom -O2 leaves it: the bit of weight 2^(n-1) is solved for, in input n."""
    over = inverse(1 << (n - 1))
    rows = [bit(w) for w in range(1, n)]
    top = {n: over} | {w: -over << (w - 1) for w in range(1, n)}
    rows.append((top, {**top, 0: -1}, {}))
    return rows, n + 1, n - 1, 1


def high_bit(n: int) -> tuple[list[Row], int, int, int]:
    """Outputs 1 .. n - 1: the low bits of input n, its top bit being what is left, 0 or 2^(n-1)."""
    rows = [bit(w) for w in range(1, n)]
    top = {n: 1} | {w: -(1 << (w - 1)) for w in range(1, n)}
    rows += [(top, {**top, 0: -(1 << (n - 1))}, {}), bit(n + 1)]
    return rows, n + 2, n - 1, 2


def majority(n: int) -> tuple[list[Row], int, int, int]:
    """Output 1 is m with s (s - 4 m) = s - 6 m, s being the sum of n bits: for three, majority."""
    rows = [bit(w) for w in range(2, n + 2)]
    total = dict.fromkeys(range(2, n + 2), 1)
    rows.append((total, {**total, 1: -4}, {**total, 1: -6}))
    return rows, n + 2, 1, n


def halved(n: int) -> tuple[list[Row], int, int, int]:
    """The same with 4 m on the right: where s = 1 + 1, any output will do for n >= 2."""
    rows = [bit(w) for w in range(2, n + 2)]
    total = dict.fromkeys(range(2, n + 2), 1)
    rows.append((total, {**total, 1: -2, 0: -2}, {1: -4}))
    return rows, n + 2, 1, n


def compared_bits(bound: int, top: int | None = 127) -> tuple[list[Row], int, int, int]:
    """Outputs 1 .. 254: bits of input 255, compared with `bound` two bits at a time.

    The i-th pair adds 2^i if it is below the bound's, 2^128 - 2^i if it is above: bit 127 of the
    sum says whether the bits are above the bound. It has to be 0; `top` is the bit that has to be.
    """
    n, first_part, first_digit = 254, 256, 256 + 127
    rows = [bit(w) for w in range(1, n + 1)]
    rows.append(equal({w: 1 << (w - 1) for w in range(1, n + 1)}, {n + 1: 1}))
    for i in range(127):
        low, high, part = 2 * i + 1, 2 * i + 2, first_part + i
        there = bound >> (2 * i) & 3
        t = [(d < there) * (1 << i) + (d > there) * ((1 << 128) - (1 << i)) for d in range(4)]
        linear = {part: 1, 0: -t[0], low: t[0] - t[1], high: t[0] - t[2]}
        rows.append(({high: t[3] - t[2] - t[1] + t[0]}, {low: 1}, linear))
    digits = [first_digit + k for k in range(135)]
    rows += [bit(w) for w in digits]
    parts = {first_part + i: 1 for i in range(127)}
    rows.append(equal(parts, {w: 1 << k for k, w in enumerate(digits)}))
    if top is not None:
        rows.append(equal({digits[top]: 1}, {}))
    return rows, first_digit + 135, n, 1


#: name -> (system, verdict on its outputs that is true).
KNOWN = {
    "8 bits": (to_bits(8), "safe"),
    "253 bits": (to_bits(253), "safe"),
    "254 bits: two decompositions": (to_bits(254), "unsafe"),
    "scaled bits": (scaled_bits(33), "safe"),
    "low bits": (high_bit(40), "safe"),
    "majority of 3": (majority(3), "safe"),
    "a factor that two bits make zero": (halved(3), "unsafe"),
    "a factor that one bit cannot make zero": (halved(1), "safe"),
    "is zero": (is_zero(), "safe"),
    "one hot": (one_hot(5, complete=True), "safe"),
    "a decoder that may be all zero": (one_hot(5, complete=False), "unsafe"),
    "division by zero": (quotient(nonzero=False), "unsafe"),
    "division": (quotient(nonzero=True), "safe"),
    "square root": (root(0), "unsafe"),
    "square root of 100 bits": (root(100), "safe"),
    "select": (selected(), "safe"),
    "doubling": (montgomery_double(), "unsafe"),
    "254 bits below r": (compared_bits(R - 1), "safe"),
    "254 bits below r / 2": (compared_bits(R // 2), "safe"),
    "254 bits, at most r": (compared_bits(R), "unsafe"),
    "254 bits, compared in vain": (compared_bits(R - 1, None), "unsafe"),
    # r - 1 begins with 11 00 00: whoever exceeds it does so in the second pair or later.
    "254 bits, bit 126 is 0": (compared_bits(R - 1, 126), "safe"),
    "254 bits, bit 3 is 0": (compared_bits(R - 1, 3), "unsafe"),
    "addition on the complete curve": (edwards_add(), "safe"),
    "addition where d is a square": (edwards_add(168700, 168700), "unsafe"),
    "addition where a is no square": (edwards_add(5, 168696), "unsafe"),
    "addition where neither is": (edwards_add(168700 * 5, 168700), "unsafe"),
}
