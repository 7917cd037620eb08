"""`.zkey`: a Groth16 proving key over BN254, as snarkjs writes it.

Source: snarkjs `zkey_new`, `zkey_utils`. Notation as in zk/groth16.py; points are Montgomery limbs.

    "zkey" version 1, ten sections, in any order:
    1  protocol u32 = 1                       5  A   n_wires G1
    2  n8q u32, q[32], n8r u32, r[32],        6  B1  n_wires G1
       n_wires, n_public, domain_size u32,    7  B2  n_wires G2
       alpha1, beta1, beta2, gamma2,          8  C   n_wires - n_public - 1 G1
       delta1, delta2                         9  H   domain_size G1
    3  IC  n_public + 1 G1                    10 contributions, kept as they are
    4  n u32, n terms of 44 bytes

A key of 100 MB is mapped, not read: the arrays are views of the file, not aligned to 8 bytes. The
order of the sections is remembered by `ZkeyFile`. docs/formats/zkey.md has the bytes and an
example.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from zk import engine
from zk.errors import BadPoint
from zk.field import TWO_ADICITY, Limbs, Q, R, coordinates_to_limbs
from zk.formats.atomic import write_atomic
from zk.formats.binfile import (
    BinFile,
    SectionToWrite,
    compose,
    first_not_below,
    map_file,
    parse,
    raw,
)
from zk.formats.contributions import read_contributions
from zk.groth16 import COEFFICIENT, ProvingKey, VerifyingKey

_G1, _G2 = 64, 128  # bytes of a point
_FIELDS = b"".join((32).to_bytes(4, "little") + p.to_bytes(32, "little") for p in (Q, R))
_HEADER = len(_FIELDS) + 12 + 3 * _G1 + 3 * _G2
_GROTH16 = (1).to_bytes(4, "little")
_ORDER = (1, 2, 4, 3, 9, 8, 5, 6, 7, 10)  # that of `snarkjs zkey new`; `contribute` writes 1 to 10
_BLOCK = 1 << 16  # terms checked at a time

#: -[1]1 = (1, -2) and [1]2, the generator of EIP-197.
_MINUS_G1 = coordinates_to_limbs((1, Q - 2)).reshape(8)
_G2_GENERATOR = coordinates_to_limbs(
    (
        10857046999023057135944570762232829481370756359578518086990519993285655852781,
        11559732032986387107991004021392285783925812861821192530917403151452391805634,
        8495653923123431417604973247489272438418190587263600148770280649306958101930,
        4082367875863433681332203403145435568316851327593401208105741076214120093531,
    )
).reshape(16)


@dataclass(frozen=True, eq=False)
class ZkeyFile(ProvingKey):
    """A proving key and the order of the sections in the file that it came from."""

    sections: tuple[int, ...] = _ORDER


def load_zkey(path: str | os.PathLike[str]) -> ZkeyFile:
    """Map a proving key; its structure is checked, its points are not (see `check_zkey_points`)."""
    name, data = map_file(path)
    return read_zkey(data, name)


def save_zkey(path: str | os.PathLike[str], pk: ProvingKey) -> None:
    """Write a proving key; one that came from a file gets that file's bytes."""
    write_atomic(path, _pieces(pk))


def write_zkey(pk: ProvingKey) -> bytes:
    """The bytes of a `.zkey`."""
    return b"".join(_pieces(pk))


def read_zkey(data: bytes | memoryview, name: str = "zkey") -> ZkeyFile:
    """The proving key in `data`, its arrays views of it; ArtifactError if its parts disagree."""
    file = parse(data, b"zkey", 1, name)
    if surplus := set(file.sections) - set(_ORDER):
        file.refuse(f"has a section {min(surplus)}, which a Groth16 key does not know")
    if file.sized(1, "protocol", 4) != _GROTH16:
        file.refuse("is not a Groth16 key")
    header = file.sized(2, "header", _HEADER)
    if header[: len(_FIELDS)] != _FIELDS:
        file.refuse("is over another curve than BN254")
    start = len(_FIELDS)
    n_wires, n_public, domain_size = (
        int.from_bytes(header[i : i + 4], "little") for i in range(start, start + 12, 4)
    )
    if n_wires < 1 + n_public:
        file.refuse(f"declares {n_wires} wires, too few for {n_public} public signals")
    if domain_size.bit_count() != 1 or domain_size > 1 << TWO_ADICITY:
        file.refuse(f"declares a domain of {domain_size} rows, not a power of two up to 2^28")

    points = np.frombuffer(header[start + 12 :], "<u8").astype(np.uint64)
    alpha1, beta1, beta2, gamma2, delta1, delta2 = np.split(points, (8, 16, 32, 48, 56))
    contributions = bytes(file.section(10, "contributions"))
    read_contributions(contributions, name)
    ic = _points(file, 3, "IC", n_public + 1, _G1).astype(np.uint64)
    return ZkeyFile(
        vk=VerifyingKey(alpha1=alpha1, beta2=beta2, gamma2=gamma2, delta2=delta2, ic=ic),
        beta1=beta1,
        delta1=delta1,
        n_wires=n_wires,
        domain_size=domain_size,
        coefficients=_coefficients(file, n_wires, domain_size),
        a=_points(file, 5, "A", n_wires, _G1),
        b1=_points(file, 6, "B1", n_wires, _G1),
        b2=_points(file, 7, "B2", n_wires, _G2),
        c=_points(file, 8, "C", n_wires - n_public - 1, _G1),
        h=_points(file, 9, "H", domain_size, _G1),
        contributions=contributions,
        sections=file.sections,
    )


