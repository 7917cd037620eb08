"""Circuits of ours without one row: whenever two witnesses then differ, nothing may say 'safe'.

    python -m tests.analyse.weakened                    every row of every gadget and statement
    python -m tests.analyse.weakened --rows 20 is_less  20 rows, drawn, of what has this in its name

A subject is a gadget whose results are outputs, or a margin statement of the smallest shape, with
an honest witness. A row is taken away by making it 0 * 0 = 0, so that a certificate of the whole
circuit still fits in every other place. A second witness is looked for by lying in a wire of the
row and going on as the program would, by solving the rows that are left around the lie, and by
the analyser's search, with nothing proved beforehand.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain

import numpy as np

from circuits.gadgets.arith import absolute, divide, maximum, minimum, square_root
from circuits.gadgets.compare import assert_le, assert_less, is_le, is_less
from circuits.gadgets.lanes import pack_lanes, unpack
from circuits.gadgets.mux import lookup, one_hot
from circuits.gadgets.order import ordered_slots
from circuits.gadgets.select import assert_member
from circuits.margin.linear import STATEMENTS
from circuits.margin.shape import TINY
from tests.analyse.systems import r1cs_of
from tests.checks import Attack, Inputs, forged_values, gadget_circuit
from tests.gadgets import costs
from tests.gadgets.costs import Entry, bools, fields, ints, uints
from tests.margin import sample
from tests.margin.raw import Forgery
from zk import babyjubjub
from zk.analyse import analysis
from zk.analyse.checker import BadCertificate, check_certificate, system_digest
from zk.analyse.concrete import Completion, Conflict
from zk.analyse.limits import Budget, OutOfBudget
from zk.analyse.propagate import Propagator
from zk.analyse.prove import Proof
from zk.analyse.search import find_pair, satisfies
from zk.analyse.system import System, rows_of
from zk.compiler.compiled import CompiledCircuit
from zk.compiler.lower import compile
from zk.compiler.types import Int
from zk.field import R, from_limbs
from zk.r1cs import R1CS, Matrix

_MEMORY = 4 << 30
_SECONDS = 60.0  # of a proof
_LIES = 3  # values told for each wire of the row
_WIRES = 6  # of the row that are lied about

#: Gadgets at sizes at which every row can be tried.
SMALL = [
    Entry("range", fields(1), lambda cs, x: cs.assert_range(x, 5)),
    Entry("signed range", fields(1), lambda cs, x: cs.assert_signed_range(x, 5)),
    Entry("is_less", uints(4, "x", "y"), is_less),
    Entry("is_le", uints(4, "x", "y"), is_le),
    Entry("assert_le", uints(4, "x", "y"), assert_le),
    Entry("assert_less", uints(4, "x", "y"), assert_less),
    Entry("assert_member", fields(4), lambda cs, x, *xs: assert_member(cs, x, xs)),
    Entry("ordered_slots", fields(2), lambda cs, *keys: ordered_slots(cs, keys, 5)[1]),
    Entry("absolute", ints(5, "x"), absolute),
    Entry("minimum", ints(4, "x", "y"), minimum),
    Entry("maximum", ints(4, "x", "y"), maximum),
    Entry("divide", uints(6, "x") | uints(3, "y"), divide),
    Entry("divide by 5", uints(6, "x"), lambda cs, x: divide(cs, x, 5)),
    Entry("square_root", uints(6, "x"), square_root),
    Entry("one_hot", bools(2), lambda cs, *bits: one_hot(cs, bits)),
    Entry("lookup", uints(2, "i") | fields(4), lambda cs, i, *xs: lookup(cs, i, xs)),
    Entry("unpack", ints(5, "x", "y"), lambda cs, *xs: unpack(cs, pack_lanes(cs, xs, 7))),
]


@dataclass(frozen=True)
class Subject:
    """A circuit as rows, its results the outputs, and how to run its program with a lie in it."""

    name: str
    r1cs: R1CS
    circuit: CompiledCircuit
    results: list[list[tuple[int, int]]]  # combinations over the circuit's own wires
    honest: list[int]
    attack: Attack

    @property
    def inputs(self) -> list[int]:
        return analysis.input_wires(self.r1cs)

    def lied(self, lies: dict[int, int]) -> list[int]:
        """The witness of a program that is told to write these values."""
        k = self.r1cs.n_outputs
        index = min(self.attack._writer[wire - k] for wire in lies)
        known = [1, *self.honest[1 + k :]][: self.attack._code[index][1]]
        told = {wire - k: value for wire, value in lies.items()}
        return self.extended(self.attack._continue(known, index, told))

    def extended(self, w: list[int]) -> list[int]:
        """The circuit's witness with its results as outputs."""
        return [1, *(sum(c * w[x] for x, c in lc) % R for lc in self.results), *w[1:]]


