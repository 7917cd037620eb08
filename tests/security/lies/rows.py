"""Lies about the market's rows, and about what commitment, epoch root and claim bind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from circuits.margin.constants import FUNDING_OFFSET, MARK_LANE, ROW_COLLATERAL, ROW_INSTRUMENT
from circuits.margin.tiers import TierTable
from tests.margin import sample
from tests.margin.raw import Forgery
from tests.security.lies.catalogue import USED, WORDS, Catalogue, opens, slots
from zk.poseidon import poseidon

LIES = Catalogue()

# Rows that the market does not list. --------------------------------------------------------------

#: How far the cheat carries the lie: the row alone, its node as well, the cap as well.
DEPTHS = (
    "the leaf is a child of the opened node",
    "the opened node stands in the cap",
    "the epoch root opens to the cap",
)


def _unlisted(
    slot: tuple[str, int], change: Callable[[Forgery], None], depth: int
) -> Callable[[Forgery], None]:
    """The slot opens a row that is not in the market; the account is committed with its key."""

    def tell(forged: Forgery) -> None:
        kind, i = slot
        change(forged)
        values = slots(forged, kind)[i]
        # A slot that was empty borrows the node of its neighbour.
        listed = forged.listed.get(slot, forged.listed[kind, 0])
        node, place = divmod(listed, forged.shape.arity)
        first = node * forged.shape.arity
        values["siblings"] = forged.leaves[first : first + forged.shape.arity]
        if depth >= 1:
            values["siblings"][place] = forged.leaf(slot)
        if depth >= 2:
            forged.values["cap"][node] = poseidon(values["siblings"])
            # The honest slots open their rows under the cheat's node too.
            for (other, j), leaf in forged.listed.items():
                if leaf // forged.shape.arity == node and (other, j) != slot:
                    slots(forged, other)[j]["siblings"] = list(values["siblings"])
        forged.commit()

    return tell


def _other_row(forged: Forgery) -> None:
    """The key of the BTC perpetual over everything that the ETH perpetual's row says."""
    own, other = forged.position(0), forged.position(1)
    own |= {name: other[name] for name in ("mark", "funding", "table", "other")}


def _collateral_as_position(forged: Forgery) -> None:
    """USDC in a position slot, read as an instrument without requirement.

    A row of six requirement tiers twice is as long as one of twelve haircut tiers; only the tag
    keeps them apart.
    """
    words = TierTable((10**6,)).words(forged.shape.haircut_tiers)
    tiers = forged.shape.requirement_tiers
    free = {"rate0": 0, "boundary": [0] * (tiers - 1), "step": [0] * (tiers - 1)}
    forged.position(3).update(
        key=sample.USDC, magnitude=10**15, mark=sample.UNIT, funding=0, table=free, other=words[:2]
    )
    leaf = [ROW_COLLATERAL, sample.USDC, sample.UNIT + (FUNDING_OFFSET << MARK_LANE), *words]
    assert poseidon(leaf) in forged.leaves
    forged.listed["position", 3] = forged.leaves.index(poseidon(leaf))


def _position_as_collateral(forged: Forgery) -> None:
    """The SOL future in a collateral slot: its requirement rate read as a haircut."""
    (initial,), (maintenance,) = (table.rates for table in sample.requirement(200_000))
    later = forged.shape.haircut_tiers - 1
    # The initial table's words are the haircut's first; the maintenance rate falls on a boundary.
    boundaries = [0] * later
    boundaries[6] = maintenance
    table = {"rate0": initial, "boundary": boundaries, "step": [0] * later}
    forged.holding(2).update(
        key=sample.SOL_FUTURE, quantity=10**15, price=155 * sample.UNIT, table=table
    )
    words = [initial, 0, maintenance, 0]
    leaf = [
        ROW_INSTRUMENT,
        sample.SOL_FUTURE,
        155 * sample.UNIT + (FUNDING_OFFSET << MARK_LANE),
        *words,
    ]
    assert poseidon(leaf) in forged.leaves
    forged.listed["holding", 2] = forged.leaves.index(poseidon(leaf))


