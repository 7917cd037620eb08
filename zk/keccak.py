"""Keccak-256 as Ethereum uses it: for ABI selectors and addresses, never for speed.

Source: Bertoni, Daemen, Peeters, Van Assche, "The Keccak reference" 3.0 (2011), sections 1.2 and
1.3: Keccak-f[1600], rate 1088, capacity 512, with the original padding 10*1 (first byte 0x01).
SHA-3, which came later, pads with 0x06, so `hashlib.sha3_256` is another function. Notation: the
state is 25 lanes of 64 bits, A[x, y] at index x + 5 y.
"""

from __future__ import annotations

_LANE = (1 << 64) - 1
_RATE = 136  # bytes: (1600 - 2 * 256) / 8


def _round_constants() -> list[int]:
    """iota's constants: bit 2^j - 1 of the i-th is output 7 i + j of the LFSR x^8 + x^6 + x^5 + x^4
    + 1.
    """
    state, constants = 1, []
    for _ in range(24):
        constant = 0
        for j in range(7):
            constant |= (state & 1) << ((1 << j) - 1)
            state = (state << 1) ^ (0x171 if state >> 7 else 0)
        constants.append(constant)
    return constants


def _rho_pi() -> list[tuple[int, int, int]]:
    """(from, to, rotation) for each lane: pi's walk (x, y) -> (y, 2x + 3y) with rho's triangular
    offsets.
    """
    steps, x, y = [(0, 0, 0)], 1, 0
    for t in range(24):
        x_to, y_to = y, (2 * x + 3 * y) % 5
        steps.append((x + 5 * y, x_to + 5 * y_to, (t + 1) * (t + 2) // 2 % 64))
        x, y = x_to, y_to
    return steps


_IOTA = _round_constants()
_RHO_PI = _rho_pi()


def _rotate(lane: int, by: int) -> int:
    return (lane << by | lane >> (64 - by)) & _LANE


def _permute(a: list[int]) -> list[int]:
    """Keccak-f[1600]."""
    for constant in _IOTA:
        # theta
        c = [a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20] for x in range(5)]
        d = [c[(x + 4) % 5] ^ _rotate(c[(x + 1) % 5], 1) for x in range(5)]
        # rho and pi
        b = [0] * 25
        for source, target, by in _RHO_PI:
            b[target] = _rotate(a[source] ^ d[source % 5], by)
        # chi and iota
        a = [b[i] ^ (~b[i - i % 5 + (i + 1) % 5] & b[i - i % 5 + (i + 2) % 5]) for i in range(25)]
        a[0] ^= constant
    return a


def keccak256(data: bytes) -> bytes:
    """The 32-byte Keccak-256 digest of `data`."""
    padding = bytearray(_RATE - len(data) % _RATE)
    padding[0] ^= 0x01
    padding[-1] ^= 0x80
    message = data + bytes(padding)
    state = [0] * 25
    for start in range(0, len(message), _RATE):
        for i in range(_RATE // 8):
            at = start + 8 * i
            state[i] ^= int.from_bytes(message[at : at + 8], "little")
        state = _permute(state)
    return b"".join(lane.to_bytes(8, "little") for lane in state[:4])


def selector(signature: str) -> bytes:
    """The 4-byte ABI selector of a function or error signature such as `isValid(uint256)`."""
    return keccak256(signature.encode("ascii"))[:4]
