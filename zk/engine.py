"""The one door to the engine: curve, transforms, hashes, witness, Groth16, over arrays of limbs.

`ZKMARGIN_ENGINE=reference` in the environment puts the slow twin (zk/reference) behind the
same names. Notation: scalars are canonical uint64[n, 4]; G1 points uint64[n, 8], G2 points
uint64[n, 16], affine Montgomery limbs as in a `.zkey`, all zeros for infinity. Arrays are read
where they lie, mapped files included, and are checked: EngineError for a wrong shape, a scalar not
below r, a coordinate not below q or an index out of range; BadPoint where a point is checked in
full and refused.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from mmap import mmap
from typing import Protocol

import numpy as np
import numpy.typing as npt

from zk.errors import EngineError
from zk.field import Limbs, R, from_limbs, to_limbs
from zk.groth16 import COEFFICIENT, Proof, ProvingKey, VerifyingKey
from zk.r1cs import R1CS, U32, Intervals, Matrix

Bytes = npt.NDArray[np.uint8]

#: Memory that a prepared key may lie in.
Buffer = bytes | bytearray | memoryview | mmap | Bytes

G1_LIMBS = 8
G2_LIMBS = 16

__all__ = [
    "PreparedKey",
    "WitnessProgram",
    "first_bad_g1",
    "first_bad_g2",
    "first_unsatisfied",
    "keygen",
    "msm_g1",
    "msm_g2",
    "mul_g1",
    "mul_g2",
    "name",
    "ntt",
    "open_prepared",
    "pairing",
    "pairing_check",
    "poseidon",
    "prepare",
    "prepare_witness",
    "prove",
    "prove_prepared",
    "run_prepared",
    "run_witness",
    "run_witness_many",
    "set_threads",
    "verify",
    "verify_many",
]


class WitnessProgram(Protocol):
    """What the engine needs of a witness program (zk/compiler/witness.py)."""

    @property
    def code(self) -> U32:
        """uint32[k, 5]: op, dst, n, a, b."""

    @property
    def pool(self) -> Matrix:
        """Linear combinations over the wires."""

    @property
    def table(self) -> Limbs:
        """The pool's coefficients."""

    @property
    def n_inputs(self) -> int:
        """Wires 1 .. n_inputs are given."""


class PreparedKey(Protocol):
    """A prepared key that was opened; it may be used from several threads at once."""

    @property
    def n_wires(self) -> int:
        """Wires, the constant one included."""

    @property
    def n_publics(self) -> int:
        """Public signals."""

    @property
    def domain_size(self) -> int:
        """Rows of the domain."""

    @property
    def is_typed(self) -> bool:
        """Whether it knows the constraints: witnesses are checked, sums go by type."""

    @property
    def digest(self) -> bytes:
        """The digest of the whole file, 32 bytes."""

    @property
    def vk(self) -> VerifyingKey:
        """The verification key."""


class PreparedProgram(Protocol):
    """A witness program checked once, for any number of runs from any thread; holds no values."""

    @property
    def n_wires(self) -> int:
        """Wires, the constant one included."""

    @property
    def n_inputs(self) -> int:
        """Wires 1 .. n_inputs are given."""


def name() -> str:
    """Which engine answers: "native" or "reference"."""
    return "native"


def set_threads(n: int) -> None:
    """Use n threads; 0 means one for each processor."""
    if not 0 <= n <= 1024:
        raise EngineError("the number of threads is from 0 (one for each processor) to 1024")
    _engine.set_threads(n)


def msm_g1(points: Limbs, scalars: Limbs) -> Limbs:
    """The sum of scalars[i] * points[i] in G1, uint64[8]."""
    out, into = _out(G1_LIMBS)
    _engine.msm_g1(_points(points, G1_LIMBS), _scalars(scalars), into)
    return out


def msm_g2(points: Limbs, scalars: Limbs) -> Limbs:
    """The sum of scalars[i] * points[i] in G2, uint64[16]."""
    out, into = _out(G2_LIMBS)
    _engine.msm_g2(_points(points, G2_LIMBS), _scalars(scalars), into)
    return out


