"""What the statements say in public, and how a book becomes their inputs."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from circuits.margin.account import Account
from circuits.margin.commitment import commitment
from circuits.margin.inputs import Market, RiskParams
from circuits.margin.linear import STATEMENTS
from circuits.margin.shape import SIZE_CLASSES, TINY, Shape
from circuits.margin.statement import (
    PUBLIC_INPUTS,
    Claim,
    Domain,
    LiquidationClaim,
    liquidatable,
    meets_margin,
)
from tests.documents import encoded
from tests.margin.agreement import circuit
from tests.margin.demo import tree
from tests.strategies import shape_of
from zk.compiler.compiled import CompiledCircuit
from zk.compiler.lower import compile
from zk.errors import InputError, UnsatisfiedConstraint
from zk.field import R, from_limbs
from zk.poseidon import poseidon

SALT = 4242
CLAIMS: dict[str, type[Claim] | type[LiquidationClaim]] = {
    "meets": Claim,
    "liquidatable": LiquidationClaim,
}
STATEMENT = pytest.mark.parametrize("statement", CLAIMS)


@cache
def params() -> RiskParams:
    return RiskParams.parse(encoded(tree("params")))


@cache
def market() -> Market:
    return Market.parse(encoded(tree("market")))


def account(**changes: Any) -> Account:
    return Account.parse(encoded(tree("account") | changes))


def compiled(statement: str, size_class: str) -> CompiledCircuit:
    return circuit(statement, params().shape_for(size_class))


# Public inputs. -----------------------------------------------------------------------------------


def test_the_public_inputs_of_meets_in_order() -> None:
    book = account().book(params())
    claim = Claim(Domain(1, 0xAB), params(), market(), mode="IM", buffer=params().buffers[-1])
    bound = commitment(book, SALT)
    assert claim.publics(77, book.account, bound) == [
        poseidon([1, 0xAB, 77]),
        book.account,
        bound,
        market().epoch(params()).root,
        params().digest,
        0 + 256 * params().buffers[-1],
    ]
    maintenance = replace(claim, mode="MM", buffer=0)
    assert maintenance.publics(77, book.account, bound)[-1] == 1


def test_the_public_inputs_of_liquidatable_in_order() -> None:
    book = account().book(params())
    claim = LiquidationClaim(Domain(1, 0xAB), params(), market(), liquidator=0xCD)
    bound = commitment(book, SALT)
    meets = Claim(Domain(1, 0xAB), params(), market())
    assert claim.publics(77, book.account, bound)[:5] == meets.publics(77, book.account, bound)[:5]
    assert claim.publics(77, book.account, bound)[5:] == [0xCD]


@STATEMENT
@pytest.mark.parametrize("size_class", ["1+1", *SIZE_CLASSES])
def test_the_circuit_takes_them_in_that_order(statement: str, size_class: str) -> None:
    made = circuit(statement, shape_of(size_class))
    claim = CLAIMS[statement]
    names = (*PUBLIC_INPUTS, claim.last_input)
    assert [slot.path for slot in made.slots if slot.public] == list(names)
    assert [slot.path for slot in made.slots][:6] == list(names)
    assert made.r1cs.n_publics == 6
    assert made.metadata["statement"] == statement == claim.statement


@STATEMENT
def test_the_witness_begins_with_them(statement: str) -> None:
    book = account().book(params())
    made = compiled(statement, book.size_class)
    claim = CLAIMS[statement](Domain(5, 6), params(), market())
    shape = params().shape_for(book.size_class)
    witness = made.witness(claim.inputs(shape, book, SALT, made.digest))
    publics = claim.publics(made.digest, book.account, commitment(book, SALT))
    assert from_limbs(witness[:7]) == [1, *publics]


def test_a_domain_is_of_a_chain_a_gate_and_a_circuit() -> None:
    values = {
        Domain(chain, gate).value(digest)
        for chain in (0, 1)
        for gate in (0, 1, 2)
        for digest in (0, 1)
    }
    assert len(values) == 12


@pytest.mark.parametrize(
    ("make", "path"),
    [
        (lambda: Domain(chain_id=1 << 64), "chain_id"),
        (lambda: Domain(chain_id=-1), "chain_id"),
        (lambda: Domain(gate=1 << 160), "gate"),
        (lambda: Claim(Domain(), params(), market(), mode="im"), "mode"),
        (lambda: Claim(Domain(), params(), market(), buffer=3), ""),
        (lambda: LiquidationClaim(Domain(), params(), market(), liquidator=1 << 160), "liquidator"),
        (lambda: Claim(Domain(), params(), market()).publics(1, 1 << 160, 2), "account"),
        (lambda: Claim(Domain(), params(), market()).publics(1, 2, R), "commitment"),
        (lambda: Claim(Domain(), params(), market()).publics(1, 2, -1), "commitment"),
    ],
)
def test_a_claim_out_of_range_is_refused(make: Any, path: str) -> None:
    with pytest.raises(InputError) as refusal:
        make()
    assert refusal.value.path == path


# Epochs. ------------------------------------------------------------------------------------------


def test_another_market_is_another_root() -> None:
    """One unit of one mark, the time, a rate: each changes what a proof is about."""
    root = market().epoch(params()).root
    marks = tree("market")
    name = next(iter(marks["instruments"]))
    marks["instruments"][name]["mark"] += "1"
    later = tree("market")
    later["timestamp"] = str(int(later["timestamp"]) + 1)
    buffers = tree("params")
    buffers["buffers"] = [*buffers["buffers"], "987654321000"]
    changed = RiskParams.parse(encoded(buffers))
    roots = {
        root,
        Market.parse(encoded(marks)).epoch(params()).root,
        Market.parse(encoded(later)).epoch(params()).root,
        market().epoch(changed).root,
    }
    assert len(roots) == 4
    assert changed.digest != params().digest


def test_an_expired_future_has_no_row_to_open() -> None:
    """At its expiry a future must be gone from the market, and who still holds it cannot prove."""
    listed = tree("params")["instruments"]
    future, entry = next((n, e) for n, e in listed.items() if e["kind"] == "future")
    late = tree("market") | {"timestamp": entry["expiry"]}
    with pytest.raises(InputError, match="has expired"):
        Market.parse(encoded(late)).epoch(params())
    expired = {n for n, e in listed.items() if int(e.get("expiry", 2**32)) <= int(entry["expiry"])}
    for name in expired:
        late["instruments"].pop(name, None)
    epoch = Market.parse(encoded(late)).epoch(params())
    key = params().instruments[future].instrument.key
    assert key not in epoch.by_key
    with pytest.raises(InputError, match="no row for this instrument"):
        epoch.open(key)


# From a book to inputs. ---------------------------------------------------------------------------


@STATEMENT
def test_a_circuit_of_another_class_is_refused(statement: str) -> None:
    book = account().book(params())
    other = next(c for c in params().size_classes if c != book.size_class)
    claim = CLAIMS[statement](Domain(), params(), market())
    with pytest.raises(InputError) as refusal:
        claim.inputs(params().shape_for(other), book, SALT, 1)
    assert book.size_class in str(refusal.value)
    assert other in str(refusal.value)


@STATEMENT
def test_a_missing_row_is_refused(statement: str) -> None:
    """An instrument of the account that neither market nor params list."""
    positions = tree("account")["positions"]
    positions[-1] = {
        "key": {"asset_id": "65535", "kind": "perpetual"},
        "quantity": "1",
        "funding_index": "0",
    }
    book = account(positions=positions).book(params())
    claim = CLAIMS[statement](Domain(), params(), market())
    with pytest.raises(InputError, match="no row for this instrument"):
        claim.inputs(params().shape_for(book.size_class), book, SALT, 1)


@STATEMENT
def test_every_input_of_the_circuit_and_no_other(statement: str) -> None:
    book = account().book(params())
    shape = params().shape_for(book.size_class)
    claim = CLAIMS[statement](Domain(), params(), market())
    values = claim.inputs(shape, book, SALT, 1)
    made = compiled(statement, book.size_class)
    made.assign(values)
    with pytest.raises(InputError, match="missing"):
        made.assign({k: v for k, v in values.items() if k != "salt"})
    with pytest.raises(InputError, match="no such"):
        made.assign(values | {"extra": 1})


@STATEMENT
def test_the_demo_account_is_judged_as_the_model_says(statement: str) -> None:
    """At the demo's cash, and without any."""
    seen = set()
    for cash in (tree("account")["cash"], "-100000000"):
        book = account(cash=cash).book(params())
        made = compiled(statement, book.size_class)
        claim = CLAIMS[statement](Domain(), params(), market())
        shape = params().shape_for(book.size_class)
        witness = made.witness(claim.inputs(shape, book, SALT, made.digest))
        seen.add(claim.holds(book))
        if claim.holds(book):
            made.check(witness)
        else:
            with pytest.raises(UnsatisfiedConstraint):
                made.check(witness)
    assert seen == {True, False}


