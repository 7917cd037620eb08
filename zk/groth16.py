"""Groth16 keys and proofs: each field with its formula, points as limbs.

Source: Groth, "On the Size of Pairing-based Non-interactive Arguments" (EUROCRYPT 2016), section
3.2; the layout of iden3's `.zkey`. Notation: [x]1 = x G1, [x]2 = x G2; alpha, beta, gamma, delta,
tau the toxic waste; A_i, B_i, C_i the QAP polynomials of wire i at tau; n the domain size.

A G1 point is uint64[8] (x, y), a G2 point uint64[16] (x.c0, x.c1, y.c0, y.c1), coordinates
Montgomery limbs as in a `.zkey`; all zeros is the point at infinity.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np
import numpy.typing as npt

from zk.field import Limbs, R

#: One term of the A and B matrices as `.zkey` section 4 stores it; `value` carries the factor
#: 2^512.
COEFFICIENT = np.dtype(
    [("matrix", "<u4"), ("row", "<u4"), ("wire", "<u4"), ("value", "<u8", (4,))], align=False
)

#: Bounds `vk_alpha_1` of every development key: alpha = SHA-256 of this string, mod R (never
#: secret).
DEVELOPMENT_DOMAIN = b"zkmargin development setup v1"


def development_scalar(name: str) -> int:
    """The public constant that stands for toxic waste `name` ("alpha", "beta") in a development
    key.
    """
    return int.from_bytes(sha256(DEVELOPMENT_DOMAIN + b"/" + name.encode()).digest(), "big") % R


@dataclass(frozen=True, eq=False)
class Proof:
    """(A, B, C): a G1 uint64[8], b G2 uint64[16], c G1 uint64[8]."""

    a: Limbs
    b: Limbs
    c: Limbs


@dataclass(frozen=True, eq=False)
class VerifyingKey:
    """What a verifier holds: [alpha]1, [beta]2, [gamma]2, [delta]2 and one point per public signal.

    ic[i] = [(beta A_i + alpha B_i + C_i) / gamma]1 for i = 0 .. n_public; uint64[n_public + 1, 8].
    """

    alpha1: Limbs
    beta2: Limbs
    gamma2: Limbs
    delta2: Limbs
    ic: Limbs

    @property
    def n_public(self) -> int:
        return len(self.ic) - 1


@dataclass(frozen=True, eq=False)
class ProvingKey:
    """What a prover holds; the arrays may be views of a mapped file.

    a[i] = [A_i]1, b1[i] = [B_i]1, b2[i] = [B_i]2 for every wire; for the private wires
    c[i] = [(beta A_i + alpha B_i + C_i) / delta]1; h[i] = [L_(2i+1)(tau) / delta]1 with L_j the
    Lagrange basis of the domain of size 2n. `coefficients` are the terms of the A and B matrices,
    the public rows included. `contributions` is `.zkey` section 10 as it stands.
    """

    vk: VerifyingKey
    beta1: Limbs
    delta1: Limbs
    n_wires: int
    domain_size: int
    coefficients: npt.NDArray[np.void]
    a: Limbs
    b1: Limbs
    b2: Limbs
    c: Limbs
    h: Limbs
    contributions: bytes = field(default=b"\0" * 68)