def mul_g1(point: Limbs, scalars: Limbs) -> Limbs:
    """scalars[i] * point for all i, uint64[n, 8]."""
    out, into = _out(len(scalars), G1_LIMBS)
    _engine.mul_g1(_points(point, G1_LIMBS, one=True), _scalars(scalars), into)
    return out


def mul_g2(point: Limbs, scalars: Limbs) -> Limbs:
    """scalars[i] * point for all i, uint64[n, 16]."""
    out, into = _out(len(scalars), G2_LIMBS)
    _engine.mul_g2(_points(point, G2_LIMBS, one=True), _scalars(scalars), into)
    return out


def ntt(values: Limbs, inverse: bool = False, shift: int = 1) -> Limbs:
    """The transform on shift * H, H of size n = len(values), natural order in and out.

    Forward: coefficients to evaluations at shift * w^i, w = field.root_of_unity(n). Inverse: back.
    """
    out, into = _out(len(values), 4)
    _engine.ntt(_scalars(values), inverse, _scalars(_scalar(shift, "shift")), into)
    return out


def pairing(g1: Limbs, g2: Limbs) -> list[int]:
    """e(g1, g2) as 12 integers, in the order and normalisation of snarkjs's vk_alphabeta_12."""
    out, into = _out(12, 4)
    _engine.pairing(_points(g1, G1_LIMBS, one=True), _points(g2, G2_LIMBS, one=True), into)
    return from_limbs(out)


def pairing_check(g1: Limbs, g2: Limbs) -> bool:
    """Whether the product of e(g1[i], g2[i]) is one. BadPoint for a point not of its group."""
    return _engine.pairing_check(_points(g1, G1_LIMBS), _points(g2, G2_LIMBS))


def first_bad_g1(points: Limbs) -> int | None:
    """The first point that is not canonical or not on the curve; infinity is good."""
    return _engine.first_bad_g1(_points(points, G1_LIMBS))


def first_bad_g2(points: Limbs) -> int | None:
    """The first point that is not canonical, on the curve and in the subgroup; infinity is good."""
    return _engine.first_bad_g2(_points(points, G2_LIMBS))


def poseidon(inputs: Limbs, state: Limbs | None = None) -> Limbs:
    """Row-wise Poseidon of uint64[n, k, 4], k = 1 .. 16; `state` holds the n capacity lanes."""
    if inputs.ndim != 3 or inputs.shape[2] != 4 or inputs.dtype != np.uint64:
        raise EngineError(f"inputs: uint64[n, k, 4] is needed, not {_shape(inputs)}")
    out, into = _out(len(inputs), 4)
    flat = inputs.reshape(-1, 4)
    initial = None if state is None else _scalars(state)
    _engine.poseidon(_scalars(flat), inputs.shape[1], initial, into)
    return out


def run_witness(r1cs: R1CS, program: WitnessProgram, inputs: Limbs) -> Limbs:
    """The whole witness uint64[n_wires, 4] from the inputs w[1] .. w[n_inputs].

    The instructions run as they are written, in the field: for a program that runs once, and to
    hold `run_prepared` to.
    """
    if len(inputs) != program.n_inputs:
        raise EngineError(f"{len(inputs)} inputs for a program that takes {program.n_inputs}")
    out, into = _out(r1cs.n_wires, 4)
    _engine.run_witness(
        _system(r1cs),
        _u32(program.code, 2),
        _matrix(program.pool),
        _scalars(program.table),
        _scalars(inputs),
        into,
    )
    return out


def prepare_witness(r1cs: R1CS, program: WitnessProgram) -> PreparedProgram:
    """The program checked and lowered, for many runs: whatever is wrong with it is found here."""
    return _engine.PreparedProgram(
        _system(r1cs),
        _u32(program.code, 2),
        _matrix(program.pool),
        _scalars(program.table),
        program.n_inputs,
    )


