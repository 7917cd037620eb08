"""Baby Jubjub and EdDSA with Poseidon, on integers: circomlib's curve, keys and signatures.

Source: EIP-2494 (the curve); Bernstein, Birkner, Joye, Lange, Peters, "Twisted Edwards Curves"
(2008) for the addition law; Bernstein, Duif, Lange, Schwabe, Yang, "High-speed high-security
signatures" (2011) for EdDSA; the choices of hashes and encodings are iden3's.

Notation: points (x, y) with a x^2 + y^2 = 1 + d x^2 y^2 over Fr; the group has 8 l elements, l
prime; B generates the l that are multiples of 8. A secret key k gives H(k) = (s, prefix), s
clamped to a multiple of 8, and A = (s / 8) B. A signature of m is R = r B with r = H(prefix, m),
and S = r + h s mod l, h = Poseidon(R, A, m); it is valid when S B = R + 8 h A.

What iden3's JavaScript leaves out is checked here: S < l (else S + l is a second signature),
points on the curve, and 8 A != 0 (under a key of low order one signature fits many messages). The
arithmetic is not constant in time.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import NoReturn

from zk.blake import blake512
from zk.errors import InputError, InvalidSignature
from zk.field import GENERATOR, TWO_ADICITY, R
from zk.poseidon import poseidon

Point = tuple[int, int]

A = 168700
D = 168696
COFACTOR = 8
ORDER = 2736030358979909402780800718157159386076813972158567259200215660948447373041  # l
IDENTITY: Point = (0, 1)
BASE: Point = (
    5299619240641551281634865583518297030282874472190772894086521144482721001553,
    16950150798460657717958625567821834550301663161624707787222815936182638968203,
)
SECRET_BYTES = 32


# The group --------------------------------------------------------------------------------------


def on_curve(point: Point) -> bool:
    """Whether both coordinates are canonical and satisfy the curve's equation."""
    x, y = point
    if not (0 <= x < R and 0 <= y < R):
        return False
    return (A * x * x + y * y - 1 - D * x * x * y * y) % R == 0


def add(p: Point, q: Point) -> Point:
    """p + q. The law is complete: a is a square and d is none."""
    (x1, y1), (x2, y2) = p, q
    product = D * x1 * x2 * y1 * y2 % R
    x = (x1 * y2 + y1 * x2) * pow(1 + product, -1, R) % R
    return x, (y1 * y2 - A * x1 * x2) * pow(1 - product, -1, R) % R


def negate(p: Point) -> Point:
    """-p."""
    return -p[0] % R, p[1]


def multiply(p: Point, scalar: int) -> Point:
    """scalar p, for an integer scalar >= 0 of any size."""
    total, power = (0, 1, 1), (*p, 1)
    while scalar:
        if scalar & 1:
            total = _add(total, power)
        power = _add(power, power)
        scalar >>= 1
    x, y, z = total
    inverse = pow(z, -1, R)
    return x * inverse % R, y * inverse % R


def in_subgroup(p: Point) -> bool:
    """Whether a point of the curve is a multiple of B."""
    return multiply(p, ORDER) == IDENTITY


def _add(p: tuple[int, int, int], q: tuple[int, int, int]) -> tuple[int, int, int]:
    """The addition law in projective coordinates, x = X / Z and y = Y / Z."""
    (x1, y1, z1), (x2, y2, z2) = p, q
    z, x, y = z1 * z2 % R, x1 * x2 % R, y1 * y2 % R
    square, product = z * z % R, D * x * y % R
    minus, plus = square - product, square + product
    cross = (x1 + y1) * (x2 + y2) - x - y
    return z * minus * cross % R, z * plus * (y - A * x) % R, minus * plus % R


# Encoding ---------------------------------------------------------------------------------------


