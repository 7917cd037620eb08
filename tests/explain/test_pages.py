"""docs/debugging.md and docs/porting.md say what is so; the ported circuit agrees with circom's."""

from __future__ import annotations

import importlib.util
import re
import shutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests import snarkjs
from tests.explain.pages import PAGES, ROOT, difference
from zk import compile
from zk.compiler.compiled import CompiledCircuit
from zk.errors import UnsatisfiedConstraint
from zk.field import from_limbs
from zk.formats.r1cs import load_r1cs
from zk.formats.wtns import load_wtns

DEPTH = 3
PATH = [(1, 11), (0, 22), (1, 33)]
MEMBER: dict[str, Any] = {"secret": 41, "balance": 600, "minimum": 500, "scope": 7, "path": PATH}


@pytest.fixture(scope="module")
def membership() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "examples.membership", ROOT / "examples" / "membership.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["examples.membership"] = module  # a class looks its annotations up there
    spec.loader.exec_module(module)
    return module


def blocks(page: str) -> list[str]:
    found = re.findall(r"^```python\n(.*?)^```$", (ROOT / "docs" / page).read_text(), re.S | re.M)
    assert found
    return [str(text) for text in found]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_consoles_are_what_the_commands_say(page: Path) -> None:
    """`python -m tests.explain.pages --write` renews them."""
    assert difference(page) == ""


def test_the_code_of_the_porting_page_is_the_examples() -> None:
    source = (ROOT / "examples" / "membership.py").read_text()
    for block in blocks("porting.md"):
        assert block in source


def test_the_python_of_the_debugging_page_runs(
    membership: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    circuit = compile(membership.Member(DEPTH))
    values = membership.inputs(**{**MEMBER, "balance": 499})
    for block in blocks("debugging.md"):
        old = compile(membership.Member(DEPTH))
        exec(block, {"circuit": circuit, "old": old, "values": values})
    printed = capsys.readouterr().out
    assert "A without its bits is -1\n" in printed
    assert "poseidon " in printed
    assert "balance private Uint of 64 bits" in printed


# circom's side ------------------------------------------------------------------------------------


def circom(folder: Path, depth: int) -> Path:
    """tests/explain/member.circom at this depth, compiled with -O2: its `.r1cs`."""
    snarkjs.require()
    shutil.copytree(snarkjs.MODULES / "circomlib" / "circuits", folder / "circomlib")
    text = (Path(__file__).parent / "member.circom").read_text()
    source = folder / "source" / "member.circom"
    source.parent.mkdir()
    source.write_text(text.replace("Member(20)", f"Member({depth})"))
    return snarkjs.compile_circom(source, folder, "--O2")


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return circom(tmp_path_factory.mktemp("circom"), DEPTH)


@pytest.fixture(scope="module")
def ours(membership: ModuleType) -> CompiledCircuit:
    return compile(membership.Member(DEPTH))


def test_both_sides_cost_the_same(ours: CompiledCircuit, theirs: Path) -> None:
    assert ours.r1cs.n_constraints == load_r1cs(theirs).n_constraints
    assert ours.r1cs.n_constraints == 192 + 258 + DEPTH * 242 + 240


@pytest.mark.slow
def test_both_sides_cost_the_same_in_full(membership: ModuleType, tmp_path: Path) -> None:
    assert load_r1cs(circom(tmp_path, 20)).n_constraints == 5530
    assert compile(membership.Member()).r1cs.n_constraints == 5530


def test_both_sides_accept_the_same_inputs(
    membership: ModuleType, ours: CompiledCircuit, theirs: Path
) -> None:
    values = membership.inputs(**MEMBER)
    witness = ours.witness(values)
    ours.check(witness)
    texts = {name: _texts(value) for name, value in values.items()}
    made = load_wtns(snarkjs.calculate_witness(theirs, texts))
    n = ours.r1cs.n_publics
    assert from_limbs(made[1 : n + 1]) == from_limbs(witness[1 : n + 1])
    check = snarkjs.snarkjs("wtns", "check", theirs, "member.wtns", cwd=theirs.parent)
    assert "WITNESS IS CORRECT" in check.text


@pytest.mark.parametrize(
    ("change", "obligation"),
    [
        ({"balance": 499}, "the balance reaches the minimum"),
        ({"balance": 1 << 64}, "balance is an unsigned integer of 64 bits"),
        ({"minimum": -1}, "minimum is an unsigned integer of 64 bits"),
        ({"root": 1}, "the leaf is in the tree"),
        ({"nullifier": 1}, "the nullifier is the secret's in this scope"),
        ({"side": [2, 0, 1]}, "side[0] is a bit"),
    ],
)
def test_both_sides_refuse_the_same_lies(
    membership: ModuleType,
    ours: CompiledCircuit,
    theirs: Path,
    change: dict[str, Any],
    obligation: str,
) -> None:
    names = {key: value for key, value in change.items() if key in MEMBER}
    values = {**membership.inputs(**{**MEMBER, **names}), **change}
    with pytest.raises(UnsatisfiedConstraint) as caught:
        ours.check(ours.witness(values))
    assert caught.value.obligation == obligation
    texts = {name: _texts(value) for name, value in values.items()}
    with pytest.raises(AssertionError, match="Assert Failed"):
        snarkjs.calculate_witness(theirs, texts)


def _texts(value: Any) -> Any:
    return [_texts(item) for item in value] if isinstance(value, list) else str(value)
