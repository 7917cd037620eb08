"""What a lie is, and the words by which circuits name what refuses it.

A lie starts from the sealed inputs of the honest account of `tests.margin.sample`, alters them, and
makes everything consistent that it is not about. It names the obligations that must refuse it, and
no other constraint may be broken: so each lie shows that its obligation is needed. Where a cheat
would have to forge hints as well, `tell` returns them: (kind of hint, obligation in which it
stands, values of its wires in order).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.margin.raw import Forgery, Values
from zk.compiler.witness import Op

BOTH = ("meets", "liquidatable")
WORDS = {"position": "position", "holding": "collateral"}  # how obligations name the slots
USED = {"position": 3, "holding": 2}  # slots of the sample

REQUIREMENT, HAIRCUT = "position[0] / requirement", "collateral[0] / haircut value"
RATES = "rates lie between 0 and 1"

Hints = list[tuple[Op, str, list[int]]]
Tell = Callable[[Forgery], Hints | None]


@dataclass(frozen=True)
class Lie:
    """`refused` are the obligations, and all of them, that the lie breaks."""

    name: str
    tell: Tell
    refused: frozenset[str]
    statements: tuple[str, ...]


class Catalogue(list[Lie]):
    def add(self, name: str, tell: Tell, *refused: str, statements: tuple[str, ...] = BOTH) -> None:
        self.append(Lie(name, tell, frozenset(refused), statements))


def slots(forged: Forgery, kind: str) -> list[Values]:
    found: list[Values] = forged.values[kind]
    return found


def put(path: str, value: int) -> Tell:
    """One value altered, everything else made to agree with it."""

    def tell(forged: Forgery) -> None:
        forged.put(path, value)
        forged.seal()

    return tell


def unsigned(path: str, bits: int) -> str:
    """The obligation of an input's range."""
    return f"{path} is an unsigned integer of {bits} bits"


def signed(path: str, bits: int) -> str:
    return f"{path} is a signed integer of {bits} bits"


def opens(slot: str) -> str:
    return f"{slot} / the slot opens the market's row of its key"
