"""The harness: mutants are what they say, and the tests notice a twentieth of all of them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.mutation import names
from tests.mutation.children import Work, forked, results
from tests.mutation.mutants import KINDS, Mutant, drawn, mutants
from tests.mutation.sites import sites_of
from tests.mutation.targets import TARGETS
from zk.compiler import spec
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.passes import eliminate_linear, simplify
from zk.compiler.passes.rows import combination
from zk.compiler.types import Field
from zk.compiler.witness import Op

SITE = "a.py:1"


def system() -> ConstraintSystem:
    """x y = p, p q = 1 with a hint q, and p = 3 q: the sites of its rows and its equality."""
    cs = ConstraintSystem("mutated")
    cs.n_inputs = 2
    first = cs.wires(2)
    x, y = (Field(cs, {first + i: 1}) for i in range(2))
    product = x * y
    hint = cs.hint_inverse(product)
    cs.assert_product(product, hint, 1)
    cs.assert_equal(product, 3 * hint)
    sites_of(cs).clear()
    sites_of(cs)[SITE] = [("row", 0), ("row", 1), ("linear", 0)]
    return cs


def rows(cs: ConstraintSystem) -> list[tuple[dict[int, int], ...]]:
    return [
        tuple(combination(cs, matrix, i) for matrix in (cs.a, cs.b, cs.c))
        for i in range(len(cs.row_origin))
    ]


@pytest.mark.parametrize("position", ["first", "drawn", "last"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_mutant_changes_one_constraint_into_another_valid_one(kind: str, position: str) -> None:
    plain, cs = system(), system()
    assert Mutant(SITE, kind, position).apply(cs)
    changed = [
        i for i, (old, new) in enumerate(zip(rows(plain), rows(cs), strict=True)) if old != new
    ]
    equality = [lc for lc, _ in cs.linear] != [lc for lc, _ in plain.linear]
    assert (changed, equality) == {
        "first": ([0], False),
        "drawn": ([1], False),
        "last": ([], True),
    }[position]
    # Still what a compiler could have written: the specification holds to the end.
    spec.check(cs, set(), "mutated", thorough=True)
    gone = eliminate_linear(cs)
    spec.check(cs, simplify(cs, gone), "compiled", thorough=True)


def test_a_dropped_product_is_a_value_that_nothing_binds() -> None:
    cs = system()
    Mutant(SITE, "drop", "first").apply(cs)
    assert cs.code[:2].tolist() == [Op.MUL, 3]
    assert rows(cs)[0] == ({}, {}, {})


def test_a_site_that_is_not_there_is_left_alone() -> None:
    cs = system()
    assert not Mutant("b.py:2", "drop", "first").apply(cs)
    assert rows(cs) == rows(system())


def test_positions_are_those_that_differ() -> None:
    found = mutants({"a": 1, "b": 2, "c": 9})
    assert [sum(m.site == site for m in found) for site in "abc"] == [3, 6, 9]
    assert len(set(found)) == len(found)


def test_what_is_drawn_stays_when_lines_move(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "ROOT", tmp_path)
    lines = [f"assert {i % 7} {'row' * (i % 2)}" for i in range(20)]  # 14 of them differ
    found = []
    # So many that numbers get another digit: "9" stands behind "10" where they are text.
    for file, above in (("a.py", 0), ("a.py", 2), ("a.py", 95)):
        names._lines.cache_clear()
        (tmp_path / file).write_text("\n".join(["# another"] * above + ["  " + x for x in lines]))
        every = mutants({f"{file}:{above + 1 + i}": 3 for i in range(20)}, draw=4)
        assert len({mutant.name for mutant in every}) == len(every)
        chosen = sorted(drawn(every, 0.1, "seed"), key=lambda mutant: mutant.name)
        changed = []
        for mutant in every:
            cs = system()
            sites_of(cs)[mutant.site] = sites_of(cs)[SITE]
            mutant.apply(cs)
            changed.append((mutant.name, rows(cs), cs.linear[0][0]))
        found.append(([m.name for m in chosen], sorted(changed, key=lambda c: c[0])))
    names._lines.cache_clear()
    assert len(found[0][0]) == 18
    assert found[0] == found[1] == found[2]


def test_a_line_more_changes_nothing_of_what_was_drawn() -> None:
    def chosen(n: int) -> set[str]:
        return {m.name for m in drawn(mutants({f"nowhere/{i}.py": 9 for i in range(n)}), 0.5, "s")}

    few, more = chosen(10), chosen(11)
    assert (len(few), len(more)) == (45, 50)  # of 90 and 99
    assert len(few - more) < 9  # a tenth of the mutants are the new line's


def test_another_draw_changes_other_terms() -> None:
    changed = set()
    for draw in range(20):
        cs = system()
        Mutant(SITE, "swap", "drawn", draw).apply(cs)
        changed.add(str(rows(cs)[1]))
    assert len(changed) > 1


def test_a_child_is_stopped_when_its_time_is_up() -> None:
    assert forked(lambda _: 3, 20).code == 3
    start = time.monotonic()

    def sleep(_: Any) -> int:
        time.sleep(60)
        return 0

    assert forked(sleep, 0.2).code is None
    assert time.monotonic() - start < 30


def test_children_run_side_by_side_and_each_says_its_own() -> None:
    def work(name: str) -> Work:
        def run(tell: Any) -> int:
            tell(name)
            return int(name)

        return run

    found = dict(results([work("1"), work("2"), work("3")], 20, 2))
    assert {i: (r.code, r.message) for i, r in found.items()} == {
        0: (1, "1"),
        1: (2, "2"),
        2: (3, "3"),
    }


def test_no_child_is_begun_when_the_time_is_up() -> None:
    assert list(results([lambda _: 0], 20, 2, until=time.monotonic() - 1)) == []


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.mutation", *arguments],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"ZKMARGIN_CHECK_IR": ""},
        capture_output=True,
        text=True,
        timeout=3600,
    )


def test_a_twentieth_of_all_mutants_is_noticed() -> None:
    """Drawn by a seed from every target; what survives is named in what the command prints."""
    done = command("--sample", "0.05", "--seed", "1", "--quick")
    assert done.returncode == 0, done.stdout + done.stderr
    scores = re.findall(r"^(\w+): 100\.0 % .*, of \d+ mutants$", done.stdout, re.MULTILINE)
    assert scores == list(TARGETS), done.stdout
