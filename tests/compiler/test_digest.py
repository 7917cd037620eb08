"""The circuit's digest: the same on every machine, and changed by everything that matters."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from circuits.margin.linear import STATEMENTS
from circuits.margin.shape import TINY
from zk import Bool, Circuit, Field, Int, Uint, compile, private, public
from zk.field import R

ROOT = Path(__file__).parents[2]

PRINT = """
import zk
from zk.compiler.lower import compile
from circuits.margin.linear import STATEMENTS
from circuits.margin.shape import TINY
print(zk.__file__)
for kind in STATEMENTS.values():
    print(compile(kind(TINY)).digest)
"""


def digests(root: Path, seed: str) -> list[str]:
    """The digests of both statements, printed by another process that imports from `root`."""
    environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(root)}
    run = subprocess.run(
        [sys.executable, "-c", PRINT],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    source, *found = run.stdout.splitlines()
    assert Path(source).parent == root / "zk"
    return found


@pytest.fixture(scope="module")
def here() -> list[str]:
    return [str(compile(kind(TINY)).digest) for kind in STATEMENTS.values()]


@pytest.mark.parametrize("seed", ["1", "2"])
def test_another_process_agrees(here: list[str], seed: str) -> None:
    assert digests(ROOT, seed) == here


def test_a_checkout_elsewhere_agrees(here: list[str], tmp_path: Path) -> None:
    elsewhere = tmp_path / "another checkout"
    for package in ("zk", "circuits"):
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, elsewhere / package, ignore=ignore)
    assert digests(elsewhere, "3") == here


def test_a_digest_is_a_field_element(here: list[str]) -> None:
    assert all(0 < int(digest) < 1 << 253 < R for digest in here)
    assert len(set(here)) == len(here)


def circuit(
    *,
    name: str = "Sample",
    bits: int = 8,
    factor: int = 3,
    extra: bool = False,
    swap: bool = False,
    hidden: bool = False,
    kind: type[Field] = Uint,
    hint: str = "hint_less",
    order: bool = False,
    metadata: dict[str, Any] | None = None,
    context: bool = False,
    rename: bool = False,
) -> int:
    """The digest of a small circuit, one thing about it changed."""

    def define(self: Any, cs: Any) -> None:
        other = self.renamed if rename else self.y
        first, second = (other, self.x) if swap else (self.x, other)
        bit = cs.assert_bool(getattr(cs, hint)(first, second))
        cs.assert_product(factor * first + bit, second, self.z)
        if extra:
            cs.assert_product(self.x, self.x, self.z)

    visible = private() if hidden else public(context=context)
    declared: dict[str, tuple[Any, Any]] = {
        "z": (Field, visible),
        "x": (kind, private(bits=bits)),
        "renamed" if rename else "y": (Uint, private(bits=8)),
    }
    if order:
        declared = dict(reversed(declared.items()))
    members: dict[str, Any] = {key: declaration for key, (_, declaration) in declared.items()}
    members |= {
        "__annotations__": {key: kind for key, (kind, _) in declared.items()},
        "__module__": __name__,
        "define": define,
        "metadata": lambda self: metadata or {},
    }
    return compile(type(name, (Circuit,), members)()).digest


def test_everything_that_matters_changes_the_digest() -> None:
    digests = {
        "as it is": circuit(),
        "name": circuit(name="Simple"),
        "width": circuit(bits=9),
        "coefficient": circuit(factor=4),
        "constraint": circuit(extra=True),
        "wires": circuit(swap=True),
        "visibility": circuit(hidden=True),
        "type": circuit(kind=Int),
        "hint": circuit(hint="hint_equal"),
        "input order": circuit(order=True),
        "metadata": circuit(metadata={"shape": 1}),
        "context": circuit(context=True),
        "input name": circuit(rename=True),
    }
    assert len(set(digests.values())) == len(digests)
    assert circuit() == digests["as it is"]


def test_metadata_in_another_order_is_the_same() -> None:
    one, two = {"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"d": 3, "c": 2}, "a": 1}
    assert circuit(metadata=one) == circuit(metadata=two)


def test_source_lines_and_obligations_do_not_count() -> None:
    def sample(words: str) -> int:
        class Sample(Circuit):
            x: Field = private()
            flag: Bool = private()

            def define(self, cs: Any) -> None:
                with cs.obligation(words):
                    cs.assert_product(self.x, self.flag, 1)

        return compile(Sample()).digest

    class Sample(Circuit):  # the same, on other lines
        x: Field = private()
        flag: Bool = private()

        def define(self, cs: Any) -> None:
            cs.assert_product(self.x, self.flag, 1)

    assert sample("one") == sample("two") == compile(Sample()).digest


def test_parameters_of_one_shape_give_one_circuit() -> None:
    """Rates, tiers and prices are data: a circuit is made from a shape and sees nothing else."""
    from tests import strategies

    shapes = []
    for seed in (1, 2):
        case = next(strategies.cases(TINY, 1, seed))
        tables = [row.tables for row in case.epoch.rows]
        shapes.append((tables, strategies.shape_of("1+1")))
    assert shapes[0][0] != shapes[1][0]
    for kind in STATEMENTS.values():
        assert len({compile(kind(shape)).digest for _, shape in shapes}) == 1


def test_a_private_value_is_nowhere_in_a_compiled_circuit() -> None:
    """`compile` takes a circuit, which holds sizes; there is no argument for a value."""
    compiled = compile(STATEMENTS["meets"](TINY))
    assert set(compiled.metadata) == {"statement", "shape"}