def check_zkey_points(pk: ProvingKey, name: str = "zkey") -> None:
    """Check every point of a key, once in its life; BadPoint says which one and what is wrong.

    All points: coordinates below q, on the curve, G2 in the subgroup of order r. Those of the
    header: not at infinity; and [beta]1, [beta]2 and [delta]1, [delta]2 have the same logarithms.
    """
    vk = pk.vk
    g1 = {"alpha1": vk.alpha1, "beta1": pk.beta1, "delta1": pk.delta1}
    g2 = {"beta2": vk.beta2, "gamma2": vk.gamma2, "delta2": vk.delta2}
    for what, point in (g1 | g2).items():
        if not point.any():
            raise BadPoint(f"{name}: {what} is the point at infinity")
    g1 |= {"IC": vk.ic, "A": pk.a, "B1": pk.b1, "C": pk.c, "H": pk.h}
    g2 |= {"B2": pk.b2}
    for first_bad, points, width in ((engine.first_bad_g1, g1, 8), (engine.first_bad_g2, g2, 16)):
        for what, array in points.items():
            if (bad := first_bad(array.reshape(-1, width))) is not None:
                which = what if array.ndim == 1 else f"{what}[{bad}]"
                raise BadPoint(f"{name}: {which} is not a point of its group")
    for what, point1, point2 in (("beta", pk.beta1, vk.beta2), ("delta", pk.delta1, vk.delta2)):
        # e([x]1, [1]2) = e([1]1, [x]2), written as a product that is one.
        if not engine.pairing_check(
            np.stack((point1, _MINUS_G1)), np.stack((_G2_GENERATOR, point2))
        ):
            raise BadPoint(f"{name}: {what}1 and {what}2 are not the same {what}")


def _points(file: BinFile, section: int, what: str, count: int, size: int) -> Limbs:
    view = file.sized(section, what, count * size)
    points: Limbs = np.frombuffer(view, "<u8").reshape(count, size // 8)
    return points


def _coefficients(file: BinFile, n_wires: int, domain_size: int) -> npt.NDArray[np.void]:
    """Section 4, every index and value in range."""
    section = file.section(4, "coefficients")
    count = int.from_bytes(section[:4], "little")
    if len(section) != 4 + COEFFICIENT.itemsize * count:
        file.refuse(f"section 4 (coefficients) has {len(section)} bytes, not {count} terms")
    terms = np.frombuffer(section[4:], COEFFICIENT)
    bounds = {"matrix": 2, "row": domain_size, "wire": n_wires}
    for start in range(0, count, _BLOCK):
        block = terms[start : start + _BLOCK]
        for what, bound in bounds.items():
            if int(block[what].max()) >= bound:
                bad = start + int(block[what].argmax())
                file.refuse(f"section 4 (coefficients), term {bad}: {what} is not below {bound}")
        if (row := first_not_below(block["value"], R)) is not None:
            file.refuse(f"section 4 (coefficients), term {start + row}: value is not below r")
    return terms


def _pieces(pk: ProvingKey) -> Iterator[bytes | memoryview]:
    """The bytes of the file, streamed: arrays are handed on as they lie."""
    vk = pk.vk
    counts = (pk.n_wires, vk.n_public, pk.domain_size)
    points = (vk.alpha1, pk.beta1, vk.beta2, vk.gamma2, pk.delta1, vk.delta2)
    header = b"".join(
        (_FIELDS, *(n.to_bytes(4, "little") for n in counts), *(raw(point) for point in points))
    )
    terms = len(pk.coefficients).to_bytes(4, "little")
    contents: dict[int, list[bytes | memoryview]] = {
        1: [_GROTH16],
        2: [header],
        3: [raw(vk.ic)],
        4: [terms, raw(pk.coefficients.astype(COEFFICIENT, copy=False))],
        5: [raw(pk.a)],
        6: [raw(pk.b1)],
        7: [raw(pk.b2)],
        8: [raw(pk.c)],
        9: [raw(pk.h)],
        10: [pk.contributions],
    }
    sections: list[SectionToWrite] = []
    for section in pk.sections if isinstance(pk, ZkeyFile) else _ORDER:
        pieces = contents[section]
        sections.append((section, sum(memoryview(piece).nbytes for piece in pieces), pieces))
    return compose(b"zkey", 1, sections)
