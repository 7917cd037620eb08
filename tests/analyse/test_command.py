"""`zkmargin analyse`: exit codes, JSON, SARIF, certificates and witnesses as files, bad input."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from circuits.gadgets.compare import is_less
from circuits.margin.linear import STATEMENTS
from tests.analyse.systems import Row, is_zero, one_hot, r1cs_of, to_bits
from tests.checks import Inputs, gadget_circuit
from tests.margin import sample
from tests.margin.raw import Forgery
from tests.zkmargin.files import run
from zk.analyse.search import satisfies
from zk.compiler.lower import compile
from zk.compiler.types import Uint
from zk.errors import ArtifactError
from zk.field import from_limbs, to_limbs
from zk.formats.circuit import save_circuit
from zk.formats.r1cs import load_r1cs, save_r1cs
from zk.formats.sym import read_sym
from zk.formats.wtns import load_wtns, save_wtns


def write(folder: Path, system: tuple[list[Row], int, int, int], stem: str = "main") -> Path:
    path = folder / f"{stem}.r1cs"
    save_r1cs(path, r1cs_of(*system))
    return path


def test_safe_writes_a_certificate_that_is_checked(tmp_path: Path) -> None:
    path, certificate = write(tmp_path, to_bits(8)), tmp_path / "certificate.json"
    done = run("analyse", path, "--certificate", certificate, "--json")
    assert (done.code, done.fields["verdict"], done.fields["wires"]) == (0, "safe", "safe")
    again = run("analyse", path, "--check", certificate, "--json")
    assert (again.code, again.fields["verdict"]) == (0, "safe")
    assert "proves" in run("analyse", path, "--check", certificate).stdout

    tree = json.loads(certificate.read_text())
    certificate.write_text(json.dumps({**tree, "steps": tree["steps"][:3]}))
    assert run("analyse", path, "--check", certificate).code == 3
    certificate.write_text(json.dumps({**tree, "system": "00"}))
    assert run("analyse", path, "--check", certificate).code == 2
    other = write(tmp_path, to_bits(9), "other")
    certificate.write_text(json.dumps(tree))
    assert run("analyse", other, "--check", certificate).code == 2
    for text in ("", "[1]", "{}", "[" * 100_000):
        certificate.write_text(text)
        assert run("analyse", path, "--check", certificate).code == 2


def test_unsafe_shows_both_witnesses(tmp_path: Path) -> None:
    path = write(tmp_path, one_hot(4, complete=False))
    sarif = tmp_path / "report.sarif"
    done = run("analyse", path, "--json", "--pair", tmp_path / "w", "--sarif", sarif)
    assert (done.code, done.fields["verdict"]) == (1, "unsafe")
    r1cs = load_r1cs(path)
    first, second = (from_limbs(load_wtns(tmp_path / f"w.{i}.wtns")) for i in (1, 2))
    assert satisfies(r1cs, first)
    assert satisfies(r1cs, second)
    assert first[5] == second[5]
    assert first[1:5] != second[1:5]
    assert done.fields["pair"]["first"] == [str(x) for x in first]

    log = json.loads(sarif.read_text())
    assert log["version"] == "2.1.0"
    results = log["runs"][0]["results"]
    rules = {rule["id"] for rule in log["runs"][0]["tool"]["driver"]["rules"]}
    assert results[0]["ruleId"] == "undetermined-output"
    assert results[0]["level"] == "error"
    assert {result["ruleId"] for result in results} <= rules
    place = results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert place.endswith("main.r1cs")


def test_the_question_decides_the_exit_code(tmp_path: Path) -> None:
    path = write(tmp_path, is_zero())
    assert run("analyse", path).code == 0
    assert run("analyse", path, "--of", "wires").code == 1


def test_a_second_witness_beside_a_given_one(tmp_path: Path) -> None:
    """The hint of is-zero is free where the input is 0; no value of the given witness is shown."""
    rows, *shape = is_zero()
    extra: Row = ({4: 1}, {5: 1}, {6: 1})  # an input, what it is multiplied by, and the product
    path = tmp_path / "main.r1cs"
    save_r1cs(path, r1cs_of([*rows, extra], 7, *shape[1:]))
    witness = tmp_path / "main.wtns"
    save_wtns(witness, to_limbs([1, 1, 0, 0, 555555, 777777, 555555 * 777777]))
    arguments = ("analyse", path, "--of", "wires", "--witness", witness)
    done = run(*arguments, "--json", "--sarif", tmp_path / "s", "--pair", tmp_path / "w")
    assert (done.code, done.fields["outputs"], done.fields["wires"]) == (1, "safe", "unsafe")
    assert 3 in done.fields["free"]
    first, second = (from_limbs(load_wtns(tmp_path / f"w.{i}.wtns")) for i in (1, 2))
    assert first == from_limbs(load_wtns(witness))
    assert satisfies(load_r1cs(path), second)
    assert (tmp_path / "w.1.wtns").stat().st_mode & 0o77 == 0
    for text in (done.stdout, run(*arguments).stdout, (tmp_path / "s").read_text()):
        assert "555555" not in text
        assert "777777" not in text
    assert "free there" in run(*arguments).stdout

    save_wtns(witness, to_limbs([1, 0, 0, 0, 1, 1, 1]))
    assert run(*arguments).code == 2
    save_wtns(witness, to_limbs([1, 1]))
    assert run(*arguments).code == 2


def test_a_statement_has_hints_that_are_free_by_design(tmp_path: Path) -> None:
    """An empty slot leaves inverses of zero free: docs/analyse.md says why this is no fault."""
    shape = sample.SHAPE
    epoch = sample.epoch(shape)
    book = sample.at(-1, epoch, sample.book(shape))
    circuit = compile(STATEMENTS["liquidatable"](shape))
    values = Forgery.honest("liquidatable", shape, book, epoch).values
    path, witness = tmp_path / "liquidatable.zkc", tmp_path / "liquidatable.wtns"
    save_circuit(path, circuit)
    save_wtns(witness, circuit.witness(values))
    done = run("analyse", path, "--witness", witness)
    assert done.code == 1
    assert "no outputs" in done.stdout
    free = next(line for line in done.stdout.splitlines() if line.startswith("free there"))
    for name in free.removeprefix("free there, whatever all others are: ").split(", "):
        # The inverse of zero; the tier of nothing.
        assert re.search("is not zero|one tier is chosen|more$", name), name


def test_names_come_from_the_sym_file(tmp_path: Path) -> None:
    path = write(tmp_path, one_hot(2, complete=False))
    assert "wire 3 =" in run("analyse", path).stdout
    lines = [f"{w},{w},0,main.{name}" for w, name in enumerate(("a", "b", "selector"), start=1)]
    sym = tmp_path / "main.sym"
    sym.write_text("\n".join([*lines, "4,-1,0,main.gone", ""]))
    assert "main.selector =" in run("analyse", path).stdout
    sym.write_text("1,9,0,main.a\n")
    assert run("analyse", path).code == 2


@pytest.mark.parametrize(
    "text", ["1,2,3", "x,1,1,a", "1,1,1,", "-1,1,1,a", "1,99,1,a", "1,-2,1,a", "1;1;1;a"]
)
def test_bad_sym_files_are_refused(text: str) -> None:
    with pytest.raises(ArtifactError, match="line 2"):
        read_sym(f"1,1,1,ok\n{text}\n".encode(), 5)


def test_the_first_name_of_a_wire_counts() -> None:
    assert read_sym(b"1,1,0,main.a\r\n2,1,1,main.b\n3,2,1,c, d\n", 3) == {1: "main.a", 2: "c, d"}


def test_a_circuit_of_ours(tmp_path: Path) -> None:
    inputs: Inputs = {"a": (Uint, 6), "b": (Uint, 6)}
    path = tmp_path / "less.zkc"
    save_circuit(path, gadget_circuit(inputs, lambda cs, a, b: is_less(cs, a, b)).circuit)
    done = run("analyse", path, "--json")
    assert done.fields["question"] == "wires"
    assert (done.code, done.fields["verdict"]) == (0, "safe")


def test_bad_input(tmp_path: Path) -> None:
    path = tmp_path / "x.r1cs"
    path.write_bytes(b"")
    assert run("analyse", path).code == 2
    path.write_bytes(b"r1cs" + bytes(100))
    assert run("analyse", path).code == 2
    assert run("analyse", tmp_path / "none").code == 2
