"""The SARIF 2.1.0 that `zkmargin analyse` writes: what the standard asks of what we use of it.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0", sections named
below. The official JSON schema is no package of any registry and its terms are OASIS's own, so it
is not in the repository. `SARIF_SCHEMA=sarif-schema-2.1.0.json pytest tests/analyse/test_sarif.py`
holds every log to it too.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest

from tests.analyse.systems import is_zero, one_hot, r1cs_of, to_bits
from tests.zkmargin.files import run
from zk import Bool, Circuit, Field, compile, private, public
from zk.compiler.frontend import ConstraintSystem
from zk.formats.circuit import save_circuit
from zk.formats.r1cs import save_r1cs

_TEXT = {"type": "string", "minLength": 1}


def _exactly(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(required),
        "properties": required | optional,
        "additionalProperties": False,
    }


_MESSAGE = _exactly({"text": _TEXT})  # 3.11
_LOCATION = _exactly(  # 3.28
    {
        "physicalLocation": _exactly(  # 3.29: an artifact, and a region of it
            {"artifactLocation": _exactly({"uri": _TEXT})},
            region=_exactly({"startLine": {"type": "integer", "minimum": 1}}),  # 3.30.5
        ),
        "logicalLocations": {  # 3.33
            "type": "array",
            "minItems": 1,
            "items": _exactly({"fullyQualifiedName": _TEXT, "kind": {"const": "variable"}}),
        },
    }
)
_RESULT = _exactly(  # 3.27
    {
        "ruleId": _TEXT,
        "level": {"enum": ["none", "note", "warning", "error"]},  # 3.27.10
        "message": _MESSAGE,
        "locations": {"type": "array", "items": _LOCATION},
    }
)
_RULE = _exactly({"id": _TEXT, "shortDescription": _MESSAGE})  # 3.49
_DRIVER = _exactly({"name": _TEXT, "version": _TEXT, "rules": {"type": "array", "items": _RULE}})
_RUN = _exactly(  # 3.14: `results` is there, if empty, once the run has looked for some
    {
        "tool": _exactly({"driver": _DRIVER}),
        "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
        "results": {"type": "array", "items": _RESULT},
    }
)
#: 3.13, in the part that is written here.
OURS = _exactly(
    {
        "$schema": {"type": "string", "pattern": r"^https://.*/sarif-schema-2\.1\.0\.json$"},
        "version": {"const": "2.1.0"},
        "runs": {"type": "array", "minItems": 1, "items": _RUN},
    }
)


def log_of(arguments: tuple[Any, ...], folder: Path) -> Any:
    target = folder / "report.sarif"
    run("analyse", "--sarif", target, *arguments)
    return json.loads(target.read_text())


def assert_sarif(log: Any) -> list[Any]:
    """The results of a log that is as the standard says."""
    jsonschema.validate(log, OURS)
    official = os.environ.get("SARIF_SCHEMA")
    if official:
        jsonschema.Draft4Validator(json.loads(Path(official).read_text())).validate(log)
    (found,) = log["runs"]
    rules = [rule["id"] for rule in found["tool"]["driver"]["rules"]]
    assert len(rules) == len(set(rules))  # 3.19.23
    for result in found["results"]:
        assert result["ruleId"] in rules  # 3.27.5
        for location in result["locations"]:
            uri = location["physicalLocation"]["artifactLocation"]["uri"]
            # 3.4.3, 3.10: by RFC 3986, relative or with the scheme `file`.
            assert re.fullmatch(r"(?:file://)?(?:[A-Za-z0-9\-._~!$&'()*+,;=@/]|%[0-9A-F]{2})+", uri)
    return list(found["results"])


class Loose(Circuit):
    """A hint that its one constraint binds for x = 0 alone."""

    z: Field = public()
    x: Field = private()
    b: Bool = private()

    def define(self, cs: ConstraintSystem) -> None:
        with cs.obligation('a / <weird> "name" é'):
            free = cs.hint_inverse(self.x)
            cs.assert_product(self.x * self.b, free, self.z * self.x)


@pytest.mark.parametrize(
    ("system", "rules"),
    [
        (to_bits(8), set()),
        (one_hot(4, complete=False), {"undetermined-output", "undecided-wire"}),
        (is_zero(), {"undetermined-wire"}),
    ],
)
def test_a_log_of_an_r1cs(system: Any, rules: set[str], tmp_path: Path) -> None:
    save_r1cs(tmp_path / "main.r1cs", r1cs_of(*system))
    results = assert_sarif(log_of((tmp_path / "main.r1cs", "--of", "wires"), tmp_path))
    assert {result["ruleId"] for result in results} == rules
    for result in results:
        place = result["locations"][0]["physicalLocation"]
        assert unquote(place["artifactLocation"]["uri"]) == f"file://{tmp_path / 'main.r1cs'}"
        assert "region" not in place


@pytest.mark.parametrize(
    "name", ["a b.r1cs", "ü#%41.r1cs", "c:d.r1cs", "a?b&c=d.r1cs", "sub/x\\y.r1cs", "-x.r1cs"]
)
def test_a_file_of_any_name(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sub").mkdir()
    save_r1cs(tmp_path / name, r1cs_of(*is_zero()))
    monkeypatch.chdir(tmp_path)
    (result, *_) = assert_sarif(log_of(("--of", "wires", "--", name), tmp_path))
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert unquote(uri) == name


def test_a_log_of_a_circuit_names_lines(tmp_path: Path) -> None:
    save_circuit(tmp_path / "loose.zkc", compile(Loose()))
    results = assert_sarif(log_of((tmp_path / "loose.zkc",), tmp_path))
    assert results
    lines = Path(__file__).read_text().splitlines()
    for result in results:
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "tests/analyse/test_sarif.py"
        assert "cs." in lines[place["region"]["startLine"] - 1]


@pytest.mark.parametrize(
    "change",
    [
        {"version": "2.0"},
        {"runs": []},
        {"runs": [{}]},
        {"inlineExternalProperties": 1},
    ],
)
def test_what_is_no_log_is_noticed(change: dict[str, Any], tmp_path: Path) -> None:
    save_r1cs(tmp_path / "main.r1cs", r1cs_of(*is_zero()))
    log = log_of((tmp_path / "main.r1cs",), tmp_path)
    with pytest.raises(jsonschema.ValidationError):
        assert_sarif({**log, **change})
