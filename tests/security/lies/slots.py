"""Lies about the account's slots: their order, empty ones, quantities and prices."""

from __future__ import annotations

from collections.abc import Callable

from circuits.margin.instrument import KEY_BITS
from tests.margin.raw import Forgery
from tests.security.lies.catalogue import USED, WORDS, Catalogue, Hints, put, slots, unsigned
from zk.compiler.witness import Op

LIES = Catalogue()

AMOUNT = {"position": "magnitude", "holding": "quantity"}
PRICE = {"position": "mark", "holding": "price"}

# Order of the slots: sealed with every row listed, so that only the order is wrong. ---------------


def _duplicate(kind: str) -> Callable[[Forgery], None]:
    def tell(forged: Forgery) -> None:
        first_free = USED[kind]
        slots(forged, kind)[first_free] = dict(slots(forged, kind)[first_free - 1])
        forged.listed[kind, first_free] = forged.listed[kind, first_free - 1]
        forged.seal()

    return tell


def _swapped(kind: str) -> Callable[[Forgery], None]:
    def tell(forged: Forgery) -> None:
        found = slots(forged, kind)
        found[0], found[1] = found[1], found[0]
        listed = forged.listed
        listed[kind, 0], listed[kind, 1] = listed[kind, 1], listed[kind, 0]
        forged.seal()

    return tell


def _gap(kind: str, empty: int) -> Callable[[Forgery], None]:
    """The last used slot and those before it move up by one, leaving slot `empty` empty."""

    def tell(forged: Forgery) -> None:
        found, used = slots(forged, kind), USED[kind]
        found[empty : used + 1] = [found[used], *found[empty:used]]
        for i in range(used, empty, -1):
            forged.listed[kind, i] = forged.listed[kind, i - 1]
        del forged.listed[kind, empty]
        forged.seal()

    return tell


def _wide_key(kind: str, first: int) -> Callable[[Forgery], None]:
    """Keys too wide from slot `first` on, and rows that are listed under them."""

    def tell(forged: Forgery) -> None:
        for slot in slots(forged, kind)[first : USED[kind]]:
            slot["key"] += 1 << KEY_BITS
        forged.seal()

    return tell


for _kind, _words in WORDS.items():
    _last, _list = USED[_kind], f"{_words} slots"
    LIES.add(
        f"the last {_words} twice",
        _duplicate(_kind),
        f"{_list} / the key of slot {_last} is above the one before it",
    )
    LIES.add(
        f"{_words}s not sorted",
        _swapped(_kind),
        f"{_list} / the key of slot 1 is above the one before it",
    )
    LIES.add(
        f"the first {_words} slot is empty",
        _gap(_kind, 0),
        f"{_list} / slot 1 is used only if the one before it is",
    )
    LIES.add(
        f"a {_words} slot in the middle is empty",
        _gap(_kind, _last - 1),
        f"{_list} / slot {_last} is used only if the one before it is",
    )
    LIES.add(
        f"the first {_words}'s key is too wide",
        _wide_key(_kind, 0),
        f"{_list} / the first key is in range",
    )
    LIES.add(
        f"a {_words}'s key is too wide",
        _wide_key(_kind, _last - 1),
        f"{_list} / the key of slot {_last - 1} is above the one before it",
    )


# Empty slots. -------------------------------------------------------------------------------------


def _filled(kind: str, part: str, value: int) -> Callable[[Forgery], Hints | None]:
    """Something stands in an empty slot, over a row that the prover made up."""

    def tell(forged: Forgery) -> Hints | None:
        i = USED[kind]
        slots(forged, kind)[i] |= {part: value, PRICE[kind]: 1}
        forged.seal()
        # Where the slot is not used the inverses must be 0, whatever the quantity and the price.
        slot = f"{WORDS[kind]}[{i}]"
        price = "mark price" if kind == "position" else "price"
        hints = [(Op.INV, f"{slot} / a used slot's {price} is not zero", [0])]
        if part == AMOUNT[kind]:
            hints.append((Op.INV, f"{slot} / a used slot's quantity is not zero", [0]))
        return hints

    return tell


for _kind, _part, _value in (
    ("position", "magnitude", 5),
    ("position", "short", 1),
    ("position", "settled", 1),
    ("position", "settled", -1),
    ("holding", "quantity", 10**18),
):
    LIES.add(
        f"an empty slot with {_part} {_value}",
        _filled(_kind, _part, _value),
        f"{WORDS[_kind]}[{USED[_kind]}] / an empty slot is zero in every part",
    )


def _as_empty(kind: str, used: int) -> Callable[[Forgery], None]:
    """A committed slot is shown as empty: `used` slots stay."""

    def tell(forged: Forgery) -> None:
        found = slots(forged, kind)
        found[used] = dict(found[-1])
        del forged.listed[kind, used]
        forged.list_rows()  # and not committed again

    return tell


def _key_alone(kind: str) -> Callable[[Forgery], Hints]:
    """A slot that holds a key and nothing else, with its bit `used` forged to 0."""

    def tell(forged: Forgery) -> Hints:
        i = USED[kind]
        found = slots(forged, kind)
        found[i]["key"] = found[i - 1]["key"] + 1
        forged.seal()
        words = f"{WORDS[kind]} slots / slot {i} is used exactly when its key is not zero"
        return [(Op.INV, words, [0])]

    return tell


for _kind, _words in WORDS.items():
    LIES.add(
        f"a committed {_words} is left out",
        _as_empty(_kind, USED[_kind] - 1),
        "the commitment opens to the account",
    )
    LIES.add(
        f"a {_words} slot with a key passes for empty",
        _key_alone(_kind),
        f"{_words} slots / slot {USED[_kind]} is used exactly when its key is not zero",
    )


# Quantities and prices of used slots. -------------------------------------------------------------


def _negative_zero(forged: Forgery) -> None:
    forged.position(0).update(magnitude=0, short=1)
    forged.seal()


def _negative_zero_in_empty_slot(forged: Forgery) -> None:
    forged.position(3)["short"] = 1
    forged.seal()


LIES.add("negative zero", _negative_zero, "position[0] / a used slot's quantity is not zero")
LIES.add(
    "negative zero in an empty slot",
    _negative_zero_in_empty_slot,
    "position[3] / an empty slot is zero in every part",
)
LIES.add(
    "a position of nothing",
    put("position[1].magnitude", 0),
    "position[1] / a used slot's quantity is not zero",
)
LIES.add(
    "a collateral of nothing",
    put("holding[1].quantity", 0),
    "collateral[1] / a used slot's quantity is not zero",
)
LIES.add(
    "a position at price zero",
    put("position[1].mark", 0),
    "position[1] / a used slot's mark price is not zero",
)
LIES.add(
    "a collateral at price zero",
    put("holding[0].price", 0),
    "collateral[0] / a used slot's price is not zero",
)
for _in, _also in (
    ("meets", ["collateral[0] / haircut value / the value is not below its tier"]),
    ("liquidatable", []),
):
    LIES.add(
        "negative collateral",
        put("holding[0].quantity", -5),
        unsigned("holding[0].quantity", 63),
        *_also,
        statements=(_in,),
    )
