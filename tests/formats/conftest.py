"""The files of iden3's tools, once per session."""

from __future__ import annotations

import pytest

from tests.formats import iden3


@pytest.fixture(scope="session")
def iden3_files(tmp_path_factory: pytest.TempPathFactory) -> iden3.Iden3Files:
    return iden3.make(tmp_path_factory.mktemp("iden3"))
