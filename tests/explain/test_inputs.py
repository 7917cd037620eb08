"""`check --inputs`: any circuit, for the values of a file, which is secret."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.explain.circuits import inputs
from tests.zkmargin.files import Outcome, run
from zk.compiler.compiled import CompiledCircuit
from zk.field import from_limbs
from zk.formats.circuit import save_circuit
from zk.formats.wtns import load_wtns

CANARY = 918273


def texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: texts(item) for name, item in value.items()}
    return [texts(item) for item in value] if isinstance(value, list) else str(value)


@pytest.fixture
def folder(vault: CompiledCircuit, tmp_path: Path) -> Path:
    save_circuit(tmp_path / "v.zkc", vault)
    return tmp_path


def check(folder: Path, values: Any, *more: object) -> Outcome:
    text = values if isinstance(values, str) else json.dumps(texts(values))
    (folder / "inputs.json").write_text(text)
    return run("check", "--circuit", folder / "v.zkc", "--inputs", folder / "inputs.json", *more)


def test_true_inputs_are_satisfied(vault: CompiledCircuit, folder: Path) -> None:
    done = check(folder, inputs(), "--witness", folder / "w.wtns")
    assert (done.code, done.stdout) == (0, "satisfied: Vault\n")
    assert (folder / "w.wtns").stat().st_mode & 0o777 == stat.S_IRUSR | stat.S_IWUSR
    assert from_limbs(load_wtns(folder / "w.wtns")) == from_limbs(vault.witness(inputs()))
    assert check(folder, inputs(), "--json").fields["digest"] == f"{vault.digest:#066x}"
    assert check(folder, {**inputs(), "limit": hex(1000)}).code == 0


def test_false_inputs_are_named_and_not_shown(folder: Path) -> None:
    done = check(folder, {**inputs(), "slot": [7, CANARY, 9]})
    assert (done.code, done.stdout) == (1, "")
    assert "slot[1] / is within the limit" in done.stderr
    assert "in assert_le > assert_non_negative" in done.stderr
    assert str(CANARY) not in done.stderr
    done = check(folder, {**inputs(), "slot": [7, CANARY, 9]}, "--json")
    assert str(CANARY) not in done.stdout


def test_reveal_shows_them_on_stdout(folder: Path) -> None:
    done = check(folder, {**inputs(), "slot": [7, CANARY, 9]}, "--reveal")
    assert done.code == 1
    assert re.search(rf"^  slot\[1\] +{CANARY}$", done.stdout, re.M)
    assert f"A without its bits is {1000 - CANARY}" in done.stdout
    assert str(CANARY) not in done.stderr


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"limit": None}, "limit"),
        ({"surplus": "1"}, "surplus"),
        ({"slot": ["1", "2"]}, "slot[2]"),
        ({"slot": {"a": "1"}}, "slot"),
        ({"limit": "1.5"}, "limit"),
        ({"limit": f"{CANARY}x"}, "limit"),
        ({"limit": "007"}, "limit"),
        ({"limit": "1" * 79}, "limit"),
        ({"limit": ["3", "4"]}, "limit"),
    ],
)
def test_wrong_inputs_are_refused_by_their_path(folder: Path, change: Any, path: str) -> None:
    values = {k: v for k, v in {**texts(inputs()), **change}.items() if v is not None}
    done = check(folder, json.dumps(values))
    assert (done.code, done.stdout) == (2, "")
    assert f"inputs.json: {path}" in done.stderr
    assert str(CANARY) not in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "7", '["918273"]', '"918273"', "{" * 10_000),
        *('{"limit": 918273}', '{"limit": true}', '{"limit": null}'),
        *('{"limit": "1", "limit": "2"}', '{"slot": {"a": "1", "a": "2"}}'),
        '{"limit": ' + "[" * 500 + "]" * 500 + "}",
    ],
)
def test_files_of_another_form_are_refused(folder: Path, text: str) -> None:
    done = check(folder, text)
    assert (done.code, done.stdout) == (2, "")
    assert str(CANARY) not in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "more",
    [["--params", "p"], ["--account", "a"], ["--secret", "s"], ["--mode", "MM"], ["--buffer", "1"]],
)
def test_inputs_go_with_a_circuit_alone(folder: Path, more: list[str]) -> None:
    done = check(folder, inputs(), *more)
    assert done.code == 2
    assert f"without {more[0]}" in done.stderr


def test_a_claim_still_needs_all_its_options(folder: Path) -> None:
    done = run("check", "--circuit", folder / "v.zkc", "--params", "p", "--market", "m")
    assert done.code == 2
    assert "Missing option '--account'" in done.stderr
    assert run("check", "--keys", folder, "--inputs", folder / "x").code == 2
