"""docs/cli.md names every verb and every option of it; the example in Python runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from tests.zkmargin.files import World, all_verbs
from zkmargin.cli import cli

ROOT = Path(__file__).parents[2]
SHARED = {"--params", "--market", "--account", "--secret", "--chain-id", "--gate", "--mode"} | {
    "--buffer",
    "--liquidator",
    "--delta",
    "--vega",
    "--underlying",
    "--json",
    "--help",
}


def command(verb: str) -> click.Command:
    found = cli.get_command(None, verb.split()[0])  # type: ignore[arg-type]
    assert found is not None
    return found.commands[verb.split()[1]] if isinstance(found, click.Group) else found


def section(verb: str) -> str:
    text = (ROOT / "docs" / "cli.md").read_text()
    found = re.search(rf"^## {verb}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, f"docs/cli.md has no section {verb}"
    return found.group(1)


@pytest.mark.parametrize("verb", all_verbs())
def test_every_verb_and_option_is_documented(verb: str) -> None:
    words = section(verb)
    assert f"    zkmargin {verb} " in words
    for parameter in command(verb).params:
        if isinstance(parameter, click.Option):
            name = parameter.opts[0]
            assert name in SHARED or f"`{name}" in words or f" {name} " in words, name


@pytest.mark.parametrize("verb", all_verbs())
def test_examples_use_options_that_exist(verb: str) -> None:
    known = {name for parameter in command(verb).params for name in parameter.opts}
    examples = [*re.findall(r"^    zkmargin (?:.|\\\n)*", section(verb), re.MULTILINE)]
    examples.append(command(verb).epilog or "")
    for example in examples:
        assert set(re.findall(r"--[a-z0-9-]+", example)) <= known


def test_the_python_example_runs(world: World) -> None:
    script = ROOT / "examples" / "python" / "main_job.py"
    done = subprocess.run(
        [sys.executable, script, world.folder], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "verified: the account meets its maintenance margin" in done.stdout
