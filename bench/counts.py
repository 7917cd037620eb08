"""Constraints of gadgets beside circomlib's and gnark's: `python -m bench.counts [--write FILE]`.

Ours and circomlib's (2.0.5, circom2 at -O2, both from tests/js/node_modules) are counted in the
run; circom sees each template inside a component without outputs whose inputs are all public, for
-O2 drops a private input that a linear row can be solved for, row and all. gnark's are read from
gnark_counts.json, which says with which calls they were made. No count has the ranges of inputs in
it. A gadget of ours that is larger than a peer's is said on stderr, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from circuits.gadgets.babyjubjub import clear_cofactor, multiply
from circuits.gadgets.mux import one_hot
from tests.gadgets.costs import ENTRIES, Entry, fields, uints
from zk.babyjubjub import BASE
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.types import Bool, Field, Uint

HERE = Path(__file__).parent
MODULES = HERE.parent / "tests" / "js" / "node_modules"
GNARK = HERE / "gnark_counts.json"
_SECONDS = 900

CIRCOM = """pragma circom 2.1.0;
include "circuits/%s.circom";
template Counted() {
    %s
}
component main {public [%s]} = Counted();
"""


@dataclass(frozen=True)
class Gadget:
    """One row of the table: how circomlib does it, and the entry of ours that does the same."""

    name: str
    ours: Entry
    include: str
    inputs: tuple[str, ...]  # of the circom component
    body: str


def _hot(cs: ConstraintSystem, i: Uint) -> list[Bool]:
    return one_hot(cs, cs.bits(i, 4))


def _multiple(cs: ConstraintSystem, k: Field, x: Field, y: Field) -> list[Field]:
    point = multiply(cs, k, clear_cofactor(cs, (x, y)))
    return [point.x, point.y]


_ENTRY = {entry.name: entry for entry in ENTRIES}
_HOT = Entry("one_hot of 16 by its index", uints(8, "i"), _hot)
_MULTIPLE = Entry("multiple of a point of the curve", fields(3), _multiple)
_SIGNATURE = ("ax", "ay", "s", "rx", "ry", "m")

GADGETS = [
    Gadget(
        "range, 64 bits", _ENTRY["range, 64 bits"], "bitify", ("x",),
        "signal bit[64] <== Num2Bits(64)(x);",
    ),
    Gadget(
        "the bits of any element", _ENTRY["bits_between 0 and r - 1"], "bitify", ("x",),
        "signal bit[254] <== Num2Bits_strict()(x);",
    ),
    Gadget("is_zero", _ENTRY["is_zero"], "comparators", ("x",), "signal z <== IsZero()(x);"),
    Gadget(
        "is_equal", _ENTRY["is_equal"], "comparators", ("x", "y"),
        "signal z <== IsEqual()([x, y]);",
    ),
    Gadget(
        "is_less, 64 bits", _ENTRY["is_less, 64 bits"], "comparators", ("x", "y"),
        "signal z <== LessThan(64)([x, y]);",
    ),
    Gadget(
        "assert_le, 64 bits", _ENTRY["assert_le, 64 bits"], "comparators", ("x", "y"),
        "signal z <== LessEqThan(64)([x, y]); z === 1;",
    ),
    Gadget("select", _ENTRY["select"], "mux1", ("b", "x", "y"), "signal z <== Mux1()([x, y], b);"),
    Gadget(
        "lookup, of 16", _ENTRY["lookup, of 16"], "../mux", ("i", "x[16]"),
        "signal bit[4] <== Num2Bits(4)(i); signal z <== Mux4()(x, bit);",
    ),
    Gadget(
        "one_hot, of 16, by an index", _HOT, "multiplexer", ("i",),
        "signal hot[16]; signal ok; (hot, ok) <== Decoder(16)(i); ok === 1;",
    ),
    Gadget(
        "hash of 2", _ENTRY["poseidon of 2"], "poseidon", ("x", "y"),
        "signal z <== Poseidon(2)([x, y]);",
    ),
    Gadget(
        "Baby Jubjub: add", _ENTRY["Baby Jubjub: add"], "babyjub", ("a", "b", "c", "d"),
        "signal x, y; (x, y) <== BabyAdd()(a, b, c, d);",
    ),
    Gadget(
        "Baby Jubjub: a private multiple of a point", _MULTIPLE, "../any", ("k", "x", "y"),
        "signal bit[254] <== Num2Bits_strict()(k);"
        " signal z[2] <== EscalarMulAny(254)(bit, [x, y]);",
    ),
    Gadget(
        "Baby Jubjub: a private multiple of a constant, 251 bits",
        _ENTRY["Baby Jubjub: multiply_fixed, 251 bits"], "escalarmulfix", ("bit[251]",),
        f"signal z[2] <== EscalarMulFix(251, [{BASE[0]}, {BASE[1]}])(bit);",
    ),
    Gadget(
        "EdDSA signature", _ENTRY["EdDSA with Poseidon: assert_signed"], "eddsaposeidon",
        _SIGNATURE, "EdDSAPoseidonVerifier()(1, ax, ay, s, rx, ry, m);",
    ),
    Gadget(
        "SHA-256 of 512 bits", _ENTRY["SHA-256 of 512 bits"], "sha256/sha256", ("x[512]",),
        "signal z[256] <== Sha256(512)(x);",
    ),
]  # fmt: skip

HEAD = """# What gadgets cost, beside circomlib and gnark

