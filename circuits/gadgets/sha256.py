"""SHA-256 of messages whose length the circuit fixes.

Source: FIPS 180-4. Notation as there: words W_t, rounds of a .. h, Sigma, sigma, Ch, Maj; bits of a
word least significant first, bits of a message and a digest in the order of transmission.

A sum modulo 2^32 costs its bits, carries included, and is decomposed only when its bits are asked
for: sums of sums stay integers, exact far beyond 32 bits. What is constant (padding, the initial
value) costs nothing, so a block of padding alone skips its schedule.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isqrt

from circuits.gadgets.bits import low_bits
from circuits.gadgets.logic import choose, majority, parity
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.types import Bool, LinearCombination, bit
from zk.field import R

WORD_BITS = 32
BLOCK_BITS = 512
DIGEST_BITS = 256
ROUNDS = 64


def _primes(count: int) -> list[int]:
    found: list[int] = []
    n = 2
    while len(found) < count:
        if all(n % p for p in found):
            found.append(n)
        n += 1
    return found


def _cube_root(n: int) -> int:
    """floor(n^(1/3))."""
    low, high = 0, 1 << (n.bit_length() // 3 + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle**3 <= n else (low, middle)
    return low


#: The first 32 bits of the fractions of square and cube roots of primes.
INITIAL = tuple(isqrt(p << 64) % (1 << 32) for p in _primes(8))
CONSTANTS = tuple(_cube_root(p << 96) % (1 << 32) for p in _primes(ROUNDS))


class Word:
    """An integer whose value modulo 2^32 is meant; its 32 bits are made when they are read."""

    __slots__ = ("_bits", "cs", "hi", "lc")

    def __init__(
        self, cs: ConstraintSystem, lc: LinearCombination, hi: int, bits: list[Bool] | None = None
    ) -> None:
        self.cs = cs
        self.lc = lc  # in [0, hi] by the types of what it was made from
        self.hi = hi
        self._bits = bits

    @staticmethod
    def of_bits(cs: ConstraintSystem, bits: Sequence[Bool]) -> Word:
        """The word of 32 bits, least significant first."""
        lc: LinearCombination = {}
        for i, b in enumerate(bits):
            _accumulate(lc, b.lc, 1 << i)
        return Word(cs, lc, (1 << WORD_BITS) - 1, list(bits))

    @staticmethod
    def constant(cs: ConstraintSystem, value: int) -> Word:
        bits = [Bool(cs, {0: 1} if value >> i & 1 else {}) for i in range(WORD_BITS)]
        return Word(cs, {0: value} if value else {}, value, bits)

    def bits(self) -> list[Bool]:
        """The low 32 bits. Cost, once: the bits of the largest value, none for a constant."""
        if self._bits is None:
            x = self.cs.proven(self.cs.number(self.lc, 0, self.hi), 0, self.hi)
            reduced = Word.of_bits(self.cs, low_bits(self.cs, x, WORD_BITS))
            # Both have the same value modulo 2^32; this one has fewer terms.
            self.lc, self.hi, self._bits = reduced.lc, reduced.hi, reduced._bits
        assert self._bits is not None
        return self._bits


def _accumulate(total: LinearCombination, lc: LinearCombination, factor: int = 1) -> None:
    """total += factor lc, in place."""
    for wire, coefficient in lc.items():
        value = (total.get(wire, 0) + factor * coefficient) % R
        if value:
            total[wire] = value
        else:
            total.pop(wire, None)


def _sum(cs: ConstraintSystem, *words: Word, constant: int = 0) -> Word:
    """The sum as an integer. Free."""
    lc: LinearCombination = {}
    for word in words:
        _accumulate(lc, word.lc)
    _accumulate(lc, {0: constant})
    if set(lc) <= {0}:
        return Word.constant(cs, lc.get(0, 0) % (1 << WORD_BITS))
    return Word(cs, lc, sum(word.hi for word in words) + constant)


def sha256(cs: ConstraintSystem, message: Sequence[Bool]) -> list[Bool]:
    """Return the 256 bits of the digest.

    `bytes_to_bits` gives the message bits of bytes.

    Requires: nothing.   Cost: about 17,000 for the first block of 512 bits, 17,500 for each other,
    13,000 for one of padding alone. The padding is a bit, the length in 64, and zeros.
    """
    for b in message:
        bit(cs, b, "sha256")
    with cs.obligation("SHA-256", cs.source_line()):
        padded = [*message, *_padding(cs, len(message))]
        state = [Word.constant(cs, value) for value in INITIAL]
        for start in range(0, len(padded), BLOCK_BITS):
            block = padded[start : start + BLOCK_BITS]
            words = [
                Word.of_bits(cs, block[i : i + WORD_BITS][::-1])
                for i in range(0, BLOCK_BITS, WORD_BITS)
            ]
            state = compress(cs, state, words)
        return [b for word in state for b in reversed(word.bits())]


def _padding(cs: ConstraintSystem, length: int) -> list[Bool]:
    """A one, zeros, and the length in 64 bits: up to a whole number of blocks."""
    zeros = -(length + 1 + 64) % BLOCK_BITS
    number = [length >> i & 1 for i in reversed(range(64))]
    return [Bool(cs, {0: 1} if value else {}) for value in (1, *[0] * zeros, *number)]


def compress(
    cs: ConstraintSystem, state: Sequence[Word], block: Sequence[Word], rounds: int = ROUNDS
) -> list[Word]:
    """Return the 8 words of the next state, from those of the last and 16 of a block.

    `rounds` below 64 is for tests.

    Requires: nothing.   Cost: 17,510, less what is constant.
    """
    w = list(block)
    for t in range(16, rounds):
        s0 = _mixed(cs, w[t - 15], 7, 18, 3, shift=True)
        s1 = _mixed(cs, w[t - 2], 17, 19, 10, shift=True)
        w.append(_sum(cs, s1, w[t - 7], s0, w[t - 16]))
    a, b, c, d, e, f, g, h = state
    for t in range(rounds):
        t1 = _sum(
            cs, h, _mixed(cs, e, 6, 11, 25), _bitwise(cs, choose, e, f, g), w[t],
            constant=CONSTANTS[t],
        )  # fmt: skip
        t2 = _sum(cs, _mixed(cs, a, 2, 13, 22), _bitwise(cs, majority, a, b, c))
        a, b, c, d, e, f, g, h = _sum(cs, t1, t2), a, b, c, _sum(cs, d, t1), e, f, g
    return [_sum(cs, x, y) for x, y in zip(state, (a, b, c, d, e, f, g, h), strict=True)]


def _mixed(
    cs: ConstraintSystem, x: Word, first: int, second: int, third: int, shift: bool = False
) -> Word:
    """ROTR^first(x) xor ROTR^second(x) xor ROTR^third(x); with `shift`, the last is SHR."""
    bits, zero, n = x.bits(), Bool(cs, {}), WORD_BITS
    return Word.of_bits(
        cs,
        [
            parity(
                cs,
                bits[(i + first) % n],
                bits[(i + second) % n],
                zero if shift and i + third >= n else bits[(i + third) % n],
            )
            for i in range(n)
        ],
    )


def _bitwise(
    cs: ConstraintSystem,
    function: Callable[[ConstraintSystem, Bool, Bool, Bool], Bool],
    x: Word,
    y: Word,
    z: Word,
) -> Word:
    triples = zip(x.bits(), y.bits(), z.bits(), strict=True)
    return Word.of_bits(cs, [function(cs, a, b, c) for a, b, c in triples])
