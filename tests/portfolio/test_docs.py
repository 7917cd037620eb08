"""The worked example of docs/portfolio-files.md comes out as the page says."""

from __future__ import annotations

import re
from pathlib import Path

from circuits.margin.portfolio.market import PortfolioMarket
from circuits.margin.portfolio.params import PortfolioParams
from circuits.margin.portfolio.shape import ARITY
from circuits.margin.portfolio.table import PortfolioEpoch
from circuits.margin.portfolio.table_file import encode

PAGE = (Path(__file__).parents[2] / "docs" / "portfolio-files.md").read_text(encoding="utf-8")


def test_the_worked_example() -> None:
    blocks = [block.encode() for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]
    params = PortfolioParams.parse(blocks[0])
    epoch = PortfolioEpoch.build(PortfolioMarket.parse(blocks[1]), params)
    assert f"```\n{params.encoding().decode()}\n```" in PAGE
    assert f"    digest {params.digest:064x}\n" in PAGE
    assert f"    root {epoch.root}\n" in PAGE
    assert f"Poseidon({ARITY} rows)" in PAGE
    lines = [line.strip().rstrip(",") for line in encode(epoch).decode().splitlines()]
    shown = re.findall(r'^(?:"scenarios": )?\["[0-9]+".*\]$', PAGE, re.MULTILINE)
    assert len(shown) == 5
    assert set(shown) <= set(lines)
