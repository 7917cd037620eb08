"""The account's options: their rows, shorts that no long covers, sums for each expiry.

Notation: m_i the magnitude of slot i, q_i its quantity; lanes as in `records.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from circuits.gadgets.arith import is_negative
from circuits.gadgets.compare import assert_nonzero
from circuits.gadgets.hash import poseidon, poseidon_sponge
from circuits.gadgets.lanes import Lanes, unpack_signed
from circuits.gadgets.pack import pack, with_sign
from circuits.gadgets.select import assert_member
from circuits.margin.constants import QUANTITY_BITS
from circuits.margin.portfolio import constants as c
from circuits.margin.portfolio.legs import OptionSlot
from circuits.margin.portfolio.ranks import RANK_BITS, Ranks, ranked
from circuits.margin.portfolio.sums import total
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.types import Bool, Field, Int, Uint, scale_lc
from zk.field import R

_HALF = pow(2, -1, R)


@dataclass(frozen=True)
class Slots:
    """The account's options, in order, each with its row."""

    ranks: Ranks
    quantities: list[Int]  # by slot
    nodes: list[Field]  # by slot: what must stand in the epoch's cap where the slot is used


@dataclass(frozen=True)
class Options(Slots):
    """What a statement of margin reads of the slots."""

    naked: list[Uint]  # by slot: shorts of the strike that no long of it covers
    words: list[list[Field]]  # by expiry: packed lanes, weighted by quantity and summed
    magnitudes: list[Int]  # by expiry: sums of m


def opened(
    cs: ConstraintSystem,
    slots: Sequence[OptionSlot],
    prefixes: Sequence[Uint],
    listed: Sequence[Bool],
) -> Slots:
    """Constrain the slots, which are of the expiries `prefixes`, if `listed`.

    The caller shows that `nodes` stand in the cap.
    """
    ranks = ranked(cs, slots, prefixes, listed)
    quantities, nodes = [], []
    for i, slot in enumerate(slots):
        with cs.obligation(f"option[{i}]"):
            with cs.obligation("an empty slot is zero in every part"):
                lanes: list[tuple[Uint, int]] = [
                    (ranks.ranks[i], RANK_BITS),
                    (slot.magnitude, QUANTITY_BITS),
                    (slot.short, 1),
                ]
                cs.assert_product(~ranks.used[i], pack(cs, lanes), 0)
            with cs.obligation("a used slot's quantity is not zero"):
                assert_nonzero(cs, slot.magnitude, ranks.used[i])
            with cs.obligation("the slot's row is a child of the opened node"):
                row = poseidon_sponge(cs, slot.row(ranks.keys[i]))
                assert_member(cs, row, slot.siblings)
                nodes.append(poseidon(cs, slot.siblings))
            quantities.append(with_sign(cs, slot.magnitude, slot.short))
    return Slots(ranks, quantities, nodes)


def options(
    cs: ConstraintSystem,
    slots: Sequence[OptionSlot],
    prefixes: Sequence[Uint],
    listed: Sequence[Bool],
) -> Options:
    """Constrain the slots as `opened` does, and sum them by expiry.

    The caller shows, too, that all magnitudes together are so small that no lane of a sum leaves
    its width.
    """
    found = opened(cs, slots, prefixes, listed)
    ranks, quantities = found.ranks, found.quantities
    words, magnitudes = [], []
    for e in range(len(prefixes)):
        with cs.obligation(f"options of expiry[{e}]"):
            held = [slot.expiry[e] * q for slot, q in zip(slots, quantities, strict=True)]
            words.append(weighted(cs, held, [slot.words for slot in slots]))
            magnitudes.append(total(cs, [slot.expiry[e] * slot.magnitude for slot in slots]))
    naked = _naked(cs, slots, ranks, quantities)
    return Options(ranks, quantities, found.nodes, naked, words, magnitudes)


def weighted(
    cs: ConstraintSystem, weights: Sequence[Int], rows: Sequence[Sequence[Field]]
) -> list[Field]:
    """sum_i weight_i * rows_i, element by element."""
    sums = []
    for column in zip(*rows, strict=True):
        total = Field(cs, {})
        for weight, element in zip(weights, column, strict=True):
            total = total + Field(cs, weight.lc) * element
        sums.append(total)
    return sums


def unpacked(cs: ConstraintSystem, words: Sequence[Field], sum_bits: int) -> list[tuple[Int, Bool]]:
    """The lanes of summed rows, 1e-16, and the bits that they are not negative.

    Requires: that all magnitudes of the account add up to less than 2^sum_bits.
    """
    # A lane is sum q u with u in [0, 2^48), so it lies within (2^48 - 1) (2^sum_bits - 1) either
    # way, and half of a lane's width is at least 2^(48 + sum_bits).
    bound = ((1 << c.VALUE_BITS) - 1) * ((1 << sum_bits) - 1)
    return [
        lane
        for word in words
        for lane in unpack_signed(cs, Lanes(cs, word, c.LANE_WIDTH, ((-bound, bound),) * 2))
    ]


def _naked(
    cs: ConstraintSystem, slots: Sequence[OptionSlot], ranks: Ranks, quantities: Sequence[Int]
) -> list[Uint]:
    """Of each strike max(0, -(net quantity)), at one of its slots.

    Slots stand in twos, and of two neighbours at most one is the put of a call before it: a strike
    has no third. So one comparison does for both.
    """
    zero = cs.assert_bool(cs.constant(0))
    paired = [*ranks.paired, zero]
    naked: list[Uint] = []
    for i in range(0, len(slots), 2):
        with cs.obligation(f"naked shorts of option[{i}] and the next"):
            pair: Int = cs.constant(0)
            for j in range(i, min(i + 2, len(slots))):
                if j:
                    pair = pair + paired[j] * (quantities[j - 1] + quantities[j])
            bound = slots[i].magnitude.hi
            # One of the two products is zero.
            pair = cs.number(pair.lc, -2 * bound, 2 * bound)
            short = is_negative(cs, pair) * -pair
            # 0 or -pair, whichever is larger.
            covered = cs.proven(short, 0, 2 * bound)
            for j in range(i, min(i + 2, len(slots))):
                # m where the slot is short, else 0: both m and q are m or -m.
                alone = scale_lc((slots[j].magnitude - quantities[j]).lc, _HALF)
                own = Field(cs, (~paired[j] - paired[j + 1]).lc) * Field(cs, alone)
                # A slot that is paired, on either side, adds nothing of its own.
                naked.append(cs.proven(own + covered if j == i else own, 0, 3 * bound))
    return naked
