"""`profile`, `trace`, and `check --reveal` as commands; what they show and what they never show."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.explain.circuits import Vault
from tests.explain.test_flame import Boxes
from tests.zkmargin.files import UNDERWATER, World, changed, make_world, run, write
from zk import compile
from zk.compiler.compiled import CompiledCircuit
from zk.field import R, from_limbs
from zk.formats.circuit import load_circuit, save_circuit
from zk.formats.r1cs import save_r1cs
from zk.formats.wtns import load_wtns


@pytest.fixture(scope="module")
def folder(vault: CompiledCircuit, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("circuits")
    save_circuit(found / "new.zkc", vault)
    save_circuit(found / "old.zkc", compile(Vault(checked=1)))
    save_r1cs(found / "new.r1cs", vault.r1cs)
    return found


# profile ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["obligation", "gadget", "line"])
def test_profile_prints_a_table(vault: CompiledCircuit, folder: Path, by: str) -> None:
    done = run("profile", folder / "new.zkc", "--by", by)
    assert done.code == 0, done.stderr
    heading, columns, *lines = done.stdout.splitlines()
    assert heading.startswith(f"Vault: {vault.r1cs.n_constraints} constraints, ")
    assert columns.split() == ["constraints", "nonzeros", "own", by]
    own = [int(line.split()[4].replace(",", "")) for line in lines]
    assert sum(own) == vault.r1cs.n_constraints
    fields = run("profile", folder / "new.zkc", "--by", by, "--json").fields
    assert fields["constraints"] == vault.r1cs.n_constraints
    assert [line["own"]["constraints"] for line in fields["lines"]] == own


def test_profile_shows_the_dearest_and_counts_the_rest(folder: Path) -> None:
    done = run("profile", folder / "new.zkc", "--by", "line", "--top", 2)
    assert re.fullmatch(
        r"\.\.\. and \d+ more lines \(--top 0 shows all\)", done.stdout.splitlines()[-1]
    )
    assert len(done.stdout.splitlines()) == 5
    assert "more lines" not in run("profile", folder / "new.zkc", "--top", 0).stdout


def test_profile_writes_flame_graphs(vault: CompiledCircuit, folder: Path, tmp_path: Path) -> None:
    page, stacks = tmp_path / "f.html", tmp_path / "f.json"
    done = run("profile", folder / "new.zkc", "--html", page, "--speedscope", stacks)
    assert done.code == 0, done.stderr
    assert "poseidon" in Boxes(page.read_text()).labels
    assert json.loads(stacks.read_text())["profiles"][0]["endValue"] == vault.r1cs.n_constraints


def test_profile_shows_a_difference(folder: Path) -> None:
    done = run("profile", folder / "old.zkc", "--diff", folder / "new.zkc")
    heading, _, whole, *lines = done.stdout.splitlines()
    assert heading == "Vault -> Vault: 1 changed"
    assert whole.split()[0] == "+40"
    assert [line.split()[:3] for line in lines] == [["+40", "20", "60"]]
    assert lines[0].endswith("slot[*] / is within the limit")
    fields = run("profile", folder / "old.zkc", "--diff", folder / "new.zkc", "--json").fields
    assert [c["after"]["constraints"] for c in fields["changes"]] == [60]
    same = run("profile", folder / "old.zkc", "--diff", folder / "old.zkc")
    assert same.stdout.startswith("Vault -> Vault: the same circuit\n")


def test_profile_of_an_r1cs_has_totals(vault: CompiledCircuit, folder: Path) -> None:
    done = run("profile", folder / "new.r1cs")
    assert done.stdout.startswith(f"{vault.r1cs.n_constraints} constraints, ")
    fields = run("profile", folder / "new.r1cs", "--json").fields
    assert fields["wires"] == vault.r1cs.n_wires
    assert set(fields["nonzeros"]) == {"a", "b", "c"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["new.r1cs", "--diff", "new.zkc"],
        ["new.zkc", "--diff", "new.r1cs"],
        ["new.r1cs", "--html", "x.html"],
        ["new.zkc", "--html", "x", "--speedscope", "x"],
        ["new.zkc", "--diff", "old.zkc", "--html", "x"],
        ["new.zkc", "--by", "colour"],
        ["new.zkc", "--top", "-1"],
        ["absent.zkc"],
        ["."],
    ],
)
def test_profile_refuses_what_it_cannot_do(
    folder: Path, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    done = run("profile", *arguments)
    assert done.code == 2
    assert len(done.stderr.splitlines()) == 1
    assert sorted(path.name for path in folder.iterdir()) == ["new.r1cs", "new.zkc", "old.zkc"]


# trace --------------------------------------------------------------------------------------------


def test_trace_prints_definitions_and_rows(folder: Path) -> None:
    done = run("trace", folder / "new.zkc", "slot[1].is_within_the_limit.bit[3]")
    assert done.stdout.splitlines()[2:6] == [
        "computed by",
        "  slot[1].is_within_the_limit.bit[3] = BITS: bit 3 of limit - slot[1] "
        "(tests/explain/circuits.py:28)",
        "    limit = input: public Uint of 20 bits",
        "    slot[1] = input: private Uint of 20 bits",
    ]
    assert "stands in 2 constraints" in done.stdout
    assert "slot[1] / is within the limit (tests/explain/circuits.py:" in done.stdout
    assert "in assert_le > assert_non_negative)" in done.stdout
    fields = run("trace", folder / "new.zkc", "limit", "--rows", 1, "--json").fields
    assert len(fields["rows"]) == 1
    assert fields["constraints"] > 1
    assert fields["definitions"][0]["operation"] == "input"


@pytest.mark.parametrize("arguments", [["nothing"], ["limit", "--depth", "-1"], []])
def test_trace_refuses_what_it_cannot_do(folder: Path, arguments: list[str]) -> None:
    done = run("trace", folder / "new.zkc", *arguments)
    assert (done.code, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1


# check --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("world"))


def check(world: World, *more: object, account: str = "underwater.json"):
    return run(
        *("check", "--circuit", world.path("meets.zkc"), *world.venue),
        *("--account", world.path(account), "--secret", world.path("secret"), *more),
    )


def secrets_of(world: World, tmp_path: Path, account: str) -> set[str]:
    """Every value of the account's witness that is long enough to be told from a count."""
    file = tmp_path / "w.wtns"
    satisfied = run(
        *("check", "--circuit", world.path("liquidatable.zkc"), *world.venue, "--liquidator", "1"),
        *("--account", world.path(account), "--secret", world.path("secret"), "--witness", file),
    )
    assert satisfied.code == 0, satisfied.stderr
    values = from_limbs(load_wtns(file))
    return {str(n) for v in values for n in (v, R - v) if len(str(n)) > 6}


