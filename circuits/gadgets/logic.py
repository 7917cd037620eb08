"""Functions of several bits in one constraint each: parity, majority, choice, conjunction.

Source: parity and majority as conics through their graphs, derived below; `all_of` is the zero test
of every R1CS library. Notation: x = a + b + c over the integers, 0 to 3 by the types.
"""

from __future__ import annotations

from collections.abc import Sequence

from circuits.gadgets.compare import is_zero
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.types import Bool, Field, LinearCombination, add_lc, bit, constant_of, scale_lc
from zk.errors import CompileError


def parity(cs: ConstraintSystem, a: Bool, b: Bool, c: Bool) -> Bool:
    """Return a xor b xor c.

    Requires: nothing.   Cost: 1 constraint; none where two of them are constant.
    """
    free, ones = _split(cs, (a, b, c), "parity")
    if len(free) < 3:
        result = free[0] ^ free[1] if len(free) == 2 else free[0] if free else Bool(cs, {})
        return ~result if ones % 2 else result
    x = _sum(free)
    (s,) = cs.hint_bits(Field(cs, x), 1, 0)
    # x (x - 2 s) = 2 x - 3 s is s (2 x - 3) = x (x - 2), and 2 x - 3 is not 0: there is one s for
    # each x, and 0, 1, 0, 1 solve it for x = 0, 1, 2, 3.
    cs.row(x, add_lc(x, s.lc, -2), add_lc(scale_lc(x, 2), s.lc, -3))
    return Bool(cs, s.lc)


def majority(cs: ConstraintSystem, a: Bool, b: Bool, c: Bool) -> Bool:
    """Return the bit that at least two of the three have.

    Requires: nothing.   Cost: 1 constraint; none where two of them are constant.
    """
    free, ones = _split(cs, (a, b, c), "majority")
    if len(free) == 2:
        return free[0] | free[1] if ones else free[0] & free[1]
    if len(free) < 2:
        # Two constants agree, or leave it to the third.
        return free[0] if free and ones == 1 else Bool(cs, {0: 1} if ones >= 2 else {})
    x = _sum(free)
    (m,) = cs.hint_bits(Field(cs, x), 1, 1)
    # x (x - 4 m) = x - 6 m is m (4 x - 6) = x (x - 1), and 4 x - 6 is not 0: there is one m for
    # each x, and 0, 0, 1, 1 solve it for x = 0, 1, 2, 3.
    cs.row(x, add_lc(x, m.lc, -4), add_lc(x, m.lc, -6))
    return Bool(cs, m.lc)


def choose(cs: ConstraintSystem, c: Bool, if_one: Bool, if_zero: Bool) -> Bool:
    """Return if_one where c = 1, else if_zero.

    Requires: nothing.   Cost: 1 constraint; none where c or both others are constant.
    """
    bit(cs, c, "choose")
    difference = add_lc(bit(cs, if_one, "choose").lc, bit(cs, if_zero, "choose").lc, -1)
    chosen = Field(cs, c.lc) * Field(cs, difference)
    # One of the two, both of which are bits.
    return Bool(cs, add_lc(if_zero.lc, chosen.lc))


def all_of(cs: ConstraintSystem, bits: Sequence[Bool]) -> Bool:
    """Return the bit that is 1 when all of them are; 1 for none.

    Requires: nothing.   Cost: 1 constraint for two bits, 2 for more.
    """
    if len(bits) <= 2:
        for b in bits:
            bit(cs, b, "all_of")
        return bits[0] & bits[1] if len(bits) == 2 else bits[0] if bits else Bool(cs, {0: 1})
    missing: LinearCombination = {0: len(bits)}
    for b in bits:
        missing = add_lc(missing, bit(cs, b, "all_of").lc, -1)
    # The number of zeros among them, far below R: 0 exactly when there is none.
    return is_zero(cs, Field(cs, missing))


def _split(cs: ConstraintSystem, bits: Sequence[Bool], what: str) -> tuple[list[Bool], int]:
    """The bits that are not constant, and how many of the others are 1."""
    free, ones = [], 0
    for b in bits:
        if not isinstance(b, Bool):
            bit(cs, b, what)
        if b.cs is not cs:
            raise CompileError("a signal of another circuit", cs.source_line())
        value = constant_of(b.lc)
        if value is None:
            free.append(b)
        else:
            ones += value
    return free, ones


def _sum(bits: Sequence[Bool]) -> LinearCombination:
    total = bits[0].lc
    for b in bits[1:]:
        total = add_lc(total, b.lc)
    return total
