"""The files of iden3's tools, once per session for all tests that ask for them."""

from __future__ import annotations

import pytest

from tests.formats import iden3

_MADE = pytest.StashKey[iden3.Iden3Files]()


@pytest.fixture(scope="session")
def iden3_files(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> iden3.Iden3Files:
    if _MADE not in pytestconfig.stash:
        pytestconfig.stash[_MADE] = iden3.make(tmp_path_factory.mktemp("iden3"))
    return pytestconfig.stash[_MADE]
