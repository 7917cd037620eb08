"""The key lint: refuses a verification key whose setup secrets are trivial or published.

Source: Groth (EUROCRYPT 2016), section 3.2, for what each secret protects. Notation as in
zk/groth16.py: [x]1 = x G1, [x]2 = x G2.

Whoever knows a secret below makes a proof of anything, so a key that passes `verify` and fails
here is worse than a broken one:

    alpha = +-1 or beta = +-1, +-gamma   phase 1 was never contributed to
    delta = +-gamma, +-1                 phase 2 was never contributed to: C cancels any vk_x
    alpha = the development constant     the secret is printed in zk/groth16.py
    IC_i = +-IC_j                        x_i may grow by what x_j loses, or gains
    IC_i = infinity                      x_i is not bound at all

Keys like the first three were deployed, and emptied. IC_0 counts among the IC points: no setup of a
real circuit gives it the value of another, so a key where it has is not one to trust.

gamma = 1 alone is normal: iden3's tools fix it so. The lint knows only trivial secrets; a key that
passes may still come from one dishonest contributor, and only a verified transcript speaks to that.
"""

from __future__ import annotations

from hashlib import sha256

import numpy as np

from zk import engine
from zk.errors import ArtifactError, BadPoint, ForgeableKey
from zk.field import Limbs, Q, coordinates_from_limbs, coordinates_to_limbs, from_limbs
from zk.groth16 import ProvingKey, VerifyingKey, development_scalar

#: The generators of EIP-197: G1 = (1, 2), and G2's coordinates as x.c0, x.c1, y.c0, y.c1.
G1_GENERATOR = (1, 2)
G2_GENERATOR = (
    0x1800DEEF121F1E76426A00665E5C4479674322D4F75EDADD46DEBD5CD992F6ED,
    0x198E9393920D483A7260BFB731FB5D25F1AA493335A9E71297E485B7AEF312C2,
    0x12C85EA5DB8C6DEB4AAB71808DCB408FE3D1E7690C43D37B4CE6CC0166FA7DAA,
    0x090689D0585FF075EC9E99AD690C3395BC4B313370B38EF355ACDADCD122975B,
)


def lint_key(
    vk: VerifyingKey, *, allow_development: bool = False, pk: ProvingKey | None = None
) -> None:
    """Refuse a key that anyone could forge proofs for, or that holds a bad point.

    With `pk` the two copies of beta and delta, in G1 and in G2, are compared as well; its long
    tables of points are not read here. Raises BadPoint, ForgeableKey, or ArtifactError for
    impossible shapes.
    """
    _check_shapes(vk)
    _check_points(vk)
    g1, g2 = list(G1_GENERATOR), list(G2_GENERATOR)
    alpha = coordinates_from_limbs(vk.alpha1)
    beta, gamma, delta = map(coordinates_from_limbs, (vk.beta2, vk.gamma2, vk.delta2))
    phase_1 = "phase 1 of its setup was never contributed to, so anyone can forge its proofs"
    phase_2 = "phase 2 of its setup was never contributed to, so anyone can forge its proofs"
    _refuse(_same_up_to_sign(alpha, g1), f"alpha is the generator: {phase_1}")
    _refuse(_same_up_to_sign(beta, g2), f"beta is the generator: {phase_1}")
    _refuse(_same_up_to_sign(beta, gamma), f"beta equals gamma: {phase_1}")
    _refuse(_same_up_to_sign(delta, gamma), f"delta equals gamma: {phase_2}")
    _refuse(_same_up_to_sign(delta, g2), f"delta is the generator: {phase_2}")
    _check_inputs_bound(vk)
    if pk is not None:
        _check_copies(vk, pk)
    if not allow_development:
        _refuse(
            is_development(vk),
            "this is a development key: its secrets are published, so anyone can forge its proofs "
            "(for tests only; it has to be allowed by name)",
        )


def is_development(vk: VerifyingKey) -> bool:
    """Whether alpha is the published constant, or its negation.

    alpha survives export to JSON and every later contribution (phase 2 changes delta alone), so
    the mark cannot be lost on the way.
    """
    scalar = np.frombuffer(development_scalar("alpha").to_bytes(32, "little"), dtype="<u8")
    constant = engine.mul_g1(coordinates_to_limbs(G1_GENERATOR).reshape(8), scalar.reshape(1, 4))
    return _same_up_to_sign(
        coordinates_from_limbs(vk.alpha1), coordinates_from_limbs(constant.reshape(8))
    )


