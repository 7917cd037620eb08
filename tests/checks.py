"""A harness for gadgets: build a circuit around one, run it, and attack its witness.

`gadget_circuit` compiles a function of typed inputs. `honest` runs the engine and gives what the
function returned. `assert_forgeries_rejected` is a prover that lies: it puts other values in the
place of each hint, and goes on computing from there as the program would. Every such witness must
break a constraint, or change no returned signal (the inverse of 0 is free, and harmless) and leave
every wire in the interval that the compiler knows of it.

Notation: w the wires; a hint is an instruction other than ROW.
"""

from __future__ import annotations

import copy
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.binding import unbound
from zk import engine
from zk.compiler.compiled import CompiledCircuit
from zk.compiler.declare import Circuit, Declaration
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.lower import compile
from zk.compiler.types import Field, Int
from zk.compiler.witness import Op
from zk.errors import UnsatisfiedConstraint
from zk.field import Limbs, R, from_limbs, signed, to_limbs
from zk.reference.witness import _Run, system_rows

#: name -> (type, bits), or (Field, None).
Inputs = Mapping[str, tuple[type[Field], int | None]]
Body = Callable[..., Any]
#: Constraints of a gadget of which every refusal is attacked.
SMALL = 2000


def gadget_circuit(inputs: Inputs, body: Body) -> Gadget:
    """Compile `body(cs, *signals)`; it may return a signal, a list of them, or nothing."""
    kept: list[Field] = []

    def define(self: Circuit, cs: ConstraintSystem) -> None:
        result = body(cs, *(getattr(self, name) for name in inputs))
        kept[:] = result if isinstance(result, list | tuple) else [] if result is None else [result]
        # The pool is rewritten and renumbered with the rows, so its last entries are these signals
        # over the compiled circuit's wires.
        for signal in kept:
            cs._pooled(signal)

    circuit = compile(_circuit(inputs, define)())
    bare = compile(_circuit(inputs, lambda self, cs: None)())
    cost = circuit.r1cs.n_constraints - bare.r1cs.n_constraints
    return Gadget(circuit, cost, [isinstance(signal, Int) for signal in kept])


def _circuit(inputs: Inputs, define: Callable[[Circuit, ConstraintSystem], None]) -> type[Circuit]:
    """A circuit class; its inputs may go unread, as a gadget that costs nothing leaves them."""
    annotations = {name: kind for name, (kind, _) in inputs.items()}
    members: dict[str, Any] = {
        name: Declaration("private", bits, None, True, {}, f"tests/{name}:1")
        for name, (_, bits) in inputs.items()
    }
    members |= {"__annotations__": annotations, "__module__": __name__, "define": define}
    return type("Gadget", (Circuit,), members)


