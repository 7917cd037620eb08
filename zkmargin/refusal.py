"""A refused claim in the words of its params: the underlying whose limit it is, by its name.

A circuit knows an underlying by its place in the account alone, so that an obligation says
`underlying[1]`. Names are public; nothing here says what the account holds of one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from zk.errors import UnsatisfiedConstraint

if TYPE_CHECKING:
    from zkmargin.models import AnyAccount, AnyClaim

_PLACE = re.compile(r"underlying\[(\d+)\](?= / )")


@contextmanager
def named(claim: AnyClaim, account: AnyAccount) -> Iterator[None]:
    """Of a `greeks` claim that is refused inside, name the underlying in the obligation."""
    try:
        yield
    except UnsatisfiedConstraint as error:
        name = _underlying(error.obligation, claim, account)
        if name is None:
            raise
        obligation = _PLACE.sub(lambda place: f"{place[0]} ({name})", error.obligation, count=1)
        raise UnsatisfiedConstraint(
            error.circuit, obligation, error.where, error.row, error.gadgets, error.hints
        ) from None


def _underlying(obligation: str, claim: AnyClaim, account: AnyAccount) -> str | None:
    """The name of the underlying that an obligation is about; None if it is about none."""
    place = _PLACE.match(obligation)
    if place is None:
        return None
    from circuits.margin.portfolio.account import PortfolioAccount
    from circuits.margin.portfolio.statement import GreekClaim

    if not isinstance(claim, GreekClaim) or not isinstance(account, PortfolioAccount):
        return None
    # The circuit's legs are in the book's order.
    held = account.book(claim.params).underlyings
    index = int(place[1])
    return claim.params.asset(held[index]) if index < len(held) else None
