"""Where measured figures go: between their maker's markers in docs/benchmarks.md."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs"
PAGE = DOCS / "benchmarks.md"


def write(maker: str, text: str, page: Path = PAGE) -> None:
    """Put text between the markers of `python -m maker`."""
    begin, end = f"<!-- made by python -m {maker} -->", "<!-- end -->"
    found = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    before = page.read_text()
    if not found.search(before):
        raise SystemExit(f"{page}: no place for the figures of {maker}")
    page.write_text(found.sub(lambda _: f"{begin}\n\n{text.strip()}\n\n{end}", before))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
