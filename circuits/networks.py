"""Permutation networks: fixed switches that put any number of values into any order.

Source: Waksman, "A Permutation Network" (J. ACM 15, 1968); Beauquier and Darrot, "On Arbitrary Size
Waksman Networks and Their Vulnerability" (2002). Notation: n values; a switch has two wires in and
two out and crosses them when its bit is 1.

A network of n is a column of n // 2 switches, two networks of n // 2 and n - n // 2 above each
other, and a second column, which for an even n lacks its last switch. An odd value goes straight
into the lower network and comes straight out of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")
Switch = Callable[[T, T], tuple[T, T]]


def switches(n: int) -> int:
    """How many switches the network of n values has: the sum of ceil(log2 i) for i = 2 .. n."""
    return sum((i - 1).bit_length() for i in range(2, n + 1))


def permuted(values: Sequence[T], switch: Callable[[T, T], tuple[T, T]]) -> list[T]:
    """The values behind the network; `switch` is called once for each switch, in order."""
    n = len(values)
    half = n // 2
    if n < 2:
        return list(values)
    if n == 2:
        return list(switch(values[0], values[1]))
    pairs = [switch(values[2 * i], values[2 * i + 1]) for i in range(half)]
    upper = permuted([a for a, _ in pairs], switch)
    lower = permuted([b for _, b in pairs] + list(values[2 * half :]), switch)
    last = half - (n + 1) % 2
    out = [x for i in range(last) for x in switch(upper[i], lower[i])]
    return out + upper[last:] + lower[last:]


def route(order: Sequence[int]) -> list[int]:
    """The bits with which `permuted(values)` is `[values[i] for i in order]`.

    `order` has each of 0 .. len - 1 once.
    """
    return list(_route(list(order)))


def sorting(values: Sequence[int]) -> list[int]:
    """The bits that sort the values."""
    return route(sorted(range(len(values)), key=values.__getitem__))


def above(values: Sequence[T], crossed: Sequence[int]) -> list[T]:
    """The value that leaves each switch above, in their order, with these bits."""
    bits, found = iter(crossed), list[T]()

    def switch(a: T, b: T) -> tuple[T, T]:
        upper, lower = (b, a) if next(bits) else (a, b)
        found.append(upper)
        return upper, lower

    permuted(values, switch)
    return found


def _route(order: list[int]) -> Iterator[int]:
    n = len(order)
    half = n // 2
    if n < 2:
        return
    if n == 2:
        yield order[0]
        return
    lower = _sides(order)
    place = {value: j for j, value in enumerate(order)}
    yield from (lower[2 * i] for i in range(half))
    # An input's wire in its half is its pair's; an odd one is the last of the lower half.
    for side in (0, 1):
        inner = [0] * (half if side == 0 else n - half)
        for value in range(n):
            if lower[value] == side:
                inner[place[value] // 2] = value // 2
        yield from _route(inner)
    yield from (lower[order[2 * j]] for j in range(half - (n + 1) % 2))


def _sides(order: list[int]) -> list[int]:
    """For each input, 1 if it goes through the lower half.

    The two inputs of a switch go through different halves, and so do those that leave by one
    switch. Each value has at most one partner of each kind, so from a value whose half is given
    the others' follow in turn along a chain.
    """
    n = len(order)
    place = {value: j for j, value in enumerate(order)}
    sides = [-1] * n
    for start in (order[-1], *order):
        value, side = start, 1
        if n % 2 and sides[order[-1]] < 0:
            # The odd output comes from the lower half and has no partner there.
            sides[start] = 1
            value, side = start ^ 1, 0
        # The last output of an even network comes from the lower half too: it starts a chain.
        while value < n and sides[value] < 0:
            sides[value] = side
            partner = order[place[value] ^ 1]
            sides[partner] = 1 - side
            value = partner ^ 1
    return sides
