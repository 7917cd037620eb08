"""Portfolio witnesses that no loader would make: forged legs under a commitment and a root of them.

A `Forgery` starts from the inputs of an honest book and is changed at will. `sealed` then makes the
commitment, the lookup and, if asked, the epoch fit what was changed, so that a refusal is not for a
hash that does not open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from random import Random
from typing import Any

from circuits.margin.constants import FUNDING_OFFSET, MAINTENANCE
from circuits.margin.portfolio.book import PortfolioBook
from circuits.margin.portfolio.constants import TAG_CAP, TAG_EPOCH
from circuits.margin.portfolio.shape import PortfolioShape
from circuits.margin.portfolio.table import PortfolioEpoch
from circuits.networks import above, sorting
from tests.portfolio.agreement import CIRCUITS, MEETS, circuit, epoch, values
from tests.portfolio.books import placed, random_book
from zk import engine
from zk.compiler.lower import compile
from zk.field import R
from zk.poseidon import poseidon, poseidon_sponge

#: Every kind of row, in few: 8 options over 4 expiries, 6 lanes with a skew.
SHAPE = PortfolioShape(
    8,
    expiries=4,
    collaterals=3,
    lanes=6,
    skews=1,
    rows=84,
    market_underlyings=2,
    market_expiries=8,
)
Values = dict[str, Any]


@cache
def market() -> PortfolioEpoch:
    return epoch(1, SHAPE)


@cache
def rich_book(seed: int = 1) -> PortfolioBook:
    """A book with gaps for more: 6 options in 3 expiries or more, a future, a perpetual, cash."""
    rng = Random(f"rich {seed}")
    while True:
        book = random_book(market(), SHAPE, rng)
        if (
            len(book.options) == 6
            and len(book.expiries) == 3
            and 0 < len(book.futures) < len(book.expiries)
            and book.perpetuals
            and len(book.collaterals) == 2
            and any(a.prefix == b.prefix for a, b in pairwise(book.options))
        ):
            return book


def ready() -> None:
    """Market and book, and the templates of all hashes; no circuit is kept."""
    rich_book()
    for statement in CIRCUITS.values():
        compile(statement(SHAPE))


@dataclass
class Forgery:
    """Inputs of a statement, to be changed."""

    statement: str
    values: Values
    shape: PortfolioShape = SHAPE

    @classmethod
    def honest(
        cls,
        statement: str = MEETS,
        book: PortfolioBook | None = None,
        place: str = "rich",
        at: PortfolioEpoch | None = None,
    ) -> Forgery:
        """Of a book with more cash than any lie could cost, or at a place of its line."""
        at = at or market()
        book = book or rich_book()
        if place == "rich":
            book = placed(book, at, statement, MAINTENANCE, 0, "line", Random(0))
            far = 10**20 if statement == MEETS else -(10**20)
            book = replace(book, cash=book.cash + far)
        else:
            book = placed(book, at, statement, MAINTENANCE, 0, place, Random(0))
        return cls(statement, copied(values(book, at, statement, MAINTENANCE, 0)))

    def sealed(self, *, cap: Sequence[int] | None = None) -> Forgery:
        """Commitment and lookup made anew; with `cap`, the epoch's root as well."""
        v = self.values
        if cap is not None:
            v["cap"] = list(cap)
            tree = poseidon_sponge([TAG_CAP, *v["cap"]])
            header = [TAG_EPOCH, tree, v["params_digest"], v["timestamp"], v["venue"]]
            v["epoch_root"] = poseidon(header)
        legs = poseidon_sponge(words(v))
        opened = [self.shape.class_tag, v["account"], v["sequence"], legs, v["cash"] % R, v["salt"]]
        v["commitment"] = poseidon(opened)
        together = [*opened_entries(v), *v["cap"]]
        v["crossed"] = above(together, sorting(together))
        return self

    def refusal(self) -> str | None:
        """The obligation of the first broken constraint."""
        compiled = circuit(self.statement, self.shape)
        row = engine.first_unsatisfied(compiled.r1cs, compiled.witness(self.values))
        return None if row is None else compiled.origin(row)[0]


def words(v: Values) -> list[int]:
    """What the legs hash absorbs, of whatever the legs hold."""
    underlyings = [
        leg["asset"]
        + (leg["magnitude"] << 20)
        + (leg["short"] << 83)
        + ((leg["settled"] + FUNDING_OFFSET) << 84)
        for leg in v["underlying"]
    ]
    expiries = [
        leg["prefix"] + (leg["magnitude"] << 60) + (leg["short"] << 123) for leg in v["expiry"]
    ]
    options = [
        sum((e + 1) * bit for e, bit in enumerate(slot["expiry"]))
        + (slot["strike_right"] << 4)
        + (slot["magnitude"] << 53)
        + (slot["short"] << 116)
        for slot in v["option"]
    ]
    held = [slot["asset"] + (slot["quantity"] << 20) for slot in v.get("held", ())]
    grouped = [*_together(expiries, 2, 124), *_together(options, 2, 117), *_together(held, 3, 83)]
    return [word % R for word in (*underlyings, *grouped, *v.get("held_word", ()))]


def _together(items: Sequence[int], count: int, width: int) -> list[int]:
    return [
        sum(item << width * i for i, item in enumerate(items[start : start + count]))
        for start in range(0, len(items), count)
    ]


def opened_entries(v: Values) -> list[int]:
    """What the legs look up in the cap, in the circuit's order."""
    found = []
    for leg in v["underlying"]:
        found.append(
            _record(leg, _UNDERLYING, leg["asset"] + (21 << 120)) if leg["asset"] else None
        )
    for leg in v["expiry"]:
        found.append(_record(leg, _EXPIRY, leg["prefix"] + (22 << 120)) if leg["prefix"] else None)
    for slot in v["option"]:
        found.append(poseidon(_siblings(slot)) if any(slot["expiry"]) else None)
    for slot in v.get("held", ()):
        found.append(poseidon(_siblings(slot)) if slot["asset"] else None)
    return [v["cap"][0] if entry is None else entry for entry in found]


_UNDERLYING = (
    "spot",
    "price",
    "funding",
    "loss_initial",
    "loss_maintenance",
    "perpetual_maintenance",
    "perpetual_initial",
    "option_maintenance",
    "option_initial",
    "charge_initial",
    "charge_maintenance",
)
_EXPIRY = (
    "discount_long",
    "discount_short",
    "basis_factor",
    "forward_variable",
    "forward",
    "confidence",
    "confidence_perpetual",
)


def _record(leg: Values, names: Sequence[str], first: int) -> int:
    return poseidon([first % R, *(leg[name] for name in names)])


def _siblings(slot: Values) -> list[int]:
    return [x % R for x in slot["siblings"]]


def copied(value: Any) -> Any:
    """A deep copy in which nothing is shared: unused legs are one object."""
    if isinstance(value, dict):
        return {name: copied(member) for name, member in value.items()}
    return [copied(member) for member in value] if isinstance(value, list) else value
