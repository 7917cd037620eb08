"""Rows and linear combinations in words: `(cash - 4*buffer - gap.bits[1..95]) * (b - 1) = 0`.

The bits of one decomposition that stand with their weights are shown as one number in place:
`gap.bits[1..95]` is the sum of 2^k gap.bit[k]. What is left out of a long combination is counted.
"""

from __future__ import annotations

from dataclasses import dataclass

from zk.compiler.compiled import CompiledCircuit
from zk.compiler.explain.names import wire_names, writing_instructions
from zk.compiler.types import LinearCombination
from zk.compiler.witness import Op
from zk.errors import InputError
from zk.field import R, from_limbs, signed
from zk.r1cs import Matrix

#: A combination is shown with so many terms.
TERMS = 8
#: So many bits of one decomposition are shown as one number.
_FEWEST_BITS = 3


@dataclass(frozen=True)
class Term:
    """coefficient * sum of weight * wire; of a single signal the weight is 1."""

    label: str
    coefficient: int
    wires: dict[int, int]

    @property
    def is_constant(self) -> bool:
        return self.wires == {0: 1}

    @property
    def is_number(self) -> bool:
        """Whether it stands for several bits."""
        return len(self.wires) > 1

    def value(self, witness: dict[int, int]) -> int:
        """What the label stands for, signed, given the values of its wires. A secret."""
        return signed(sum(weight * witness[wire] for wire, weight in self.wires.items()) % R)


class Words:
    """The names of a circuit's wires, and how rows and combinations of them are written."""

    def __init__(self, circuit: CompiledCircuit) -> None:
        self.circuit = circuit
        self.names = wire_names(circuit)
        self.writers = writing_instructions(circuit)
        self._table = from_limbs(circuit.r1cs.table)

    def wire(self, signal: str) -> int:
        """The wire that `signal` names: an input's path, a name as exported, or a wire's number."""
        plain = signal.removeprefix("main.")
        if plain in self.names:
            return self.names.index(plain)
        if signal.isascii() and signal.isdecimal() and len(signal) < 12:
            if int(signal) < len(self.names):
                return int(signal)
            raise InputError(f"the circuit has {len(self.names)} wires, numbered from 0", signal)
        near = [name for name in self.names if plain and plain in name][:3]
        hint = f"; there are {', '.join(near)}" if near else ""
        raise InputError(f"no signal has this name{hint}", signal)

    def combination(self, matrix: Matrix, row: int) -> LinearCombination:
        """A row of a matrix."""
        span = slice(int(matrix.offsets[row]), int(matrix.offsets[row + 1]))
        wires, coeffs = matrix.wires[span].tolist(), matrix.coeffs[span].tolist()
        return {w: self._table[k] for w, k in zip(wires, coeffs, strict=True)}

    def sides(self, row: int) -> tuple[LinearCombination, LinearCombination, LinearCombination]:
        """A, B and C of a row."""
        system = self.circuit.r1cs
        return (
            self.combination(system.a, row),
            self.combination(system.b, row),
            self.combination(system.c, row),
        )

    def terms(self, lc: LinearCombination) -> list[Term]:
        """The combination's terms in the order of their wires, the constant last."""
        blocks: dict[int, list[int]] = {}  # instruction -> its bits in the combination
        for wire in lc:
            writer = int(self.writers[wire])
            if writer >= 0 and self.circuit.program.code[writer, 0] == Op.BITS:
                blocks.setdefault(writer, []).append(wire)
        found: list[Term] = []
        rest = dict(lc)
        for block, wires in blocks.items():
            number = self._number(block, sorted(wires), lc)
            if number is not None:
                found.append(number)
                for wire in number.wires:
                    del rest[wire]
        found += [Term(self.names[wire], k, {wire: 1}) for wire, k in rest.items()]
        return sorted(found, key=lambda t: (t.is_constant, min(t.wires)))

    def _number(self, block: int, wires: list[int], lc: LinearCombination) -> Term | None:
        """The bits `wires` of one decomposition as one number, if they have its weights."""
        _, dst, _, _, first = (int(n) for n in self.circuit.program.code[block])
        low, high = first + wires[0] - dst, first + wires[-1] - dst
        if len(wires) < _FEWEST_BITS or high - low + 1 != len(wires):
            return None
        scale = lc[wires[0]] * pow(1 << low, -1, R) % R
        weights = {wire: 1 << (first + wire - dst) for wire in wires}
        if any(lc[wire] != scale * weight % R for wire, weight in weights.items()):
            return None
        return Term(self.bits_name(wires[0], low, high), scale, weights)

    def bits_name(self, wire: int, low: int, high: int) -> str:
        """The name of the bits low .. high of the decomposition that `wire` belongs to."""
        head, dot, member = self.names[wire].rpartition("[")[0].rpartition(".")
        return f"{head}{dot}{member.replace('bit', 'bits', 1)}[{low}..{high}]"

    def show(self, lc: LinearCombination, terms: int = TERMS) -> str:
        """A combination in words."""
        found = self.terms(lc)
        parts = [_term(term) for term in found[:terms]]
        if len(found) > terms:
            parts.append(f"+ ({len(found) - terms} more terms)")
        text = " ".join(parts).removeprefix("+ ")
        return f"-{text[2:]}" if text.startswith("- ") else text or "0"

    def row(self, row: int, terms: int = TERMS) -> str:
        """A constraint in words."""
        a, b, c = (self.show(lc, terms) for lc in self.sides(row))
        return f"({a}) * ({b}) = {c}"


def _term(term: Term) -> str:
    value = signed(term.coefficient)
    sign, size = ("-", -value) if value < 0 else ("+", value)
    if term.is_constant:
        return f"{sign} {number(size)}"
    return f"{sign} {term.label}" if size == 1 else f"{sign} {number(size)}*{term.label}"


def number(n: int) -> str:
    """A coefficient, short: a power of 2 or 10 as one, only the ends of one that is very long."""
    if n >= 1 << 10 and n & (n - 1) == 0:
        return f"2^{n.bit_length() - 1}"
    text = str(n)
    if len(text) > 4 and text.rstrip("0") == "1":
        return f"10^{len(text) - 1}"
    return text if len(text) <= 24 else f"{text[:8]}...{text[-8:]}"
