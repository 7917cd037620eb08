"""What a site and a mutant are called: by what their lines say, not by where these stand.

A line that moves keeps its name, so that what is drawn for a mutant, and which mutants are drawn,
stays the same when lines elsewhere come and go. Of equal lines in a file the second is `[2]`.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
LANGUAGE = "zk/compiler/frontend.py"


def name_of(site: str) -> str:
    """`file.py: what the line says`, with `> what the language's line says` where a site has it."""
    place, _, via = site.partition(" > ")
    file, _, number = place.partition(":")
    called, _, inner = via.partition(":")
    # The name of the language's function would say less, and differs between Pythons.
    how = _line(LANGUAGE, inner) if inner else called
    said = [_line(file, number)] if number else []
    return f"{file}: {' > '.join([*said, *([how] if how else [])])}"


def rank(seed: str, name: str) -> bytes:
    """Where a name stands in the order that a seed draws, whatever other names there are."""
    return hashlib.sha256(f"{seed} {name}".encode()).digest()


def _line(file: str, number: str) -> str:
    lines = _lines(file)
    return lines[int(number) - 1] if int(number) <= len(lines) else number


@cache
def _lines(file: str) -> list[str]:
    """The lines of a file without their indentation, equal ones told apart."""
    path = ROOT / file
    seen: Counter[str] = Counter()
    found = []
    for line in path.read_text().splitlines() if path.exists() else []:
        text = line.strip()
        seen[text] += 1
        found.append(f"{text} [{seen[text]}]" if seen[text] > 1 else text)
    return found
