"""EdDSA in the circuit: the vectors' verdicts, and that the invalid ones have no witness."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest

from circuits.gadgets.eddsa import EdDSASignature, assert_signed
from tests.checks import Gadget, Inputs, gadget_circuit
from tests.zk import vectors
from zk import babyjubjub, engine
from zk.babyjubjub import BASE, COFACTOR, IDENTITY, ORDER, Point, SecretKey, Signature
from zk.compiler.declare import Circuit, private, public
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.lower import compile
from zk.compiler.types import Bool, Field
from zk.compiler.witness import Op
from zk.errors import CompileError, InvalidSignature
from zk.field import R, to_limbs
from zk.poseidon import poseidon

#: Constraints of circomlib 2.0.5's EdDSAPoseidonVerifier at circom 2.2.3's -O2.
CIRCOMLIB = 4_217

INPUTS: Inputs = dict.fromkeys(("ax", "ay", "rx", "ry", "s", "m"), (Field, None))
KEY = SecretKey(bytes(range(32)))

OBLIGATIONS = {
    "key": "the key is a point of Baby Jubjub, and of no low order",
    "s": "S is below the subgroup's order",
    "equation": "S B = R + 8 h A",
}


def signed(cs: ConstraintSystem, ax: Field, ay: Field, rx: Any, ry: Any, s: Any, m: Field) -> None:
    assert_signed(cs, (ax, ay), m, EdDSASignature(rx=rx, ry=ry, s=s))


@pytest.fixture(scope="module")
def gadget() -> Gadget:
    return gadget_circuit(INPUTS, signed)


def values(key: Point, message: int, signature: Signature) -> dict[str, int]:
    (ax, ay), (rx, ry) = key, signature.r8
    return {"ax": ax, "ay": ay, "rx": rx, "ry": ry, "s": signature.s, "m": message}


def a_signature(message: int = 7) -> dict[str, int]:
    return values(KEY.public_key(), message, KEY.sign(message))


def vector_values(case: dict[str, Any]) -> dict[str, int]:
    numbers = [*case["A"], *case["R8"], case["S"], case["msg"]]
    return dict(zip(INPUTS, map(int, numbers), strict=True))


def test_cost(gadget: Gadget) -> None:
    assert gadget.cost <= CIRCOMLIB


def test_verdicts_of_the_vectors(gadget: Gadget) -> None:
    reasons: dict[str, set[str]] = {}
    kinds: Counter[str] = Counter()
    for case in vectors.load("eddsa_poseidon.json"):
        kinds[case["kind"]] += 1
        if case["want_valid"]:
            gadget.honest(vector_values(case))
        else:
            refused = gadget.refusal(vector_values(case))
            reasons.setdefault(case["kind"], set()).add(refused.obligation)
    assert kinds["valid"] == 20
    assert len(reasons) == 21
    assert reasons["S_plus_l"] == reasons["S_neg"] == {OBLIGATIONS["s"]}
    for i in range(COFACTOR):
        assert reasons[f"low_order_A_{i}"] == {OBLIGATIONS["key"]}
    assert reasons["A_off_curve"] == {OBLIGATIONS["key"]}
    assert reasons["R_off_curve"] == {OBLIGATIONS["equation"]}


def test_invalid_kinds_are_unsatisfiable(gadget: Gadget) -> None:
    """One vector of each kind, its witness bent at random: no hints make it pass."""
    seen = set()
    rng = random.Random(1)
    for case in vectors.load("eddsa_poseidon.json"):
        if case["want_valid"] or case["kind"] in seen:
            continue
        seen.add(case["kind"])
        attack = gadget.attack
        attack.start([x % R for x in vector_values(case).values()])
        for _ in range(5):
            lies = {
                wire: rng.choice((0, 1, R - 1, rng.randrange(R)))
                for wire in rng.sample(attack.hints, 2)
            }
            assert attack.forge(lies)[0] is not None
    assert len(seen) == 21


def test_each_part_is_bound(gadget: Gadget) -> None:
    inputs = a_signature()
    gadget.honest(inputs)
    for name in INPUTS:
        gadget.refusal(inputs | {name: inputs[name] + 1})
        gadget.refusal(inputs | {name: -inputs[name]})
        gadget.refusal(inputs | {name: 0})


def test_keys_and_messages_at_the_ends(gadget: Gadget) -> None:
    rng = random.Random(2)
    for message in (0, 1, R - 1, rng.randrange(R)):
        key = SecretKey(rng.randbytes(32))
        gadget.honest(values(key.public_key(), message, key.sign(message)))


def agrees(gadget: Gadget, key: Point, message: int, signature: Signature) -> bool:
    """The verdict, which must be that of zk.babyjubjub."""
    inputs = values(key, message, signature)
    try:
        babyjubjub.verify(key, message, signature)
    except InvalidSignature:
        gadget.refusal(inputs)
        return False
    gadget.honest(inputs)
    return True


def test_verdicts_outside_the_vectors(gadget: Gadget) -> None:
    """A key with a part of low order signs, as circomlib has it; R at the identity may be right."""
    secret = KEY._scalar
    torsion = babyjubjub.unpack(bytes(32))  # y = 0: order 4
    assert babyjubjub.multiply(torsion, 4) == IDENTITY
    for key in (KEY.public_key(), babyjubjub.add(KEY.public_key(), torsion)):
        for nonce in (0, 1, 5):
            r8 = babyjubjub.multiply(BASE, nonce)
            h = poseidon([*r8, *key, 3])
            s = (nonce + h * secret) % ORDER
            assert agrees(gadget, key, 3, Signature(r8, s))
            assert not agrees(gadget, key, 3, Signature(babyjubjub.add(r8, torsion), s))
            assert not agrees(gadget, key, 3, Signature(r8, s + ORDER))


def test_s_has_one_form(gadget: Gadget) -> None:
    """The last S in range fails in the equation, the first out of it by its range."""
    for s in (0, ORDER - 1):
        refused = gadget.refusal(a_signature() | {"s": s})
        assert refused.obligation == OBLIGATIONS["equation"]
    for s in (ORDER, ORDER + 1, (1 << 251) - 1, 1 << 251, R - 1):
        assert gadget.refusal(a_signature() | {"s": s}).obligation == OBLIGATIONS["s"]


def test_no_wire_is_unbound(gadget: Gadget) -> None:
    gadget.attack.start(list(a_signature().values()))
    gadget.attack.assert_bound()


def test_nothing_mends_an_s_out_of_range(gadget: Gadget) -> None:
    """S + l would sign alike: its bits, and the conjunctions that hold them below l, cannot lie."""
    signature = a_signature()
    gadget.attack.start(list((signature | {"s": signature["s"] + ORDER}).values()))
    assert list(gadget.attack.mended({}, random.Random(4), most=12)) == []


def test_no_hint_can_be_forged(gadget: Gadget) -> None:
    """A sample of every kind of hint, and of all wires; the parts are attacked in full."""
    rng = random.Random(3)
    attack = gadget.attack
    honest = attack.start(list(a_signature().values()))
    for op, count in ((Op.QUOT, 60), (Op.BITS, 40), (Op.LESS, 1)):
        wires = attack.written_by(op)
        for wire in rng.sample(wires, min(count, len(wires))):
            for value in {0, 1, (honest[wire] + 1) % R} - {honest[wire]}:
                assert attack.judge({wire: value}), op
    # The inverse of 0 is free, and the only wire that is.
    free = [wire for wire in attack.written_by(Op.INV) if honest[wire] == 0]
    first = attack.circuit.program.n_inputs + 1
    for wire in rng.sample(range(first, len(honest)), 300):
        assert attack.judge_mutation(wire, rng.randrange(R)) or wire in free


def test_when() -> None:
    def body(cs, bit, ax, ay, rx, ry, s, m):
        assert_signed(cs, (ax, ay), m, EdDSASignature(rx=rx, ry=ry, s=s), when=bit)

    gadget = gadget_circuit({"bit": (Bool, None)} | INPUTS, body)
    assert gadget.cost <= CIRCOMLIB
    good, nothing = a_signature(), dict.fromkeys(INPUTS, 0)
    gadget.honest({"bit": 1} | good)
    gadget.honest({"bit": 0} | good)
    gadget.honest({"bit": 0} | nothing)
    gadget.refusal({"bit": 1} | nothing)
    gadget.refusal({"bit": 1} | good | {"m": 8})
    gadget.refusal({"bit": 2} | good)
    with pytest.raises(CompileError, match="takes a Bool"):
        gadget_circuit({"bit": (Field, None)} | INPUTS, body)


class Signed(Circuit):
    """A public key signed a private message."""

    ax: Field = public()
    ay: Field = public()
    message: Field = private()
    signature: EdDSASignature = private()

    def define(self, cs: ConstraintSystem) -> None:
        assert_signed(cs, (self.ax, self.ay), self.message, self.signature)


def test_a_statement_with_a_signature() -> None:
    circuit = compile(Signed())
    made = a_signature()
    witness = circuit.witness(
        {
            "ax": made["ax"],
            "ay": made["ay"],
            "message": made["m"],
            "signature": {name: made[name] for name in ("rx", "ry", "s")},
        }
    )
    circuit.check(witness)
    other = witness.copy()
    other[1] = to_limbs([(made["ax"] + 1) % R])[0]
    assert engine.first_unsatisfied(circuit.r1cs, other) is not None
