"""Linear cross margin in the circuit: the statements `MeetsMargin` and `Liquidatable`.

Source: the project's margin specification, Model L; `model.py` is the same in plain integers and
`constants.py` has the units. Notation: q a signed quantity, F and f the market's and the account's
funding index, R_i requirements and H_c haircut values at the scale 1e-22, where one inequality
decides:

    margin = 1e14 cash + sum_i q_i (1e6 mark_i - 100 (F_i - f_i)) + sum_c H_c - sum_i R_i

The prover shows, of a committed account and a committed market:

    1. the commitment opens to the account id, all slots at full class size, the cash and the salt;
    2. in both lists used slots come first and keys increase; an empty slot is zero in every part;
    3. every used slot opens the market's row of its own key, and no row of another kind;
    4. a used slot holds a quantity that is not zero, and its price is not zero;
    5. rates of each opened row lie in [0, 1], tiers are sorted and lines meet;
    6. MeetsMargin: margin >= buffer.    Liquidatable: margin < 0.

In MeetsMargin a requirement and a haircut take the exact tier. In Liquidatable the prover names a
line: a requirement (convex, the maximum of its lines) can only come out too small and a haircut
value (concave, the minimum) too large, so the choice errs towards the account.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from circuits.gadgets.compare import assert_nonzero
from circuits.gadgets.hash import poseidon, poseidon_sponge
from circuits.gadgets.merkle import assert_under_cap
from circuits.gadgets.order import ordered_slots
from circuits.gadgets.pack import pack, with_sign
from circuits.gadgets.tiers import TierSignals, tier_line
from circuits.margin import constants as c
from circuits.margin.instrument import KEY_BITS
from circuits.margin.shape import Shape
from circuits.margin.tiers import table_layout
from zk.compiler.declare import Circuit, Struct, private, public
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.types import Bool, Field, Int, Uint


class Table(Struct):
    """One tier table, in the lanes of `table_layout`."""

    rate0: Uint = private(bits=c.RATE_BITS)
    boundary: list[Uint] = private(bits=c.BOUNDARY_BITS, count="later")
    step: list[Uint] = private(bits=c.RATE_BITS, count="later")

    def signals(self, rising: bool) -> TierSignals:
        return TierSignals(self.rate0, self.boundary, self.step, rising)

    def words(self, cs: ConstraintSystem) -> list[Field]:
        """The table as its row hashes it."""
        lanes = {"rate0": self.rate0}
        for i, (boundary, step) in enumerate(zip(self.boundary, self.step, strict=True), start=1):
            lanes |= {f"boundary{i}": boundary, f"step{i}": step}
        layout = table_layout(len(self.step) + 1)
        return [pack(cs, [(lanes[name], bits) for name, bits in word]) for word in layout]


class Position(Struct):
    """A slot of the account, the market's row for it, and the row's siblings in the tree."""

    key: Field = private()
    magnitude: Uint = private(bits=c.QUANTITY_BITS)
    short: Bool = private()
    settled: Int = private(bits=c.FUNDING_BITS)
    mark: Uint = private(bits=c.PRICE_BITS)
    funding: Int = private(bits=c.FUNDING_BITS)
    table: Table = private(later="requirement_later")  # of the mode in use
    other: list[Field] = private(count="requirement_words")  # the other mode's, unread
    siblings: list[Field] = private(count="arity")


class Holding(Struct):
    """A collateral slot, its row and the row's siblings."""

    key: Field = private()
    quantity: Uint = private(bits=c.QUANTITY_BITS)
    price: Uint = private(bits=c.PRICE_BITS)
    table: Table = private(later="haircut_later")
    siblings: list[Field] = private(count="arity")