def test_a_failing_check_names_obligation_line_and_gadgets(world: World) -> None:
    done = check(world)
    assert (done.code, done.stdout) == (1, "")
    assert re.search(
        r"not satisfied: the margin covers the buffer "
        r"\(circuits/margin/linear\.py:\d+, in assert_non_negative, constraint \d+\)",
        done.stderr,
    )
    fields = check(world, "--json").fields
    assert fields["gadgets"] == "assert_non_negative"
    assert fields["hints"] == []
    assert fields["obligation"] == "the margin covers the buffer"


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_no_value_is_shown_without_reveal(world: World, tmp_path: Path, more: list[str]) -> None:
    done = check(world, *more)
    numbers = set(re.findall(r"\d+", done.stdout + done.stderr))
    assert not numbers & secrets_of(world, tmp_path, "underwater.json")
    assert "revealed" not in done.stdout


def test_reveal_shows_the_failing_constraint_on_stdout_alone(world: World, tmp_path: Path) -> None:
    done = check(world, "--reveal")
    assert done.code == 1
    # Cash -60,000 at the scale 1e-8, and the margin in the circuit's unit.
    assert re.search(r"^  cash +-6000000000000$", done.stdout, re.M)
    assert "A without its bits is -101696081250000000000000000\n" in done.stdout
    assert not set(re.findall(r"\d+", done.stderr)) & secrets_of(world, tmp_path, "underwater.json")
    fields = check(world, "--reveal", "--json").fields
    assert fields["ok"] is False
    row = fields["revealed_constraint"]
    assert row["signals"]["cash"] == "-6000000000000"
    assert int(row["a"]) * int(row["b"]) % R != int(row["c"]) % R


def test_reveal_of_a_true_claim_shows_no_constraint(world: World) -> None:
    done = check(world, "--reveal", account="account.json")
    assert done.code == 0
    assert "constraint" not in done.stdout


def test_reveal_shows_the_values_of_this_account(world: World) -> None:
    write(world.path("other.json"), changed(UNDERWATER, cash="-700000"))
    fields = check(world, "--reveal", "--json", account="other.json").fields
    assert fields["revealed_constraint"]["signals"]["cash"] == "-70000000000000"


def test_trace_and_profile_of_a_statement_hold_no_value(world: World, tmp_path: Path) -> None:
    circuit = load_circuit(world.path("meets.zkc"))
    outputs = [
        run("trace", world.path("meets.zkc"), slot.path, "--rows", 3).stdout
        for slot in circuit.slots[:12]
    ]
    outputs.append(run("profile", world.path("meets.zkc")).stdout)
    secrets = secrets_of(world, tmp_path, "underwater.json")
    # Coefficients are the circuit's own: values of the witness that are none of them.
    known = {str(value) for value in from_limbs(circuit.r1cs.table)}
    found = set(re.findall(r"\d+", "".join(outputs)))
    assert not found & (secrets - known - {str(10**k) for k in range(30)})
