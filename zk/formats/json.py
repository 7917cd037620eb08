"""verification_key.json, proof.json, public.json: the texts of snarkjs, read strictly.

Source: snarkjs `zkey export verificationkey`, `groth16 prove`; vk_alphabeta_12 is e(alpha, beta).
Every number is a decimal string in its one canonical form: "0" or digits without a leading zero,
coordinates below q, public signals below r; nPublic alone is a JSON integer. Points are affine with
a third coordinate "1" (in G2 ["1", "0"]), on the curve, in the subgroup, not at infinity. Keys are
exact: none missing, none surplus, none twice. Files over the limits below are refused unparsed.
docs/formats has a page for each.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

import numpy as np

from zk import engine
from zk.errors import ArtifactError, BadPoint
from zk.field import Limbs, Q, R, coordinates_from_limbs, coordinates_to_limbs, from_limbs, to_limbs
from zk.formats.atomic import write_atomic
from zk.formats.binfile import read_file
from zk.groth16 import Proof, VerifyingKey

SMALL_LIMIT = 1 << 16  # bytes of a proof.json or public.json
KEY_LIMIT = 1 << 20  # bytes of a verification_key.json

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,76}", re.ASCII)
_PROOF_KEYS = ("pi_a", "pi_b", "pi_c", "protocol", "curve")
_KEY_KEYS = (
    "protocol",
    "curve",
    "nPublic",
    "vk_alpha_1",
    "vk_beta_2",
    "vk_gamma_2",
    "vk_delta_2",
    "vk_alphabeta_12",
    "IC",
)
_Read = TypeVar("_Read")


def load_verifying_key(path: str | os.PathLike[str]) -> VerifyingKey:
    """Read and check a verification_key.json."""
    return _load(path, KEY_LIMIT, read_verifying_key)


def load_proof(path: str | os.PathLike[str]) -> Proof:
    """Read and check a proof.json."""
    return _load(path, SMALL_LIMIT, read_proof)


def load_public(path: str | os.PathLike[str]) -> Limbs:
    """Read and check a public.json: uint64[n, 4]."""
    return _load(path, SMALL_LIMIT, read_public)


def save_verifying_key(path: str | os.PathLike[str], vk: VerifyingKey) -> None:
    """Write a verification_key.json with snarkjs's text."""
    write_atomic(path, write_verifying_key(vk))


def save_proof(path: str | os.PathLike[str], proof: Proof) -> None:
    """Write a proof.json with snarkjs's text."""
    write_atomic(path, write_proof(proof))


def save_public(path: str | os.PathLike[str], publics: Limbs) -> None:
    """Write a public.json with snarkjs's text."""
    write_atomic(path, write_public(publics))


def read_verifying_key(text: bytes | str, name: str = "verification key") -> VerifyingKey:
    """The key in `text`; every point is checked, and vk_alphabeta_12 against alpha and beta."""
    root = _parse(text, KEY_LIMIT, name)
    parts = root.keys(_KEY_KEYS)
    _labels(parts)
    n_public = parts["nPublic"].value
    if type(n_public) is not int or n_public < 0:
        parts["nPublic"].refuse("must be a whole number, the length of public.json")
    points = parts["IC"].items()
    if len(points) != n_public + 1:
        parts["IC"].refuse(f"has {len(points)} points where nPublic asks for {n_public + 1}")
    ic = np.stack([_point(point, _g1) for point in points])
    vk = VerifyingKey(
        alpha1=_point(parts["vk_alpha_1"], _g1),
        beta2=_point(parts["vk_beta_2"], _g2),
        gamma2=_point(parts["vk_gamma_2"], _g2),
        delta2=_point(parts["vk_delta_2"], _g2),
        ic=ic,
    )
    if (bad := engine.first_bad_g1(ic)) is not None:
        points[bad].bad_point()
    _check_g1(parts["vk_alpha_1"], vk.alpha1)
    for what, point in (("beta", vk.beta2), ("gamma", vk.gamma2), ("delta", vk.delta2)):
        _check_g2(parts[f"vk_{what}_2"], point)
    pairing = parts["vk_alphabeta_12"]
    six = [pair for half in pairing.items(2) for pair in half.items(3)]
    found = [number.below(Q) for pair in six for number in pair.items(2)]
    if found != list(engine.pairing(vk.alpha1, vk.beta2)):
        pairing.refuse("is not the pairing of vk_alpha_1 and vk_beta_2")
    return vk


