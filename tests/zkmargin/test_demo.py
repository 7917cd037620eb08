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
from zkmargin.cli.demo import _FILES

DATA = Path(__file__).parents[2] / "zkmargin" / "data" / "demo"
EXAMPLES = Path(__file__).parents[2] / "examples" / "demo"


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


def test_the_packaged_files_are_the_examples() -> None:
    assert sorted(path.name for path in DATA.iterdir()) == sorted(_FILES)
    for name in _FILES:
        assert (DATA / name).read_bytes() == (EXAMPLES / name).read_bytes(), name


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
