"""py_ecc lifts Python's recursion limit to 100,000; a deeply nested file then ended the process.

The slow engine puts the limit back, so that such a file raises RecursionError, which every reader
turns into its own error.
"""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import json, sys
before = sys.getrecursionlimit()
import zk.reference
assert sys.getrecursionlimit() == before
try:
    json.loads("[" * 200_000)
except RecursionError:
    print("refused")
"""


def test_a_deep_file_is_refused_beside_the_slow_engine() -> None:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=600, check=False
    )
    assert (run.returncode, run.stdout) == (0, "refused\n"), run.stderr
