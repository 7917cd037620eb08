"""What tells the prover how large a wire's value can be: `python -m bench.intervals [--write]`.

Of the real statements, how many wires the schedule of a prepared key has in each class, derived
from the constraints alone, taken from the compiler's intervals alone, and from both. --write puts
the table into docs/formats/prepared-key.md.
"""

from __future__ import annotations

import argparse
import struct

import numpy as np
import numpy.typing as npt

from bench import page
from circuits.margin.linear import STATEMENTS
from circuits.margin.portfolio.portfolio import STATEMENTS as PORTFOLIO
from circuits.margin.portfolio.shape import SIZE_CLASSES, PortfolioShape
from tests.strategies import shape_of
from zk import Circuit, compile, engine
from zk.compiler.compiled import CompiledCircuit
from zk.field import from_limbs, signed
from zk.r1cs import Intervals

PAGE = page.DOCS / "formats" / "prepared-key.md"

BIT, WORD, DOUBLE, FULL = 1, 2, 3, 4
SMALL = {
    BIT: (0, 1),
    WORD: (-(1 << 64), (1 << 64) - 1),
    DOUBLE: (-(1 << 128), (1 << 128) - 1),
}
FEW = 256  # fewer wires than this are put into the next wider class
_CLASSES = 192 + 16 * 3  # where a prepared key's header has the place of the wires' classes

Classes = npt.NDArray[np.uint8]


def by_compiler(intervals: Intervals) -> Classes:
    """The class of each wire by its interval."""
    codes = [FULL]
    for ends in intervals.ends:
        low, high = map(signed, from_limbs(ends))
        small = (code for code, (least, most) in SMALL.items() if least <= low and high <= most)
        codes.append(next(small, FULL))
    return np.array(codes, np.uint8)[intervals.of]


def joined(classes: Classes) -> Classes:
    """Classes of few wires in the next wider one, as the engine does."""
    for code in (WORD, DOUBLE):
        if np.count_nonzero(classes == code) < FEW:
            classes[classes == code] = code + 1
    return classes


def by_engine(circuit: CompiledCircuit) -> tuple[Classes, Classes]:
    """The class of each wire in keys prepared from the rows alone, and with the intervals."""
    pk = engine.keygen(circuit.r1cs, 3, 4)
    found = []
    for intervals in (None, circuit.intervals):
        key = engine.prepare(pk, circuit.r1cs, intervals)
        start, length = struct.unpack_from("<QQ", key.data, _CLASSES)
        found.append(key[start : start + length])
    return found[0], found[1]


def rows_of(name: str, circuit: Circuit) -> list[tuple[str, ...]]:
    """The table's rows for one statement."""
    compiled = compile(circuit)
    if compiled.intervals is None:
        raise AssertionError("the compiler knows nothing")
    rows, both = by_engine(compiled)
    sources = {
        "rows": rows,
        "compiler": joined(by_compiler(compiled.intervals)),
        "both": both,
    }
    return [
        (
            name if source == "rows" else "",
            f"{len(classes):,}" if source == "rows" else "",
            source,
            *(f"{np.count_nonzero(classes == code):,}" for code in (BIT, WORD, DOUBLE, FULL)),
        )
        for source, classes in sources.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--small", action="store_true", help="the smallest classes, for a look")
    parser.add_argument("--write", action="store_true", help="put the table into docs")
    options = parser.parse_args()
    linear = "4+4" if options.small else "64+16"
    size = SIZE_CLASSES[0 if options.small else -1]
    rows: list[tuple[str, ...]] = []
    for name, statement in STATEMENTS.items():
        rows += rows_of(f"{name}, {linear}", statement(shape_of(linear)))
    for name, portfolio in PORTFOLIO.items():
        rows += rows_of(f"{name}, {size}", portfolio(PortfolioShape(size)))
    head = ("statement", "wires", "known from", "bit", "word", "double", "full")
    text = page.table(head, rows)
    print(text)
    if options.write:
        page.write("bench.intervals", text, PAGE)


if __name__ == "__main__":
    main()