def _unknown_key(forged: Forgery) -> None:
    forged.position(0)["key"] -= 1


def _unknown_collateral(forged: Forgery) -> None:
    forged.holding(0)["key"] -= 1


def _better_mark(forged: Forgery) -> None:
    forged.position(0)["mark"] *= 2


def _better_price(forged: Forgery) -> None:
    forged.holding(0)["price"] *= 2


def _better_rate(forged: Forgery) -> None:
    forged.position(0)["table"]["rate0"] = 1


def _better_haircut(forged: Forgery) -> None:
    forged.holding(0)["table"]["step"][0] = 0


def _better_funding(forged: Forgery) -> None:
    forged.position(0)["funding"] -= 1


def _other_mode(forged: Forgery) -> None:
    """The maintenance table where the claim is of the initial margin, or the other way round."""
    swapped = {0: 1, 1: 0}
    mode = swapped[forged.values["maintenance"]]
    forged.values["maintenance"] = mode
    forged.values["claim"] = mode + (forged.values["buffer"] << 8)


for _depth, _refusal in enumerate(DEPTHS):
    for _name, _slot, _change in (
        ("a key that is not listed", ("position", 0), _unknown_key),
        ("a collateral key that is not listed", ("holding", 0), _unknown_collateral),
        ("the row of another key", ("position", 0), _other_row),
        ("a collateral's row in a position slot", ("position", 3), _collateral_as_position),
        ("an instrument's row in a collateral slot", ("holding", 2), _position_as_collateral),
        ("the mark of another epoch", ("position", 0), _better_mark),
        ("the price of another epoch", ("holding", 0), _better_price),
        ("another requirement rate", ("position", 0), _better_rate),
        ("another haircut", ("holding", 0), _better_haircut),
        ("the funding index of another epoch", ("position", 0), _better_funding),
    ):
        _where = f"{WORDS[_slot[0]]}[{_slot[1]}]"
        LIES.add(
            f"{_name}, {('alone', 'with its node', 'with its cap')[_depth]}",
            _unlisted(_slot, _change, _depth),
            _refusal if _depth == 2 else f"{opens(_where)} / {_refusal}",
        )

LIES.add(
    "the table of the other mode",
    _other_mode,
    *(f"{opens(f'position[{i}]')} / {DEPTHS[0]}" for i in range(USED["position"])),
    statements=("meets",),
)


# What the commitment, the epoch and the claim bind. -----------------------------------------------

for _name in ("account", "sequence", "salt", "cash", "commitment"):

    def _other_value(forged: Forgery, name: str = _name) -> None:
        forged.values[name] += 1

    LIES.add(f"another {_name}", _other_value, "the commitment opens to the account")

for _path in (
    "position[0].magnitude",
    "position[1].short",
    "position[0].settled",
    "position[2].settled",
    "holding[1].quantity",
):

    def _other_book(forged: Forgery, path: str = _path) -> None:
        forged.put(path, forged.get(path) - 1)

    LIES.add(f"another {_path} than committed", _other_book, "the commitment opens to the account")


def _other_class(forged: Forgery) -> None:
    """A commitment of another size class to words that begin with the same."""
    honest = forged.shape
    forged.shape = replace(honest, positions=16, collaterals=8)
    forged.commit()
    forged.shape = honest


LIES.add("another size class", _other_class, "the commitment opens to the account")

for _name in ("params_digest", "timestamp", "venue", "epoch_root"):

    def _other_header(forged: Forgery, name: str = _name) -> None:
        forged.values[name] += 1

    LIES.add(f"another {_name}", _other_header, "the epoch root opens to the cap")

for _name, _by in (("mode", 1), ("buffer", 256), ("buffer", -256)):

    def _other_claim(forged: Forgery, by: int = _by) -> None:
        forged.values["claim"] -= by

    LIES.add(
        f"a claim with another {_name} ({_by:+})",
        _other_claim,
        "the claim holds mode and buffer",
        statements=("meets",),
    )
