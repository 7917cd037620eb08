"""The functions of Black-76 in 60-digit decimals, by other formulas than the integers use.

Source: Abramowitz and Stegun 26.2.11 (series of the normal integral near 0) and 26.2.14 (Laplace's
continued fraction far out). Decimal's own exp, ln and sqrt are correctly rounded.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, localcontext
from functools import cache, wraps
from typing import NamedTuple, ParamSpec, TypeVar

DIGITS = 60
P = ParamSpec("P")
R = TypeVar("R")

#: Where the series gives way to the continued fraction: either is good to 45 digits there.
_FAR = 6


def precise(function: Callable[P, R]) -> Callable[P, R]:
    """Run a function with 60 digits, and leave everybody else's context alone."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with localcontext() as context:
            context.prec = DIGITS
            return function(*args, **kwargs)

    return run


class Exact(NamedTuple):
    call: Decimal
    put: Decimal
    call_delta: Decimal
    vega: Decimal


@precise
def exp(x: Decimal) -> Decimal:
    return x.exp()


@precise
def ln(x: Decimal) -> Decimal:
    return x.ln()


@cache
def root_two_pi() -> Decimal:
    """sqrt(2 pi), with pi by Gauss and Legendre's arithmetic-geometric mean."""
    with localcontext() as context:
        context.prec = DIGITS + 10
        a, b, t, p = Decimal(1), 1 / Decimal(2).sqrt(), Decimal("0.25"), Decimal(1)
        for _ in range(8):
            mean = (a + b) / 2
            b, t, p, a = (a * b).sqrt(), t - p * (a - mean) ** 2, 2 * p, mean
        return (2 * (a + b) ** 2 / (4 * t)).sqrt()


@precise
def density(x: Decimal) -> Decimal:
    return (-x * x / 2).exp() / root_two_pi()


@precise
def cdf(x: Decimal) -> Decimal:
    if x < 0:
        return tail(-x)
    return 1 - tail(x)


@precise
def tail(x: Decimal) -> Decimal:
    """Q(x) for x >= 0."""
    if x > _FAR:
        found = x
        for k in range(400, 0, -1):
            found = x + k / found
        return density(x) / found
    term, total, k = x, Decimal(0), 1
    while abs(term) > Decimal(10) ** -DIGITS:
        total += term
        k += 2
        term *= x * x / k
    return Decimal("0.5") - density(x) * total


@precise
def black76(
    years: Decimal, vol: Decimal, forward: Decimal, strike: Decimal, discount: Decimal
) -> Exact:
    """Values for forward and strike above 0."""
    root = years.sqrt()
    v = vol * root
    if v == 0:
        inside = (forward > strike) - (forward < strike)
        delta = Decimal(1 + inside) / 2
        call = max(forward - strike, Decimal(0))
        return Exact(
            discount * call, discount * (call - forward + strike), discount * delta, Decimal(0)
        )
    d1 = (forward / strike).ln() / v + v / 2
    d2 = d1 - v
    call = discount * (forward * cdf(d1) - strike * cdf(d2))
    put = discount * (strike * cdf(-d2) - forward * cdf(-d1))
    return Exact(call, put, discount * cdf(d1), discount * forward * density(d1) * root)