def read_proof(text: bytes | str, name: str = "proof") -> Proof:
    """The proof in `text`; its points are checked, whether it is true is not."""
    parts = _parse(text, SMALL_LIMIT, name).keys(_PROOF_KEYS)
    _labels(parts)
    proof = Proof(
        a=_point(parts["pi_a"], _g1), b=_point(parts["pi_b"], _g2), c=_point(parts["pi_c"], _g1)
    )
    _check_g1(parts["pi_a"], proof.a)
    _check_g2(parts["pi_b"], proof.b)
    _check_g1(parts["pi_c"], proof.c)
    return proof


def read_public(text: bytes | str, name: str = "public signals") -> Limbs:
    """The public signals in `text`, uint64[n, 4]."""
    items = _parse(text, SMALL_LIMIT, name).items()
    return to_limbs(item.below(R) for item in items)


def write_verifying_key(vk: VerifyingKey) -> str:
    """The text of `snarkjs zkey export verificationkey` for this key."""
    flat = [str(c) for c in engine.pairing(vk.alpha1, vk.beta2)]
    six = [[flat[i], flat[i + 1]] for i in range(0, 12, 2)]
    return _write(
        {
            "protocol": "groth16",
            "curve": "bn128",
            "nPublic": vk.n_public,
            "vk_alpha_1": _write_g1(vk.alpha1),
            "vk_beta_2": _write_g2(vk.beta2),
            "vk_gamma_2": _write_g2(vk.gamma2),
            "vk_delta_2": _write_g2(vk.delta2),
            "vk_alphabeta_12": [six[:3], six[3:]],
            "IC": [_write_g1(point) for point in vk.ic],
        }
    )


def write_proof(proof: Proof) -> str:
    """The text of `snarkjs groth16 prove` for this proof."""
    points = {
        "pi_a": _write_g1(proof.a),
        "pi_b": _write_g2(proof.b),
        "pi_c": _write_g1(proof.c),
    }
    return _write(points | {"protocol": "groth16", "curve": "bn128"})


def write_public(publics: Limbs) -> str:
    """The text of snarkjs's public.json for these signals."""
    return _write([str(value) for value in from_limbs(publics)])


@dataclass(frozen=True)
class _Node:
    """A value in a JSON text and the path to it; each method refuses what it does not expect."""

    value: Any
    path: str
    name: str

    def refuse(self, what: str, error: type[ArtifactError] = ArtifactError) -> NoReturn:
        raise error(": ".join(part for part in (self.name, self.path, what) if part))

    def bad_point(self) -> NoReturn:
        self.refuse("is not a point of its group", BadPoint)

    def keys(self, names: tuple[str, ...]) -> dict[str, _Node]:
        if type(self.value) is not dict:
            self.refuse("must be an object")
        for name in names:
            if name not in self.value:
                self.refuse(f'"{name}" is missing')
        for name in self.value:
            if name not in names:
                self.refuse(f"has a surplus key {name[:40]!a}")
        return {name: _Node(self.value[name], name, self.name) for name in names}

    def items(self, count: int | None = None) -> list[_Node]:
        if type(self.value) is not list:
            self.refuse("must be an array")
        if count is not None and len(self.value) != count:
            self.refuse(f"must have {count} entries, not {len(self.value)}")
        return [_Node(v, f"{self.path}[{i}]", self.name) for i, v in enumerate(self.value)]

    def below(self, modulus: int) -> int:
        """The canonical decimal string's number; that it is below q or r is part of its form."""
        if type(self.value) is not str or not _DECIMAL.fullmatch(self.value):
            self.refuse("must be a decimal number in quotes, without sign or leading zeros")
        number = int(self.value)
        if number >= modulus:
            if modulus == R:
                self.refuse("is not below the order r of the field of signals")
            self.refuse("is not below the prime q of the field of coordinates", BadPoint)
        return number


