"""docs/costs.md: ours as measured, gnark's as in the data file, and none of ours the larger.

circomlib's column is renewed by the command; the templates that compile in a moment are compiled
here again.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from bench import counts
from tests import snarkjs
from tests.gadgets import costs

PAGE = (Path(__file__).parents[2] / "docs" / "costs.md").read_text()
ROWS = {
    cells[0]: [None if cell == "—" else int(cell.replace(",", "")) for cell in cells[1:]]
    for cells in (
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in re.findall(r"^\| (?!gadget ).*\|$", PAGE, re.MULTILINE)
    )
}
QUICK = ("range, 64 bits", "select", "lookup, of 16", "hash of 2")


def test_the_page_has_every_gadget() -> None:
    assert list(ROWS) == [gadget.name for gadget in counts.GADGETS]
    assert len(ROWS) >= 10
    peer = counts.gnark()
    assert set(peer["counts"]) | set(peer["none"]) == set(ROWS)


@pytest.mark.parametrize("gadget", counts.GADGETS, ids=lambda gadget: gadget.name)
def test_a_row_holds_and_none_of_ours_is_larger(gadget: counts.Gadget) -> None:
    ours, circom, gnark = ROWS[gadget.name]
    golden = costs.golden()["gadgets"].get(gadget.ours.name)  # which test_costs measures
    assert ours == (gadget.ours.count() if golden is None else golden)
    entry = counts.gnark()["counts"].get(gadget.name)
    assert gnark == (entry["constraints"] if entry else None)
    assert circom is not None
    assert ours <= circom
    assert gnark is None or ours <= gnark


@pytest.mark.parametrize("name", QUICK)
def test_circomlib_counts_the_same_again(name: str, tmp_path: Path) -> None:
    snarkjs.require()
    shutil.copytree(counts.MODULES / "circomlib" / "circuits", tmp_path / "circuits")
    (gadget,) = (gadget for gadget in counts.GADGETS if gadget.name == name)
    assert counts.circom_count(gadget, tmp_path) == ROWS[name][1]
