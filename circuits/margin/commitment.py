"""The account's commitment, the salt that hides it, and the secret the salt comes from.

Source: the project's margin specification, "Statements". Notation: m the magnitude of a quantity, s
its sign (1 = short), f settled funding indices; slots are in key order, used ones first, empty ones
zero.

    commitment = Poseidon(class tag, account id, sequence, slots hash, cash mod r, salt)
    slots hash = sponge(key + 2^124 m + 2^187 s  for every position slot,
                        (f_a + 2^95) + 2^97 (f_b + 2^95)  for every two consecutive position slots,
                        key + 2^124 q  for every collateral slot)
    salt       = Poseidon(secret key, account id, sequence)

The salt can be recovered from the secret and is new at every sequence number, so an unchanged book
does not give an equal commitment. Nobody types a salt.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from circuits.margin.book import Book
from circuits.margin.constants import FUNDING_LANE, FUNDING_OFFSET, KEY_LANE, SIGN_LANE
from circuits.margin.shape import class_tag
from zk.errors import ArtifactError, InputError
from zk.field import R
from zk.formats.atomic import write_atomic
from zk.poseidon import poseidon, poseidon_sponge

SECRET_MAGIC: Final = "zkmargin account secret v1"
_SECRET_FILE: Final = re.compile(SECRET_MAGIC + r"\n([0-9a-f]{64})\n", re.ASCII)
_SECRET_LIMIT: Final = 4096


@dataclass(frozen=True, repr=False)
class SecretKey:
    """An account's secret, a uniform scalar in [1, r); it has no text form."""

    value: int

    def __repr__(self) -> str:
        return "<SecretKey>"

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> SecretKey:
        """Read a file made by `new_secret`."""
        return cls(_read_secret(path))


def new_secret(path: str | os.PathLike[str]) -> None:
    """Draw a secret from the OS into a new file that only its owner can read; never overwrites one.

    The file appears whole or not at all.
    """
    value = secrets.randbelow(R - 1) + 1  # by rejection: uniform
    try:
        write_atomic(path, f"{SECRET_MAGIC}\n{value:064x}\n", secret=True, overwrite=False)
    except ArtifactError as error:
        if os.path.lexists(path):
            raise InputError(
                "exists already: a secret is never overwritten, choose another name",
                file=str(path),
            ) from None
        raise InputError(str(error)) from None


def salt(secret: SecretKey, account: int, sequence: int) -> int:
    """The blinding of one commitment."""
    return poseidon([secret.value, account, sequence])


def slot_words(book: Book) -> list[int]:
    """Everything the slots hash absorbs, at full class size."""
    positions = [
        p.key + (abs(p.quantity) << KEY_LANE) + (int(p.quantity < 0) << SIGN_LANE)
        for p in book.positions
    ]
    indices = [p.funding for p in book.positions]
    holdings = [c.key + (c.quantity << KEY_LANE) for c in book.collaterals]
    return (
        _padded(positions, book.position_slots)
        + funding_words(_padded(indices, book.position_slots))
        + _padded(holdings, book.collateral_slots)
    )


def funding_words(indices: Sequence[int]) -> list[int]:
    """Settled funding indices, two to an element; an odd tail is paired with 0."""
    offset = [index + FUNDING_OFFSET for index in _padded(indices, len(indices) + len(indices) % 2)]
    return [a + (b << FUNDING_LANE) for a, b in zip(offset[::2], offset[1::2], strict=True)]


def slots_hash(book: Book) -> int:
    return poseidon_sponge(slot_words(book))


def commitment(book: Book, salt_: int) -> int:
    """What the ledger or the contract holds of the account."""
    tag = class_tag(book.position_slots, book.collateral_slots)
    return poseidon([tag, book.account, book.sequence, slots_hash(book), book.cash % R, salt_])


def domain(chain: int, gate: int, circuit_digest: int) -> int:
    """Binds a proof to a chain, a contract and a circuit, so that it replays nowhere else."""
    return poseidon([chain, gate, circuit_digest])


def _padded(values: Sequence[int], length: int) -> list[int]:
    return [*values, *[0] * (length - len(values))]


def _read_secret(path: str | os.PathLike[str]) -> int:
    file = str(path)
    try:
        info = Path(path).stat()
        if not stat.S_ISREG(info.st_mode):
            raise InputError("is not a regular file: give the path of a secret", file=file)
        if os.name == "posix" and info.st_mode & 0o077:
            raise InputError("can be read by others: run chmod 600 on it", file=file)
        with Path(path).open("rb") as stream:
            data = stream.read(_SECRET_LIMIT)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=file) from None
    match = _SECRET_FILE.fullmatch(data.decode("ascii", "replace"))
    value = int(match.group(1), 16) if match else 0
    if not 0 < value < R:
        raise InputError("is not an account secret: make one with `zkmargin key new`", file=file)
    return value
