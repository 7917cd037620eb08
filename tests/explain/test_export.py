"""Exports: iden3's tools read them, and the documented runner makes the witness we make."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests import snarkjs
from tests.explain.circuits import inputs
from tests.zkmargin.files import run
from zk import Circuit, Field, Uint, compile, private, public
from zk.compiler.compiled import CompiledCircuit
from zk.compiler.explain.names import wire_names
from zk.errors import ArtifactError
from zk.field import from_limbs, to_limbs
from zk.formats.circuit import save_circuit
from zk.formats.program import write_program
from zk.formats.r1cs import load_r1cs
from zk.formats.sym import load_sym, write_sym
from zk.formats.wtns import save_wtns
from zk.r1cs import R1CS

PAGES = Path(__file__).parents[2] / "docs" / "formats"


class Product(Circuit):
    z: Field = public()
    x: Field = private()
    y: Field = private()

    def define(self, cs) -> None:
        cs.assert_equal(self.x * self.y, self.z)


class Share(Circuit):
    """The example of docs/formats/program.md."""

    y: Uint = public(bits=2)
    x: Uint = private(bits=3)

    def define(self, cs) -> None:
        square = self.x * self.x
        share, rest = cs.hint_divide(square, self.y)
        cs.assert_product(cs.assert_range(share, 6), self.y, square - cs.assert_range(rest, 2))


def block(page: str, kind: str) -> str:
    (text,) = re.findall(rf"^```{kind}\n(.*?)^```$", (PAGES / page).read_text(), re.S | re.M)
    return str(text)


def rows(system: R1CS) -> list[list[list[tuple[int, int]]]]:
    table = from_limbs(system.table)
    return [
        [
            [(int(m.wires[k]), table[m.coeffs[k]]) for k in range(m.offsets[i], m.offsets[i + 1])]
            for m in (system.a, system.b, system.c)
        ]
        for i in range(system.n_constraints)
    ]


def flat(values: Any, path: str = "") -> dict[str, int]:
    if isinstance(values, dict):
        return {k: v for name, x in values.items() for k, v in flat(x, name).items()}
    if isinstance(values, list):
        return {k: v for i, x in enumerate(values) for k, v in flat(x, f"{path}[{i}]").items()}
    return {path: values}


def documented_witness(program: str, system: R1CS, values: Any) -> list[int]:
    """Run the runner of docs/formats/program.md."""
    scope: dict[str, Any] = {}
    exec(block("program.md", "python"), scope)
    found: list[int] = scope["witness"](json.loads(program), rows(system), flat(values))
    return found


@pytest.fixture
def exported(vault: CompiledCircuit, tmp_path: Path) -> Path:
    """A folder with the circuit and all three exports."""
    save_circuit(tmp_path / "v.zkc", vault)
    files = [
        f"--{kind}={tmp_path}/v.{end}"
        for kind, end in (("r1cs", "r1cs"), ("sym", "sym"), ("program", "json"))
    ]
    done = run("export", tmp_path / "v.zkc", *files)
    assert done.code == 0, done.stderr
    return tmp_path


def test_the_documented_runner_makes_our_witness(vault: CompiledCircuit, exported: Path) -> None:
    program = (exported / "v.json").read_text()
    system = load_r1cs(exported / "v.r1cs")
    for change in ({}, {"slot": [1048575, 0, 3]}, {"limit": 0, "shift": 127, "chosen": 0}):
        values = {**inputs(), **change}
        ours = from_limbs(vault.witness(values))
        assert documented_witness(program, system, values) == ours


def test_the_program_is_json_that_says_what_it_is(vault: CompiledCircuit) -> None:
    program = json.loads(write_program(vault))
    assert program["format"] == "zkmargin.program/1"
    assert program["digest"] == f"{vault.digest:#066x}"
    assert program["wires"] == vault.r1cs.n_wires
    assert [slot["path"] for slot in program["inputs"]] == [slot.path for slot in vault.slots]
    assert len(program["instructions"]) == len(vault.program.code)
    assert len(program["combinations"]) == vault.program.pool.rows
    assert set(program) == set(re.findall(r"`(\w+)`", block_of_fields()))


def block_of_fields() -> str:
    """The first column of the page's table of fields."""
    text = (PAGES / "program.md").read_text()
    table = text.split("## Fields")[1].split("## Operations")[0]
    return "\n".join(line.split("|")[1] for line in table.splitlines() if line.startswith("|"))


