"""Keys and valid proofs out of known toxic waste: fast, for any number of public inputs.

Source: the simulator of Groth (EUROCRYPT 2016), section 3.2. Whoever knows alpha, beta, gamma,
delta picks A = [a]1, B = [b]2 at random and solves the equation for C = [(ab - alpha beta - gamma
vk_x) / delta]1, so no circuit and no prover are needed. Scalars come from a seeded generator: tests
repeat.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np

from zk import engine
from zk.field import Limbs, R, coordinates_to_limbs, inverse, to_limbs
from zk.groth16 import Proof, VerifyingKey, development_scalar
from zk.keylint import G1_GENERATOR, G2_GENERATOR


def g1(*scalars: int) -> Limbs:
    """[x]1 for each scalar; one scalar gives uint64[8], more give uint64[k, 8]."""
    points = engine.mul_g1(
        coordinates_to_limbs(G1_GENERATOR).reshape(8), to_limbs(s % R for s in scalars)
    )
    return points.reshape(8) if len(scalars) == 1 else points


def g2(scalar: int) -> Limbs:
    """[x]2, uint64[16]."""
    points = engine.mul_g2(coordinates_to_limbs(G2_GENERATOR).reshape(16), to_limbs([scalar % R]))
    return points.reshape(16)


@dataclass(frozen=True)
class Trapdoor:
    """The toxic waste of a key, and the discrete logarithms of its IC points."""

    alpha: int
    beta: int
    gamma: int
    delta: int
    ic: tuple[int, ...]

    @property
    def vk(self) -> VerifyingKey:
        ic = np.vstack([g1(s) for s in self.ic])
        return VerifyingKey(g1(self.alpha), g2(self.beta), g2(self.gamma), g2(self.delta), ic)

    def proof(self, publics: list[int], *, seed: int = 0, at_infinity: str = "") -> Proof:
        """A proof that satisfies the equation, with the point named by `at_infinity` ("A") zero."""
        rng = random.Random(f"proof {seed}")
        a, b = rng.randrange(1, R), rng.randrange(1, R)
        vk_x = self.ic[0] + sum(s * x for s, x in zip(self.ic[1:], publics, strict=True))
        key_side = self.alpha * self.beta + self.gamma * vk_x
        if at_infinity == "A":
            a = 0
        elif at_infinity == "B":
            b = 0
        elif at_infinity == "C":
            b = key_side * inverse(a) % R
        return Proof(g1(a), g2(b), g1((a * b - key_side) * inverse(self.delta)))


def trapdoor(n_public: int, *, seed: int = 0, development: bool = False) -> Trapdoor:
    """Toxic waste for a key of `n_public` inputs, gamma = 1 as iden3's tools have it."""
    rng = random.Random(f"key {n_public} {seed}")
    alpha, beta, delta, *ic = (rng.randrange(1, R) for _ in range(n_public + 4))
    if development:
        alpha, beta = development_scalar("alpha"), development_scalar("beta")
    return Trapdoor(alpha, beta, 1, delta, tuple(ic))


def publics(n: int, *, seed: int = 0) -> list[int]:
    """n random public inputs."""
    rng = random.Random(f"publics {n} {seed}")
    return [rng.randrange(R) for _ in range(n)]
