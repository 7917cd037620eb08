"""docs/gadgets.md is what the docstrings say, and each says what is required and what it costs."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from tests.gadgets import pages

GADGETS = [
    (f"{module.__name__}.{name}", value)
    for module in pages.modules()
    for name, value in pages.members(module)
    if inspect.isfunction(value) and next(iter(inspect.signature(value).parameters), "") == "cs"
]


def test_the_page_is_current() -> None:
    assert pages.PAGE.read_text() == pages.page(), "python -m tests.gadgets.pages --write"


def test_there_are_gadgets() -> None:
    assert len(GADGETS) > 30


@pytest.mark.parametrize(("name", "gadget"), GADGETS, ids=[name for name, _ in GADGETS])
def test_a_gadget_says_what_it_requires_and_costs(name: str, gadget: Callable[..., Any]) -> None:
    text = pages.prose(gadget)
    assert "- *Requires:* " in text
    assert "- *Cost:* " in text
    assert pages.measured("no such gadget") == ""