def of_circuit(
    name: str,
    circuit: CompiledCircuit,
    attack: Attack,
    results: list[list[tuple[int, int]]],
    candidates: Iterator[list[int]],
) -> Subject:
    """The circuit with one output, and one row, for each result; and the first inputs that hold."""
    k = len(results)

    def moved(lc: dict[int, int]) -> dict[int, int]:
        return {wire + k if wire else 0: value for wire, value in lc.items()}

    plain = circuit.r1cs
    rows = [(moved(a), moved(b), moved(c)) for a, b, c in rows_of(plain)]
    rows += [(moved(dict(lc)), {0: 1}, {i: 1}) for i, lc in enumerate(results, start=1)]
    n_inputs = plain.n_public + plain.n_private
    r1cs = r1cs_of(rows, plain.n_wires + k, k, n_inputs)
    for inputs in chain((c for c in candidates if len(c) == n_inputs), _solutions(plain)):
        honest = attack.start(inputs)
        if attack.first_broken(honest) is None:
            subject = Subject(name, r1cs, circuit, results, honest, attack)
            full = dataclasses.replace(subject, honest=subject.extended(honest))
            assert satisfies(r1cs, full.honest)
            return full
    raise AssertionError(f"{name}: no inputs satisfy it")


def of_gadget(entry: Entry) -> Subject:
    gadget = gadget_circuit(entry.inputs, entry.body)
    attack = gadget.attack
    results = [attack._run.pool.rows[row] for row in attack._returned]
    return of_circuit(
        entry.name, gadget.circuit, attack, results, _inputs(entry.name, entry.inputs)
    )


def subjects() -> dict[str, Callable[[], Subject]]:
    """Every subject by its name."""
    found: dict[str, Callable[[], Subject]] = {}
    for entry in (*SMALL, *costs.ENTRIES):
        found[entry.name] = partial(of_gadget, entry)
    for kind in STATEMENTS:
        found[f"{kind} 1+1"] = partial(of_statement, kind)
    return found


def of_statement(kind: str) -> Subject:
    epoch = sample.epoch(TINY)
    book = sample.at(0 if kind == "meets" else -1, epoch, sample.book(TINY))
    circuit = compile(STATEMENTS[kind](TINY))
    values = Forgery.honest(kind, TINY, book, epoch).values
    return of_circuit(
        f"{kind} 1+1", circuit, Attack(circuit), [], iter([from_limbs(circuit.assign(values))])
    )


def _inputs(name: str, inputs: Inputs) -> Iterator[list[int]]:
    """Inputs to try, in the order of the circuit: small ones first, then drawn ones."""
    count = len(inputs)
    if "Baby Jubjub" in name or "EdDSA" in name:
        yield from _points(count)
    yield [i + 1 if bits is None or bits > 4 else 1 for i, (_, bits) in enumerate(inputs.values())]
    yield [1] * count
    yield [7] * count
    yield [0] * count
    rng = random.Random(name)
    for _ in range(50):
        yield [
            rng.randrange(-(1 << bits - 1), 1 << bits - 1) % R
            if bits and kind is Int
            else rng.randrange(1 << (bits or 1))
            for kind, bits in inputs.values()
        ]


def _solutions(r1cs: R1CS) -> Iterator[list[int]]:
    """Inputs around which the rows can be solved."""
    system, rng = System(r1cs), random.Random(1)
    end = 1 + r1cs.n_public + r1cs.n_private
    for order in (range(1, end), range(end - 1, 0, -1)):
        w = _solved(system, {}, rng, [*order], 30)
        if w is not None:
            yield w[1:end]


def _points(count: int) -> Iterator[list[int]]:
    """A signature, or what else of points has this many numbers."""
    base = babyjubjub.BASE
    double = babyjubjub.add(base, base)
    yield [*base, *double][:count]
    yield [3, *base][:count]
    key, message = babyjubjub.SecretKey(bytes(range(32))), 1234
    signature = key.sign(message)
    numbers = [*key.public_key(), *signature.r8, signature.s, message]
    yield from ([*first, *numbers][:count] for first in ([], [1]))


