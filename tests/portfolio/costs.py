"""What portfolio statements cost, by size class and by part; writes the golden file and the page.

    python -m tests.portfolio.costs            print the tables
    python -m tests.portfolio.costs --write    renew tests/golden/portfolio.json and
                                               docs/portfolio-costs.md

Golden counts change only in the commit that says why.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

from circuits.margin.portfolio.shape import SIZE_CLASSES, TINY, PortfolioShape
from tests.portfolio.agreement import CIRCUITS
from zk.compiler.compiled import CompiledCircuit
from zk.compiler.lower import compile

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "portfolio.json"
PAGE = ROOT / "docs" / "portfolio-costs.md"
MARKS = ("<!-- counts: python -m tests.portfolio.costs --write -->", "<!-- end of counts -->")
SHAPES = {shape.size_class: shape for shape in (TINY, *map(PortfolioShape, SIZE_CLASSES))}
#: What the project's design asks for at most, over 8 expiries and 33 scenarios.
LIMITS = {32: 120_000, 128: 280_000}
#: What the flat model (no order, netting or expiries, one sum for all) costs at two lanes.
FLAT = {32: 57_600, 128: 199_400}

#: The parts of a statement: how the obligations of their constraints begin.
PARTS = {
    "options: order, expiry, pairs": r"option\[\d+\] / "
    r"(the slot is of one|a slot is used|expir|the str|the put)|the last strike|"
    r"options of expiry\[\d+\] / |option\[\d+\]\.(expiry|strike)",
    "options: quantity": r"option\[\d+\]\.|option\[\d+\] / (an empty|a used)|option\[\d+\]$",
    "options: row and node": r"option\[\d+\] / the slot's row",
    "options: naked shorts": "naked shorts",
    "options: sums by expiry": r"options of expiry\[\d+\]$",
    "expiries: values unpacked": r"expiry\[\d+\] / values",
    "expiries: discounts, skews": r"expiry\[\d+\] / change",
    "expiries: basis": r"expiry\[\d+\] / basis",
    "expiries: futures, prefixes": r"expir(y\[|ies)",
    "collaterals": r"(collateral|held\[)",
    "commitment": "the commitment opens",
    "epoch: cap, records": "every used leg opens",
    "scenarios: PnL": r"underlying\[\d+\] / PnL|damping|a damping|shock",
    "the worst": r"underlying\[\d+\] / the worst|underlying\[\d+\] / one scenario|choice|worst",
    "contingencies, charge, the rest": "",
}


@cache
def circuit(statement: str, size_class: str) -> CompiledCircuit:
    """The compiled statement, once a process."""
    return compile(CIRCUITS[statement](SHAPES[size_class]))


def part_of(obligation: str) -> str:
    return next(name for name, start in PARTS.items() if re.match(start, obligation))


def parts(made: CompiledCircuit) -> dict[str, int]:
    """Constraints by part."""
    found = Counter(part_of(made.origin(row)[0]) for row in range(made.r1cs.n_constraints))
    return {name: found[name] for name in PARTS}


def measured() -> dict[str, Any]:
    return {
        "constraints": {
            statement: {name: circuit(statement, name).r1cs.n_constraints for name in SHAPES}
            for statement in CIRCUITS
        },
        "parts": {name: parts(circuit("portfolio meets", name)) for name in SHAPES},
    }


def golden() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(GOLDEN.read_text())
    return found


def table(counts: dict[str, Any]) -> str:
    """The page's tables, from the golden counts."""
    names = [name for name in SHAPES if name != TINY.size_class]
    head = ["| | " + " | ".join(names) + " |", "|---|" + "---:|" * len(names)]
    lines = list(head)
    for statement, by_class in counts["constraints"].items():
        lines.append(f"| {statement} | " + " | ".join(f"{by_class[n]:,}" for n in names) + " |")
    flat = [f"{FLAT[SHAPES[n].options]:,}" if SHAPES[n].options in FLAT else "" for n in names]
    most = [f"{LIMITS[SHAPES[n].options]:,}" if SHAPES[n].options in LIMITS else "" for n in names]
    lines += [f"| flat model, two lanes | {' | '.join(flat)} |", f"| goal | {' | '.join(most)} |"]
    lines += ["", "By part, of `portfolio meets`:", "", *head]
    for part in PARTS:
        row = " | ".join(f"{counts['parts'][n][part]:,}" for n in names)
        lines.append(f"| {part} | {row} |")
    return "\n".join(lines)


def with_table(page: str, counts: dict[str, Any]) -> str:
    """The page with its tables renewed."""
    start, end = (page.index(mark) for mark in MARKS)
    return f"{page[:start]}{MARKS[0]}\n\n{table(counts)}\n\n{page[end:]}"


def main() -> None:
    counts = measured()
    print(table(counts))
    if "--write" in sys.argv[1:]:
        GOLDEN.write_text(json.dumps(counts, indent=2) + "\n")
        PAGE.write_text(with_table(PAGE.read_text(), counts))


if __name__ == "__main__":
    main()