def run_prepared(program: PreparedProgram, inputs: Limbs) -> Limbs:
    """The witnesses uint64[m, n_wires, 4] of m accounts from their inputs uint64[m, n_inputs, 4].

    The same values as `run_witness` gives, whatever the inputs. The accounts go side by side and on
    all threads; a caller with many of them passes as many at a time as its memory holds.
    """
    if not isinstance(program, _engine.PreparedProgram):
        raise EngineError("a program of this engine's prepare_witness is needed")
    if inputs.dtype != np.uint64 or inputs.ndim != 3 or inputs.shape[2] != 4:
        raise EngineError(f"inputs: uint64[m, n_inputs, 4] is needed, not {_shape(inputs)}")
    m, given, _ = inputs.shape
    if given != program.n_inputs:
        raise EngineError(f"{given} inputs for a program that takes {program.n_inputs}")
    out, into = _out(m, program.n_wires, 4)
    program.run(m, _bytes(inputs), into)
    return out


def run_witness_many(r1cs: R1CS, program: WitnessProgram, inputs: Limbs) -> Limbs:
    """As `run_prepared`, of a program that is prepared for this call alone."""
    return run_prepared(prepare_witness(r1cs, program), inputs)


def first_unsatisfied(r1cs: R1CS, witness: Limbs) -> int | None:
    """The first row that the witness breaks."""
    return _engine.first_unsatisfied(_system(r1cs), _scalars(witness))


def keygen(r1cs: R1CS, alpha: int, beta: int) -> ProvingKey:
    """A key for known alpha and beta; tau and delta are drawn in the engine and never leave it."""
    wires, publics, n = r1cs.n_wires, r1cs.n_publics + 1, r1cs.domain_size
    if not 0 < publics <= wires:
        raise EngineError(f"{publics - 1} publics among {wires} wires")
    terms = len(r1cs.a.wires) + len(r1cs.b.wires) + publics
    coefficients = np.empty(terms, COEFFICIENT)
    shapes = [
        (3, G1_LIMBS),
        (3, G2_LIMBS),
        (publics, G1_LIMBS),
        (wires, G1_LIMBS),
        (wires, G1_LIMBS),
        (wires, G2_LIMBS),
        (wires - publics, G1_LIMBS),
        (n, G1_LIMBS),
    ]
    arrays, buffers = map(list, zip(*(_out(*shape) for shape in shapes), strict=True))
    buffers.insert(3, coefficients.view(np.uint8).reshape(-1))
    secrets = np.concatenate([_scalar(alpha, "alpha"), _scalar(beta, "beta")])
    _engine.keygen(_system(r1cs), _scalars(secrets), buffers)
    g1, g2, ic, a, b1, b2, c, h = arrays
    vk = VerifyingKey(alpha1=g1[0], beta2=g2[0], gamma2=g2[1], delta2=g2[2], ic=ic)
    return ProvingKey(
        vk=vk,
        beta1=g1[1],
        delta1=g1[2],
        n_wires=wires,
        domain_size=n,
        coefficients=coefficients,
        a=a,
        b1=b1,
        b2=b2,
        c=c,
        h=h,
    )


def prove(pk: ProvingKey, witness: Limbs) -> Proof:
    """A proof for a witness; r and s are drawn in the engine.

    The constraints are not checked here: a proof from a witness that breaks one does not verify.
    Sums go by the values of the witness, so the time tells roughly how many of them are small; a
    prepared key made with its circuit (`prepare`) does not show that.
    """
    out, into = _out(2 * G1_LIMBS + G2_LIMBS)
    _engine.prove(*_proving_key(pk), _scalars(witness), into)
    return _proof(out)


def prepare(pk: ProvingKey, r1cs: R1CS | None = None, intervals: Intervals | None = None) -> Bytes:
    """The bytes of a prepared key (docs/formats/prepared-key.md).

    Every point is checked in full. With the system that the key is for, proofs check their witness
    against it and take the same work for every witness; its terms must be the key's (EngineError).
    What the system's compiler knows of its wires narrows what the rows say of them; a witness with
    a value outside is refused later.
    """
    more = [_points(pk.vk.gamma2, G2_LIMBS, one=True), _points(pk.vk.ic, G1_LIMBS)]
    system = None if r1cs is None else _system(r1cs)
    known = None if intervals is None else _intervals(intervals)
    return np.frombuffer(_engine.prepare(*_proving_key(pk), more, system, known), np.uint8)


