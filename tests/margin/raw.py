"""A margin statement's inputs as raw field elements: what a cheating prover can put in a witness.

Nothing here is checked and nothing is typed: a quantity may be negative, a table unsorted, a slot
open another slot's row. `Forgery.honest` gives the inputs of a true book; a test alters them, and
`seal` makes consistent again whatever the lie is not about: the slots' rows are listed in the
market as they now stand, siblings, cap and root follow, and so does the commitment. What then
refuses the witness is the one constraint that the lie is about.
"""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np

from circuits.margin.book import Book
from circuits.margin.commitment import commitment
from circuits.margin.constants import (
    FUNDING_LANE,
    FUNDING_OFFSET,
    KEY_LANE,
    MARK_LANE,
    MODES,
    ROW_COLLATERAL,
    ROW_INSTRUMENT,
    SIGN_LANE,
    TAG_CAP,
    TAG_EPOCH,
)
from circuits.margin.epoch import Epoch
from circuits.margin.shape import Shape
from circuits.margin.statement import PUBLIC_INPUTS, book_inputs
from circuits.margin.tiers import table_layout
from zk.field import R, from_limbs, to_limbs
from zk.poseidon import poseidon, poseidon_many, poseidon_sponge

Values = dict[str, Any]
Slot = tuple[str, int]  # ("position" or "holding", index)

SALT = 0x5EED
DOMAIN, LIQUIDATOR = 1, 2