class LinearMargin(Circuit):
    """What both statements share: the committed account, opened against the epoch."""

    domain: Field = public(context=True)
    account: Field = public()
    commitment: Field = public()
    epoch_root: Field = public()
    params_digest: Field = public()

    sequence: Field = private()
    salt: Field = private()
    cash: Int = private(bits=c.CASH_BITS)
    position: list[Position] = private(count="positions")
    holding: list[Holding] = private(count="collaterals")
    timestamp: Field = private()
    venue: Field = private()
    cap: list[Field] = private(count="cap_nodes")

    kind = ""  # of the statement, as the compiled file records it

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.positions, self.collaterals = shape.positions, shape.collaterals
        self.requirement_later = shape.requirement_tiers - 1
        self.haircut_later = shape.haircut_tiers - 1
        self.requirement_words = len(table_layout(shape.requirement_tiers))
        self.arity, self.cap_nodes = shape.arity, shape.cap_nodes

    @property
    def name(self) -> str:
        return f"{type(self).__name__} {self.shape.size_class}"

    def metadata(self) -> dict[str, Any]:
        return {"statement": self.kind, "shape": asdict(self.shape)}

    def margin(self, cs: ConstraintSystem, maintenance: Bool, exact: bool) -> Int:
        """The account's margin at scale 1e-22, after obligations 1 to 5."""
        with cs.obligation("position slots"):
            keys, used = ordered_slots(cs, [p.key for p in self.position], KEY_BITS)
        with cs.obligation("collateral slots"):
            held, holds = ordered_slots(cs, [h.key for h in self.holding], KEY_BITS)
        with cs.obligation("the commitment opens to the account"):
            self._assert_commitment(cs, keys, held)
        with cs.obligation("the epoch root opens to the cap"):
            self._assert_epoch(cs)
        total: Int = self.cash * c.CASH_SCALE
        for i, position in enumerate(self.position):
            with cs.obligation(f"position[{i}]"):
                total = total + self._position(cs, position, used[i], maintenance, exact)
        for i, holding in enumerate(self.holding):
            with cs.obligation(f"collateral[{i}]"):
                total = total + self._holding(cs, holding, holds[i], exact)
        return total

    def _assert_commitment(self, cs: ConstraintSystem, keys: list[Uint], held: list[Uint]) -> None:
        """Obligation 1, the hashes of `commitment.py`."""
        zero = cs.assert_bool(cs.constant(0))
        words = [
            pack(cs, [(key, c.KEY_LANE), (p.magnitude, c.QUANTITY_BITS), (p.short, 1)])
            for key, p in zip(keys, self.position, strict=True)
        ]
        offset = [
            cs.proven(p.settled + c.FUNDING_OFFSET, 0, 2 * c.FUNDING_OFFSET - 1)
            for p in self.position
        ]
        if len(offset) % 2:
            offset.append(cs.proven(zero + c.FUNDING_OFFSET, 0, c.FUNDING_OFFSET))
        words += [
            pack(cs, [(a, c.FUNDING_LANE), (b, c.FUNDING_LANE)])
            for a, b in zip(offset[::2], offset[1::2], strict=True)
        ]
        words += [
            pack(cs, [(key, c.KEY_LANE), (h.quantity, c.QUANTITY_BITS)])
            for key, h in zip(held, self.holding, strict=True)
        ]
        slots = poseidon_sponge(cs, words)
        opened = poseidon(
            cs,
            [
                cs.constant(self.shape.class_tag),
                self.account,
                self.sequence,
                slots,
                self.cash,
                self.salt,
            ],
        )
        cs.assert_equal(opened, self.commitment)

    def _assert_epoch(self, cs: ConstraintSystem) -> None:
        """The cap, once for all openings, and the header that holds the params digest."""
        tree = poseidon_sponge(cs, [cs.constant(c.TAG_CAP), *self.cap])
        header = [cs.constant(c.TAG_EPOCH), tree, self.params_digest, self.timestamp, self.venue]
        cs.assert_equal(poseidon(cs, header), self.epoch_root)

    def _position(
        self, cs: ConstraintSystem, p: Position, used: Bool, maintenance: Bool, exact: bool
    ) -> Int:
        """Obligations 2 to 5 of a position; returns value less requirement, at scale 1e-22."""
        with cs.obligation("an empty slot is zero in every part"):
            # Lanes of 63, 1 and 96 bits side by side: the sum is 0 only if each is.
            parts = p.magnitude + (p.short * (1 << c.QUANTITY_BITS)) + (p.settled * (1 << 64))
            cs.assert_product(~used, parts, 0)
        with cs.obligation("a used slot's quantity is not zero"):
            assert_nonzero(cs, p.magnitude, used)
        with cs.obligation("a used slot's mark price is not zero"):
            assert_nonzero(cs, p.mark, used)
        with cs.obligation("the slot opens the market's row of its key"):
            chosen = p.table.words(cs)
            initial, maintained = [], []
            for word, other in zip(chosen, p.other, strict=True):
                # The chosen table stands in the place of its mode, the other one in the other
                # place.
                shift = Field(cs, maintenance.lc) * (other - word)
                initial.append(word + shift)
                maintained.append(other - shift)
            packed = _mark_and_funding(cs, p.mark, p.funding)
            row = [cs.constant(c.ROW_INSTRUMENT), p.key, packed, *initial, *maintained]
            assert_under_cap(cs, poseidon(cs, row), p.siblings, self.cap, used)
        notional = cs.proven(p.magnitude * p.mark, 0, p.magnitude.hi * p.mark.hi)
        with cs.obligation("requirement"):
            requirement = tier_line(
                cs,
                p.table.signals(rising=True),
                notional,
                unit=c.BOUNDARY_SCALE,
                one=c.RATE_ONE,
                exact=exact,
            )
        with cs.obligation("mark and funding"):
            quantity = with_sign(cs, p.magnitude, p.short)
            price = p.mark * c.VALUE_SCALE - (p.funding - p.settled) * c.FUNDING_SCALE
            return quantity * price - requirement

    def _holding(self, cs: ConstraintSystem, h: Holding, used: Bool, exact: bool) -> Int:
        """Obligations 2 to 5 of a collateral; returns its haircut value at scale 1e-22."""
        with cs.obligation("an empty slot is zero in every part"):
            cs.assert_product(~used, h.quantity, 0)
        with cs.obligation("a used slot's quantity is not zero"):
            assert_nonzero(cs, h.quantity, used)
        with cs.obligation("a used slot's price is not zero"):
            assert_nonzero(cs, h.price, used)
        with cs.obligation("the slot opens the market's row of its key"):
            packed = _mark_and_funding(cs, h.price, cs.constant(0))
            row = [cs.constant(c.ROW_COLLATERAL), h.key, packed, *h.table.words(cs)]
            assert_under_cap(cs, poseidon(cs, row), h.siblings, self.cap, used)
        value = cs.proven(h.quantity * h.price, 0, h.quantity.hi * h.price.hi)
        with cs.obligation("haircut value"):
            return tier_line(
                cs,
                h.table.signals(rising=False),
                value,
                unit=c.BOUNDARY_SCALE,
                one=c.RATE_ONE,
                exact=exact,
            )