Made by `python -m bench.counts --write docs/costs.md`: constraints, without those of the inputs'
own ranges. circomlib {circomlib} is counted in the run, by circom2 {circom2} at -O2; gnark {gnark}
was counted outside this repository, commitment-free forms only, with the calls listed below.
docs/language.md has the cost of every gadget, docs/gadgets.md what each says.

| gadget | ours | circomlib -O2 | gnark |
|---|---:|---:|---:|
"""
FOOT = """
circomlib's comparators take their operands to be in range, gnark's bounded comparator takes their
difference to be; ours have the range in the type. circomlib's `Decoder` also has an answer outside
the list, which is shut here by its second output.
"""


def circom_count(gadget: Gadget, folder: Path) -> int:
    """Constraints of circomlib's form, compiled in a folder that holds its circuits/."""
    names = [name.split("[")[0] for name in gadget.inputs]
    declared = f"signal input {', '.join(gadget.inputs)};\n    {gadget.body}"
    includes = {"../mux": ("bitify", "mux4"), "../any": ("bitify", "escalarmulany")}
    include = '.circom";\ninclude "circuits/'.join(includes.get(gadget.include, (gadget.include,)))
    (folder / "counted.circom").write_text(CIRCOM % (include, declared, ", ".join(names)))
    done = subprocess.run(
        ["node", str(MODULES / ".bin" / "circom2"), "counted.circom", "--r1cs", "--O2"],
        cwd=folder,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"circom2 refuses {gadget.name}:\n{done.stdout}{done.stderr}")
    from zk.formats.r1cs import load_r1cs

    return load_r1cs(folder / "counted.r1cs").n_constraints


def gnark() -> dict[str, Any]:
    tree: dict[str, Any] = json.loads(GNARK.read_text())
    return tree


def row(name: str, *counts: int | None) -> str:
    return f"| {name} | {' | '.join('—' if n is None else f'{n:,}' for n in counts)} |"


def page(rows: list[str]) -> str:
    """The whole of docs/costs.md."""
    peer = gnark()
    versions = {
        name: json.loads((MODULES / name / "package.json").read_text())["version"]
        for name in ("circom2", "circomlib")
    }
    calls = [f"- {name}: {entry['call']}" for name, entry in peer["counts"].items()]
    none = [f"- {name}: none; {why}" for name, why in peer["none"].items()]
    head = HEAD.format(gnark=peer["gnark"], **versions)
    return "\n".join([head + "\n".join(rows), FOOT, "## gnark's forms", "", *calls, *none, ""])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, metavar="FILE", help="the page to renew")
    options = parser.parse_args()
    theirs = gnark()["counts"]
    rows: list[str] = []
    larger = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # circom2 sees nothing outside the folder that it is started in.
        shutil.copytree(MODULES / "circomlib" / "circuits", folder / "circuits")
        for gadget in GADGETS:
            mine, circom = gadget.ours.count(), circom_count(gadget, folder)
            other = theirs[gadget.name]["constraints"] if gadget.name in theirs else None
            rows.append(row(gadget.name, mine, circom, other))
            print(rows[-1], flush=True)
            if mine > min(circom, mine if other is None else other):
                larger.append(gadget.name)
    if options.write:
        options.write.write_text(page(rows))
    for name in larger:
        print(f"ours is larger: {name}", file=sys.stderr)
    return 1 if larger else 0


if __name__ == "__main__":
    sys.exit(main())
