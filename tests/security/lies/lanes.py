"""Lies that hide in packed field elements, and in arithmetic mod r."""

from __future__ import annotations

from collections.abc import Callable

from circuits.margin.constants import CASH_SCALE, KEY_LANE
from tests.margin import sample
from tests.margin.raw import Forgery
from tests.security.lies.catalogue import HAIRCUT, RATES, REQUIREMENT, Catalogue, signed, unsigned
from zk.field import R

LIES = Catalogue()

# Lanes of packed elements: the words, and with them every hash, stay the same. --------------------


def _spill(low: str, high: str, width: int, units: int = 1) -> Callable[[Forgery], None]:
    """Move `units` of the lane above into a lane of `width` bits."""

    def tell(forged: Forgery) -> None:
        before = (forged.commitment(), forged.leaf(("position", 0)), forged.leaf(("holding", 0)))
        forged.put(low, forged.get(low) + (units << width))
        forged.put(high, forged.get(high) - units)
        after = (forged.commitment(), forged.leaf(("position", 0)), forged.leaf(("holding", 0)))
        assert before == after, "the lie would show in a hash"

    return tell


_TABLE, _HAIRCUT_TABLE = "position[0].table", "holding[0].table"
LIES.add(
    "a short's sign in its magnitude",
    _spill("position[1].magnitude", "position[1].short", 63),
    unsigned("position[1].magnitude", 63),
)
for _in, _units in (("meets", 1), ("liquidatable", -1)):
    LIES.add(
        f"a settled index and its neighbour ({_units:+})",
        _spill("position[0].settled", "position[1].settled", 97, _units),
        signed("position[0].settled", 96),
        statements=(_in,),
    )
LIES.add(
    "a funding index in the mark",
    _spill("position[0].mark", "position[0].funding", 64),
    unsigned("position[0].mark", 64),
)
LIES.add(
    "a boundary in the first rate",
    _spill(f"{_TABLE}.rate0", f"{_TABLE}.boundary[0]", 20),
    unsigned(f"{_TABLE}.rate0", 20),
    f"{REQUIREMENT} / {RATES}",
)
LIES.add(
    "a step in its boundary",
    _spill(f"{_TABLE}.boundary[0]", f"{_TABLE}.step[0]", 48, -1),
    unsigned(f"{_TABLE}.boundary[0]", 48),
)
LIES.add(
    "a boundary in the step before",
    _spill(f"{_HAIRCUT_TABLE}.step[0]", f"{_HAIRCUT_TABLE}.boundary[1]", 20),
    unsigned(f"{_HAIRCUT_TABLE}.step[0]", 20),
    f"{HAIRCUT} / {RATES}",
)


def _spilled_claim(forged: Forgery) -> None:
    """A buffer of 10 is claimed and 9 is kept; the missing unit hides in the mode."""
    forged.values |= {"claim": 1 + (10 << 8), "maintenance": 1 + 256, "buffer": 9}
    forged.list_rows()


def _spilled_key(forged: Forgery) -> None:
    """One unit of quantity moves into the key's lane; the row is listed under that key."""
    before = forged.commitment()
    forged.position(2)["key"] += 1 << KEY_LANE
    forged.position(2)["magnitude"] -= 1
    assert forged.commitment() == before
    forged.list_rows()


def _another_instrument(forged: Forgery) -> None:
    """The committed word read mod r as another instrument, with whatever quantity that needs."""
    before, slot = forged.commitment(), forged.position(0)
    word = slot["key"] + (slot["magnitude"] << KEY_LANE)
    slot["key"] = sample.BTC - 1
    slot["magnitude"] = (word - slot["key"]) * pow(1 << KEY_LANE, -1, R) % R
    assert forged.commitment() == before
    forged.list_rows()


def _wrapped_cash(forged: Forgery) -> None:
    """Cash that is no integer of its width but moves the sum by one unit of 1e-22 all the same.

    With k times this step the sum lands wherever the prover wants it.
    """
    forged.values["cash"] += pow(CASH_SCALE, -1, R)
    forged.seal()


LIES.add(
    "a buffer's unit in the mode", _spilled_claim, "maintenance is a bit", statements=("meets",)
)
LIES.add(
    "a quantity's unit in the key",
    _spilled_key,
    "position slots / the key of slot 2 is above the one before it",
)
LIES.add(
    "a word read as another instrument",
    _another_instrument,
    unsigned("position[0].magnitude", 63),
    "the margin is below zero",  # what the quantity is worth is beyond the prover's choice
    statements=("liquidatable",),
)
LIES.add("cash that wraps", _wrapped_cash, signed("cash", 96))