class Gadget:
    """A compiled gadget. `cost` is its constraints without those of the inputs' own ranges."""

    def __init__(self, circuit: CompiledCircuit, cost: int, integers: list[bool]) -> None:
        self.circuit = circuit
        self.cost = cost
        self._integers = integers
        self.attack = Attack(circuit, n_outputs=len(integers))

    def honest(self, values: Mapping[str, int]) -> list[int]:
        """What the gadget returns; Ints signed. Fails where a constraint does."""
        witness = self.circuit.witness(dict(values))
        self.circuit.check(witness)
        assert outside(self.circuit, witness) == []
        returned = self.attack.outputs(from_limbs(witness))
        return [signed(x) if i else x for x, i in zip(returned, self._integers, strict=True)]

    def refusal(self, values: Mapping[str, int]) -> UnsatisfiedConstraint:
        """The error with which the constraints refuse these inputs, whatever Python would say.

        Of a small gadget: no hint mends what breaks.
        """
        try:
            self.circuit.check(self.circuit.witness(dict(values)))
        except UnsatisfiedConstraint as error:
            if self.circuit.r1cs.n_constraints <= SMALL:
                attack = copy.copy(self.attack)  # whose own honest run stays
                attack.start(self._assigned(values))
                self._stay_refused(attack.mended({}, random.Random("refusal"), most=40))
            return error
        raise AssertionError("invalid inputs were accepted")

    def assert_refused(self, values: Mapping[str, int], *, seed: int = 0, wires: int = 80) -> None:
        """These inputs are refused, whatever any one wire that the program computes is said to be.

        A product in a chain counts too: a prover may write 0 there, if no row says what it is. And
        what the program cannot satisfy is mended by every hint that could.
        """
        self.refusal(values)
        rng = random.Random(f"refused {seed}")
        witness = self.attack.start(self._assigned(values))
        computed = range(self.circuit.program.n_inputs + 1, self.circuit.r1cs.n_wires)
        for wire in rng.sample(computed, min(wires, len(computed))):
            for value in {0, 1, R - 1, (witness[wire] + 1) % R} - {witness[wire]}:
                if self.attack.alive({wire: value}):
                    self._stay_refused(self.attack.mended({wire: value}, rng, most=4))
        self._stay_refused(self.attack.mended({}, rng, most=200))

    def _assigned(self, values: Mapping[str, int]) -> list[int]:
        return from_limbs(self.circuit.assign(dict(values)))

    @staticmethod
    def _stay_refused(passing: Iterator[tuple[dict[int, int], list[int]]]) -> None:
        for lies, _ in passing:
            raise AssertionError(f"false inputs pass with wires {sorted(lies)} forged")

    def assert_forgeries_rejected(
        self, values: Mapping[str, int], *, seed: int = 0, pairs: int = 60, repairs: int = 60
    ) -> Forgeries:
        """Lie in every hint, in pairs of hints, in every output and in random wires.

        `repairs` of the lies that break no row at once are followed up: what they break is mended
        by further lies.
        """
        rng = random.Random(f"forgeries {seed}")
        witness = self.attack.start(self._assigned(values))
        broken = self.attack.first_broken(witness)
        assert broken is None, f"the honest witness breaks row {broken}"
        self.attack.assert_bound()
        tried = Forgeries()
        lies = list(self._lies(rng, witness, pairs))
        for told in lies:
            tried.count(self.attack.judge(told))
        alive = [told for told in lies if self.attack.alive(told)]
        rng.shuffle(alive)
        # Half of them about wires that may be much by themselves: a quotient, and no bit.
        told_of = Counter(min(told) for told in alive if len(told) == 1)
        alive.sort(key=lambda told: -told_of[min(told)] if len(told) == 1 else 0)
        rest = alive[repairs // 2 :]
        for told in [*alive[: repairs // 2], *rng.sample(rest, min(repairs // 2, len(rest)))]:
            tried.count(self.attack.judge_mended(told, rng))
        # The last hints are the high bits of what was decomposed last: often the answer.
        for wire in self.attack.hints[-1:]:
            flipped = (1 - witness[wire]) % R
            lie = {wire: flipped if flipped != witness[wire] else 0}
            tried.count(self.attack.judge_mended(lie, rng, most=40))
        for wire in range(self.circuit.program.n_inputs + 1, self.circuit.r1cs.n_wires):
            for value in (rng.randrange(R), (witness[wire] + 1) % R):
                tried.count(self.attack.judge_mutation(wire, value))
        return tried

    def _lies(
        self, rng: random.Random, witness: Sequence[int], pairs: int
    ) -> Iterator[dict[int, int]]:
        hints = self.attack.hints
        for wire in hints:
            yield from ({wire: value} for value in forged_values(rng, witness[wire]))
        for wire in self.attack.output_wires():
            yield from ({wire: value} for value in forged_values(rng, witness[wire]))
        if len(hints) > 1:
            for _ in range(pairs):
                yield {
                    wire: rng.choice(forged_values(rng, witness[wire]))
                    for wire in rng.sample(hints, 2)
                }


@dataclass
class Forgeries:
    """How many lies were refused by a constraint, and how many changed nothing."""

    rejected: int = 0
    harmless: int = 0

    def count(self, rejected: bool) -> None:
        if rejected:
            self.rejected += 1
        else:
            self.harmless += 1


def forged_values(rng: random.Random, honest: int) -> list[int]:
    """What a liar would try in the place of a value."""
    candidates = [0, 1, 2, R - 1, honest + 1, honest - 1, 1 - honest, -honest, rng.randrange(R)]
    candidates += [1 << rng.randrange(1, 253), honest + (1 << rng.randrange(1, 253))]
    return sorted({value % R for value in candidates} - {honest})


def square_root(x: int) -> int | None:
    """A square root in Fr, by Tonelli and Shanks; None where there is none."""
    if x == 0 or pow(x, (R - 1) // 2, R) != 1:
        return 0 if x == 0 else None
    odd, twos = R - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    generator = pow(5, odd, R)  # 5 is no square in Fr
    root, rest = pow(x, (odd + 1) // 2, R), pow(x, odd, R)
    while rest != 1:
        order, power = 0, rest
        while power != 1:
            order, power = order + 1, power * power % R
        step = pow(generator, 1 << (twos - order - 1), R)
        root, generator, twos = root * step % R, step * step % R, order
        rest = rest * generator % R
    return root


class Attack:
    """Forged runs of one circuit from one honest run, by the slow twin's interpreter."""

    def __init__(self, circuit: CompiledCircuit, n_outputs: int = 0) -> None:
        self.circuit = circuit
        self._run = _Run(circuit.r1cs, circuit.program, {})
        self._code: list[list[int]] = circuit.program.code.tolist()
        self._rows = system_rows(circuit.r1cs)
        pool = self._run.pool.rows
        self._returned = range(len(pool) - n_outputs, len(pool))
        self._by_last_wire: dict[int, list[int]] = defaultdict(list)
        self._by_wire: dict[int, list[int]] = defaultdict(list)
        for row in range(len(self._rows[0].rows)):
            wires = {wire for matrix in self._rows for wire, _ in matrix.rows[row]}
            self._by_last_wire[max(wires, default=0)].append(row)
            for wire in wires:
                self._by_wire[wire].append(row)
        self._writer: dict[int, int] = {}  # wire -> its instruction
        for index, (op, dst, n, _, _) in enumerate(self._code):
            for wire in range(dst, dst + (n if op == Op.BITS else 2 if op == Op.DIV else 1)):
                self._writer[wire] = index
        #: Wires that hints write: what a prover is free to choose.
        self.hints = [wire for wire, i in self._writer.items() if self._code[i][0] != Op.ROW]
        self._free = set(self.hints)
        self._own: dict[int, list[int]] = {
            wire: [row for row in rows if not set(self._hints_of(row, {})) - {wire}]
            for wire, rows in self._by_last_wire.items()
        }

    def start(self, inputs: Sequence[int]) -> list[int]:
        """The honest witness, from which the forgeries depart."""
        self._honest = self._continue([1, *inputs], 0, {})
        self._honest_outputs = self.outputs(self._honest)
        return self._honest

    def assert_bound(self) -> None:
        """Every computed wire of the honest witness is bound by rows; a value over 0 is free."""
        a, b, c = (matrix.rows for matrix in self._rows)
        free = unbound((a, b, c), self._honest, self._writer)
        wrong = [wire for wire in free if self._divisor(wire)]
        if wrong:
            raise AssertionError(f"no row binds wire {wrong[0]} ({self._name(wrong[0])})")

    def _divisor(self, wire: int) -> int:
        """What the honest run divides by to write a wire; 1 if it does not divide."""
        op, _, _, a, b = self._code[self._writer[wire]]
        if op not in (Op.INV, Op.QUOT):
            return 1
        return self._run.pool.dot(a if op == Op.INV else b, self._honest)

    def outputs(self, w: Sequence[int]) -> list[int]:
        return [self._run.pool.dot(row, list(w)) for row in self._returned]

    def output_wires(self) -> list[int]:
        """Wires in returned signals that an instruction writes."""
        pool = self._run.pool.rows
        return sorted({w for row in self._returned for w, _ in pool[row]} & set(self._writer))

    def first_broken(self, w: list[int], rows: Sequence[int] | None = None) -> int | None:
        a, b, c = self._rows
        for row in range(len(a.rows)) if rows is None else rows:
            if (a.dot(row, w) * b.dot(row, w) - c.dot(row, w)) % R:
                return row
        return None

    def judge(self, lies: Mapping[int, int]) -> bool:
        """Whether a run with these wires forged breaks a row; fails if it passes and matters."""
        first = min(lies)
        # Rows that end at the first lie see nothing of what follows: most lies die here.
        w = [*self._honest[:first], lies[first]]
        if self.first_broken(w, self._by_last_wire[first]) is not None:
            return True
        index = self._writer[first]
        w = self._continue(self._honest[: self._code[index][1]], index, lies)
        return self._verdict(w, None, lies)

    def judge_mended(self, lies: Mapping[int, int], rng: random.Random, most: int = 8) -> bool:
        """The same with more lies, each chosen to satisfy the row that broke first."""
        passing = list(self.mended(lies, rng, most))
        for told, w in passing:
            self._verdict(w, [], told)
        return not passing

    def alive(self, lies: Mapping[int, int]) -> bool:
        """Whether the first lie breaks no row that nothing could mend."""
        first = min(lies)
        return self._lives(first, lies[first], self._honest)

    def _lives(self, wire: int, value: int, w: Sequence[int]) -> bool:
        """Whether a value satisfies the rows that see no other hint, nor what follows."""
        return self.first_broken([*w[:wire], value], self._own.get(wire, [])) is None

    def mended(
        self, lies: Mapping[int, int], rng: random.Random, most: int
    ) -> Iterator[tuple[dict[int, int], list[int]]]:
        """The lies that pass, and their witness, among the lies with up to three more.

        Each more is a hint that the row that broke first reads, with a value that satisfies that
        row and every row that no other hint could; `most` runs are tried. A bit that nothing holds
        to be one mends a decomposition of which another bit was flipped.
        """
        waiting = [dict(lies)]
        while waiting and most:
            told, most = waiting.pop(), most - 1
            w = self._honest
            if told:
                index = self._writer[min(told)]
                w = self._continue(self._honest[: self._code[index][1]], index, told)
            row = self.first_broken(w)
            if row is None:
                yield told, w
            elif len(told) < len(lies) + 3:
                mends = [
                    {**told, wire: value}
                    for wire, value in self.mends(row, w, told)
                    if self._lives(wire, value, w)
                ]
                rng.shuffle(mends)
                waiting += mends

    def _hints_of(self, row: int, told: Mapping[int, int]) -> list[int]:
        wires = {wire for matrix in self._rows for wire, _ in matrix.rows[row]}
        return sorted(w for w in wires & self._free if w not in told)

    def mends(
        self,
        row: int,
        w: Sequence[int],
        lies: Mapping[int, int],
        hints: Sequence[int] | None = None,
    ) -> list[tuple[int, int]]:
        """Every hint that a row reads, or of `hints`, with every value that satisfies the row."""
        return [
            (wire, root)
            for wire in (self._hints_of(row, lies) if hints is None else hints)
            for root in self._roots(row, wire, list(w))
        ]

    def rows_of(self, wire: int) -> list[int]:
        """The rows that read a wire."""
        return self._by_wire[wire]

    def _roots(self, row: int, wire: int, w: list[int]) -> list[int]:
        """The values of a wire that satisfy a row, the others being what they are."""
        ks = [sum(k for x, k in m.rows[row] if x == wire) % R for m in self._rows]
        rest = [(m.dot(row, w) - k * w[wire]) % R for m, k in zip(self._rows, ks, strict=True)]
        # With x the wire, (a + a' x) (b + b' x) = c + c' x is s + p x + q x^2 = 0.
        (a, b, c), (da, db, dc) = rest, ks
        if c == dc == 0:
            return sorted({-z * pow(dz, -1, R) % R for z, dz in ((a, da), (b, db)) if dz})
        s, p, q = (a * b - c) % R, (a * db + b * da - dc) % R, da * db % R
        if q == 0:
            return [-s * pow(p, -1, R) % R] if p else []
        root = square_root((p * p - 4 * q * s) % R)
        if root is None:
            return []
        return sorted({(sign * root - p) * pow(2 * q, -1, R) % R for sign in (1, -1)})

    def forge(self, lies: Mapping[int, int]) -> tuple[int | None, list[int]]:
        """The first row that a run with these wires forged breaks, and what it would return."""
        index = self._writer[min(lies)]
        w = self._continue(self._honest[: self._code[index][1]], index, lies)
        return self.first_broken(w), self.outputs(w)

    def written_by(self, op: Op) -> list[int]:
        """The wires that an operation writes, in order."""
        return sorted(wire for wire, i in self._writer.items() if self._code[i][0] == op)

    def judge_mutation(self, wire: int, value: int) -> bool:
        """The same for one wire of the finished witness."""
        w = list(self._honest)
        w[wire] = value
        return self._verdict(w, self._by_wire[wire], {wire: value})

    def _verdict(self, w: list[int], rows: Sequence[int] | None, lies: Mapping[int, int]) -> bool:
        if self.first_broken(w, rows) is not None:
            return True
        if self.outputs(w) != self._honest_outputs:
            told = ", ".join(f"wire {wire} ({self._name(wire)})" for wire in sorted(lies))
            raise AssertionError(f"a forged witness passes: {told}")
        for wire in outside(self.circuit, to_limbs(w)):
            raise AssertionError(f"a forged witness passes with wire {wire} outside its interval")
        return False

    def _continue(self, known: Sequence[int], index: int, lies: Mapping[int, int]) -> list[int]:
        run = copy.copy(self._run)
        run.w = [*known, *[None] * (self.circuit.r1cs.n_wires - len(known))]
        run.overrides = lies
        for op, dst, n, a, b in self._code[index:]:
            run.step(op, dst, n, a, b)
        return run.finished()

    def _name(self, wire: int) -> str:
        return Op(self._code[self._writer[wire]][0]).name


def outside(circuit: CompiledCircuit, witness: Limbs) -> list[int]:
    """The wires whose value is not in the interval that the compiler knows of them."""
    known = circuit.intervals
    assert known is not None
    assert len(known.of) == len(witness)
    found: list[int] = []
    for place, ends in enumerate(known.ends, start=1):
        wires = np.flatnonzero(known.of == place)
        low, high = map(signed, from_limbs(ends))
        values = witness[wires]
        if low >= 0 and high < 1 << 64:  # the most by far
            good = (values[:, 1:] == 0).all(axis=1) & (values[:, 0] >= low) & (values[:, 0] <= high)
        else:
            good = np.array([low <= signed(x) <= high for x in from_limbs(values)], dtype=bool)
        found += wires[~good].tolist()
    return sorted(found)


def forged(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Nested circuit inputs with some replaced, by path (`position[3].key`): past Python's checks.

    `CompiledCircuit.assign` takes any integer mod R, so what comes out is refused by constraints or
    by nothing.
    """
    result = copy.deepcopy(dict(values))
    for path, value in changes.items():
        *parents, last = [
            int(part) if part.isdigit() else part for part in re.findall(r"[^.\[\]]+", path)
        ]
        holder: Any = result
        for part in parents:
            holder = holder[part]
        if isinstance(last, str) and last not in holder:
            raise KeyError(path)
        holder[last] = value
    return result


def assert_wires_bound(
    circuit: CompiledCircuit, values: Mapping[str, Any], wires: int = 200
) -> None:
    """Random wires of an honest witness, changed alone, each break a row. For whole statements."""
    rng = random.Random(circuit.name)
    witness = circuit.witness(dict(values))
    circuit.check(witness)
    first = circuit.program.n_inputs + 1
    for wire in rng.sample(range(first, circuit.r1cs.n_wires), wires):
        other = witness.copy()
        other[wire] = to_limbs([rng.randrange(R)])[0]
        if engine.first_unsatisfied(circuit.r1cs, other) is None:
            raise AssertionError(f"{circuit.name}: wire {wire} is bound by no constraint")


__all__ = [
    "Attack",
    "Forgeries",
    "Gadget",
    "assert_wires_bound",
    "forged",
    "forged_values",
    "gadget_circuit",
    "square_root",
]
