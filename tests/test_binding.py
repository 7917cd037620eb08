"""Wires that a system leaves unbound are found, and no others."""

from __future__ import annotations

from itertools import product

from tests.binding import Terms, unbound
from zk.field import R

ONE = 0  # the wire that is 1
Row = tuple[dict[int, int], dict[int, int], dict[int, int]]


def rows(*given: Row) -> tuple[Terms, Terms, Terms]:
    a, b, c = ([list(terms.items()) for terms in matrix] for matrix in zip(*given, strict=True))
    return a, b, c


def bit(wire: int) -> Row:
    return {wire: 1}, {wire: 1, ONE: R - 1}, {}


def test_a_row_too_few_leaves_a_wire() -> None:
    # x = b1 + 2 b2 + 4 b3, with x given: any two bits' rows and the sum bind all.
    total = {2: 1, 3: 2, 4: 4}, {ONE: 1}, {1: 1}
    w = [1, 6, 0, 1, 1]
    assert unbound(rows(bit(2), bit(3), total), w, (2, 3, 4)) == []
    assert unbound(rows(bit(2), total), w, (2, 3, 4)) != []
    assert unbound(rows(bit(2), bit(3)), w, (2, 3, 4)) == [4]


def test_wires_that_only_several_rows_bind_together() -> None:
    # y + z = 5 and y z = 6 at (2, 3); at y = z they are tangent and bind neither to first order.
    both = ({1: 1, 2: 1}, {ONE: 1}, {ONE: 5}), ({1: 1}, {2: 1}, {ONE: 6})
    assert unbound(rows(*both), [1, 2, 3], (1, 2)) == []
    tangent = ({1: 1, 2: 1}, {ONE: 1}, {ONE: 4}), ({1: 1}, {2: 1}, {ONE: 4})
    assert len(unbound(rows(*tangent), [1, 2, 2], (1, 2))) == 1
    assert unbound(rows(*both[:1]), [1, 2, 3], (1, 2)) == [1]


def test_a_square_binds_its_last_wire() -> None:
    square: Row = {1: 1, ONE: R - 1}, {1: 1, ONE: R - 1}, {}
    assert unbound(rows(square), [1, 1], (1,)) == []
    # (b - 1) (c - 1) = 0 at b = c = 1 binds neither.
    mixed: Row = {1: 1, ONE: R - 1}, {2: 1, ONE: R - 1}, {}
    assert unbound(rows(mixed), [1, 1, 1], (1, 2)) == [1, 2]
    assert unbound(rows(mixed, square), [1, 1, 1], (1, 2)) == [2]


def test_the_factor_of_a_zero_is_free() -> None:
    for x, inverse in product((0, 3), (0, 5)):
        holds = {1: 1}, {2: 1}, {ONE: x * inverse}
        assert unbound(rows(holds), [1, x, inverse], (2,)) == ([] if x else [2])
