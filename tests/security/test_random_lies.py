"""Random lies: the circuit accepts sealed inputs exactly when every obligation is true of them.

Random accounts get random values, valid or not, in random places, and everything is made consistent
around them (`tests.margin.raw`). `is_true` is the statement once more, written from its obligations
over raw integers and sharing nothing with the circuit, the model or their types.
"""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest

from circuits.margin.shape import Shape
from tests.margin.agreement import circuit
from tests.margin.raw import Forgery, Values
from tests.strategies import Case, case, epoch
from zk import engine
from zk.field import R

SHAPE = Shape(4, 4, rows=36)  # a full account over few rows, so that sealing is quick
COUNT = 250
AMOUNT = {"position": "magnitude", "holding": "quantity"}
PRICE = {"position": "mark", "holding": "price"}
#: Signed or not, and bits, of every typed input of a slot.
TYPES = {
    "position": {"magnitude": 63, "short": 1, "settled": -96, "mark": 64, "funding": -96},
    "holding": {"quantity": 63, "price": 64},
}
LANES = {"rate0": 20, "boundary": 48, "step": 20}


# The statement, from its obligations. -------------------------------------------------------------


def is_true(forged: Forgery) -> bool:
    """Whether an honest prover could stand behind these inputs."""
    v = forged.values
    return (
        fits(v["cash"], -96)
        and all(slots_hold(forged, kind) for kind in AMOUNT)
        and claim_holds(forged)
        and (margin(forged) >= v["buffer"] * 10**22 if "buffer" in v else margin(forged) < 0)
    )


def fits(value: int, bits: int) -> bool:
    """An unsigned value of so many bits, or a signed one if `bits` is negative."""
    if bits < 0:
        return -(1 << -bits - 1) <= value < 1 << -bits - 1
    return 0 <= value < 1 << bits


def slots_hold(forged: Forgery, kind: str) -> bool:
    slots = forged.values[kind]
    keys = [slot["key"] for slot in slots]
    used = [key != 0 for key in keys]
    if used != sorted(used, reverse=True):
        return False
    apart = [b - a - 1 for a, b in pairwise(key for key in keys if key)]
    if not all(fits(gap, 117) for gap in (keys[0], *apart)):
        return False
    return all(
        slot_holds(slot, kind, is_used, (kind, i) in forged.listed)
        for i, (slot, is_used) in enumerate(zip(slots, used, strict=True))
    )


def slot_holds(slot: Values, kind: str, used: bool, listed: bool) -> bool:
    typed = all(fits(slot[name], bits) for name, bits in TYPES[kind].items())
    table = slot["table"]
    lanes = [("rate0", table["rate0"])]
    lanes += [(name, value) for name in ("boundary", "step") for value in table[name]]
    if not (typed and all(fits(value, LANES[name]) for name, value in lanes)):
        return False
    sign = 1 if kind == "position" else -1
    last = table["rate0"] + sign * sum(table["step"])
    if not (0 <= min(table["rate0"], last) <= max(table["rate0"], last) <= 10**6):
        return False
    if used:
        return listed and slot[AMOUNT[kind]] > 0 and slot[PRICE[kind]] > 0
    return not any(slot.get(name, 0) for name in ("magnitude", "quantity", "short", "settled"))


def claim_holds(forged: Forgery) -> bool:
    v = forged.values
    if forged.statement != "meets":
        return True
    whole = bool(v["maintenance"] + 256 * v["buffer"] == v["claim"])
    return whole and fits(v["maintenance"], 1) and fits(v["buffer"], 48)


def margin(forged: Forgery) -> int:
    """The sum at 1e-22."""
    total: int = forged.values["cash"] * 10**14
    for p in forged.values["position"]:
        quantity = p["magnitude"] * (1 - 2 * p["short"])
        total += quantity * (p["mark"] * 10**6 - (p["funding"] - p["settled"]) * 100)
        total -= tiers(p["table"], p["magnitude"] * p["mark"], 1)
    for h in forged.values["holding"]:
        total += tiers(h["table"], h["quantity"] * h["price"], -1)
    return total