def test_the_documented_examples_are_what_is_written() -> None:
    """`python -m tests.explain.test_export` renews the example of a program."""
    assert write_program(compile(Share())) == block("program.md", "json")
    circuit = compile(Product())
    assert write_sym(circuit.r1cs, wire_names(circuit)).decode() == block("sym.md", "sym")


def test_a_program_without_hints_has_empty_lists() -> None:
    program = json.loads(write_program(compile(Product())))
    assert program["combinations"] == []


def test_the_sym_names_every_wire_once(vault: CompiledCircuit, exported: Path) -> None:
    lines = [line.split(",") for line in (exported / "v.sym").read_text().splitlines()]
    assert [int(label) for label, *_ in lines] == list(range(1, vault.r1cs.n_wires))
    assert [int(wire) for _, wire, *_ in lines] == list(range(1, vault.r1cs.n_wires))
    assert [name for *_, name in lines] == [f"main.{name}" for name in wire_names(vault)[1:]]
    components: dict[str, str] = {}
    for _, _, component, name in lines:
        assert components.setdefault(component, name.rpartition(".")[0]) == name.rpartition(".")[0]
    assert components["0"] == "main"
    read = load_sym(exported / "v.sym", vault.r1cs.n_wires)
    assert read == {wire: f"main.{name}" for wire, name in enumerate(wire_names(vault)) if wire}


@pytest.mark.parametrize(
    "name", ["a,b", "a\nb", "", "a b", 'a"', "a\x00", "a,\n9,9,9,main.x", "é" * 1001]
)
def test_a_name_that_a_sym_cannot_hold_is_refused(name: str) -> None:
    system = compile(Product()).r1cs
    with pytest.raises(ArtifactError, match="wire 3"):
        write_sym(system, ["one", "z", "x", name])


def test_snarkjs_prints_our_constraints_with_our_names(exported: Path) -> None:
    printed = snarkjs.snarkjs("r1cs", "print", "v.r1cs", "v.sym", cwd=exported).text
    assert "undefined" not in printed
    assert "main.the_sum.w[0]" in printed
    assert re.search(r"\[ main\.slot\[0\]\.bit\[1\] \] \* \[ .*main\.slot\[0\]\.bit\[1\]", printed)


def test_snarkjs_accepts_the_documented_runners_witness(
    vault: CompiledCircuit, exported: Path
) -> None:
    system = load_r1cs(exported / "v.r1cs")
    found = documented_witness((exported / "v.json").read_text(), system, inputs())
    save_wtns(exported / "good.wtns", to_limbs(found))
    found[-1] += 1
    save_wtns(exported / "bad.wtns", to_limbs(found))
    verdicts = [
        "WITNESS IS CORRECT"
        in snarkjs.snarkjs(
            "wtns", "check", "v.r1cs", f"{name}.wtns", cwd=exported, check=False
        ).text
        for name in ("good", "bad")
    ]
    assert verdicts == [True, False]


def test_an_export_writes_nothing_when_it_fails(vault: CompiledCircuit, tmp_path: Path) -> None:
    hostile = CompiledCircuit(
        vault.name,
        {},
        (type(vault.slots[0])("a,b", "Field", 254, True, False), *vault.slots[1:]),
        vault.r1cs,
        vault.program,
        vault.debug,
    )
    save_circuit(tmp_path / "v.zkc", hostile)
    targets = [f"--r1cs={tmp_path}/v.r1cs", f"--sym={tmp_path}/v.sym"]
    done = run("export", tmp_path / "v.zkc", *targets)
    assert (done.code, done.stdout) == (2, "")
    assert [path.name for path in tmp_path.iterdir()] == ["v.zkc"]
    for wrong in ([], [f"--r1cs={tmp_path}/x", f"--sym={tmp_path}/x"], [f"--sym={tmp_path}/v.zkc"]):
        assert run("export", tmp_path / "v.zkc", *wrong).code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["v.zkc"]


if __name__ == "__main__":
    page = PAGES / "program.md"
    page.write_text(
        page.read_text().replace(block("program.md", "json"), write_program(compile(Share())))
    )
