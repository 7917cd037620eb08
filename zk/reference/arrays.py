"""Arrays of limbs to integers and points, checked, and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from zk.errors import BadPoint, EngineError
from zk.field import MONTGOMERY, Limbs, Q, R, coordinates_to_limbs, from_limbs
from zk.reference.groups import G1, Group, Point, Points, is_good

_FROM_MONTGOMERY = pow(MONTGOMERY, -1, Q)


def scalars_in(array: Limbs, what: str = "scalars") -> list[int]:
    """uint64[n, 4] -> integers below r."""
    if array.dtype != np.uint64 or array.ndim != 2 or array.shape[1] != 4:
        raise EngineError(f"{what}: uint64[n, 4] is needed, not {array.dtype}{list(array.shape)}")
    values = from_limbs(array)
    for i, value in enumerate(values):
        if value >= R:
            raise EngineError(f"{what}: element {i} is not below r")
    return values


def points_in(g: Group, array: Limbs) -> Points:
    """Points whose coordinates are below q; whether they lie on the curve is not checked."""
    raws = _coordinates(g, array)
    for i, raw in enumerate(raws):
        if any(value >= Q for value in raw):
            raise EngineError(f"points: point {i} has a coordinate that is not below q")
    return [_point(g, raw) for raw in raws]


def point_in(g: Group, array: Limbs) -> Point:
    """One point, as `points_in`."""
    if array.shape != (g.limbs,):
        raise EngineError(f"points: uint64[{g.limbs}] is needed, not {list(array.shape)}")
    return points_in(g, array[np.newaxis])[0]


def points_out(g: Group, points: Iterable[Point]) -> Limbs:
    """Points -> Montgomery limbs, infinity as zeros."""
    flat: list[int] = []
    for point in points:
        if point is None:
            flat.extend([0] * (g.limbs // 4))
        elif g is G1:
            flat.extend(point)
        else:
            flat.extend((*point[0], *point[1]))
    return coordinates_to_limbs(flat).reshape(-1, g.limbs)


def first_bad(g: Group, array: Limbs) -> int | None:
    """The first point that is not canonical, on the curve and in the subgroup; infinity is good."""
    raws = _coordinates(g, array)
    canonical = [all(value < Q for value in raw) for raw in raws]
    points = [_point(g, raw) if ok else None for raw, ok in zip(raws, canonical, strict=True)]
    verdicts = zip(canonical, is_good(g, points), strict=True)
    return next((i for i, (a, b) in enumerate(verdicts) if not (a and b)), None)


def good_points(g: Group, array: Limbs) -> Points:
    """Points checked in full, infinity allowed."""
    bad = first_bad(g, array)
    if bad is not None:
        raise BadPoint(f"point {bad} is not canonical, not on the curve or not in the subgroup")
    return points_in(g, array)


def finite_point(g: Group, array: Limbs, what: str) -> Point:
    """One point checked in full, infinity refused."""
    if array.shape != (g.limbs,):
        raise EngineError(f"{what}: uint64[{g.limbs}] is needed, not {list(array.shape)}")
    (point,) = good_points(g, array[np.newaxis])
    if point is None:
        raise BadPoint(f"{what}: the point at infinity")
    return point


def _coordinates(g: Group, array: Limbs) -> list[list[int]]:
    """The raw limbs of each point's coordinates as integers, Montgomery form."""
    if array.dtype != np.uint64 or array.ndim != 2 or array.shape[1] != g.limbs:
        shape = f"{array.dtype}{list(array.shape)}"
        raise EngineError(f"points: uint64[n, {g.limbs}] is needed, not {shape}")
    values = from_limbs(array)
    size = g.limbs // 4
    return [values[i : i + size] for i in range(0, len(values), size)]


def _point(g: Group, raw: Sequence[int]) -> Point:
    if not any(raw):
        return None
    c = [value * _FROM_MONTGOMERY % Q for value in raw]
    return (c[0], c[1]) if g is G1 else ((c[0], c[1]), (c[2], c[3]))