def open_prepared(data: Buffer) -> PreparedKey:
    """A prepared key, checked: its digest first, then every size, index and coordinate.

    That its points lie on their curves was checked when it was prepared, and the digest pins that:
    compare `digest` with one that you trust. `data` is kept and read where it lies; nobody may
    write to it afterwards.
    """
    return _Prepared(data)


def prove_prepared(key: PreparedKey, witness: Limbs) -> Proof:
    """A proof for a witness; r and s are drawn in the engine.

    UnsatisfiedRow for a witness that breaks a constraint, if the key is typed. If it is not, the
    proof of such a witness does not verify.
    """
    if not isinstance(key, _Prepared):
        raise EngineError("a prepared key of this engine is needed")
    out, into = _out(2 * G1_LIMBS + G2_LIMBS)
    key.native.prove(_scalars(witness), into)
    return _proof(out)


class _Prepared:
    """The native key with its verification key."""

    def __init__(self, data: Buffer) -> None:
        self.native = _engine.PreparedKey(np.frombuffer(data, np.uint8))
        parts = [np.frombuffer(part, np.uint64) for part in self.native.verifying_key()]
        alpha1, beta2, gamma2, delta2, ic = parts
        self.n_wires = self.native.n_wires
        self.n_publics = self.native.n_publics
        self.domain_size = self.native.domain_size
        self.is_typed = self.native.is_typed
        self.digest = self.native.digest
        self.vk = VerifyingKey(alpha1, beta2, gamma2, delta2, ic.reshape(-1, G1_LIMBS))


def _proving_key(pk: ProvingKey) -> tuple[tuple[int, int, int], list[Bytes]]:
    """Its sizes and parts."""
    if pk.coefficients.dtype != COEFFICIENT:
        raise EngineError("coefficients: an array of groth16.COEFFICIENT is needed")
    if len(pk.a) != pk.n_wires or len(pk.h) != pk.domain_size:
        raise EngineError("the key's points are not as many as its header says")
    g1 = np.stack([pk.vk.alpha1, pk.beta1, pk.delta1])
    g2 = np.stack([pk.vk.beta2, pk.vk.delta2])
    parts = [
        _points(g1, G1_LIMBS),
        _points(g2, G2_LIMBS),
        np.ascontiguousarray(pk.coefficients).view(np.uint8).reshape(-1),
        _points(pk.a, G1_LIMBS),
        _points(pk.b1, G1_LIMBS),
        _points(pk.b2, G2_LIMBS),
        _points(pk.c, G1_LIMBS),
        _points(pk.h, G1_LIMBS),
    ]
    return (pk.n_wires, pk.vk.n_public, pk.domain_size), parts


def _proof(out: Limbs) -> Proof:
    return Proof(
        a=out[:G1_LIMBS],
        b=out[G1_LIMBS : G1_LIMBS + G2_LIMBS],
        c=out[G1_LIMBS + G2_LIMBS :],
    )


def verify(vk: VerifyingKey, publics: Limbs, proof: Proof) -> bool:
    """Whether the proof holds. BadPoint if any point of key or proof is not good, or infinity."""
    return _engine.verify(_verifying_key(vk), _scalars(publics), _proof_bytes(proof))


def verify_many(vk: VerifyingKey, publics: Limbs, proofs: Sequence[Proof]) -> int | None:
    """The first proof that does not hold, all of one key; publics uint64[k, n_public, 4].

    One random combination of the k equations, halved until the false one is found; factors of 128
    bits are drawn in the engine. BadPoint as in `verify`, naming the proof by its place.
    """
    if publics.dtype != np.uint64 or publics.shape != (len(proofs), vk.n_public, 4):
        raise EngineError(
            f"publics: uint64[{len(proofs)}, {vk.n_public}, 4] is needed, not {_shape(publics)}"
        )
    points = [_proof_bytes(proof) for proof in proofs]
    return _engine.verify_many(
        _verifying_key(vk),
        _scalars(publics.reshape(-1, 4)),
        np.concatenate(points) if points else np.zeros(0, np.uint8),
    )