class MeetsMargin(LinearMargin):
    """The committed account meets its initial or maintenance margin with a buffer to spare."""

    claim: Field = public()  # mode + 2^8 buffer, mode 0 initial, 1 maintenance

    maintenance: Bool = private()
    buffer: Uint = private(bits=c.BUFFER_BITS)  # whole quote units

    kind = "meets"

    def define(self, cs: ConstraintSystem) -> None:
        with cs.obligation("the claim holds mode and buffer"):
            cs.assert_equal(
                pack(cs, [(self.maintenance, 8), (self.buffer, c.BUFFER_BITS)]), self.claim
            )
        margin = self.margin(cs, self.maintenance, exact=True)
        with cs.obligation("the margin covers the buffer"):
            cs.assert_non_negative(margin - self.buffer * c.BUFFER_SCALE)


class Liquidatable(LinearMargin):
    """The committed account is below its maintenance margin."""

    liquidator: Field = public(context=True)

    kind = "liquidatable"

    def define(self, cs: ConstraintSystem) -> None:
        margin = self.margin(cs, cs.assert_bool(cs.constant(1)), exact=False)
        with cs.obligation("the margin is below zero"):
            cs.assert_non_negative(-margin - 1)


#: The statements by the name that files and the command line use.
STATEMENTS: dict[str, type[LinearMargin]] = {"meets": MeetsMargin, "liquidatable": Liquidatable}


def _mark_and_funding(cs: ConstraintSystem, mark: Uint, funding: Int) -> Field:
    """The packed element of a row: mark, then the funding index made unsigned."""
    index = cs.proven(funding + c.FUNDING_OFFSET, 0, 2 * c.FUNDING_OFFSET - 1)
    return pack(cs, [(mark, c.MARK_LANE), (index, c.FUNDING_BITS)])
