"""Lies about tier tables, and about the tier that holds a value."""

from __future__ import annotations

from collections.abc import Callable

from tests.margin.raw import Forgery
from tests.security.lies.catalogue import (
    HAIRCUT,
    RATES,
    REQUIREMENT,
    Catalogue,
    Hints,
    slots,
    unsigned,
)
from zk.compiler.witness import Op
from zk.field import R

LIES = Catalogue()

# Tier tables, listed as they are. -----------------------------------------------------------------


def _table(kind: str, **lanes: int) -> Callable[[Forgery], None]:
    """A table with other lanes, rate0 or boundary1 .. and step1 .., in a listed row."""

    def tell(forged: Forgery) -> None:
        table = slots(forged, kind)[0]["table"]
        for name, value in lanes.items():
            if name == "rate0":
                table[name] = value
            else:
                table[name[:-1]][int(name[-1]) - 1] = value
        forged.seal()

    return tell


for _name, _kind, _lanes, _lane, _bits in (
    ("unsorted requirement tiers", "position", {"boundary2": -1}, "boundary[1]", 48),
    ("unsorted haircut tiers", "holding", {"boundary2": -1}, "boundary[1]", 48),
    ("falling requirement rates", "position", {"step2": -1}, "step[1]", 20),
    ("rising haircut rates", "holding", {"step2": -1}, "step[1]", 20),
    ("a negative requirement rate", "position", {"rate0": -1}, "rate0", 20),
):
    LIES.add(_name, _table(_kind, **_lanes), unsigned(f"{_kind}[0].table.{_lane}", _bits))
LIES.add(
    "a first requirement rate over 1",
    _table("position", rate0=10**6 + 1),
    f"{REQUIREMENT} / {RATES}",
)
LIES.add(
    "a last requirement rate over 1", _table("position", step5=10**6), f"{REQUIREMENT} / {RATES}"
)
LIES.add("a haircut rate over 1", _table("holding", rate0=10**6 + 1), f"{HAIRCUT} / {RATES}")
LIES.add("a haircut rate under 0", _table("holding", step9=10**6), f"{HAIRCUT} / {RATES}")


# Which tier holds the value. The sample's first position and first collateral are in the second. --


def _reached(kind: str, bits: list[int]) -> Callable[[Forgery], Hints]:
    """`bits[j]`: whether tier j + 1 is said to be reached. The hint is its complement."""

    def tell(forged: Forgery) -> Hints:
        words = {"position": REQUIREMENT, "holding": HAIRCUT}[kind]
        return [(Op.LESS, f"{words} / one tier is chosen", [1 - bit for bit in bits])]

    return tell


_HALF = (R + 1) // 2
for _kind, _words, _later in (("position", REQUIREMENT, 5), ("holding", HAIRCUT, 11)):
    for _name, _reach, _refusal, _in in (
        ("a tier too low", [0], "the value is not above its tier", "meets"),
        ("a tier too high", [1, 1], "the value is not below its tier", "meets"),
        ("a tier skipped", [0, 1], "one tier is chosen", "liquidatable"),
        ("half a tier", [_HALF], "one tier is chosen", "liquidatable"),
        ("a tier twice", [2], "one tier is chosen", "liquidatable"),
    ):
        _all = _reach + [0] * (_later - len(_reach))
        LIES.add(
            f"{_kind}: {_name}", _reached(_kind, _all), f"{_words} / {_refusal}", statements=(_in,)
        )