def pack(point: Point) -> bytes:
    """32 bytes: y, least significant first, and in the top bit whether x > r / 2."""
    x, y = point
    return (y | (x > R // 2) << 255).to_bytes(32, "little")


def unpack(data: bytes) -> Point:
    """The point of an encoding; only what `pack` writes is accepted.

    Raises: InputError.
    """
    if len(data) != 32:
        raise InputError("a packed point has 32 bytes")
    value = int.from_bytes(data, "little")
    y, large = value & (1 << 255) - 1, value >> 255
    if y >= R:
        raise InputError("a packed point whose y is not below the field's order")
    # a - d y^2 is not 0: a / d is no square.
    x = _square_root((1 - y * y) * pow(A - D * y * y, -1, R) % R)
    if x is None:
        raise InputError("a packed point that is not on the curve")
    if (x > R // 2) != large:
        x = -x % R
    if pack((x, y)) != data:
        raise InputError("a packed point whose sign bit is set where x is 0")
    return x, y


def _square_root(n: int) -> int | None:
    """A square root in Fr, by Tonelli and Shanks, or None."""
    odd = (R - 1) >> TWO_ADICITY
    root, rest, step = pow(n, (odd + 1) // 2, R), pow(n, odd, R), pow(GENERATOR, odd, R)
    for k in range(TWO_ADICITY - 2, -1, -1):
        # rest has order dividing 2^(k + 1), and step 2^(k + 2), if n is a square.
        if pow(rest, 1 << k, R) == R - 1:
            root, rest = root * step % R, rest * step * step % R
        step = step * step % R
    return root if root * root % R == n else None


# Signatures -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Signature:
    """r8 = R, and s = S; iden3 calls the point R8."""

    r8: Point
    s: int


class SecretKey:
    """32 secret bytes. Has no repr, no copy on disk, and no comparison."""

    __slots__ = ("_prefix", "_scalar")

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SECRET_BYTES:
            raise InputError(f"a secret key has {SECRET_BYTES} bytes")
        digest = blake512(seed)
        scalar = int.from_bytes(digest[:32], "little")
        self._scalar = scalar & (1 << 255) - 8 | 1 << 254
        self._prefix = digest[32:]

    @staticmethod
    def generate() -> SecretKey:
        """A key from the operating system's randomness."""
        return SecretKey(secrets.token_bytes(SECRET_BYTES))

    def public_key(self) -> Point:
        """A."""
        return multiply(BASE, self._scalar // COFACTOR)

    def sign(self, message: int) -> Signature:
        """The signature of a field element; the same one each time."""
        _check_message(message)
        digest = blake512(self._prefix + message.to_bytes(32, "little"))
        nonce = int.from_bytes(digest, "little") % ORDER
        r8 = multiply(BASE, nonce)
        challenge = poseidon([*r8, *self.public_key(), message])
        return Signature(r8, (nonce + challenge * self._scalar) % ORDER)

    def __repr__(self) -> str:
        return "<SecretKey>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret key is not pickled")


def check_public_key(key: Point) -> None:
    """Refuses a key off the curve, or one of low order.

    Raises: InvalidSignature.
    """
    if not on_curve(key):
        raise InvalidSignature("the public key is not a point of Baby Jubjub")
    if multiply(key, COFACTOR) == IDENTITY:
        raise InvalidSignature("the public key has a low order: its signatures bind nothing")


def verify(key: Point, message: int, signature: Signature) -> None:
    """Returns if the signature is the key's on the message.

    Raises: InvalidSignature; InputError for a message that is no field element.
    """
    _check_message(message)
    check_public_key(key)
    if not on_curve(signature.r8):
        raise InvalidSignature("R is not a point of Baby Jubjub")
    if not 0 <= signature.s < ORDER:
        raise InvalidSignature("S is not below the subgroup's order: a signature has one form")
    challenge = poseidon([*signature.r8, *key, message])
    right = add(signature.r8, multiply(key, COFACTOR * challenge))
    if multiply(BASE, signature.s) != right:
        raise InvalidSignature("the signature is not this key's on this message")


def _check_message(message: int) -> None:
    if not 0 <= message < R:
        raise InputError("a message is an integer in [0, r)")


def _self_check() -> None:
    """Cheap facts that a mistyped constant would break."""
    square = pow(A, (R - 1) // 2, R) == 1 and pow(D, (R - 1) // 2, R) == R - 1
    if not (square and on_curve(BASE) and in_subgroup(BASE)) or pow(2, ORDER - 1, ORDER) != 1:
        raise AssertionError("Baby Jubjub's constants are wrong")


_self_check()
