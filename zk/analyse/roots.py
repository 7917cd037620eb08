"""Square roots in Fr, the roots of a quadratic, and inverses that are kept.

Source: Tonelli 1891, Shanks 1973. R - 1 = 2^28 * odd.
"""

from __future__ import annotations

from functools import lru_cache

from zk.field import GENERATOR, TWO_ADICITY, R, inverse

#: Circuits use few coefficients, and each many times.
cached_inverse = lru_cache(maxsize=1 << 16)(inverse)

_ODD = (R - 1) >> TWO_ADICITY


def is_square(x: int) -> bool:
    """Euler's criterion."""
    return x % R == 0 or pow(x, R // 2, R) == 1


def square_root(x: int) -> int | None:
    """The root in [0, R/2), or None."""
    x %= R
    if x == 0:
        return 0
    if not is_square(x):
        return None
    # Invariant: root^2 = x * t, and t has order 2^k with k below `order`.
    root, t = pow(x, (_ODD + 1) // 2, R), pow(x, _ODD, R)
    z, order = pow(GENERATOR, _ODD, R), TWO_ADICITY
    while t != 1:
        k, power = 0, t
        while power != 1:
            power, k = power * power % R, k + 1
        step = pow(z, 1 << (order - k - 1), R)
        root, z, order = root * step % R, step * step % R, k
        t = t * z % R
    return min(root, R - root)


def quadratic_roots(a: int, b: int, c: int) -> list[int]:
    """The x in [0, R) with a x^2 + b x + c = 0, ascending; the polynomial is not constant."""
    a, b, c = a % R, b % R, c % R
    if a == 0:
        return [-c * inverse(b) % R] if b else []
    root = square_root(b * b - 4 * a * c)
    if root is None:
        return []
    half = inverse(2 * a)
    return sorted({(-b + root) * half % R, (-b - root) * half % R})