def _verifying_key(vk: VerifyingKey) -> list[Bytes]:
    return [
        _points(vk.alpha1, G1_LIMBS, one=True),
        _points(vk.beta2, G2_LIMBS, one=True),
        _points(vk.gamma2, G2_LIMBS, one=True),
        _points(vk.delta2, G2_LIMBS, one=True),
        _points(vk.ic, G1_LIMBS),
    ]


def _proof_bytes(proof: Proof) -> Bytes:
    return np.concatenate(
        [
            _points(proof.a, G1_LIMBS, one=True),
            _points(proof.b, G2_LIMBS, one=True),
            _points(proof.c, G1_LIMBS, one=True),
        ]
    )


def _shape(array: npt.NDArray[np.generic]) -> str:
    return f"{array.dtype}{list(array.shape)}"


def _bytes(array: npt.NDArray[np.generic]) -> Bytes:
    """The array's bytes in one row; a copy only if it is not contiguous."""
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8)


def _out(*shape: int) -> tuple[Limbs, Bytes]:
    """A new array and its bytes."""
    array = np.zeros(shape, np.uint64)
    return array, array.reshape(-1).view(np.uint8)


def _scalars(array: Limbs) -> Bytes:
    if array.dtype != np.uint64 or array.ndim != 2 or array.shape[1] != 4:
        raise EngineError(f"scalars: uint64[n, 4] is needed, not {_shape(array)}")
    return _bytes(array)


def _scalar(value: int, what: str) -> Limbs:
    if not 0 < value < R:
        raise EngineError(f"{what}: an integer from 1 to r - 1 is needed")
    return to_limbs([value])


def _points(array: Limbs, width: int, one: bool = False) -> Bytes:
    shape = (width,) if one else (len(array), width)
    if array.dtype != np.uint64 or array.shape != shape:
        wanted = f"{width}" if one else f"n, {width}"
        raise EngineError(f"points: uint64[{wanted}] is needed, not {_shape(array)}")
    return _bytes(array)


def _u32(array: U32, ndim: int = 1) -> Bytes:
    if array.dtype != np.uint32 or array.ndim != ndim or (ndim == 2 and array.shape[1] != 5):
        raise EngineError(f"an array of uint32 is needed, not {_shape(array)}")
    return _bytes(array)


def _matrix(matrix: Matrix) -> tuple[Bytes, Bytes, Bytes]:
    return _u32(matrix.offsets), _u32(matrix.wires), _u32(matrix.coeffs)


def _intervals(intervals: Intervals) -> tuple[Bytes, Bytes]:
    ends = intervals.ends
    if ends.dtype != np.uint64 or ends.ndim != 3 or ends.shape[1:] != (2, 4):
        raise EngineError(f"intervals: uint64[k, 2, 4] is needed, not {_shape(ends)}")
    return _bytes(ends), _u32(intervals.of)


def _system(
    r1cs: R1CS,
) -> tuple[
    int,
    int,
    tuple[Bytes, Bytes, Bytes],
    tuple[Bytes, Bytes, Bytes],
    tuple[Bytes, Bytes, Bytes],
    Bytes,
]:
    return (
        r1cs.n_wires,
        r1cs.n_publics,
        _matrix(r1cs.a),
        _matrix(r1cs.b),
        _matrix(r1cs.c),
        _scalars(r1cs.table),
    )


# The choice is made once, when this module is first imported: one process has one engine.
_choice = os.environ.get("ZKMARGIN_ENGINE", "native")
if _choice == "reference":
    from zk import reference as _reference

    globals().update(
        {key: getattr(_reference, key) for key in __all__ if key in _reference.__all__}
    )
elif _choice == "native":
    try:
        from zk import _engine
    except ImportError as error:
        raise EngineError(
            "the native engine is not built: run `make build` in a checkout (it needs Rust), "
            "or install a wheel; ZKMARGIN_ENGINE=reference runs the slow one"
        ) from error
else:
    raise EngineError(f"ZKMARGIN_ENGINE is native or reference, not {_choice!r}")
