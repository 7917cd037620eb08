"""Whole-process times of `import zkmargin` and `zkmargin verify`: `python -m bench.startup FOLDER`.

The folder is one that `zkmargin demo --out FOLDER` made.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

RUNS = 9


def main(folder: Path) -> None:
    us = [sys.executable, "-m", "zkmargin"]
    files = [
        f"--{name}={folder / file}"
        for name, file in (
            ("vk", "keys/verification_key.json"),
            ("public", "public.json"),
            ("proof", "proof.json"),
        )
    ]
    for name, command in (
        ("python -c pass", [sys.executable, "-c", "pass"]),
        ("import zkmargin", [sys.executable, "-c", "import zkmargin"]),
        ("zkmargin verify", [*us, "verify", *files, "--allow-development-key"]),
    ):
        times = []
        for _ in range(RUNS):
            start = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            times.append(time.perf_counter() - start)
        print(f"{name:16} median of {RUNS}: {statistics.median(times):.3f} s")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
