"""The two prime fields of BN254, and how their elements cross into the engine.

Source: Barreto, Naehrig, "Pairing-Friendly Elliptic Curves of Prime Order" (2005); parameter u as
in EIP-196/EIP-197. Notation: R is the group order (the field Fr of scalars, signals and
witnesses), Q the base field's prime (coordinates of points).

An array of n elements is a numpy `uint64[n, 4]`, little-endian limbs. Scalars are canonical (the
bytes of a `.wtns`); coordinates are in Montgomery form with factor 2^256 (the bytes of a `.zkey`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

Limbs = npt.NDArray[np.uint64]

U = 4965661367192848881  # the curve's parameter: R and Q are polynomials in it
R = 36 * U**4 + 36 * U**3 + 18 * U**2 + 6 * U + 1
Q = 36 * U**4 + 36 * U**3 + 24 * U**2 + 6 * U + 1

GENERATOR = 5  # generates the multiplicative group of Fr, as in iden3's tools
TWO_ADICITY = 28  # the largest s with 2^s | R - 1
MONTGOMERY = 1 << 256

_MONTGOMERY_INV_Q = pow(MONTGOMERY, -1, Q)


def _self_check() -> None:
    """Cheap facts that a mistyped constant would break."""
    root = pow(GENERATOR, (R - 1) >> TWO_ADICITY, R)
    if (R - 1) % (1 << TWO_ADICITY) or (R - 1) >> TWO_ADICITY & 1 == 0:
        raise AssertionError("TWO_ADICITY is wrong")
    if pow(root, 1 << (TWO_ADICITY - 1), R) != R - 1 or pow(Q, 12, R) != 1:
        raise AssertionError("the field constants are wrong")


_self_check()


def root_of_unity(n: int) -> int:
    """The primitive n-th root of unity in Fr that iden3's tools use; n a power of two, at most
    2^28.
    """
    log = n.bit_length() - 1
    if n != 1 << log or log > TWO_ADICITY:
        raise ValueError(f"no domain of size {n}: a power of two up to 2^{TWO_ADICITY} is needed")
    return pow(GENERATOR, (R - 1) >> log, R)


def inverse(x: int) -> int:
    """1 / x mod R; ZeroDivisionError for zero."""
    if x % R == 0:
        raise ZeroDivisionError("inverse of zero in Fr")
    return pow(x, -1, R)


def signed(x: int) -> int:
    """The representative of x in (-R/2, R/2)."""
    return x - R if x > R // 2 else x


def to_limbs(values: Iterable[int]) -> Limbs:
    """Integers in [0, 2^256) -> uint64[n, 4], little-endian."""
    data = b"".join(value.to_bytes(32, "little") for value in values)
    return np.frombuffer(data, dtype="<u8").reshape(-1, 4).astype(np.uint64)


def from_limbs(limbs: Limbs) -> list[int]:
    """uint64[n, 4] or one uint64[4] -> integers."""
    data = np.ascontiguousarray(limbs, dtype="<u8").tobytes()
    return [int.from_bytes(data[i : i + 32], "little") for i in range(0, len(data), 32)]


def coordinates_to_limbs(values: Sequence[int]) -> Limbs:
    """Fq elements (canonical integers) -> Montgomery limbs, uint64[n, 4]."""
    return to_limbs(value * MONTGOMERY % Q for value in values)


def coordinates_from_limbs(limbs: Limbs) -> list[int]:
    """Montgomery limbs -> canonical Fq integers."""
    return [value * _MONTGOMERY_INV_Q % Q for value in from_limbs(limbs)]
