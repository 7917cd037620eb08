"""The checker refuses what does not follow: certificates of other systems, and tampered ones."""

from __future__ import annotations

import contextlib
import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from tests.analyse.systems import KNOWN, is_zero, one_hot, r1cs_of, to_bits, without
from tests.analyse.test_dropped import drop
from tests.analyse.test_known import ENOUGH, OPEN
from zk.analyse.analysis import analyse, input_wires
from zk.analyse.checker import BadCertificate, check_certificate, system_digest
from zk.field import R
from zk.r1cs import R1CS

SAFE = [n for n, (_, verdict) in KNOWN.items() if verdict == "safe" and n not in OPEN]


def certificate_of(name: str) -> tuple[R1CS, dict[str, Any]]:
    r1cs = r1cs_of(*KNOWN[name][0])
    found = analyse(r1cs, seconds=ENOUGH)
    assert found.certificate is not None
    return r1cs, json.loads(json.dumps(found.certificate))


def places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """(container, key) of every integer in it."""
    items = enumerate(tree) if isinstance(tree, list) else tree.items()
    for key, value in items:
        if isinstance(value, list | dict):
            yield from places(value)
        elif type(value) is int:
            yield tree, key


@pytest.mark.parametrize("name", SAFE)
def test_a_certificate_does_not_fit_a_system_without_one_row(name: str) -> None:
    """Every system of these needs every row, except where it says otherwise."""
    r1cs, certificate = certificate_of(name)
    proved = 0
    for row in range(min(r1cs.n_constraints, 40)):
        less = drop(r1cs, row)
        with pytest.raises(BadCertificate):
            check_certificate(less, input_wires(less), certificate)
        forged = {**certificate, "system": system_digest(less)}
        try:
            claims = check_certificate(less, input_wires(less), forged)
        except BadCertificate:
            continue
        if claims.outputs:
            proved += 1
            assert analyse(less, seconds=2).outputs != "unsafe"
    assert proved <= 1  # select's bit is not needed


@pytest.mark.parametrize("name", ["8 bits", "is zero", "one hot", "scaled bits"])
def test_tampered_certificates_of_unsafe_systems_prove_nothing(name: str) -> None:
    """Drop a row, so that a second witness exists; no change of the steps may prove it safe."""
    r1cs, certificate = certificate_of(name)
    rng = random.Random(name)
    row = r1cs.n_constraints - 1
    less = drop(r1cs, row)
    assert analyse(less, seconds=ENOUGH).outputs == "unsafe"
    certificate["system"] = system_digest(less)
    for _ in range(400):
        forged = copy.deepcopy(certificate)
        for _ in range(rng.randint(1, 3)):
            container, key = rng.choice(list(places(forged["steps"])))
            container[key] = rng.choice((0, 1, 2, -1, R, R - 1, 10**80, container[key] + 1))
        if rng.random() < 0.3:
            rng.shuffle(forged["steps"])
        with contextlib.suppress(BadCertificate):
            assert not check_certificate(less, input_wires(less), forged).outputs


@pytest.mark.parametrize(
    "change",
    [
        {"inputs": [1]},
        {"inputs": [1, 2, 3]},
        {"format": "another"},
        {"steps": [["known", 0.5, 1]]},
        {"steps": [["run", 1]]},
        {"steps": [["learn", 1]]},
        {"steps": 7},
        {"steps": [[]]},
        {"definitions": [[[1, 1], [1, 1]]]},
        {"definitions": [[[0, 1], [1, 1]]]},
        {"definitions": [[[1, 2], [0, 1]]]},
        {"steps": [["split", 2, [0], [[], []], True, [1], [], []]]},
        {"steps": [["split", 1, [0], [[], []], False, [3], [], []]]},
    ],
)
def test_malformed_certificates_are_refused(change: dict[str, Any]) -> None:
    r1cs, certificate = certificate_of("is zero")
    with pytest.raises(BadCertificate):
        check_certificate(r1cs, input_wires(r1cs), {**certificate, **change})


def test_steps_may_not_be_left_out() -> None:
    rows, *shape = one_hot(4, complete=True)
    r1cs = r1cs_of(rows, *shape)
    certificate = analyse(r1cs, seconds=ENOUGH).certificate
    assert certificate is not None
    assert not check_certificate(r1cs, input_wires(r1cs), {**certificate, "steps": []}).outputs


def test_a_sum_that_wraps_is_no_radix() -> None:
    """254 bits have two decompositions: the step that proves 253 is refused."""
    rows, *shape = to_bits(254)
    r1cs = r1cs_of(rows, *shape)
    steps: list[Any] = [["roots", w - 1, [0, 1], 0, 1] for w in range(1, 255)]
    steps.append(["radix", 254, 1, list(range(1, 255))])
    certificate = {
        "format": "zkmargin analysis certificate 1",
        "system": system_digest(r1cs),
        "inputs": input_wires(r1cs),
        "definitions": [],
        "steps": steps,
    }
    with pytest.raises(BadCertificate, match="radix"):
        check_certificate(r1cs, input_wires(r1cs), certificate)
    fewer, *shape = to_bits(253)
    r1cs = r1cs_of(fewer, *shape)
    certificate |= {"system": system_digest(r1cs), "inputs": input_wires(r1cs)}
    certificate["steps"] = [*steps[:253], ["radix", 253, 1, list(range(1, 254))]]
    assert check_certificate(r1cs, input_wires(r1cs), certificate).wires


def test_unsafe_rows_of_is_zero() -> None:
    """Each row of the is-zero pattern is needed."""
    rows, *shape = is_zero()
    for row in range(2):
        assert analyse(r1cs_of(without(rows, row), *shape), seconds=ENOUGH).outputs == "unsafe"