# One row less ----------------------------------------------------------------------------------


def blanked(r1cs: R1CS, row: int) -> R1CS:
    """The system with 0 * 0 = 0 in the place of one row."""

    def less(matrix: Matrix) -> Matrix:
        lo, hi = (int(x) for x in matrix.offsets[row : row + 2])
        offsets = matrix.offsets.astype(np.int64)
        offsets[row + 1 :] -= hi - lo
        kept = np.r_[0:lo, hi : len(matrix.wires)]
        return Matrix(offsets.astype(np.uint32), matrix.wires[kept], matrix.coeffs[kept])

    return dataclasses.replace(r1cs, **{name: less(getattr(r1cs, name)) for name in "abc"})


def differences(
    subject: Subject, weak: R1CS, row: int, rng: random.Random, seconds: float
) -> set[int]:
    """For each second witness found, a wire on which it differs, an output if it does on one.

    It ends with the first that says most; the seconds are for solving rows.
    """
    r1cs, honest, rows = subject.r1cs, subject.honest, rows_of(weak)
    first_free = 1 + r1cs.n_outputs + len(subject.inputs)
    given = range(1 + r1cs.n_outputs, first_free)
    lost = sorted({w for lc in rows_of(r1cs)[row] for w in lc if w} - set(given), reverse=True)
    wires = lost if len(lost) <= _WIRES else [lost[0], *rng.sample(lost[1:], _WIRES - 1)]
    found: set[int] = set()
    for w in _witnesses(subject, weak, row, wires, rng, seconds):
        if w != honest and _holds(rows, w):
            found.add(next(i for i, (x, y) in enumerate(zip(w, honest, strict=True)) if x != y))
            if not r1cs.n_outputs or min(found) <= r1cs.n_outputs:
                break
    return found


def _witnesses(
    subject: Subject, weak: R1CS, row: int, wires: list[int], rng: random.Random, seconds: float
) -> Iterator[list[int]]:
    """What a liar would try: each is still to be put into the rows."""
    honest = subject.honest
    first_free = 1 + weak.n_outputs + len(subject.inputs)
    told = {
        wire: rng.sample(values, min(_LIES, len(values)))
        for wire in wires
        for values in (forged_values(rng, honest[wire]),)
    }
    for wire, values in told.items():
        for value in values:
            yield [*honest[:wire], value, *honest[wire + 1 :]]
            if wire >= first_free:
                yield subject.lied({wire: value})
    for wire in wires:
        if wire >= first_free:
            yield from _mended(subject, row, wire, rng)
    end = time.monotonic() + seconds
    system = System(weak)
    inputs = {w: honest[w] for w in subject.inputs}
    for wire, values in told.items():
        for value in values:
            if time.monotonic() > end:
                return
            solved = _solved(system, {**inputs, wire: value}, rng, list(range(1, system.wires)))
            if solved is not None:
                yield solved


def _mended(subject: Subject, row: int, wire: int, rng: random.Random) -> Iterator[list[int]]:
    """Another wire is lied about, and this one mends the first row that breaks."""
    k, attack = subject.r1cs.n_outputs, subject.attack
    lost, plain = wire - k, [i for i in range(subject.circuit.r1cs.n_constraints) if i != row]
    others = sorted(
        {
            w
            for i in attack.rows_of(lost)
            if i != row
            for matrix in attack._rows
            for w, _ in matrix.rows[i]
            if w in attack._writer and w != lost
        }
    )
    for other in rng.sample(others, min(_WIRES, len(others))):
        value = subject.honest[other + k]
        for lie in (1 - value,) if value in (0, 1) else (value + 1, 0):
            w = subject.lied({other + k: lie % R})
            bare = [1, *w[1 + k :]]
            broken = attack.first_broken(bare, plain)
            if broken is None:
                yield w
            elif attack._hints_of(broken, {}):
                for _, root in attack.mends(broken, bare, {}, [lost]):
                    yield subject.lied({other + k: lie % R, wire: root})


def _holds(rows: list[tuple[dict[int, int], dict[int, int], dict[int, int]]], w: list[int]) -> bool:
    for row in rows:
        a, b, c = (sum(x * w[wire] for wire, x in lc.items()) for lc in row)
        if (a * b - c) % R:
            return False
    return True