def tiers(table: Values, value: int, sign: int) -> int:
    """Each tier adds its step of the rate to what lies above its boundary."""
    total, boundary = table["rate0"] * value, 0
    for increment, step in zip(table["boundary"], table["step"], strict=True):
        boundary += increment
        total += sign * step * max(0, value - boundary * 10**14)
    return int(total)


# Random lies. -------------------------------------------------------------------------------------


def some(rng: Random, bits: int) -> int:
    """A value of a type, often at its ends, sometimes beyond them."""
    low, high = (-(1 << -bits - 1), (1 << -bits - 1) - 1) if bits < 0 else (0, (1 << bits) - 1)
    if rng.random() < 0.25:
        return rng.choice((low - 1, high + 1, -1, -rng.getrandbits(40), high + rng.getrandbits(60)))
    return rng.choice((low, high, 0, 1, low + rng.randrange(high - low + 1)))


def tell(forged: Forgery, rng: Random) -> None:
    """One random change."""
    kind = rng.choice(("position", "holding"))
    slots, i = forged.values[kind], rng.randrange(4)
    slot, pick = slots[i], rng.random()
    if pick < 0.35:
        name = rng.choice(sorted(TYPES[kind]))
        if name not in PRICE.values() or slot["key"]:  # an empty slot's price is its own test
            slot[name] = some(rng, TYPES[kind][name])
    elif pick < 0.6:
        name, table = rng.choice(sorted(LANES)), slot["table"]
        if name == "rate0":
            table[name] = some(rng, 20)
        else:
            table[name][rng.randrange(len(table[name]))] = some(rng, LANES[name])
    elif pick < 0.7:
        other = slots[rng.randrange(4)]["key"]
        slot["key"] = rng.choice((0, other, other + 1, slot["key"] + 1, rng.getrandbits(120)))
    elif pick < 0.8:
        j = rng.randrange(4)
        slots[i], slots[j] = slots[j], slots[i]
        moved = {(kind, i): (kind, j), (kind, j): (kind, i)}
        forged.listed = {moved.get(s, s): leaf for s, leaf in forged.listed.items()}
    elif pick < 0.9 and forged.statement == "meets":
        name = rng.choice(("maintenance", "buffer", "claim"))
        forged.values[name] = max(0, forged.values[name] + rng.choice((-256, -1, 1, 256)))
    else:
        forged.values["cash"] = some(rng, -96)


def to_the_line(forged: Forgery, rng: Random) -> None:
    """Cash that leaves the sum on the line, or a unit to either side."""
    wanted = forged.values.get("buffer", 0) * 10**22 + rng.choice((-1, 0, 1)) * 10**14
    missing = wanted - margin(forged)
    forged.values["cash"] += -(-missing // 10**14)


def random_forgery(statement: str, found: Case, rng: Random) -> Forgery:
    mode = rng.choice(("IM", "MM")) if statement == "meets" else "MM"
    forged = Forgery.honest(statement, SHAPE, found.book, found.epoch, mode)
    if statement == "meets" and rng.random() < 0.5:
        buffer = some(rng, 47) % (1 << 48)
        forged.values |= {"buffer": buffer, "claim": forged.values["claim"] % 256 + 256 * buffer}
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3))):
        tell(forged, rng)
    if rng.random() < 0.5:
        to_the_line(forged, rng)
    for slots in (forged.values["position"], forged.values["holding"]):
        for slot in slots:
            slot["key"] %= R
    return forged.seal()


@pytest.mark.parametrize("statement", ["meets", "liquidatable"])
def test_the_circuit_accepts_exactly_what_is_true(statement: str) -> None:
    rng, compiled = Random(statement), circuit(statement, SHAPE)
    market = epoch(rng, SHAPE, full=False)
    verdicts = {True: 0, False: 0}
    for i in range(COUNT):
        forged = random_forgery(statement, case(rng, SHAPE, market, i), rng)
        witness = compiled.witness(forged.values)
        satisfied = engine.first_unsatisfied(compiled.r1cs, witness) is None
        assert satisfied == is_true(forged), i
        verdicts[satisfied] += 1
    assert min(verdicts.values()) > COUNT // 8, verdicts
