"""Every kernel's time beside its limit, and a proof's stages, through the engine's own functions.

A kernel's figure is nanoseconds for one unit of its work, with one thread, the least of some runs.
Limits are those of the AVX-512 IFMA multiplier at 3.7 GHz, one multiply-add a cycle: 3.4 ns for a
product of field elements, so that many for a butterfly, 19.6 ns for an affine addition in G1 and
49 ns in G2. A multi-scalar multiplication is counted as Pippenger's: for windows of c bits,
ceil(255 / c) times (n + 2^c) additions, at the best c. Figures contain what the engine's functions
do beside: reading, checking and converting their input.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Final

from circuits.gadgets.hash import poseidon
from zk import Circuit, ConstraintSystem, Field, compile, engine, private, public
from zk.field import Limbs, coordinates_to_limbs
from zk.groth16 import development_scalar
from zk.keylint import G1_GENERATOR, G2_GENERATOR
from zk.poseidon import poseidon as poseidon_value
from zkmargin.bench.synthetic import scalars, system

PRODUCT: Final = 3.4
ADDITION_G1: Final = 19.6
ADDITION_G2: Final = 49.0
VERIFY: Final = 1.5e6  # a promise of this project, not a limit of the machine
_HASHES: Final = 32


@dataclass(frozen=True)
class Kernel:
    """A kernel's time for a unit of its work, and that time's limit if one is known, in ns."""

    name: str
    size: str
    unit: str
    ns: float
    limit: float | None = None

    @property
    def ratio(self) -> float | None:
        return None if self.limit is None else self.ns / self.limit

    def json(self) -> dict[str, Any]:
        return {**asdict(self), "ns": round(self.ns, 3), "ratio": self.ratio}


def additions(n: int) -> int:
    """Pippenger's for n full scalars: each point once a window, each bucket twice."""
    return min(-(-255 // c) * (n + (1 << c)) for c in range(2, 23))


def kernels(log: int, runs: int) -> Iterator[Kernel]:
    """Each kernel, with as many threads as the engine is set to; those with a size at 2^log."""
    yield from sized(log, runs)
    yield from fixed(runs)


def sized(log: int, runs: int) -> Iterator[Kernel]:
    """Sums and transforms of 2^log."""
    n = 1 << log
    size, some = f"2^{log}", scalars(n)
    other = scalars(n, 2)
    for name, msm, mul, generator, limit in (
        ("MSM in G1", engine.msm_g1, engine.mul_g1, G1_GENERATOR, ADDITION_G1),
        ("MSM in G2", engine.msm_g2, engine.mul_g2, G2_GENERATOR, ADDITION_G2),
    ):
        points = mul(_limbs(generator), some)
        seconds = best(partial(msm, points, other), runs)
        yield Kernel(name, size, "addition", seconds * 1e9 / additions(n), limit)
    seconds = best(lambda: engine.ntt(some), runs)
    yield Kernel("NTT", size, "butterfly", seconds * 1e9 / (n // 2 * log), PRODUCT)


def fixed(runs: int) -> Iterator[Kernel]:
    """The kernels whose work is the same at any size of a circuit."""
    pairs = scalars(2**12).reshape(-1, 2, 4)
    seconds = best(lambda: engine.poseidon(pairs), runs)
    yield Kernel("Poseidon", f"{len(pairs):,} pairs", "hash", seconds * 1e9 / len(pairs))
    g1, g2 = _limbs(G1_GENERATOR), _limbs(G2_GENERATOR)
    seconds = best(lambda: engine.pairing(g1, g2), 20 * runs)
    yield Kernel("pairing", "one", "pairing", seconds * 1e9)
    circuit = compile(_Chain())
    values = {"start": 5, "end": _chain(5)}
    inputs = circuit.assign(values)
    run = engine.run_witness
    seconds = best(lambda: run(circuit.r1cs, circuit.program, inputs), 20 * runs)
    rows = circuit.r1cs.n_constraints
    yield Kernel("witness", f"{_HASHES} hashes", "constraint", seconds * 1e9 / rows)


@dataclass(frozen=True)
class Stage:
    """One stage of a proof's life, in milliseconds."""

    name: str
    ms: float


def stages(log: int, runs: int) -> Iterator[Stage]:
    """Of a synthetic circuit just below 2^log rows, half of them bit checks."""
    r1cs, witness = system((1 << log) - 4)
    alpha, beta = development_scalar("alpha"), development_scalar("beta")
    start = time.perf_counter()
    pk = engine.keygen(r1cs, alpha, beta)
    yield Stage("setup", (time.perf_counter() - start) * 1e3)
    yield Stage("check", best(lambda: engine.first_unsatisfied(r1cs, witness), runs) * 1e3)
    start = time.perf_counter()
    data = engine.prepare(pk, r1cs)
    yield Stage("prepare", (time.perf_counter() - start) * 1e3)
    yield Stage("open", best(lambda: engine.open_prepared(data), runs) * 1e3)
    key = engine.open_prepared(data)
    yield Stage("prove", best(lambda: engine.prove_prepared(key, witness), runs) * 1e3)
    yield Stage("prove, from zkey", best(lambda: engine.prove(pk, witness), runs) * 1e3)
    proof = engine.prove_prepared(key, witness)
    publics = witness[1 : r1cs.n_publics + 1]
    yield Stage("verify", best(lambda: engine.verify(pk.vk, publics, proof), 20 * runs) * 1e3)


class _Chain(Circuit):
    """The end of a chain of hashes from a private start."""

    end: Field = public()
    start: Field = private()

    def define(self, cs: ConstraintSystem) -> None:
        with cs.obligation("the chain ends there"):
            state = self.start
            for _ in range(_HASHES):
                state = poseidon(cs, [state, self.start])
            cs.assert_equal(state, self.end)


def _chain(start: int) -> int:
    state = start
    for _ in range(_HASHES):
        state = poseidon_value([state, start])
    return state


def _limbs(generator: tuple[int, ...]) -> Limbs:
    return coordinates_to_limbs(generator).reshape(-1)


def best(work: Callable[[], object], runs: int) -> float:
    """Seconds of the quickest of so many runs, after one that warms up."""
    work()
    least = float("inf")
    for _ in range(runs):
        start = time.perf_counter()
        work()
        least = min(least, time.perf_counter() - start)
    return least