def _solved(
    system: System,
    start: dict[int, int],
    rng: random.Random,
    order: list[int],
    seconds: float = 0.5,
) -> list[int] | None:
    """All wires from these, if the rows can be solved; no range is believed."""
    nothing: list[tuple[int, int] | None] = [None] * system.wires
    attempt = Completion(system, nothing, Budget(seconds, _MEMORY), rng, order, [])
    try:
        for wire, value in start.items():
            attempt.give(wire, value)
        return attempt.complete()[: system.n]
    except (Conflict, OutOfBudget):
        return None


@dataclass
class Tally:
    """Of the rows tried: how many leave a second witness, and what was said of the circuit."""

    rows: int = 0
    second: int = 0
    other_outputs: int = 0
    verdicts: Counter[str] = dataclasses.field(default_factory=Counter)


def weaken(subject: Subject, most: int | None, solve: float = 0.2, search: float = 0.0) -> Tally:
    """Take rows away one by one; AssertionError where 'safe' is said and two witnesses differ.

    At `most` rows are tried, drawn; `solve` and `search` are the seconds for a second witness by
    solving rows, and by the analyser's search.
    """
    rng = random.Random(subject.name)
    whole = _verdict(subject.r1cs)
    rows = list(range(subject.r1cs.n_constraints))
    tally = Tally()
    for row in rows if most is None or len(rows) <= most else sorted(rng.sample(rows, most)):
        weak = blanked(subject.r1cs, row)
        found = _verdict(weak)
        differ = differences(subject, weak, row, rng, solve)
        if search and not any(w <= weak.n_outputs for w in differ):
            differ |= _searched(weak, subject.inputs, search)
        tally.rows += 1
        tally.second += bool(differ)
        tally.other_outputs += any(w <= weak.n_outputs for w in differ)
        tally.verdicts[found.wires] += 1
        proved = (False, False)
        if whole.certificate is not None:
            forged = {**whole.certificate, "system": system_digest(weak)}
            with contextlib.suppress(BadCertificate):
                proved = check_certificate(weak, subject.inputs, forged)[:2]
        if differ:
            assert found.wires != "safe", (subject.name, row)
            assert not proved[1], (subject.name, row, "certificate")
        if any(w <= weak.n_outputs for w in differ):
            assert found.outputs != "safe", (subject.name, row)
            assert not proved[0], (subject.name, row, "certificate")
    return tally


def _verdict(r1cs: R1CS) -> analysis.Analysis:
    """The analysis without its search: what it can change is 'unknown'."""
    find = analysis.find_pair
    analysis.find_pair = lambda *_, **__: None
    try:
        return analysis.analyse(r1cs, seconds=_SECONDS, memory=_MEMORY)
    finally:
        analysis.find_pair = find


def _searched(r1cs: R1CS, inputs: list[int], seconds: float) -> set[int]:
    """The wire of a pair that the search finds while nothing is proved."""
    system = System(r1cs)
    budget = Budget(seconds, _MEMORY)
    propagator = Propagator(system, budget)
    for wire in inputs:
        propagator.facts.set_known(wire)
    unknown = [w for w in range(r1cs.n_wires) if not propagator.facts.known[w]]
    outputs = [w for w in unknown if w <= r1cs.n_outputs]
    pair = find_pair(system, Proof(propagator, inputs, unknown=unknown), outputs or unknown, budget)
    return set() if pair is None else {pair.wire}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", nargs="?", default="")
    parser.add_argument("--rows", type=int, help="at most so many of each circuit, drawn")
    parser.add_argument("--solve", type=float, default=2, help="seconds for each row")
    parser.add_argument("--search", type=float, default=0.5, help="seconds for each row")
    options = parser.parse_args()
    for name, make in subjects().items():
        if options.name in name:
            started = time.monotonic()
            tally = weaken(make(), options.rows, options.solve, options.search)
            said = ", ".join(f"{count} {verdict}" for verdict, count in tally.verdicts.items())
            print(
                f"{name:52} {tally.rows:5} rows, second witness {tally.second:5}, other outputs "
                f"{tally.other_outputs:5}; wires: {said}; {time.monotonic() - started:.1f} s",
                flush=True,
            )


if __name__ == "__main__":
    main()
