"""The constraint system that a circuit is written against.

A gadget calls `assert_equal`, `assert_product`, the operators of the signals, and hints. What it
emits is kept as flat arrays (wires, coefficient indices), one row per constraint, with the origin
of each row: the obligation in the author's words and the source line.

Wires are numbered in the order in which a witness run defines them; the passes rely on it.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from zk.compiler.known import Known
from zk.compiler.origins import Stacks, author_line
from zk.compiler.template import Template
from zk.compiler.types import (
    HALF,
    Bool,
    Field,
    Int,
    LinearCombination,
    Uint,
    add_lc,
    constant_of,
    integer,
    scale_lc,
)
from zk.compiler.witness import Op
from zk.errors import CompileError
from zk.field import R


class Rows:
    """One matrix under construction: the terms of its rows, end to end."""

    __slots__ = ("coeffs", "offsets", "wires")

    def __init__(self) -> None:
        self.offsets = array("I", [0])
        self.wires = array("I")
        self.coeffs = array("I")


class ConstraintSystem:
    """Rows A * B = C under construction, and the program that computes their wires."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.n_wires, self.n_inputs = 1, 0
        self.names: dict[int, str] = {}  # wire -> path of a declared input
        self.known = Known()  # the intervals of wires
        self.a, self.b, self.c = Rows(), Rows(), Rows()
        self.linear: list[tuple[LinearCombination, int]] = []  # lc = 0, with its origin
        self.row_origin, self.code = array("I"), array("I")  # code: five numbers an instruction
        self.origins: list[tuple[str, str]] = []  # (obligation, file:line)
        self.gadgets: list[str] = []  # of each origin, its gadget path
        self.pool: list[LinearCombination] = []
        self.hint_origins: dict[int, int] = {}  # a hint's first wire -> its origin
        self.table: list[int] = []  # distinct coefficients, in the order of first use
        self._coefficient_index: dict[int, int] = {}
        self._origin_index: dict[tuple[str, str, str], int] = {}
        self._held: int | None = None  # the origin of all that is emitted until it is let go
        self._stacks = Stacks()
        self._path: list[str] = []
        self._where: str | None = None
        self._bits: dict[tuple[tuple[int, int], ...], list[Bool]] = {}
        self._templates: dict[int, tuple[Template, npt.NDArray[np.uint32]]] = {}

    # Origins ------------------------------------------------------------------------------------

    @contextmanager
    def obligation(self, words: str, where: str | None = None) -> Iterator[None]:
        """Name what the constraints inside stand for; contexts nest and are shown as a path.

        `where` replaces the source line, for constraints that a declaration implies.
        """
        self._path.append(words)
        outer, self._where = self._where, where or self._where
        try:
            yield
        finally:
            self._path.pop()
            self._where = outer

    def source_line(self) -> str:
        """`file:line` of the nearest frame outside the language and the gadgets."""
        if self._where is not None:
            return self._where
        return author_line(sys._getframe(1))

    def origin(self) -> int:
        """Index of the current (obligation, source line, gadget path)."""
        if self._held is not None:
            return self._held
        where, gadgets = self._stacks.place(sys._getframe(1))
        return self.origin_of(" / ".join(self._path), self._where or where, gadgets)

    def origin_of(self, words: str, where: str, gadgets: str) -> int:
        """Index of an origin, which is new or was there."""
        key = (words, where, gadgets)
        index = self._origin_index.get(key)
        if index is None:
            index = self._origin_index[key] = len(self.origins)
            self.origins.append(key[:2])
            self.gadgets.append(key[2])
        return index

    # Signals ------------------------------------------------------------------------------------

    def wires(self, count: int) -> int:
        """Allocate `count` wires; returns the first."""
        first = self.n_wires
        self.n_wires += count
        return first

    def constant(self, value: int) -> Int:
        """The integer `value` as a signal; |value| < R / 2."""
        return self.number({0: value % R} if value % R else {}, value, value)

    def number(self, lc: LinearCombination, lo: int, hi: int) -> Int:
        """A signal known to lie in [lo, hi]: Uint when lo >= 0. Refuses an interval that could
        wrap.
        """
        if lo <= -HALF or hi >= HALF:
            raise CompileError(
                f"the result could leave the field: it needs {max(hi, -lo).bit_length() + 1} bits",
                self.source_line(),
            )
        return Uint(self, lc, lo, hi) if lo >= 0 else Int(self, lc, lo, hi)

    def proven(self, x: Field, lo: int, hi: int) -> Uint:
        """x as an integer in [lo, hi], lo >= 0, which constraints emitted by the caller imply."""
        number = self.number(x.lc, lo, hi)
        if not isinstance(number, Uint):
            raise CompileError("proven() takes lo >= 0", self.source_line())
        return number

    def add(self, x: Field, y: Field | int, factor: int = 1) -> Field:
        """x + factor * y. Free."""
        y = self._operand(x, y)
        lc = add_lc(x.lc, y.lc, factor)
        if not (isinstance(x, Int) and isinstance(y, Int)):
            return Field(self, lc)
        ends = (factor * y.lo, factor * y.hi)
        return self._checked(lc, x.lo + min(ends), x.hi + max(ends), "sum", x, y)

    def multiply(self, x: Field, y: Field | int) -> Field:
        """x * y: free when one of them is constant, else one constraint."""
        y = self._operand(x, y)
        kx, ky = constant_of(x.lc), constant_of(y.lc)
        if isinstance(x, Int) and isinstance(y, Int):
            lo, hi = self._product_range(x, y)
            return self.number(self._product(x.lc, y.lc, kx, ky), lo, hi)
        return Field(self, self._product(x.lc, y.lc, kx, ky))

    def _product_range(self, x: Int, y: Int) -> tuple[int, int]:
        """The interval of x * y."""
        ends = (x.lo * y.lo, x.lo * y.hi, x.hi * y.lo, x.hi * y.hi)
        lo, hi = min(ends), max(ends)
        if x.lc == y.lc:
            lo = max(lo, 0)  # a square
        if lo <= -HALF or hi >= HALF:
            self._overflow("product", x, y)
        return lo, hi

    def _operand(self, x: Field, y: Field | int) -> Field:
        """y as a signal of this system: an integer beside an Int is an Int, else an element."""
        if isinstance(y, int):
            return self.constant(y) if isinstance(x, Int) else Field(self, {0: y % R})
        self._own(x, y)
        return y

    def _own(self, *signals: Field | int) -> None:
        """Refuses signals of another system: their wires would be read as this one's."""
        for x in signals:
            if not isinstance(x, (Field, int)):
                raise CompileError(
                    f"a signal or an integer is needed, not Python's {type(x).__name__}",
                    self.source_line(),
                )
            if isinstance(x, Field) and x.cs is not self:
                raise CompileError("a signal of another circuit", self.source_line())

    def _product(
        self, x: LinearCombination, y: LinearCombination, kx: int | None, ky: int | None
    ) -> LinearCombination:
        if ky is not None:
            return scale_lc(x, ky)
        if kx is not None:
            return scale_lc(y, kx)
        wire = self.wires(1)
        self._instruction(Op.ROW, wire, 1, self.row(x, y, {wire: 1}), 0)
        return {wire: 1}

    def _checked(self, lc: LinearCombination, lo: int, hi: int, kind: str, x: Int, y: Int) -> Int:
        if lo <= -HALF or hi >= HALF:
            self._overflow(kind, x, y)
        return self.number(lc, lo, hi)

    def _overflow(self, kind: str, x: Int, y: Int) -> None:
        raise CompileError(
            f"the {kind} of {x.describe()} and {y.describe()} could leave the field",
            self.source_line(),
        )

    # Constraints --------------------------------------------------------------------------------

    def row(self, a: LinearCombination, b: LinearCombination, c: LinearCombination) -> int:
        """Emit <a, w> * <b, w> = <c, w>; returns the row's index."""
        for rows, lc in ((self.a, a), (self.b, b), (self.c, c)):
            rows.wires.extend(sorted(lc))
            rows.coeffs.extend([self.coefficient(lc[wire]) for wire in sorted(lc)])
            rows.offsets.append(len(rows.wires))
        self.row_origin.append(self.origin())
        return len(self.row_origin) - 1

    def coefficient(self, value: int) -> int:
        """Index of a coefficient in the table."""
        index = self._coefficient_index.get(value)
        if index is None:
            index = self._coefficient_index[value] = len(self.table)
            self.table.append(value)
        return index

    def assert_equal(self, x: Field | int, y: Field | int) -> None:
        """x = y. Free where a wire can be substituted away, else one constraint."""
        self._own(x, y)
        a, b = (z.lc if isinstance(z, Field) else {0: z % R} if z % R else {} for z in (x, y))
        lc = add_lc(a, b, -1)
        constant = constant_of(lc)
        if constant == 0:
            return
        if constant is not None:
            raise CompileError("this equality never holds", self.source_line())
        self.linear.append((lc, self.origin()))

    def assert_product(self, x: Field, y: Field, z: Field | int) -> None:
        """x * y = z. One constraint.

        Between Ints it is the integers' product: one that could leave the field is refused.
        """
        self._own(x, y, z)
        if isinstance(x, Int) and isinstance(y, Int):
            self._product_range(x, y)
        c = z.lc if isinstance(z, Field) else ({0: z % R} if z % R else {})
        kx, ky = constant_of(x.lc), constant_of(y.lc)
        if kx is not None or ky is not None:
            product = scale_lc(x.lc, ky) if ky is not None else scale_lc(y.lc, kx or 0)
            self.assert_equal(Field(self, product), Field(self, c))
            return
        self.row(x.lc, y.lc, c)

    def assert_bool(self, x: Field) -> Bool:
        """x is 0 or 1. One constraint; none where the type says so already."""
        self._own(x)
        if isinstance(x, Bool):
            return x
        constant = constant_of(x.lc)
        if constant is None:
            # x (x - 1) = 0 has the roots 0 and 1 alone, Fr being a field.
            self.row(x.lc, add_lc(x.lc, {0: 1}, -1), {})
        elif constant > 1:
            raise CompileError("this constant is not a bit", self.source_line())
        return Bool(self, x.lc)

    # Hints: their results are Fields, with no range until constraints give one
    # -----------------------

    def hint_bits(self, x: Field, count: int, first: int = 0) -> list[Field]:
        """Bits first .. first + count - 1 of the canonical x, least significant first."""
        if count < 1 or first < 0 or first + count > R.bit_length():
            raise CompileError(
                f"bits {first} to {first + count} of a field element of {R.bit_length()}",
                self.source_line(),
            )
        wire = self.wires(count)
        self._instruction(Op.BITS, wire, count, self._pooled(x), first)
        return [Field(self, {wire + i: 1}) for i in range(count)]

    def hint_inverse(self, x: Field) -> Field:
        """1 / x, or 0 when x is 0."""
        return self._hint(Op.INV, self._pooled(x), 0)

    def hint_less(self, x: Field, y: Field) -> Field:
        """[x < y], both read in (-R/2, R/2)."""
        return self._hint(Op.LESS, self._pooled(x), self._pooled(y))

    def hint_equal(self, x: Field, y: Field) -> Field:
        """[x = y]."""
        return self._hint(Op.EQ, self._pooled(x), self._pooled(y))

    def hint_product(self, x: Field, y: Field) -> Field:
        """x * y, unconstrained."""
        return self._hint(Op.MUL, self._pooled(x), self._pooled(y))

    def hint_quotient(self, x: Field, y: Field) -> Field:
        """x / y in the field, or 0 when y is 0."""
        return self._hint(Op.QUOT, self._pooled(x), self._pooled(y))

    def hint_sqrt(self, x: Field) -> Field:
        """floor(sqrt(x)) of the canonical x."""
        return self._hint(Op.ISQRT, self._pooled(x), 0)

    def hint_divide(self, x: Field, y: Field) -> tuple[Field, Field]:
        """Floor quotient and remainder of x / y, read signed; 0, 0 unless y > 0."""
        wire = self.wires(2)
        self._instruction(Op.DIV, wire, 2, self._pooled(x), self._pooled(y))
        return Field(self, {wire: 1}), Field(self, {wire + 1: 1})

    def hint_floor(self, x: Field, y: Field) -> Field:
        """The quotient of hint_divide alone."""
        return self._hint(Op.DIV, self._pooled(x), self._pooled(y))

    def _hint(self, op: Op, a: int, b: int) -> Field:
        wire = self.wires(1)
        self._instruction(op, wire, 1, a, b)
        return Field(self, {wire: 1})

    def _pooled(self, x: Field) -> int:
        self._own(x)
        self.pool.append(x.lc)
        return len(self.pool) - 1

    def _instruction(self, op: Op, dst: int, count: int, a: int, b: int) -> None:
        if op != Op.ROW:
            self.hint_origins[dst] = self.origin()
        self.code.extend((op, dst, count, a, b))

    # Ranges -------------------------------------------------------------------------------------

    def bits(self, x: Field, count: int) -> list[Bool]:
        """The `count` bits of x, least significant first; proves 0 <= x < 2^count.

        Cost: `count` constraints; none when the same decomposition was asked before.
        """
        self._own(x)
        if count < 1 or 1 << count >= HALF:
            raise CompileError(
                f"a decomposition into {count} bits: 1 to {HALF.bit_length() - 1} have one answer",
                self.source_line(),
            )
        constant = constant_of(x.lc)
        if constant is not None:
            if constant >> count:
                raise CompileError(f"this constant has more than {count} bits", self.source_line())
            return [Bool(self, {0: 1} if constant >> i & 1 else {}) for i in range(count)]
        key = tuple(sorted(x.lc.items()))
        known = self._bits.get(key)
        if known is not None and len(known) <= count:
            return known + [Bool(self, {})] * (count - len(known))
        if known is not None and isinstance(x, Int) and x.lo >= 0 and x.hi < 1 << count:
            return known[:count]
        # Bits 1 .. are hints; bit 0 is what is left, so that their weighted sum is x by
        # construction and one row each says that they are bits. 2^count < R / 2: the sum has one
        # preimage.
        outer, self._held = self._held, self.origin()  # one for all of it: asking costs a while
        try:
            hints = self.hint_bits(x, count - 1, 1) if count > 1 else []
            high = [self.assert_bool(bit) for bit in hints]
            low = dict(x.lc)
            for i, bit in enumerate(high, start=1):
                (wire,) = bit.lc
                low[wire] = R - (1 << i)  # a fresh wire: nothing to add to
            result = [self.assert_bool(Field(self, low)), *high]
        finally:
            self._held = outer
        self._bits[key] = result
        return result

    def assert_range(self, x: Field, bits: int) -> Uint:
        """0 <= x < 2^bits. Cost: `bits`; none where the type implies it."""
        if bits < 0:
            raise CompileError(f"a range of {bits} bits", self.source_line())
        if isinstance(x, Uint) and x.hi < 1 << bits:
            return x
        if bits == 0:
            self.assert_equal(x, 0)
        else:
            self.bits(x, bits)
        lo, hi = (
            (max(0, x.lo), min((1 << bits) - 1, x.hi))
            if isinstance(x, Int)
            else (0, (1 << bits) - 1)
        )
        return self.proven(x, lo, max(hi, lo))

    def assert_signed_range(self, x: Field, bits: int) -> Int:
        """-2^(bits - 1) <= x < 2^(bits - 1). Cost: `bits`; none where the type implies it."""
        if bits < 1:
            raise CompileError(f"a signed range of {bits} bits", self.source_line())
        half = 1 << (bits - 1)
        if isinstance(x, Int) and -half <= x.lo and x.hi < half:
            return x
        self.bits(Field(self, add_lc(x.lc, {0: half})), bits)
        return self.number(x.lc, -half, half - 1)

    def assert_non_negative(self, x: Int) -> Uint:
        """x >= 0. Cost: the bits of its upper end."""
        integer(self, x, "assert_non_negative")
        if isinstance(x, Uint):
            return x
        if x.hi < 0:
            raise CompileError("this value is always negative", self.source_line())
        # x lies in [lo, hi] with |lo|, hi < R / 2, so a negative x is above R / 2 and has no such
        # bits.
        return self.assert_range(x, x.hi.bit_length())

    # Repeated blocks ----------------------------------------------------------------------------

    def instantiate(self, template: Template, externals: list[int]) -> list[Field]:
        """Emit a template's rows, reading the wires `externals`; returns its outputs.

        The externals ascend: a wire that stood for two of them would be twice in a row.
        """
        if (
            any(a >= b for a, b in pairwise([0, *externals]))
            or len(externals) != template.n_externals
        ):
            raise CompileError(
                "a template's externals are distinct wires, in order", self.source_line()
            )
        known = self._templates.get(id(template))
        if known is None:
            indices = np.array([self.coefficient(c) for c in template.table], dtype=np.uint32)
            known = self._templates[id(template)] = (template, indices)
        first, first_row = self.wires(template.n_fresh), len(self.row_origin)
        wires = template.emit((self.a, self.b, self.c), externals, first, known[1])
        self.row_origin.extend([self.origin()] * template.n_rows)
        self.code.frombytes(template.instructions(wires, first_row))
        return [
            Field(self, {int(wires[local]): k for local, k in lc.items()})
            for lc in template.outputs
        ]