# The circuits. ------------------------------------------------------------------------------------


def test_the_tiny_class_is_small_enough_for_the_twin() -> None:
    for statement in STATEMENTS:
        made = circuit(statement, TINY)
        assert made.r1cs.n_constraints <= 1 << 12
        assert made.r1cs.domain_size == 1 << 12


def test_one_definition_serves_every_class() -> None:
    """A shape is all that is compiled in: the same shape gives the same digest, another another."""
    digests = set()
    for build, size_class in ((b, c) for b in (meets_margin, liquidatable) for c in ("1+1", "4+4")):
        shape = shape_of(size_class)
        first, second = compile(build(shape)), compile(build(replace(shape)))
        assert first.digest == second.digest
        digests.add(first.digest)
    digests.add(compile(meets_margin(Shape(1, 1, 2, 1, 5))).digest)
    digests.add(compile(meets_margin(Shape(1, 1, 3, 1, 4))).digest)
    assert len(digests) == 6


def test_two_parameter_sets_of_one_shape_share_a_circuit() -> None:
    """Rates are data, bound by the digest of the params."""
    other = tree("params")
    tiers = next(t for t in other["haircut_tiers"].values() if t[0]["rate"] != t[-1]["rate"])
    tiers[0]["rate"] = tiers[1]["rate"]
    changed = RiskParams.parse(encoded(other))
    assert changed.digest != params().digest
    size_class = account().size_class
    assert changed.shape_for(size_class) == params().shape_for(size_class)
    book = account().book(changed)
    made = compiled("meets", size_class)
    for used in (params(), changed):
        claim = Claim(Domain(), used, market())
        values = claim.inputs(used.shape_for(size_class), book, SALT, made.digest)
        assert values["params_digest"] == used.digest
        assert claim.holds(book)
        made.check(made.witness(values))
