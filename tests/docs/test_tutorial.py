"""docs/tutorial.md runs from top to bottom and prints what it shows.

python -m tests.docs.test_tutorial --write     renews what the page shows
"""

from __future__ import annotations

import contextlib
import io
import re
import sys
import types
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "tutorial.md"
_BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)


def run(page: str) -> str:
    """The page with what its blocks print now; they run in one module, on the page's own lines."""
    module = types.ModuleType("tutorial")
    sys.modules[module.__name__] = module  # classes look their types up there
    try:

        def renew(block: re.Match[str]) -> str:
            code, shown = block.groups()
            before = "\n" * page.count("\n", 0, block.start(1))
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(compile(before + code, "docs/tutorial.md", "exec"), vars(module))
            text = printed.getvalue()
            if shown is None:
                assert not text, f"the page shows nothing of what this prints:\n{text}"
                return block[0]
            return f"```python\n{code}```\n\n```text\n{text}```\n"

        return _BLOCK.sub(renew, page)
    finally:
        del sys.modules[module.__name__]


def test_the_page_runs_and_prints_what_it_shows() -> None:
    page = PAGE.read_text()
    assert run(page) == page, "python -m tests.docs.test_tutorial --write"


def test_every_block_of_python_is_run_and_every_output_belongs_to_one() -> None:
    page = PAGE.read_text()
    found = list(_BLOCK.finditer(page))
    assert len(found) == page.count("```python\n") > 10
    assert sum(block[2] is not None for block in found) == page.count("```text\n") > 5
    assert all(block[2] is None or block[2].strip() for block in found)
    assert page.count("```") == 2 * (page.count("```python\n") + page.count("```text\n"))


def main() -> None:
    page = run(PAGE.read_text())
    if "--write" in sys.argv[1:]:
        # Outputs name lines of the page, which move with the outputs' own lengths.
        PAGE.write_text(page)
        PAGE.write_text(run(page))


if __name__ == "__main__":
    main()
