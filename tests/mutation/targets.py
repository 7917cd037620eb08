"""What is mutated, and the tests that should notice: the source files of a target and its tests.

Tests of counts are left out, and `gadget.cost` equals everything in a mutant's run: a row that is
missing should be noticed by what it no longer refuses, not by its absence.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.mutation.names import LANGUAGE

_G = "circuits/gadgets/"
_T = "tests/gadgets/"


@dataclass(frozen=True)
class Target:
    """`sources` are the beginnings of its sites; `tests` files for pytest, `only` its -k.

    `last` are the beginnings of tests that are asked if all others let a mutant pass. `quick` is
    another -k, of tests that reach every site in little time. `ready` names what is done once, in
    the process from which all mutants are forked: what each of them would do again. `share` is how
    much of a drawn part is run, where mutants are dear.
    """

    name: str
    sources: tuple[str, ...]
    tests: tuple[str, ...]
    only: str = ""
    last: tuple[str, ...] = ()
    quick: str = ""
    ready: str = ""  # module:function
    share: float = 1.0


def _gadget(name: str, *tests: str) -> Target:
    return Target(name, (f"{_G}{name}.py",), tuple(f"{_T}test_{test}.py" for test in tests))


TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        Target("range", (LANGUAGE,), (f"{_T}test_compare.py", f"{_T}test_bits.py")),
        _gadget("compare", "compare"),
        Target("poseidon", (f"{_G}hash.py",), (f"{_T}test_hash.py",)),
        Target(
            "merkle",
            (f"{_G}merkle.py", f"{_G}select.py"),
            (f"{_T}test_merkle.py", f"{_T}test_select.py"),
        ),
        _gadget("lookup", "lookup"),
        _gadget("pack", "select"),
        _gadget("logic", "logic"),
        _gadget("bits", "bits"),
        _gadget("mux", "mux"),
        _gadget("order", "order"),
        _gadget("arith", "arith", "division"),
        _gadget("fixed", "fixed"),
        _gadget("lanes", "lanes"),
        _gadget("tiers", "tiers"),
        # EdDSA emits by its parts alone, and what a liar has in them is tested where they are.
        Target(
            "eddsa",
            (f"{_G}eddsa.py", f"{_G}babyjubjub.py"),
            (f"{_T}test_babyjubjub.py", f"{_T}test_eddsa.py"),
        ),
        # So does SHA-256: every line that its own tests reach.
        Target("sha256", (_G,), (f"{_T}test_sha256.py",)),
        Target(
            "margin",
            ("circuits/margin/linear.py",),
            (
                "tests/security/test_slots.py",
                "tests/security/test_every_slot.py",
                "tests/security/test_last_row.py",
                "tests/security/test_unsatisfiable.py",
                "tests/security/test_bound_inputs.py",
                "tests/security/test_forged_hints.py",
                "tests/margin/test_statement.py",
                "tests/margin/test_circuit.py",
            ),
            # 1+1 has every kind of row, 4+4 slots that differ. What a circuit says of itself is
            # not asked.
            only="not 16+8 and not 64+16 and not test_the_sum_cannot_wrap",
            # Compares slots with each other: where one is lied about, lies should tell.
            last=("tests/security/test_slots.py",),
            quick="(1+1 or test_the_accounts_are_honest) and not test_the_sum_cannot_wrap",
        ),
        Target(
            "portfolio",
            ("circuits/margin/portfolio/",),
            tuple(
                f"tests/portfolio/test_{test}.py"
                for test in (
                    "unsatisfiable",
                    "unsatisfiable_epoch",
                    "any_epoch",
                    "every_slot",
                    "every_bit",
                    "ends_of_ranges",
                    "last_unit",
                    "every_lane",
                    "free_values",
                    "underlyings",
                    "statement",
                    "greeks",
                    "forged_hints",
                    "computed_values",
                    "agreement",
                )
            ),
            # Lies are told in a small shape that has every kind of row; of the size classes, the
            # smallest is asked, and one of two underlyings.
            only="not (test_circuit_and_model_agree and (16 or 32 or 64 or 128))",
            quick="(not forged_hint and not no_computed_value and not agree and not nets "
            "and not call_and_the_put and not about_a_file and not largest_quant) or any_epoch",
            ready="tests.portfolio.raw:ready",
            share=0.3,
        ),
    )
}