def key_digest(vk: VerifyingKey) -> bytes:
    """SHA-256 of the key's canonical encoding: the same for every file format that carries it.

    Encoding: the ASCII tag, n_public as 4 bytes, then alpha1, beta2, gamma2, delta2, ic in order,
    every coordinate 32 bytes big-endian, G2 as x.c0, x.c1, y.c0, y.c1.
    """
    points = [vk.alpha1, vk.beta2, vk.gamma2, vk.delta2, vk.ic]
    coordinates = [c for point in points for c in coordinates_from_limbs(point)]
    return sha256(
        b"zkmargin verifying key v1"
        + vk.n_public.to_bytes(4, "big")
        + b"".join(c.to_bytes(32, "big") for c in coordinates)
    ).digest()


def _refuse(condition: bool, reason: str) -> None:
    if condition:
        raise ForgeableKey(f"verification key refused: {reason}")


def _same_up_to_sign(p: list[int], q: list[int]) -> bool:
    """p = q or p = -q; a point's coordinates, x first and y in the second half."""
    half = len(p) // 2
    return p[:half] == q[:half] and (
        p[half:] == q[half:]
        or all((a + b) % Q == 0 for a, b in zip(p[half:], q[half:], strict=True))
    )


def _check_shapes(vk: VerifyingKey) -> None:
    shapes = [("alpha", vk.alpha1, (8,)), ("IC", vk.ic, (len(vk.ic), 8))]
    shapes += [(n, p, (16,)) for n, p in _g2_points(vk)]
    for name, limbs, shape in shapes:
        if limbs.shape != shape or limbs.dtype != np.uint64:
            raise ArtifactError(f"verification key: {name} has shape {limbs.shape}, not {shape}")
    if len(vk.ic) < 1:
        raise ArtifactError(
            "verification key: IC is empty; it holds one point more than there are inputs"
        )


def _g2_points(vk: VerifyingKey) -> list[tuple[str, Limbs]]:
    return [("beta", vk.beta2), ("gamma", vk.gamma2), ("delta", vk.delta2)]


def _check_points(vk: VerifyingKey) -> None:
    """Every point: coordinates < Q, on the curve, in the subgroup, and not at infinity."""
    points = [("alpha", vk.alpha1), *_g2_points(vk)]
    points += [(f"IC[{i}]", vk.ic[i]) for i in range(len(vk.ic))]
    for name, limbs in points:
        if not limbs.any():
            raise BadPoint(f"verification key: {name} is the point at infinity")
        if any(c >= Q for c in from_limbs(limbs)):
            raise BadPoint(
                f"verification key: {name} has a coordinate that is not below the field's prime"
            )
    g1_names = ["alpha", *(f"IC[{i}]" for i in range(len(vk.ic)))]
    bad = engine.first_bad_g1(np.vstack([vk.alpha1.reshape(1, 8), vk.ic]))
    if bad is not None:
        raise BadPoint(f"verification key: {g1_names[bad]} is not on the curve")
    bad = engine.first_bad_g2(np.vstack([limbs for _, limbs in _g2_points(vk)]))
    if bad is not None:
        name = _g2_points(vk)[bad][0]
        raise BadPoint(f"verification key: {name} is not in the prime-order subgroup of G2's curve")


def _check_inputs_bound(vk: VerifyingKey) -> None:
    """No two IC points equal or opposite: x fixes a point up to its sign."""
    seen: dict[bytes, int] = {}
    for i in range(len(vk.ic)):
        x = vk.ic[i][:4].tobytes()
        _refuse(
            x in seen,
            f"IC[{seen.get(x)}] and IC[{i}] are equal or opposite, so these public inputs are not "
            "bound one by one",
        )
        seen[x] = i


def _check_copies(vk: VerifyingKey, pk: ProvingKey) -> None:
    """e([x]1, G2) = e(G1, [x]2) for x = beta, delta: the same secret stands in both groups."""
    g1 = coordinates_to_limbs(G1_GENERATOR).reshape(8)
    minus_g1 = coordinates_to_limbs([1, Q - 2]).reshape(8)
    g2 = coordinates_to_limbs(G2_GENERATOR).reshape(16)
    for name, in_g1, in_g2 in (("beta", pk.beta1, vk.beta2), ("delta", pk.delta1, vk.delta2)):
        canonical = in_g1.shape == g1.shape and all(c < Q for c in from_limbs(in_g1))
        if not canonical or not in_g1.any() or engine.first_bad_g1(in_g1.reshape(1, 8)) is not None:
            raise BadPoint(f"proving key: {name} in G1 is not a point of the curve")
        _refuse(
            not engine.pairing_check(np.vstack([in_g1, minus_g1]), np.vstack([g2, in_g2])),
            f"its copies of {name} in G1 and in G2 disagree",
        )
