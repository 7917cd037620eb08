"""What portfolio statements say in public, and how a book becomes their inputs."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from circuits.margin.constants import INITIAL, MAINTENANCE
from circuits.margin.portfolio.book import Leg, PortfolioBook
from circuits.margin.portfolio.constants import BUFFER_SCALE, CASH_SCALE
from circuits.margin.portfolio.market import PortfolioMarket
from circuits.margin.portfolio.model import portfolio_margin
from circuits.margin.portfolio.params import PortfolioParams
from circuits.margin.portfolio.statement import (
    PortfolioClaim,
    PortfolioLiquidationClaim,
    portfolio_liquidatable,
    portfolio_meets,
)
from circuits.margin.portfolio.table import PortfolioEpoch
from circuits.margin.statement import PUBLIC_INPUTS, Domain
from tests.portfolio.accounts import (
    SECRET,
    account,
    option,
    small_market,
    small_market_tree,
    small_params,
    small_params_tree,
)
from tests.portfolio.files import encoded
from zk.compiler.compiled import CompiledCircuit
from zk.compiler.lower import compile
from zk.errors import InputError, UnsatisfiedConstraint
from zk.field import from_limbs
from zk.poseidon import poseidon

SALT = 4242
MAKE = {"portfolio meets": portfolio_meets, "portfolio liquidatable": portfolio_liquidatable}


@cache
def circuit(statement: str) -> CompiledCircuit:
    return compile(MAKE[statement](small_params().shape_for(2)))


@cache
def epoch() -> PortfolioEpoch:
    return PortfolioEpoch.build(small_market(), small_params())


def meets(**members: Any) -> PortfolioClaim:
    return PortfolioClaim(Domain(1, 0xAB), small_params(), small_market(), **members)


def liquidation(liquidator: int = 5) -> PortfolioLiquidationClaim:
    return PortfolioLiquidationClaim(
        Domain(1, 0xAB), small_params(), small_market(), liquidator=liquidator
    )


def book(**members: Any) -> PortfolioBook:
    return account(**members).book(small_params())


def test_the_public_inputs_of_meets_in_order() -> None:
    claim = meets(mode="IM", buffer=1000)
    head = [poseidon([1, 0xAB, 77]), 9, 8, epoch().root, small_params().digest]
    assert claim.publics(77, 9, 8) == [*head, 0 + 256 * 1000]
    assert replace(claim, mode="MM", buffer=0).publics(77, 9, 8) == [*head, 1]
    assert liquidation(5).publics(77, 9, 8) == [*head, 5]


def test_the_circuits_have_the_public_inputs_in_that_order() -> None:
    for statement, last in (("portfolio meets", "claim"), ("portfolio liquidatable", "liquidator")):
        slots = [slot.path for slot in circuit(statement).slots]
        assert slots[:6] == [*PUBLIC_INPUTS, last]
        assert circuit(statement).r1cs.n_publics == 6


@pytest.mark.parametrize(
    ("members", "rule"),
    [
        ({"mode": "XM"}, "must be one of"),
        ({"buffer": 7}, "one of the menu: 0, 1000, 25000"),
    ],
)
def test_a_claim_is_of_the_menu(members: Any, rule: str) -> None:
    with pytest.raises(InputError, match=rule):
        meets(**members)


def test_ids_are_in_range() -> None:
    for account_id, commitment in ((1 << 160, 5), (5, 1 << 254)):
        with pytest.raises(InputError):
            meets().publics(1, account_id, commitment)
    with pytest.raises(InputError, match="2\\^160"):
        liquidation(1 << 160)


def at_line(claim: Any, mode: int, buffer: int) -> PortfolioBook:
    """The account with the least cash that meets, or the most that is liquidatable."""
    of = replace(book(), cash=0)
    found = portfolio_margin(of, epoch(), mode)
    if claim.statement == "portfolio meets":
        return replace(
            of, cash=-((found.margin - found.charge - buffer * BUFFER_SCALE) // CASH_SCALE)
        )
    return replace(of, cash=-(found.margin + found.charge + 1) // CASH_SCALE)


@pytest.mark.parametrize(
    ("make", "mode", "buffer", "worse"),
    [
        (lambda: meets(), MAINTENANCE, 0, -1),
        (lambda: meets(mode="IM", buffer=1000), INITIAL, 1000, -1),
        (lambda: liquidation(), MAINTENANCE, 0, 1),
    ],
    ids=["MM", "IM 1000", "liquidatable"],
)
def test_the_inputs_satisfy_the_circuit_up_to_the_line(
    make: Any, mode: int, buffer: int, worse: int
) -> None:
    claim, line = make(), at_line(make(), mode, buffer)
    made = circuit(claim.statement)
    shape = small_params().shape_for(2)
    assert claim.holds(line)
    values = claim.inputs(shape, line, SALT, made.digest)
    witness = made.witness(values)
    made.check(witness)
    assert from_limbs(witness[1:7]) == claim.publics(
        made.digest, line.account, values["commitment"]
    )
    beyond = replace(line, cash=line.cash + worse)
    assert not claim.holds(beyond)
    with pytest.raises(UnsatisfiedConstraint, match="the margin"):
        made.check(made.witness(claim.inputs(shape, beyond, SALT, made.digest)))


def test_an_empty_account_meets_exactly_nothing() -> None:
    empty = book(cash="0", options=[], futures=[], perpetuals=[], collateral=[])
    shape = small_params().shape_for(2)
    for claim in (meets(), liquidation()):
        made = circuit(claim.statement)
        witness = made.witness(claim.inputs(shape, empty, SALT, made.digest))
        assert claim.holds(empty) == (claim.statement == "portfolio meets")
        if claim.holds(empty):
            made.check(witness)
        else:
            with pytest.raises(UnsatisfiedConstraint, match="the margin is below zero"):
                made.check(witness)


def test_another_class_is_refused() -> None:
    with pytest.raises(InputError, match="the account is of the class of 8 options"):
        meets().inputs(small_params().shape_for(2), book(size_class="8"), SALT, 1)


def refused(**members: Any) -> InputError:
    of = book(**members)
    with pytest.raises(InputError) as caught:
        meets().inputs(of.shape, of, SALT, 1)
    with pytest.raises(InputError):
        meets().holds(of)
    return caught.value


def test_legs_that_the_epoch_lacks_are_named_by_their_place() -> None:
    stranger = {**option(0, 0, "C", "1"), "strike": "1234.5"}
    error = refused(options=[option(0, 1, "P", "3"), stranger])
    assert (error.path, "not listed" in error.message) == ("options[1]", True)
    expired = {**option(0, 0, "C", "1"), "expiry": small_market_tree()["timestamp"]}
    error = refused(options=[expired], futures=[])
    assert (error.path, "has expired" in error.message) == ("options[0]", True)
    late = {"underlying": "ETH", "expiry": "1995075200", "quantity": "1"}
    error = refused(futures=[late], options=[])
    assert (error.path, "future's expiry" in error.message) == ("futures[0]", True)
    assert "1234" not in str(error)


def test_a_perpetual_that_is_not_listed() -> None:
    tree = {**small_market_tree(), "underlyings": {**small_market_tree()["underlyings"]}}
    tree["underlyings"]["ETH"] = {
        key: value for key, value in tree["underlyings"]["ETH"].items() if key != "perpetual"
    }
    claim = replace(meets(), market=PortfolioMarket.parse(encoded(tree)))
    with pytest.raises(InputError, match="no perpetual") as caught:
        claim.holds(book())
    assert caught.value.path == "perpetuals[0]"


def test_the_salt_and_the_commitment_are_the_accounts() -> None:
    made = account()
    of = made.book(small_params())
    values = meets().inputs(of.shape, of, made.salt(), 3)
    assert values["commitment"] == made.commitment(small_params())
    assert values["salt"] == poseidon([SECRET.value, of.account, of.sequence])
    assert isinstance(of.options[0], Leg)


# Two underlyings in one account. ------------------------------------------------------------------


@cache
def two_params() -> PortfolioParams:
    """Few scenarios, so that the circuit is small; an account may hold both underlyings."""
    tree = small_params_tree()
    tree["shape"] |= {"underlyings": "2", "lanes": "6", "skews": "1"}
    tree["scenarios"] = [tree["scenarios"][i] for i in (0, 3, -1)]
    return PortfolioParams.parse(encoded(tree))


@pytest.mark.parametrize("statement", MAKE)
@pytest.mark.parametrize("held", ["both", "one and what cancels the other", "one", "none"])
def test_claims_about_two_underlyings(statement: str, held: str) -> None:
    """Each underlying has its own worst, an unused one any; and a leg may be of either."""
    params = two_params()
    options = [option(1, 3, "C", "-4.25"), option(0, 1, "P", "-3", "BTC")]
    bitcoin = {"underlying": "BTC", "quantity": "0.75", "funding_index": "3"}
    members: dict[str, Any] = {
        "both": {"options": options, "perpetuals": [bitcoin], "futures": []},
        "one and what cancels the other": {
            "options": options[1:],
            "futures": [],
            "perpetuals": [],
            "collateral": [{"asset": "wstETH", "quantity": "3"}],
        },
        "one": {},
        "none": {"options": [], "futures": [], "perpetuals": [], "collateral": []},
    }[held]
    of = account(**members).book(params)
    assert len(of.underlyings) == {"none": 0, "one": 1}.get(held, 2)
    about = (Domain(), params, small_market())
    claim: PortfolioClaim | PortfolioLiquidationClaim = PortfolioClaim(*about)
    if statement == "portfolio liquidatable":
        claim = PortfolioLiquidationClaim(*about)
    shape = params.shape_for(2)
    made = two_circuit(statement)
    found = portfolio_margin(replace(of, cash=0), claim.epoch, MAINTENANCE)
    sign = 1 if statement == "portfolio meets" else -1
    line = -(found.margin - sign * found.charge) // CASH_SCALE
    for cash in (line - 1, line, line + 1, line + 2):
        book = replace(of, cash=cash)
        witness = made.witness(claim.inputs(shape, book, SALT, made.digest))
        if claim.holds(book):
            made.check(witness)
        else:
            with pytest.raises(UnsatisfiedConstraint, match="the margin"):
                made.check(witness)
    assert claim.holds(replace(of, cash=line + 2 * sign))
    assert not claim.holds(replace(of, cash=line - 2 * sign))


@cache
def two_circuit(statement: str) -> CompiledCircuit:
    return compile(MAKE[statement](two_params().shape_for(2)))
