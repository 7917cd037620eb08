"""docs/benchmarks.md names commands that exist, and each finds the place for its figures."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from bench import page
from bench.growth import exponents
from bench.leak import error
from bench.peers import COLUMNS, RATIOS, accepted_words, shown_page
from zkmargin.bench.race import Result

TEXT = page.PAGE.read_text()
COMMANDS = sorted(set(re.findall(r"^    python -m (bench\.\w+)(.*)$", TEXT, re.MULTILINE)))


@pytest.mark.parametrize(("module", "arguments"), COMMANDS, ids=lambda value: str(value)[:20])
def test_the_commands_exist_and_take_these_options(module: str, arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", module, "--help"],
        capture_output=True,
        text=True,
        cwd=page.DOCS.parent,
    )
    assert done.returncode == 0, done.stderr
    for option in re.findall(r"--[a-z]+", arguments):
        assert option in done.stdout
    assert ("--write" in arguments) == (f"<!-- made by python -m {module} -->" in TEXT)


def test_figures_go_between_their_own_markers(tmp_path: Path) -> None:
    copy = tmp_path / "page.md"
    copy.write_text(TEXT)
    page.write("bench.growth", r"new \1 figures", copy)
    page.write("bench.growth", r"newer \2 figures", copy)
    found = copy.read_text()
    assert "figures\n\n<!-- end -->" in found
    assert r"newer \2 figures" in found
    assert r"new \1 figures" not in found
    assert found.count("<!-- end -->") == TEXT.count("<!-- end -->")
    with pytest.raises(SystemExit, match="no place"):
        page.write("bench.nothing", "", copy)


def test_ratios_are_theirs_over_ours() -> None:
    results = [
        Result(name, how, (0.1 * (i + 1),), 10.0).json()
        for i, (_, (name, how)) in enumerate(COLUMNS)
    ]
    row = {
        "name": "chain-1k",
        "words": "chain",
        "predicted_ms": 7,
        "constraints": 1000,
        "bits": 0.25,
        "zkey_mb": 1.0,
        "threads": {"2": results},
        "accepted": {"snarkjs": True, "gnark": False},
    }
    text = shown_page({"machine": "here", "versions": {}, "runs": 1, "circuits": [row]})
    order = [key for _, key in COLUMNS]
    for label, theirs, ours in RATIOS:
        assert label in text
        assert f"{(order.index(theirs) + 1) / (order.index(ours) + 1):.1f} |" in text
    assert "| chain | 1,000 | 25 % | 100 | 200 |" in text
    assert "accepted by: snarkjs. **Refused at least once by: gnark.**" in accepted_words([row])


def test_a_fitted_exponent_needs_two_large_sizes() -> None:
    names = ("setup", "prove", "setup_mb", "prove_mb")
    rows = [{"log": log, **dict.fromkeys(names, 3.0 * 2**log)} for log in (10, 14, 18)]
    assert exponents(rows) == pytest.approx(dict.fromkeys(names, 1.0))
    assert exponents(rows[:2]) == {}


def test_the_error_of_a_median() -> None:
    assert error([1.0] * 8) == 0
    assert error([float(i) for i in range(1, 101)]) == pytest.approx(1.57 * 50.5 / 10)
