"""EdDSA over Baby Jubjub with Poseidon: that a key signed a message.

Source: Bernstein, Duif, Lange, Schwabe, Yang, "High-speed high-security signatures" (2011), with
iden3's choice of curve and hash; `zk.babyjubjub` signs and verifies the same on integers. Notation:
A the key, (R, S) the signature, m the message, B the base, l the subgroup's order:

    S B = R + 8 h A,  h = Poseidon(R, A, m)

S is below l, so a signature has one form; A is on the curve and 8 A is not the identity, so it
binds its message; R is on the curve because S B - 8 h A is.
"""

from __future__ import annotations

from functools import cache

from circuits.gadgets.babyjubjub import assert_sum, clear_cofactor, multiply, multiply_fixed
from circuits.gadgets.bits import bits_between
from circuits.gadgets.hash import poseidon
from circuits.gadgets.select import select
from zk.babyjubjub import BASE, ORDER, SecretKey
from zk.compiler.declare import Struct, private
from zk.compiler.frontend import ConstraintSystem
from zk.compiler.types import Bool, Field, bit


class EdDSASignature(Struct):
    """A signature as private inputs: R = (rx, ry), and S."""

    rx: Field = private()
    ry: Field = private()
    s: Field = private()


def assert_signed(
    cs: ConstraintSystem,
    key: tuple[Field, Field],
    message: Field,
    signature: EdDSASignature,
    when: Bool | None = None,
) -> None:
    """The signature is the key's on the message; with `when`, only if that bit is 1.

    Proves what `zk.babyjubjub.verify` does: S < l, A on the curve and of no low order.

    Requires: nothing.   Cost: 3,191 constraints, 6 more with `when`.
    """
    statement = [*key, signature.rx, signature.ry, signature.s, message]
    if when is not None:
        bit(cs, when, "when=")
        # Where the bit is 0, another statement is proven in the place of this one.
        statement = [
            select(cs, when, Field(cs, x.lc), Field(cs, {0: other} if other else {}))
            for x, other in zip(statement, _true_statement(), strict=True)
        ]
    ax, ay, rx, ry, s, m = (Field(cs, x.lc) for x in statement)
    with cs.obligation("the key is a point of Baby Jubjub, and of no low order"):
        eight_a = clear_cofactor(cs, (ax, ay))
    with cs.obligation("S is below the subgroup's order"):
        # Not below r alone: S and S + l would sign alike.
        bits = bits_between(cs, s, 0, ORDER - 1)
    with cs.obligation("S B = R + 8 h A"):
        h = poseidon(cs, [rx, ry, ax, ay, m])
        left, right = multiply_fixed(cs, bits, BASE), multiply(cs, h, eight_a)
        # Solved for R: both sides are points of the curve, so the sum is, and R with it. An R that
        # were added as it came could be any pair.
        assert_sum(cs, left, -right, (rx, ry))


@cache
def _true_statement() -> tuple[int, ...]:
    """A key, a signature and a message that verify; nobody's secret."""
    key = SecretKey(bytes(32))
    signature = key.sign(0)
    return (*key.public_key(), *signature.r8, signature.s, 0)
