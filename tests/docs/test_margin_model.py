"""docs/write-your-own-margin-model.md is its example's file, whole and in order, and its output.

python -m tests.docs.test_margin_model --write     renews the output that the page shows
"""

from __future__ import annotations

import contextlib
import io
import re
import sys
from pathlib import Path

from examples.portfolio import scan_range

PAGE = Path(__file__).parents[2] / "docs" / "write-your-own-margin-model.md"
_CODE = re.compile(r"^```python\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
_OUTPUT = re.compile(r"^```text\n(.*?)```\n", re.MULTILINE | re.DOTALL)


def renewed(page: str) -> str:
    """The page with what the example prints now."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        scan_range.main()
    return _OUTPUT.sub(lambda _: f"```text\n{printed.getvalue()}```\n", page)


def test_the_code_is_the_file() -> None:
    """All of it but empty lines, which the page's blocks end with or not."""
    shown = "".join(_CODE.findall(PAGE.read_text())).splitlines()
    file = Path(scan_range.__file__).read_text().splitlines()
    assert [line for line in shown if line] == [line for line in file if line]


def test_the_output_is_what_it_prints() -> None:
    page = PAGE.read_text()
    assert len(_OUTPUT.findall(page)) == 1
    assert renewed(page) == page, "python -m tests.docs.test_margin_model --write"


def test_what_the_page_names_is_there() -> None:
    root = PAGE.parents[1]
    for link in re.findall(r"\]\(\.\./([^)]+)\)", PAGE.read_text()):
        assert (root / link).is_file(), link
    for name in re.findall(r"`(\w+\.py)`", PAGE.read_text()):
        assert (root / "circuits" / "margin" / "portfolio" / name).is_file(), name


def test_it_is_a_page() -> None:
    """The rule itself: integers and constraints."""
    lines = Path(scan_range.__file__).read_text().splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("def scan_margin"))
    end = next(i for i, line in enumerate(lines) if line.startswith("def inputs"))
    assert end - start < 90


def main() -> None:
    page = renewed(PAGE.read_text())
    if "--write" in sys.argv[1:]:
        PAGE.write_text(page)


if __name__ == "__main__":
    main()
