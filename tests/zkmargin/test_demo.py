"""The demo tells the whole story, with an EVM or without, and shows no number of the account."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.evm import missing
from tests.zkmargin.files import run
from zkmargin.cli.demo import _FILES

DATA = Path(__file__).parents[2] / "zkmargin" / "data"
EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo-cache")


def demo(folder: Path, cache: Path, *arguments: str, path: str | None = None) -> tuple[str, str]:
    """(stdout, stderr) of `zkmargin demo` in a folder."""
    environment = {**os.environ, "ZKMARGIN_CACHE": str(cache)}
    environment.pop("ZKMARGIN_SOLC", None)
    if path is not None:
        environment["PATH"] = path
    done = subprocess.run(
        [sys.executable, "-m", "zkmargin", "demo", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


@pytest.mark.parametrize("folder", ["demo", "portfolio"])
def test_the_packaged_files_are_the_examples(folder: str) -> None:
    assert sorted(path.name for path in (DATA / folder).iterdir()) == sorted(_FILES)
    for name in _FILES:
        packaged = DATA / folder / name
        assert packaged.read_bytes() == (EXAMPLES / folder / name).read_bytes(), name


def test_a_size_class_of_the_other_model_is_refused(tmp_path: Path) -> None:
    outcome = run("demo", "portfolio", "--class", "16+8", "--out", tmp_path / "out")
    assert outcome.code == 2
    assert "--class is one of 8, 16, 32, 64, 128 here" in outcome.stderr
    assert not (tmp_path / "out").exists()


def test_without_node_the_last_step_says_what_it_lacks(tmp_path: Path, cache: Path) -> None:
    out, _ = demo(tmp_path, cache, "--json", path="/nonexistent")
    fields = json.loads(out)
    assert fields["verified"] is True
    assert fields["constraints"] > 50_000
    assert fields["evm"] == {"left_out": "node is not installed: install Node.js 18 or newer"}
    made = tmp_path / "demo-out"
    for name in ("account.json", "account-underwater.json", "account.secret"):
        assert stat.S_IMODE((made / name).stat().st_mode) == 0o600
    assert (made / "MarginVerifierDevelopment.sol").exists()


def test_the_whole_story(tmp_path: Path, cache: Path) -> None:
    if shutil.which("node") is None:
        missing("node is not installed")
    pytest.importorskip("pyrevm")
    out, errors = demo(tmp_path, cache, "--out", "here")
    assert "verifyProof accepts the proof" in out
    assert "isValid is false for each of the 6 public inputs changed by one" in out
    assert "refused, as it must be: MeetsMargin 16+8" in out
    account = json.loads((tmp_path / "here" / "account.json").read_text())
    numbers = [account["cash"], account["sequence"] + '"']
    numbers += [p[key] for p in account["positions"] for key in p if key == "funding_index"]
    numbers += [c["quantity"] for c in account["collateral"] if "." in c["quantity"]]
    seen = [number for number in numbers if number.lstrip("-") in out + errors]
    assert seen == []
    # A second run keeps the secret and finds the keys.
    secret = (tmp_path / "here" / "account.secret").read_text()
    again, _ = demo(tmp_path, cache, "--out", "here", "--json")
    assert json.loads(again)["keys_cached"] is True
    assert (tmp_path / "here" / "account.secret").read_text() == secret


def test_the_whole_story_of_a_portfolio(tmp_path: Path, cache: Path) -> None:
    if shutil.which("node") is None:
        missing("node is not installed")
    pytest.importorskip("pyrevm")
    out, errors = demo(tmp_path, cache, "portfolio", "--json")
    fields = json.loads(out)
    assert (fields["size_class"], fields["verified"]) == ("8", True)
    assert fields["constraints"] > 50_000
    assert fields["evm"]["changed_inputs_refused"] == 6
    assert "refused, as it must be: MeetsPortfolio 8 options" in errors
    made = tmp_path / "demo-out"
    for name in ("account.json", "account-underwater.json", "account.secret"):
        assert stat.S_IMODE((made / name).stat().st_mode) == 0o600
    account = json.loads((made / "account.json").read_text())
    numbers = [account["cash"].lstrip("-"), account["perpetuals"][0]["funding_index"]]
    legs = [*account["options"], *account["futures"], *account["perpetuals"]]
    numbers += [q for leg in legs if "." in (q := leg["quantity"].lstrip("-"))]
    assert [number for number in numbers if number in out + errors] == []
