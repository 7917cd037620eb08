"""Make the proving key of a circuit.

Source: Groth, "On the Size of Pairing-based Non-interactive Arguments" (EUROCRYPT 2016), section
3.2. Notation: alpha, beta, tau, delta the toxic waste; gamma = 1, as iden3's tools fix it.

A development key takes alpha and beta from published constants, so that [alpha]1 marks it for good
(zk/keylint.py): it survives export and every later contribution. tau and delta are drawn from the
operating system inside the engine and never leave it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from zk import engine
from zk.compiler.compiled import CompiledCircuit
from zk.errors import CeremonyError, DigestMismatch
from zk.field import R, from_limbs, to_limbs
from zk.groth16 import COEFFICIENT, ProvingKey, development_scalar
from zk.r1cs import R1CS


def setup(circuit: CompiledCircuit | R1CS, *, development: bool = False) -> ProvingKey:
    """A proving key for the circuit; its verifying key is `.vk`.

    Raises CeremonyError unless a development key is asked for by name: no other kind can be made
    yet.
    """
    if not development:
        raise CeremonyError(
            "a key for production comes from a ceremony, which does not exist yet; for tests and "
            "demos ask for a development key (--development), whose proofs anyone can forge"
        )
    r1cs = circuit.r1cs if isinstance(circuit, CompiledCircuit) else circuit
    return engine.keygen(r1cs, development_scalar("alpha"), development_scalar("beta"))


def check_coefficients(pk: ProvingKey, r1cs: R1CS) -> None:
    """DigestMismatch unless the key's terms of A and B are exactly the circuit's.

    For a key from elsewhere: sizes may agree by chance, these do not. The points stay unproven;
    whoever made the key answers for them.
    """
    found, expected = pk.coefficients, _coefficients(r1cs)
    same = len(found) == len(expected)
    if same:
        orders = [np.lexsort((t["wire"], t["row"], t["matrix"])) for t in (found, expected)]
        same = all(
            np.array_equal(found[name][orders[0]], expected[name][orders[1]])
            for name in COEFFICIENT.names or ()
        )
    if not same:
        raise DigestMismatch("the proving key is of another circuit: its terms are not this one's")


def _coefficients(r1cs: R1CS) -> npt.NDArray[np.void]:
    """The terms of A and B as a `.zkey` has them: public rows included, values times 2^512."""
    factor = 2**512 % R
    values = to_limbs(value * factor % R for value in from_limbs(r1cs.table))
    blocks = []
    for number, matrix in enumerate((r1cs.a, r1cs.b)):
        block = np.zeros(len(matrix.wires), COEFFICIENT)
        block["matrix"] = number
        block["row"] = np.repeat(np.arange(matrix.rows), np.diff(matrix.offsets))
        block["wire"] = matrix.wires
        block["value"] = values[matrix.coeffs]
        blocks.append(block)
    publics = np.zeros(r1cs.n_publics + 1, COEFFICIENT)
    publics["row"] = r1cs.n_constraints + np.arange(len(publics))
    publics["wire"] = np.arange(len(publics))
    publics["value"] = to_limbs([factor])
    return np.concatenate([*blocks, publics])
