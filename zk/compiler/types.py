"""The signals of a circuit: linear combinations of wires whose type carries an interval.

Notation: a linear combination is a dict {wire: coefficient}, wire 0 being the constant 1; [lo, hi]
is an interval of exact integers that every satisfying witness respects.

    Field            an element of Fr: no order, no interval
    +-- Int          an integer in [lo, hi]
        +-- Uint     lo >= 0
            +-- Bool 0 or 1

Additions and multiplications by constants are free; a product of two signals costs one constraint.
The interval of a result is exact, and a result that could reach R / 2 in absolute value is a
CompileError, so that an integer statement over intervals is the same statement over Fr.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from zk.errors import CompileError
from zk.field import R

if TYPE_CHECKING:
    from zk.compiler.frontend import ConstraintSystem

LinearCombination = dict[int, int]

HALF = R // 2


def add_lc(a: LinearCombination, b: LinearCombination, factor: int = 1) -> LinearCombination:
    """a + factor * b, without zero terms."""
    total = dict(a)
    for wire, coefficient in b.items():
        value = (total.get(wire, 0) + factor * coefficient) % R
        if value:
            total[wire] = value
        else:
            total.pop(wire, None)
    return total


def scale_lc(a: LinearCombination, factor: int) -> LinearCombination:
    """factor * a."""
    factor %= R
    if factor == 0:
        return {}
    return {wire: coefficient * factor % R for wire, coefficient in a.items()}


def constant_of(lc: LinearCombination) -> int | None:
    """The value of a combination of wire 0 alone, else None."""
    if not lc:
        return 0
    return lc.get(0) if len(lc) == 1 else None


class Field:
    """An element of Fr; what a hint returns, and what has no range."""

    __slots__ = ("cs", "lc")

    def __init__(self, cs: ConstraintSystem, lc: LinearCombination) -> None:
        self.cs = cs
        self.lc = lc

    def describe(self) -> str:
        """An input's name, the type and the range, for messages: never a value."""
        wire = next(iter(self.lc), 0)
        name = self.cs.names.get(wire) if self.lc == {wire: 1} else None
        return f"{name} ({self._range()})" if name else self._range()

    def _range(self) -> str:
        return "Field"

    def __repr__(self) -> str:
        return f"<{self.describe()}>"

    def __add__(self, other: Field | int) -> Field:
        return self.cs.add(self, other)

    def __radd__(self, other: int) -> Field:
        return self.cs.add(self, other)

    def __sub__(self, other: Field | int) -> Field:
        return self.cs.add(self, other, -1)

    def __rsub__(self, other: int) -> Field:
        return self.cs.add(-self, other)

    def __neg__(self) -> Field:
        return self.cs.multiply(self, -1)

    def __mul__(self, other: Field | int) -> Field:
        return self.cs.multiply(self, other)

    def __rmul__(self, other: int) -> Field:
        return self.cs.multiply(self, other)

    def __bool__(self) -> NoReturn:
        raise CompileError(
            "a Python condition on a signal has no meaning at compile time: use select",
            _where(self),
        )

    def __eq__(self, other: object) -> bool:
        raise CompileError("== on a signal: use is_equal or assert_equal", _where(self))

    __hash__ = object.__hash__

    def __lt__(self, other: object) -> NoReturn:
        raise CompileError("< on a signal: use is_less or assert_less", _where(self))

    def __le__(self, other: object) -> NoReturn:
        raise CompileError("<= on a signal: use is_le or assert_le", _where(self))

    __gt__ = __lt__
    __ge__ = __le__


class Int(Field):
    """An integer in [lo, hi]; -R/2 < lo <= hi < R/2."""

    __slots__ = ("hi", "lo")

    def __init__(self, cs: ConstraintSystem, lc: LinearCombination, lo: int, hi: int) -> None:
        super().__init__(cs, lc)
        self.lo = lo
        self.hi = hi
        if len(lc) < 3:
            cs.known.learn(lc, lo, hi)

    @property
    def bits(self) -> int:
        """Bits of the magnitude: -2^bits < x < 2^bits."""
        return max(self.hi.bit_length(), (-self.lo).bit_length())

    def _range(self) -> str:
        return f"{type(self).__name__} in [{_power(self.lo)}, {_power(self.hi)}]"

    # The arithmetic is Field's; the narrower types are what a reader of a circuit relies on.
    def __add__(self, other: Field | int) -> Int:
        return self.cs.add(self, other)  # type: ignore[return-value]

    def __radd__(self, other: int) -> Int:
        return self.cs.add(self, other)  # type: ignore[return-value]

    def __sub__(self, other: Field | int) -> Int:
        return self.cs.add(self, other, -1)  # type: ignore[return-value]

    def __rsub__(self, other: int) -> Int:
        return self.cs.add(-self, other)  # type: ignore[return-value]

    def __neg__(self) -> Int:
        return self.cs.multiply(self, -1)  # type: ignore[return-value]

    def __mul__(self, other: Field | int) -> Int:
        return self.cs.multiply(self, other)  # type: ignore[return-value]

    def __rmul__(self, other: int) -> Int:
        return self.cs.multiply(self, other)  # type: ignore[return-value]


class Uint(Int):
    """An integer in [lo, hi] with lo >= 0."""

    __slots__ = ()


class Bool(Uint):
    """A bit: 0 or 1. `~`, `&`, `|`, `^` are logic; the last three cost one constraint."""

    __slots__ = ()

    def __init__(self, cs: ConstraintSystem, lc: LinearCombination) -> None:
        super().__init__(cs, lc, 0, 1)

    def __invert__(self) -> Bool:
        return Bool(self.cs, add_lc({0: 1}, self.lc, -1))

    def __and__(self, other: Bool) -> Bool:
        return Bool(self.cs, (self * bit(self.cs, other, "&")).lc)

    def __or__(self, other: Bool) -> Bool:
        return Bool(self.cs, (self + bit(self.cs, other, "|") - self * other).lc)

    def __xor__(self, other: Bool) -> Bool:
        return Bool(self.cs, (self + bit(self.cs, other, "^") - 2 * (self * other)).lc)


def bit(cs: ConstraintSystem, x: Field, what: str) -> Bool:
    """x, which must be a Bool by its type; `what` names the operation that needs one.

    Annotations do not run: an operation whose soundness rests on a bit asks for it here.
    """
    if not isinstance(x, Bool):
        raise CompileError(f"{what} takes a Bool, not {_kind(x)}", cs.source_line())
    return x


def integer(cs: ConstraintSystem, x: Field, what: str, kind: type[Int] = Int) -> None:
    """Refuses an x without a range, or one that may be negative where `kind` is Uint."""
    if not isinstance(x, kind):
        raise CompileError(
            f"{what} takes an integer with a range ({kind.__name__}), not {_kind(x)}",
            cs.source_line(),
        )


def _kind(x: object) -> str:
    return x.describe() if isinstance(x, Field) else f"Python's {type(x).__name__}"


def _where(signal: Field) -> str:
    return signal.cs.source_line()


def _power(n: int) -> str:
    """n, or +-2^k, +-(2^k - 1) where it is one: bounds are easier to read so."""
    sign, size = ("-", -n) if n < 0 else ("", n)
    if size < 1 << 10:
        return f"{sign}{size}"
    if size & (size - 1) == 0:
        return f"{sign}2^{size.bit_length() - 1}"
    if size & (size + 1) == 0:
        return f"-(2^{size.bit_length()} - 1)" if sign else f"2^{size.bit_length()} - 1"
    return f"about {sign}2^{size.bit_length()}"
