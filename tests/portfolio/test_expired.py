"""An epoch holds nothing that has expired: no circuit reads a clock, so the root answers for it."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

import pytest

from circuits.margin.portfolio.market import PortfolioMarket
from circuits.margin.portfolio.params import PortfolioParams
from circuits.margin.portfolio.table import PortfolioEpoch
from circuits.margin.portfolio.table_file import PublishedTable, encode
from tests.portfolio.files import encoded, pair
from zk.errors import ArtifactError, InputError


@cache
def venue() -> tuple[PortfolioMarket, PortfolioParams, PortfolioEpoch]:
    market, params = pair(3, expiries=2, strikes=2)
    return market, params, PortfolioEpoch.build(market, params)


def first() -> int:
    """When the first of the expiries is."""
    return min(record.expiry for record in venue()[2].expiries)


@pytest.mark.parametrize("late", [0, 1])
def test_an_epoch_at_or_after_an_expiry_is_refused(late: int) -> None:
    epoch = venue()[2]
    assert replace(epoch, timestamp=first() - 1).timestamp == first() - 1
    with pytest.raises(InputError, match="has expired") as error:
        replace(epoch, timestamp=first() + late)
    assert error.value.path == "expiries[0]"


def test_a_row_without_its_record_is_no_way_round() -> None:
    epoch = venue()[2]
    kept = tuple(record for record in epoch.expiries if record.expiry > first())
    with pytest.raises(InputError, match="has expired") as error:
        replace(epoch, timestamp=first(), expiries=kept)
    assert error.value.path == "rows[0]"


@pytest.mark.parametrize("seconds", [-1, 0])
def test_a_published_table_that_holds_an_expired_option_is_refused(seconds: int) -> None:
    """Its hashes and its root are right: only the time of its header has come to the expiry's."""
    _, params, epoch = venue()
    tree = json.loads(encode(epoch))
    tree["timestamp"] = str(first() + seconds)
    found = PublishedTable.parse(encoded(tree), "epoch.json")
    tree["root"] = str(found.computed_root())
    table = PublishedTable.parse(encoded(tree), "epoch.json")
    if seconds < 0:
        assert table.epoch(params).timestamp == first() - 1
        return
    with pytest.raises(ArtifactError, match=r"epoch\.json: expiries\[0\]: has expired"):
        table.epoch(params)
