"""One world of each margin model for the session; tests that write use their own folder."""

from __future__ import annotations

import pytest

from tests.zkmargin.files import World, make_world
from tests.zkmargin.portfolio_files import PortfolioWorld, make_portfolio_world


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> PortfolioWorld:
    return make_portfolio_world(tmp_path_factory.mktemp("desk"))
