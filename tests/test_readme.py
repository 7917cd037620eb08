"""The commands of README.md run as they stand there, on the files it names."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "examples" / "demo"
MAKE_TARGETS = ("demo", "test")


def commands(program: str) -> list[str]:
    """The README's console lines that start with `program`, continued lines joined, no comments."""
    blocks = re.findall(r"```console\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [line[2:].split("  #")[0] for line in lines if line.startswith(f"$ {program} ")]


def test_margin_is_proven_as_the_readme_says(tmp_path: Path) -> None:
    for file in DEMO.glob("*.json"):
        shutil.copy(file, tmp_path)
    commitment = ""
    ran = []
    for line in commands("zkmargin"):
        arguments = [commitment if word == "123..." else word for word in shlex.split(line)[1:]]
        done = subprocess.run(
            [sys.executable, "-m", "zkmargin", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stderr}"
        ran.append(arguments[0])
        if arguments[0] == "commit":
            commitment = done.stdout.strip()
    assert ran == ["key", "commit", "root", "compile", "setup", "prove", "verify", "contract"]
    assert (tmp_path / "MarginVerifier.sol").exists()


def test_its_two_commands_are_targets() -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert [line.split()[1] for line in commands("make")] == list(MAKE_TARGETS)
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in MAKE_TARGETS)
