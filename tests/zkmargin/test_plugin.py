"""The pytest fixtures, in a test suite of their own; and that they cost nobody else anything."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.zkmargin.files import World

pytest_plugins = ["pytester"]

SUITE = """
import pytest
import zkmargin as zm

FOLDER = {folder!r}

@pytest.fixture(scope="module")
def claim():
    params = zm.RiskParams.load(FOLDER + "/params.json")
    market = zm.Market.load(FOLDER + "/market.json")
    return zm.Claim(zm.Domain(), params, market)

def account(name):
    return zm.Account.load(f"{{FOLDER}}/{{name}}.json", secret=FOLDER + "/secret")

def test_meets(assert_proves, claim):
    assert assert_proves(claim, account("account")).a.shape == (8,)

def test_underwater(assert_refuses, claim):
    error = assert_refuses(claim, account("underwater"), "the margin covers")
    assert "the margin covers the buffer" in error.obligation

def test_keys_are_made_once(zkmargin_prover, claim):
    assert zkmargin_prover.keys(claim, "1+1") is zkmargin_prover.keys(claim, "1+1")

def test_wrong_expectations_fail(assert_proves, assert_refuses, claim):
    with pytest.raises(AssertionError, match="does not prove: MeetsMargin"):
        assert_proves(claim, account("underwater"))
    with pytest.raises(AssertionError, match="the claim holds and can be proven"):
        assert_refuses(claim, account("account"))
    with pytest.raises(AssertionError, match="fails for another reason"):
        assert_refuses(claim, account("underwater"), "position slots")

def test_wrong_inputs_are_no_refusal(assert_refuses, claim):
    with pytest.raises(zm.InputError):
        assert_refuses(claim, zm.Account.load(FOLDER + "/account.json"))
"""

INNOCENT = """
import sys

def test_nothing_was_loaded():
    assert "zkmargin.pytest_plugin" in sys.modules
    assert not {"numpy", "zkmargin.testing", "zk.engine"} & set(sys.modules)
"""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def runs(pytester: pytest.Pytester, cache: Path, source: str, passed: int) -> None:
    pytester.makepyfile(source)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZKMARGIN_CACHE", str(cache))
        patch.delenv("PYTEST_ADDOPTS", raising=False)
        outcome = pytester.runpytest_subprocess("-q", "-p", "no:cacheprovider")
    outcome.assert_outcomes(passed=passed)


def test_a_protocols_own_suite(pytester: pytest.Pytester, world: World, cache: Path) -> None:
    suite = SUITE.format(folder=str(world.folder))
    runs(pytester, cache, suite, passed=5)
    (found,) = (cache / "keys" / "v1").iterdir()
    before = (found / "proving.zkey").stat()
    # The next session finds the keys; a damaged set is made again.
    runs(pytester, cache, suite, passed=5)
    assert (found / "proving.zkey").stat().st_ino == before.st_ino
    with (found / "proving.zkey").open("r+b") as stream:
        stream.seek(5000)
        stream.write(os.urandom(64))
    runs(pytester, cache, suite, passed=5)
    assert (found / "proving.zkey").stat().st_ino != before.st_ino
    assert [path.name for path in found.parent.iterdir()] == [found.name]


def test_a_suite_that_does_not_use_it(pytester: pytest.Pytester, cache: Path) -> None:
    runs(pytester, cache, INNOCENT, passed=1)


def test_a_cache_that_cannot_be_written(
    pytester: pytest.Pytester, world: World, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("not a folder")
    runs(pytester, tmp_path / "file", SUITE.format(folder=str(world.folder)), passed=5)
