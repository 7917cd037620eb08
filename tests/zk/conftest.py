"""The engine and its twin: what takes `engine` runs over both."""

from __future__ import annotations

from types import ModuleType

import pytest

from zk import engine as native
from zk import reference


@pytest.fixture(params=["native", "reference"])
def engine(request: pytest.FixtureRequest) -> ModuleType:
    return native if request.param == "native" else reference
