"""BLAKE-512, the SHA-3 finalist: what circomlib derives EdDSA keys and nonces with.

Source: Aumasson, Henzen, Meier, Phan, "SHA-3 proposal BLAKE" (version 1.3, 2010), without salt.
Not BLAKE2, which hashlib has. Notation: h the chain value, v the 4 x 4 state, m a block's words, t
the number of message bits hashed so far.
"""

from __future__ import annotations

from math import isqrt

WORD = (1 << 64) - 1
BLOCK = 128  # bytes
ROUNDS = 16

#: Permutations of a block's words, one a round; round 10 starts again.
SIGMA = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
    (14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3),
    (11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4),
    (7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8),
    (9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13),
    (2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9),
    (12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11),
    (13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10),
    (6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5),
    (10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0),
)

#: Columns, then diagonals, of the state.
LINES = (
    (0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
    (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14),
)  # fmt: skip


def _pi(bits: int) -> int:
    """floor(2^bits * pi) by Machin's formula, pi / 4 = 4 arctan(1 / 5) - arctan(1 / 239)."""
    guard = 32

    def arctan(n: int) -> int:
        term = (1 << (bits + guard)) // n
        total, k = 0, 1
        while term:
            total += term // k if k % 4 == 1 else -(term // k)
            term //= n * n
            k += 2
        return total

    return 4 * (4 * arctan(5) - arctan(239)) >> guard


def _words(value: int, count: int) -> tuple[int, ...]:
    """The low `count` words of a number, most significant first."""
    return tuple(value >> 64 * (count - 1 - i) & WORD for i in range(count))


#: The first bits of pi's fraction; the initial value is that of SHA-512, roots of primes.
CONSTANTS = _words(_pi(1024), 16)
INITIAL = tuple(isqrt(prime << 128) & WORD for prime in (2, 3, 5, 7, 11, 13, 17, 19))


def blake512(message: bytes) -> bytes:
    """The 64-byte digest."""
    bits = 8 * len(message)
    # A one bit, zeros, a one bit, then the length in 128 bits: whole blocks.
    zeros = -(len(message) + 2 + 16) % BLOCK
    if zeros == BLOCK - 1:
        padded = message + b"\x81"
    else:
        padded = message + b"\x80" + b"\0" * zeros + b"\x01"
    padded += bits.to_bytes(16, "big")
    h = INITIAL
    for start in range(0, len(padded), BLOCK):
        # A block without a bit of the message counts 0.
        t = min(8 * (start + BLOCK), bits) if 8 * start < bits else 0
        h = _compress(h, _words(int.from_bytes(padded[start : start + BLOCK], "big"), 16), t)
    return b"".join(word.to_bytes(8, "big") for word in h)


def _compress(h: tuple[int, ...], m: tuple[int, ...], t: int) -> tuple[int, ...]:
    counter = (t & WORD, t & WORD, t >> 64, t >> 64)
    v = [*h, *CONSTANTS[:4], *(c ^ k for c, k in zip(counter, CONSTANTS[4:8], strict=True))]
    for r in range(ROUNDS):
        sigma = SIGMA[r % len(SIGMA)]
        for i, (a, b, c, d) in enumerate(LINES):
            j, k = sigma[2 * i], sigma[2 * i + 1]
            for word, first, second in (
                (m[j] ^ CONSTANTS[k], 32, 25),
                (m[k] ^ CONSTANTS[j], 16, 11),
            ):
                v[a] = (v[a] + v[b] + word) & WORD
                v[d] = _rotate(v[d] ^ v[a], first)
                v[c] = (v[c] + v[d]) & WORD
                v[b] = _rotate(v[b] ^ v[c], second)
    return tuple(h[i] ^ v[i] ^ v[i + 8] for i in range(8))


def _rotate(x: int, n: int) -> int:
    """x rotated right by n bits."""
    return (x >> n | x << (64 - n)) & WORD
