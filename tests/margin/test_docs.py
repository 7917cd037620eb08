"""The worked example of docs/files.md comes out as the page says."""

from __future__ import annotations

import re
from pathlib import Path

from circuits.margin.inputs import Account, Market, RiskParams, commitment
from circuits.margin.model import amount, explain

PAGE = (Path(__file__).parents[2] / "docs" / "files.md").read_text(encoding="utf-8")


def test_the_worked_example() -> None:
    blocks = [block.encode() for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]
    params = RiskParams.parse(blocks[0])
    market = Market.parse(blocks[1])
    account = Account.parse(blocks[2])
    assert f"```\n{params.encoding().decode()}\n```" in PAGE
    assert f"    digest {params.digest:064x}\n" in PAGE
    assert f"    root {market.epoch(params).root}\n" in PAGE
    assert f"    commitment {commitment(account.book(params), 12345)}\n" in PAGE
    found = explain(account, market, params, 0)
    assert (
        f"equity {amount(found.equity)}, requirement {amount(found.requirement)}, "
        f"margin {amount(found.margin)}." in PAGE
    )
