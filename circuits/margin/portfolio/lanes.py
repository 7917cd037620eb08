"""Which scenario stands in which lane of an epoch's rows.

Source: the project's margin specification, "Model P" and "The epoch table". Lane 0 is the market as
it is, lanes 1 and 2 are the spot shocks of the basis, all without a shock of volatility: the model
needs their values whether or not they are scenarios. Then come the other scenarios in the order of
the params, and the skews last, because a skew's PnL has a rule of its own.

A lane is `counted` if it is one of the params' scenarios. A lane without a scenario has damping 0.
"""

from __future__ import annotations

from dataclasses import dataclass

from circuits.margin.portfolio.constants import LANE_DOWN, LANE_MARK, LANE_UP
from circuits.margin.portfolio.rules import ABSOLUTE, LINEAR, NONE, SKEWS, UNIT, Rules, Scenario
from circuits.margin.portfolio.shape import PortfolioShape
from zk.errors import InputError


@dataclass(frozen=True)
class Lane:
    """A scenario in its lane; `used` is False where a row has 0 instead of a value."""

    scenario: Scenario
    counted: bool
    used: bool = True


_UNUSED = Lane(Scenario(UNIT, NONE, 0), counted=False, used=False)


def lanes(rules: Rules, shape: PortfolioShape) -> tuple[Lane, ...]:
    """All lanes of a row; InputError if the scenarios do not fit the shape."""
    fixed = {LANE_MARK: UNIT, LANE_UP: rules.basis.spot_up, LANE_DOWN: rules.basis.spot_down}
    by_shock = {shock: lane for lane, shock in fixed.items()}
    found = [_UNUSED] * shape.lanes
    for lane, shock in fixed.items():
        found[lane] = Lane(Scenario(shock, NONE, 0), counted=False)
    free = len(fixed)
    last = shape.lanes - shape.skews
    for i, scenario in enumerate(rules.scenarios):
        if scenario.vol in SKEWS:
            lane = _skew_lane(rules, shape, scenario.vol, i)
        elif scenario.vol == NONE and scenario.shock in by_shock:
            lane = by_shock[scenario.shock]
        else:
            lane, free = free, free + 1
            if lane >= last:
                continue  # counted to the end, so that the message can say how many are needed
        found[lane] = Lane(scenario, counted=True)
    if free > last:
        needed = free + shape.skews
        raise InputError(
            f"need {needed + needed % 2} lanes, the shape has {shape.lanes}: "
            "remove scenarios or choose a shape with more lanes",
            "scenarios",
        )
    return tuple(found)


def _skew_lane(rules: Rules, shape: PortfolioShape, vol: str, index: int) -> int:
    """The lane of a skew: linear, then absolute; of one lane alone, whichever there is."""
    present = [skew for skew in SKEWS if any(s.vol == skew for s in rules.scenarios)]
    if len(present) > shape.skews:
        raise InputError(
            f"the shape has {shape.skews} lanes for skew scenarios, the params have {len(present)}",
            f"scenarios[{index}].vol",
        )
    place = {LINEAR: 0, ABSOLUTE: 1}[vol] if shape.skews == len(SKEWS) else 0
    return shape.lanes - shape.skews + place
