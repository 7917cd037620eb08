"""The fixed-point functions: errors against 60 digits, and words against plain integers."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from circuits.margin.portfolio import fixed, fixed_array, tables
from circuits.margin.portfolio.tables import ARGUMENT, VALUE
from tests.portfolio import oracle
from tests.portfolio.draws import as_signed, as_words, signed, upto

ARGUMENT_ONE = 1 << ARGUMENT
VALUE_ONE = 1 << VALUE
#: Arguments where the normal is neither 0 nor 1, and all others.
arguments = st.one_of(signed(63), signed(ARGUMENT), st.integers(-(10 << 57), 10 << 57))
natural = arguments.map(abs)


@oracle.precise
def ulps(found: int, exact: Decimal, one: int) -> float:
    """Error in units of the last place."""
    return float(abs(found - exact * one))


@oracle.precise
def argument(x: int) -> Decimal:
    return Decimal(x) / ARGUMENT_ONE


@given(upto(64, least=1))
def test_ln_to_4_ulp(value: int):
    assert ulps(fixed.ln(value), oracle.ln(Decimal(value)), ARGUMENT_ONE) < 4


@given(upto(200, least=1))
def test_ln_of_longer_numbers(value: int):
    assert ulps(fixed.ln(value), oracle.ln(Decimal(value)), ARGUMENT_ONE) < 4


def test_ln_at_the_edges_of_its_intervals():
    values = [(1 << 63) + (i << 56) + d for i in range(128) for d in (-1, 0, 1)]
    values = [value for value in values if value < 1 << 64] + [1, 2, 3, (1 << 64) - 1]
    for value in values:
        assert ulps(fixed.ln(value), oracle.ln(Decimal(value)), ARGUMENT_ONE) < 4
    assert fixed_array.ln(as_words(values)).tolist() == [fixed.ln(value) for value in values]


@given(natural)
def test_exp_to_2_ulp_of_its_argument(x: int):
    assert ulps(fixed.exp_minus(x), oracle.exp(-argument(x)), VALUE_ONE) < 4 + 2**5


@given(st.integers(min_value=-(40 << 57), max_value=0))
def test_exp_grows_with_the_same_relative_error(x: int):
    exact = oracle.exp(-argument(x))
    assert ulps(fixed.exp_minus(x), exact, VALUE_ONE) < 80 * (exact + 1)


@given(arguments)
def test_normal_to_2_ulp(x: int):
    found = fixed.normal_cdf(x)
    assert 0 <= found <= VALUE_ONE
    assert found + fixed.normal_cdf(-x) == VALUE_ONE
    bounded = max(min(x, 12 << ARGUMENT), -12 << ARGUMENT)  # beyond, the oracle is 0 or 1 as well
    assert ulps(found, oracle.cdf(argument(bounded)), VALUE_ONE) < 2


def test_normal_at_the_edges_of_its_intervals():
    edges = [(i << 52) + d for i in range(tables.CDF_NODES + 2) for d in (-1, 0, 1)]
    found = [fixed.normal_cdf(x) for x in edges]
    for x, value in zip(edges, found, strict=True):
        assert ulps(value, oracle.cdf(argument(x)), VALUE_ONE) < 2
    assert all(a <= b + 2 for a, b in pairwise(found))
    assert found[-1] == VALUE_ONE
    assert fixed_array.normal_cdf(as_signed(edges)).tolist() == found


@given(arguments)
def test_density_to_an_ulp_of_its_argument(x: int):
    bounded = max(min(x, 12 << ARGUMENT), -12 << ARGUMENT)
    assert ulps(fixed.normal_density(x), oracle.density(argument(bounded)), VALUE_ONE) < 2**5


@given(st.integers(min_value=0, max_value=(1 << 32) - 1))
def test_root_rounds_down(seconds: int):
    root = fixed.root_years(seconds)
    assert root**2 * fixed.YEAR <= seconds << 120 < (root + 1) ** 2 * fixed.YEAR
    assert root < 1 << 64


# The array form


@given(st.lists(upto(64, least=1), min_size=1))
def test_ln_agrees(values: list[int]):
    assert fixed_array.ln(as_words(values)).tolist() == [fixed.ln(value) for value in values]


@given(st.lists(natural, min_size=1))
def test_exp_agrees(values: list[int]):
    found = fixed_array.exp_minus(as_signed(values))
    assert found.tolist() == [fixed.exp_minus(value) for value in values]


@given(st.lists(arguments, min_size=1))
def test_normal_agrees(values: list[int]):
    column = as_signed(values)
    assert fixed_array.normal_cdf(column).tolist() == [fixed.normal_cdf(x) for x in values]
    assert fixed_array.normal_density(column).tolist() == [fixed.normal_density(x) for x in values]


@given(st.lists(st.integers(min_value=0, max_value=(1 << 32) - 1), min_size=1))
def test_root_agrees(values: list[int]):
    found = fixed_array.root_years(as_words(values))
    assert found.tolist() == [fixed.root_years(value) for value in values]


# The tables


def test_tables_fit_words():
    words = [*tables.ln_reciprocals(), *tables.exp_offsets(), *fixed.exp_constants()]
    assert all(0 < entry < 1 << 64 for entry in words)
    signed_entries = [*tables.ln_coefficients(), *tables.exp_coefficients(), *tables.ln_offsets()]
    signed_entries += [entry for row in tables.cdf_coefficients() for entry in row]
    assert all(abs(entry) < 1 << 63 for entry in signed_entries)


def test_tables_are_the_functions():
    for i, inverse in enumerate(tables.ln_reciprocals()):
        assert ulps(inverse, Decimal(256) / (257 + 2 * i), 1 << 64) < 1 + 10**-5
    nodes = tables.cdf_coefficients()
    for i in range(0, tables.CDF_NODES, 7):
        middle = Decimal(2 * i + 1) / 64
        assert ulps(nodes[0][i], oracle.tail(middle), VALUE_ONE) < 0.51
        assert ulps(-nodes[1][i], oracle.density(middle), 1 << (tables.INNER - 5)) < 0.51


def test_beyond_the_nodes_there_is_nothing():
    end = Decimal(tables.CDF_NODES) / tables.CDF_INTERVALS
    assert oracle.tail(end) * VALUE_ONE < Decimal("0.07")