@dataclass
class Forgery:
    """The inputs of a statement, and the market's leaves around them."""

    shape: Shape
    statement: str
    values: Values
    leaves: list[int]
    listed: dict[Slot, int]  # which leaf each used slot opens

    @classmethod
    def honest(
        cls,
        statement: str,
        shape: Shape,
        book: Book,
        epoch: Epoch,
        mode: str = "MM",
        buffer: int = 0,
    ) -> Forgery:
        """A book's own inputs, copied so that they can be altered."""
        values = book_inputs(shape, book, SALT, epoch, MODES[mode])
        public = (DOMAIN, book.account, commitment(book, SALT), epoch.root, epoch.params_digest)
        values |= dict(zip(PUBLIC_INPUTS, public, strict=True))
        if statement == "meets":
            claim = MODES[mode] + (buffer << 8)
            values |= {"claim": claim, "maintenance": MODES[mode], "buffer": buffer}
        else:
            values |= {"liquidator": LIQUIDATOR}
        slots = [("position", p.key) for p in book.positions]
        slots += [("holding", c.key) for c in book.collaterals]
        listed, count = {}, {"position": 0, "holding": 0}
        for kind, key in slots:
            opening = epoch.open(key)
            listed[kind, count[kind]] = opening.node * shape.arity + opening.position
            count[kind] += 1
        for kind in count:  # each slot a copy of its own: empty ones are one object
            values[kind] = [deepcopy(slot) for slot in values[kind]]
        values["cap"] = list(values["cap"])
        return cls(shape, statement, values, list(epoch.leaves), listed)

    # Reaching into the inputs -------------------------------------------------------------------

    def position(self, i: int) -> Values:
        slot: Values = self.values["position"][i]
        return slot

    def holding(self, i: int) -> Values:
        slot: Values = self.values["holding"][i]
        return slot

    def get(self, path: str) -> int:
        """The value at a path such as `position[0].table.step[2]`."""
        owner, last = self._owner(path)
        value: int = owner[last]
        return value

    def put(self, path: str, value: int) -> None:
        owner, last = self._owner(path)
        owner[last] = value

    def _owner(self, path: str) -> tuple[Any, str | int]:
        steps = [name or int(n) for name, n in re.findall(r"([a-z_][a-z_0-9]*)|\[(\d+)\]", path)]
        node: Any = self.values
        for step in steps[:-1]:
            node = node[step]
        return node, steps[-1]

    # What the circuit hashes --------------------------------------------------------------------

    def leaf(self, slot: Slot) -> int:
        """The leaf of a slot's row, by the circuit's own formula."""
        kind, i = slot
        values = self.values[kind][i]
        if kind == "holding":
            packed = values["price"] + (FUNDING_OFFSET << MARK_LANE)
            words = table_words(values["table"], self.shape.haircut_tiers)
            return poseidon(_canonical([ROW_COLLATERAL, values["key"], packed, *words]))
        chosen = table_words(values["table"], self.shape.requirement_tiers)
        maintenance = self.values.get("maintenance", 1)
        shifts = [
            maintenance * (other - word)
            for word, other in zip(chosen, values["other"], strict=True)
        ]
        initial = [word + shift for word, shift in zip(chosen, shifts, strict=True)]
        maintained = [o - shift for o, shift in zip(values["other"], shifts, strict=True)]
        packed = values["mark"] + ((values["funding"] + FUNDING_OFFSET) << MARK_LANE)
        row = [ROW_INSTRUMENT, values["key"], packed, *initial, *maintained]
        return poseidon(_canonical(row))

    def slot_words(self) -> list[int]:
        """What the slots hash absorbs."""
        positions, holdings = self.values["position"], self.values["holding"]
        settled = [p["settled"] + FUNDING_OFFSET for p in positions]
        settled += [FUNDING_OFFSET] * (len(settled) % 2)
        words = [
            p["key"] + (p["magnitude"] << KEY_LANE) + (p["short"] << SIGN_LANE) for p in positions
        ]
        words += [a + (b << FUNDING_LANE) for a, b in zip(settled[::2], settled[1::2], strict=True)]
        words += [h["key"] + (h["quantity"] << KEY_LANE) for h in holdings]
        return _canonical(words)

    def commitment(self) -> int:
        v = self.values
        slots = poseidon_sponge(self.slot_words())
        tag = self.shape.class_tag
        return poseidon(_canonical([tag, v["account"], v["sequence"], slots, v["cash"], v["salt"]]))

    def root(self) -> int:
        v = self.values
        tree = poseidon_sponge(_canonical([TAG_CAP, *v["cap"]]))
        return poseidon(
            _canonical([TAG_EPOCH, tree, v["params_digest"], v["timestamp"], v["venue"]])
        )

    # Making consistent --------------------------------------------------------------------------

    def commit(self) -> Forgery:
        """Let the commitment be to the slots, cash and salt as they now stand."""
        self.values["commitment"] = self.commitment()
        return self

    def list_rows(self) -> Forgery:
        """Let the market list every used slot's row as it now stands, and the slots open it."""
        for slot, leaf in self.listed.items():
            self.leaves[leaf] = self.leaf(slot)
        return self.open_rows().close_empty()

    def open_rows(self) -> Forgery:
        """Siblings, cap and root from the leaves."""
        arity = self.shape.arity
        nodes = [self.leaves[i : i + arity] for i in range(0, len(self.leaves), arity)]
        for (kind, i), leaf in self.listed.items():
            self.values[kind][i]["siblings"] = list(nodes[leaf // arity])
        flat = to_limbs(leaf for node in nodes for leaf in node)
        inputs = np.ascontiguousarray(flat.reshape(len(nodes), arity, 4))
        self.values["cap"] = from_limbs(poseidon_many(inputs))
        self.values["epoch_root"] = self.root()
        return self

    def close_empty(self) -> Forgery:
        """Put each empty slot's row under a node of its own, as an honest prover does."""
        for kind in ("position", "holding"):
            for i, values in enumerate(self.values[kind]):
                if (kind, i) not in self.listed:
                    padding = [0] * (self.shape.arity - 1)
                    values["siblings"] = [self.leaf((kind, i)), *padding]
        return self

    def seal(self) -> Forgery:
        """All of it."""
        return self.list_rows().commit()


def table_words(table: Values, tiers: int) -> list[int]:
    """A table's words; lanes are added up whatever their size."""
    lanes = {"rate0": table["rate0"]}
    for i, (boundary, step) in enumerate(zip(table["boundary"], table["step"], strict=True), 1):
        lanes |= {f"boundary{i}": boundary, f"step{i}": step}
    words = []
    for layout in table_layout(tiers):
        word, shift = 0, 0
        for name, bits in layout:
            word += lanes[name] << shift
            shift += bits
        words.append(word)
    return words


def _canonical(values: list[int]) -> list[int]:
    return [value % R for value in values]
