"""x * y = z: a circuit written, compiled, set up, proven and verified.

    python examples/product.py

The prover shows that it knows two factors of 391, neither of them 1, and shows neither.
"""

from __future__ import annotations

from circuits.gadgets.compare import assert_less
from prover.keygen import setup
from prover.prove import prove
from verifier.verify import verify
from zk import Circuit, ConstraintSystem, Field, Uint, compile, private, public
from zk.errors import InvalidProof


class Product(Circuit):
    """z has two factors above 1."""

    z: Field = public()
    x: Uint = private(bits=32)
    y: Uint = private(bits=32)

    def define(self, cs: ConstraintSystem) -> None:
        # Two numbers of 32 bits: their product in the field is their product.
        cs.assert_equal(self.x * self.y, self.z)
        with cs.obligation("a factor is above 1"):
            one = cs.constant(1)
            assert_less(cs, one, self.x)
            assert_less(cs, one, self.y)


def main() -> None:
    circuit = compile(Product())
    print(circuit.summary())

    # A development key: whoever knows how it was made can forge its proofs.
    pk = setup(circuit, development=True)

    witness = circuit.witness({"z": 391, "x": 17, "y": 23})
    proof = prove(pk, circuit, witness)

    # The verifier passes the public input it knows itself, here z.
    verify(pk.vk, proof, [391], allow_development_key=True)
    print("391 has two factors above 1: proven and verified")
    try:
        verify(pk.vk, proof, [397], allow_development_key=True)
    except InvalidProof as error:
        print(f"397: {error}")


if __name__ == "__main__":
    main()