def _load(path: str | os.PathLike[str], limit: int, read: Callable[[bytes, str], _Read]) -> _Read:
    name, data = read_file(path, limit)
    return read(data, name)


def _parse(text: bytes | str, limit: int, name: str) -> _Node:
    """The JSON value; RFC 8259 without duplicate keys, and no numbers but integers of 9 digits."""

    def refuse(what: str) -> NoReturn:
        raise ArtifactError(f"{name}: {what}")

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for i, key in enumerate(keys) if key in keys[:i])
            refuse(f"has the key {twice[:40]!a} twice in one object")
        return found

    def number(digits: str) -> int:
        if len(digits) > 9 or digits == "-0":
            refuse("has a number that must be a decimal string in quotes")
        return int(digits)

    def no_number(_: str) -> NoReturn:
        refuse("has a number that is not whole")

    if len(text) > limit:
        refuse(f"is longer than the limit of {limit} bytes")
    try:
        text = text.decode() if isinstance(text, bytes) else text
        if "\\" in text:  # the one way to write a character twice
            refuse("has a backslash; no text of this kind needs one")
        value = json.loads(
            text,
            object_pairs_hook=unique,
            parse_int=number,
            parse_float=no_number,
            parse_constant=no_number,
        )
    except UnicodeDecodeError:
        refuse("is not UTF-8 text")
    except json.JSONDecodeError as error:
        refuse(f"is not JSON: line {error.lineno}, column {error.colno}: {error.msg}")
    except RecursionError:
        refuse("is not JSON of this kind: nested too deeply")
    return _Node(value, "", name)


def _labels(parts: dict[str, _Node]) -> None:
    for key, label in (("protocol", "groth16"), ("curve", "bn128")):
        if parts[key].value != label:
            parts[key].refuse(f'must be "{label}"')


def _point(node: _Node, coordinates: Callable[[_Node], list[int]]) -> Limbs:
    values = coordinates(node)
    if not any(values):  # in limbs this would read as the point at infinity
        node.bad_point()
    return coordinates_to_limbs(values).reshape(-1)


def _g1(node: _Node) -> list[int]:
    x, y, z = node.items(3)
    _affine(z, z.value == "1")
    return [x.below(Q), y.below(Q)]


def _g2(node: _Node) -> list[int]:
    x, y, z = node.items(3)
    _affine(z, z.value == ["1", "0"])
    return [part.below(Q) for coordinate in (x, y) for part in coordinate.items(2)]


def _affine(third: _Node, is_one: bool) -> None:
    if not is_one:
        third.refuse("must be one: points are affine, and none is at infinity", BadPoint)


def _check_g1(node: _Node, point: Limbs) -> None:
    if engine.first_bad_g1(point.reshape(1, 8)) is not None:
        node.bad_point()


def _check_g2(node: _Node, point: Limbs) -> None:
    if engine.first_bad_g2(point.reshape(1, 16)) is not None:
        node.bad_point()


def _write(value: Any) -> str:
    """JSON.stringify(value, null, 1)."""
    return json.dumps(value, indent=1, ensure_ascii=False)


def _write_g1(point: Limbs) -> list[str]:
    x, y = _coordinates(point)
    return [x, y, "1"]


def _write_g2(point: Limbs) -> list[list[str]]:
    x0, x1, y0, y1 = _coordinates(point)
    return [[x0, x1], [y0, y1], ["1", "0"]]


def _coordinates(point: Limbs) -> list[str]:
    if not point.any():
        raise BadPoint("a point at infinity is not written: no key or proof may hold one")
    return [str(value) for value in coordinates_from_limbs(point)]
