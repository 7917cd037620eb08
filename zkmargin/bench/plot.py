"""A plot of times or memory against sizes, both on logarithmic axes, as one SVG file.

Own small code: numbers of a few series need no plotting library.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

Points = Sequence[tuple[float, float]]

_WIDTH, _HEIGHT = 760, 440
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 200, 30, 50
#: Okabe and Ito's colours, which most eyes tell apart.
_COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#555555")


def exponent(points: Points) -> float:
    """The slope of the line of least squares through the points' logarithms."""
    logs = [(math.log(x), math.log(y)) for x, y in points]
    mean_x, mean_y = sum(x for x, _ in logs) / len(logs), sum(y for _, y in logs) / len(logs)
    spread = [x - mean_x for x, _ in logs]
    above = sum(d * (y - mean_y) for d, (_, y) in zip(spread, logs, strict=True))
    return above / sum(d * d for d in spread)


def svg(title: str, x_label: str, y_label: str, series: Mapping[str, Points]) -> str:
    """The plot; series without points are left out."""
    drawn = {name: sorted(points) for name, points in series.items() if points}
    every = [point for points in drawn.values() for point in points]
    if not every or min(min(point) for point in every) <= 0:
        raise ValueError("a logarithmic plot needs points above zero")
    across = _Axis([x for x, _ in every], 2, _LEFT, _WIDTH - _RIGHT)
    up = _Axis([y for _, y in every], 10, _HEIGHT - _BOTTOM, _TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        _text(_LEFT, 18, title, 'font-weight="bold"'),
        _text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 10, x_label, 'text-anchor="middle"'),
        f'<g transform="rotate(-90 16 {_HEIGHT / 2})">'
        + _text(16, _HEIGHT / 2, y_label, 'text-anchor="middle"')
        + "</g>",
    ]
    for power, at in across.ticks():
        parts.append(_line(at, _TOP, at, _HEIGHT - _BOTTOM))
        parts.append(_text(at, _HEIGHT - _BOTTOM + 16, f"2^{power}", 'text-anchor="middle"'))
    for power, at in up.ticks():
        parts.append(_line(_LEFT, at, _WIDTH - _RIGHT, at))
        parts.append(_text(_LEFT - 6, at + 4, f"{10.0**power:g}", 'text-anchor="end"'))
    for i, (name, points) in enumerate(drawn.items()):
        colour = _COLOURS[i % len(_COLOURS)]
        places = [(across.at(x), up.at(y)) for x, y in points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        legend = _TOP + 16 * (i + 1)
        parts.append(
            f'<circle cx="{_WIDTH - _RIGHT + 14}" cy="{legend - 4}" r="4" fill="{colour}"/>'
        )
        parts.append(_text(_WIDTH - _RIGHT + 24, legend, name, ""))
    return "\n".join([*parts, "</svg>", ""])


class _Axis:
    """Values to places on a logarithmic axis that starts and ends at whole powers of its base."""

    def __init__(self, values: Sequence[float], base: int, start: float, end: float) -> None:
        logs = [math.log(value, base) for value in values]
        self._base, self._start, self._end = base, start, end
        self._low = math.floor(min(logs) + 1e-9)
        self._high = max(math.ceil(max(logs) - 1e-9), self._low + 1)

    def at(self, value: float) -> float:
        share = (math.log(value, self._base) - self._low) / (self._high - self._low)
        return self._start + share * (self._end - self._start)

    def ticks(self) -> list[tuple[int, float]]:
        return [(p, self.at(float(self._base) ** p)) for p in range(self._low, self._high + 1)]


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    places = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {places} stroke="#ddd"/>'


def _text(x: float, y: float, words: str, more: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {more}>{escape(words)}</text>'
